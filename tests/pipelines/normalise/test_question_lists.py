"""Lists of questions and answers are taken apart; what only looks like one stays whole."""

import pytest

from pipelines.normalise.question_lists import split
from schemas.document import Section

TURN = ("How do I turn the stone?", "Push the lever.")
STOP = ("When does it stop?", "When the wind does.")


@pytest.mark.parametrize(
    ("asked", "answered", "between"),
    [
        ("**{}**\n\n", "{}", "\n\n"),
        ("__{}__\n", "{}", "\n\n"),
        ("Q: {}\n", "A: {}", "\n\n"),
        ("**Q1.** {}\n\n", "**A1.** {}", "\n\n"),
        ("**Question: {}**\n\n", "Answer: {}", "\n\n"),
        ("- **{}** ", "{}", "\n"),
        ("1. **{}**\n\n", "   {}", "\n\n"),
    ],
)
def test_each_question_is_a_section(asked: str, answered: str, between: str) -> None:
    text = between.join(asked.format(question) + answered.format(answer) for question, answer in (TURN, STOP))
    found = list(split([Section(("FAQ",), text)]))
    assert [(section.path, section.markdown) for section in found] == [(("FAQ", q), a) for q, a in (TURN, STOP)]


def test_a_heading_and_its_text_lose_their_labels() -> None:
    (found,) = split([Section(("Talk", "Q: How do I turn it?"), "A: Push the lever.")])
    assert (found.path, found.markdown) == (("Talk", "How do I turn it?"), "Push the lever.")
    kept = Section(("Year", "Q1: Revenue rose"), "A: It did.")
    assert list(split([kept])) == [kept]


def test_chinese_lists_and_what_stands_before_them() -> None:
    text = "常见的问题如下。\n\n问：怎样转动磨盘？\n答：推动手柄。\n\n问：什么时候停？\n答：风停的时候。"
    found = list(split([Section(("问答",), text)]))
    assert [section.path for section in found] == [("问答",), ("问答", "怎样转动磨盘？"), ("问答", "什么时候停？")]
    assert [section.markdown for section in found] == ["常见的问题如下。", "推动手柄。", "风停的时候。"]


def test_code_of_an_answer_keeps_its_lines() -> None:
    code = "```text\nQ: not asked?\n**Nor this?**\n```"
    text = f"**How do I ask?**\n\nSo:\n\n{code}\n\n**And then?**\n\nWait."
    assert [section.markdown for section in split([Section((), text)])] == [f"So:\n\n{code}", "Wait."]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (
            "**How do I turn it?**\n\n**Is it heavy?**\n\nPush.\n\n**When does it stop?**\n\nAt night.",
            [("How do I turn it? Is it heavy?", "Push."), ("When does it stop?", "At night.")],
        ),
        (
            "Q: How do I turn it?\nA: Push.\n\nQ: When does it stop?\nA: At night.\n\nQ: Who owns it?",
            [("How do I turn it?", "Push."), ("When does it stop?", "At night.\n\n**Who owns it?**")],
        ),
        (
            "Q: Tell me how it turns.\nA: Push.\n\nQ: Tell me when it stops.\nA: At night.",
            [("Tell me how it turns.", "Push."), ("Tell me when it stops.", "At night.")],
        ),
        (
            "问：怎样转动？\n问：重不重？\n答：推动手柄。\n\n问：磨盘停下的时间\n答：风停的时候。",
            [("怎样转动？ 重不重？", "推动手柄。"), ("磨盘停下的时间", "风停的时候。")],
        ),
    ],
)
def test_no_question_vanishes(text: str, found: list[tuple[str, str]]) -> None:
    assert [(section.path[-1], section.markdown) for section in split([Section(("FAQ",), text)])] == found


@pytest.mark.parametrize(
    ("heading", "text"),
    [
        ("FAQ", "**How do I turn the stone?**\n\nPush the lever."),
        ("FAQ", "**How?**\n\n**When does it stop?**\n\nWhen the wind does."),
        ("Exercise", "**How do I turn it?**\n\n- push\n- pull\n\n**When does it stop?**\n\n- now\n- never"),
        ("Talk", "He asked **why it turns?** and **when it stops?** and went."),
        ("Names", "Q. Mill and A. Stone wrote it."),
        ("Year", "Q1: Revenue rose by a third.\n\nFlour did it.\n\nQ2: Revenue fell (why?) again.\n\nRain did it."),
        ("Quiz", "Q1. Choose the stone.\nA. granite\nB. chalk\n\nQ2. Choose the sail.\nA. linen\nB. wool"),
        ("FAQ", "**How do I turn it?**\n\nPush.\n\n**When does it stop?**\n**And where?**"),
    ],
)
def test_what_is_no_list_of_questions_stays(heading: str, text: str) -> None:
    assert list(split([Section((heading,), text)])) == [Section((heading,), text)]
