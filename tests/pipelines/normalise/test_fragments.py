"""What says nothing alone is read with what stands before it."""

import pytest

from pipelines.normalise import articles, fragments, headings
from pipelines.normalise.records import Origin
from schemas.document import Article, Section

ORIGIN = Origin("docs", "tutorial", "eggs", "https://docs.test/eggs", "CC0-1.0")


@pytest.mark.parametrize(
    ("heading", "says_nothing"),
    [
        ("Example 2", True),
        ("Number 3", True),
        ("Case B", True),
        ("例 3", True),
        ("步骤三", True),
        ("Try it yourself!", True),
        ("Let’s get started", True),
        ("更多信息", True),
        ("Save it!", True),
        ("See it in action", True),
        ("保存它！", True),
        ("Why is it hot", False),
        ("Commit messages", False),
        ("試してみよう！", True),
        ("Examples", False),
        ("Step functions", False),
        ("Part of speech", False),
        ("例外", False),
        ("Options", False),
        ("Case studies", False),
        ("Problem 2", False),
        ("Question 3", False),
        ("Task B", False),
        ("Activity 1", False),
        ("Scenario 4", False),
    ],
)
def test_a_heading_that_names_no_topic(heading: str, says_nothing: bool) -> None:
    assert headings.is_fragment(headings.plain(heading)) is says_nothing


def test_steps_are_one_answer_below_what_they_are_steps_of() -> None:
    found = fragments.join(
        [
            Section(("Boil eggs",), "You need a pan."),
            Section(("Boil eggs", "Step 1: Water"), "Boil it."),
            Section(("Boil eggs", "Step 1: Water", "Salt"), "A little."),
            Section(("Boil eggs", "Step 2"), "Put the eggs in."),
            Section(("Pans",), "Iron ones."),
        ]
    )
    boil = "You need a pan.\n\n**Step 1: Water**\n\nBoil it.\n\n**Salt**\n\nA little.\n\n**Step 2**\n\nPut the eggs in."
    assert found == (Section(("Boil eggs",), boil), Section(("Pans",), "Iron ones."))


@pytest.mark.parametrize(
    ("first", "second"), [("步骤一", "步骤二：放蛋"), ("步骤 1放水", "步骤 2放蛋"), ("Шаг 1", "Шаг 2. Яйца")]
)
def test_steps_are_told_by_numbers_of_any_writing(first: str, second: str) -> None:
    (whole,) = fragments.join([Section(("蛋", first), "One."), Section(("蛋", second), "Two.")])
    assert whole.path == ("蛋",) and whole.markdown.index("One.") < whole.markdown.index("Two.")


def test_long_steps_are_tasks_of_their_own() -> None:
    steps = tuple(Section((f"Step {n}: Fry {n}",), "Fry. " * 1000) for n in (1, 2))
    assert fragments.join(steps) == steps


def test_long_examples_are_tasks_of_their_own() -> None:
    examples = [Section(("Pots", f"Example {n}"), f"Pot {n}. " * 500) for n in (1, 2, 3)]
    found = fragments.join([*examples, Section(("Pots", "Example 4"), "Long. " * 2000)])
    assert [section.path for section in found] == [("Pots",), ("Pots", "Example 3"), ("Pots", "Example 4")]
    assert [found[0].markdown.count(example.markdown.strip()) for example in examples] == [1, 1, 0]


def test_one_step_alone_stays() -> None:
    sections = (Section(("Step 1: Water",), "Boil it."), Section(("Pans",), "Iron ones."))
    assert fragments.join(sections) == sections


def test_a_fragment_goes_on_with_what_stands_before_it_or_belongs_to_the_heading_above() -> None:
    found = fragments.join(
        [
            Section(("Pans",), "Iron ones.", "pans"),
            Section(("Try it",), "Fry one."),
            Section(("Pots", "Example 1"), "One."),
            Section(("Pots", "Example 2"), "Two."),
        ]
    )
    assert found == (
        Section(("Pans",), "Iron ones.\n\n**Try it**\n\nFry one.", "pans"),
        Section(("Pots",), "**Example 1**\n\nOne.\n\n**Example 2**\n\nTwo."),
    )


def test_equal_headings_in_a_row_stay_apart() -> None:
    sections = (Section(("Pans",), "Iron."), Section(("Pans",), "Copper."))
    assert fragments.join(sections) == sections


def test_an_article_of_steps_is_asked_for_as_a_whole() -> None:
    steps = (Section(("第一步 烧水",), "把水烧开。"), Section(("第二步 放蛋",), "放入鸡蛋，等待十分钟。"))
    (record,) = articles.extract(Article("eggs", "", "煮鸡蛋", steps), ORIGIN).records
    assert "煮鸡蛋" in record.instruction and "把水烧开" in record.output and "等待十分钟" in record.output


@pytest.mark.parametrize(
    ("heading", "lead", "form"),
    [
        ("Setting up the mill", "It turns a stone, and needs a river beside it.", "lead"),
        ("Setting up the mill", f"It turns a stone.{' It needs a river beside it.' * 40}", "how_to"),
        ("The mill", "It has:\n\n- a stone\n- a river", "topic"),
        ("Setting up the mill", "Lay the stone:\n\n1. Lift it.\n2. Turn it.", "how_to"),
        ("The mill", "It turns a stone, and needs a river beside it.", "lead"),
        ("The mill", f"It turns a stone.{' It needs a river beside it.' * 40}", "topic"),
        ("What is a mill?", "It turns a stone.", "question"),
    ],
)
def test_what_stands_before_the_parts_of_a_section_introduces_them(heading: str, lead: str, form: str) -> None:
    origin = Origin("docs", "tutorial", "mills", "https://docs.test/mills", "CC0-1.0")
    parts = tuple(Section((heading, name), "Take the stone into both hands.") for name in ("Stone", "River"))
    whole = (Section((), "Of mills."), Section((heading,), lead), *parts)
    asked = articles.extract(Article("mills", "", "Bread", whole), origin).records[1]
    alone = articles.extract(Article("mills", "", "Bread", whole[:2]), origin).records[1]
    assert (asked.instruction != alone.instruction) == (form == "lead")
    assert form != "lead" or ("ntrodu" in asked.instruction or "short explanation" in asked.instruction)


@pytest.mark.parametrize(
    ("following", "number"),
    [
        ((), 0),
        ((Section(("See also",), "- [Stones](https://mills.test/stones)"),), 0),
        ((Section(("参考资料",), "《磨坊》，第三版。"),), 0),
        ((Section(("Stones",), ""),), 0),
        ((Section(("Stones",), "Lift them."),), 1),
        ((Section(("Stones",), "Lift them."), Section(("See also",), "Wheels."), Section(("Wheels",), "Wood.")), 2),
    ],
)
def test_sections_that_follow_are_counted_where_they_tell_something(
    following: tuple[Section, ...], number: int
) -> None:
    sections = (Section((), "A brush of bristles takes the flour from the stones."), *following)
    record = articles.extract(Article("mills", "", "Mill brushes", sections), ORIGIN).records[0]
    assert record.sections_after == number
    introduces = "ntrodu" in record.instruction or "short explanation" in record.instruction
    assert introduces == bool(number)


def test_a_question_is_answered_with_its_parts() -> None:
    asked, mill = ("How do I grind?",), ("Mill",)
    parts = (Section((*asked, "By hand"), "Turn the stone."), Section((*asked, "By water"), "Open the gate."))
    found = fragments.answer_whole((Section(asked, "In two ways."), *parts, Section(mill, "It stands.")))
    assert found == (
        Section(asked, "In two ways.\n\n**By hand**\n\nTurn the stone.\n\n**By water**\n\nOpen the gate."),
        Section(mill, "It stands."),
    )


@pytest.mark.parametrize(
    ("heading", "part", "times"),
    [
        ("How do I grind?", "By hand", fragments.LONGEST_ANSWER // 16),
        ("Grinding", "By hand", 1),
        ("How do I grind?", "Can I grind by hand?", 1),
    ],
)
def test_long_parts_questions_and_parts_of_a_topic_stay_apart(heading: str, part: str, times: int) -> None:
    sections = (Section((heading,), "In two ways."), Section((heading, part), "Turn the stone. " * times))
    assert fragments.answer_whole(sections) == sections
