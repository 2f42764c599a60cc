"""Rules of the default policy about posts and leads too brief to learn from, and threads in which nobody asks."""

from typing import Any

import duckdb
import pyarrow as pa
import pytest

from pipelines.annotate import measure
from pipelines.curate import policy
from pipelines.signals import answered, code_share, language, length, pairing, talk
from schemas.record import RECORD
from tests.pipelines import corpus

READ = (*code_share.SIGNALS, *language.SIGNALS, *length.SIGNALS, *pairing.SIGNALS, *talk.SIGNALS)
MEASURED = (*READ, *answered.SIGNALS)
NAMES = (
    "output_brief_post",
    "output_brief_lead",
    "output_brief_introduction",
    "output_only_code",
    "instruction_asks_nothing",
)
UNANSWERED = ("pair_unanswered",)
ASKS, SHOWS = "How do I clean the stone?", "Our new mill\n\nHere it stands, with its wheel and its yard."
LONG = "Take a stiff brush and warm water, and brush along the furrows, never across. Let the stone dry for a day, "
LONG += "since wet flour sticks to it, and grind a handful of bran before the next bag of grain."
BRIEF = "Take a stiff brush and warm water, and let the stone dry for a day."
ZH_LONG = "拿一把硬毛刷和温水，顺着磨齿刷，不要横着刷。刷完以后让磨盘晾一整天，"
ZH_LONG += "因为湿面粉会粘在上面；下次磨面之前，先磨一小把麸皮，把残留的水分带走。"


def broken(*posts: dict[str, Any], names: tuple[str, ...] = NAMES) -> list[set[str]]:
    """Of each record, which of these rules it breaks."""
    rules = [one for one in policy.load("default").rules if one.name in names]
    rows = [
        corpus.record(
            **(
                {"record_id": f"board:{at}#a1", "source_kind": "forum", "kind": "answer", "score": 0, "accepted": False}
                | post
            )
        )
        for at, post in enumerate(posts)
    ]
    table = pa.Table.from_pylist(rows, schema=RECORD)
    measured = measure(table, MEASURED).drop_columns("record_id")
    candidate = pa.table([*table.columns, *measured.columns], names=[*table.column_names, *measured.column_names])
    with duckdb.connect(config={"threads": 1}) as con:
        con.register("candidate", candidate)
        columns = ", ".join(policy.breaks_sql(rule) for rule in rules)
        found = con.sql(f"SELECT {columns} FROM candidate ORDER BY record_id").fetchall()
    return [{rule.name for rule, breaks in zip(rules, row, strict=True) if breaks} for row in found]


@pytest.mark.parametrize(
    ("post", "rules"),
    [
        ({"instruction": ASKS, "output": LONG}, set()),
        ({"instruction": ASKS, "output": BRIEF, "accepted": True}, {"output_brief_post"}),
        ({"instruction": ASKS, "output": f"{BRIEF}\n\n```sh\nmill --clean --dry --all --now\n```"}, set()),
        ({"instruction": ASKS, "output": BRIEF, "source_kind": "tutorial", "kind": "question"}, set()),
        ({"instruction": "怎么清洗磨盘？", "output": ZH_LONG}, set()),
        ({"instruction": "怎么清洗磨盘？", "output": ZH_LONG[:30]}, {"output_brief_post"}),
        ({"instruction": ASKS, "output": "Set mill.stoneSpeed to zero and call mill.brush_stone(2)."}, set()),
        ({"instruction": ASKS, "output": "Set the speed to zero and call mill.brush_stone(2)."}, {"output_brief_post"}),
        ({"instruction": SHOWS, "output": LONG}, {"instruction_asks_nothing"}),
        ({"instruction": SHOWS, "output": LONG, "score": 2}, set()),
        ({"instruction": SHOWS, "output": f"{LONG}\n\n{LONG}"}, set()),
        ({"instruction": SHOWS, "output": f"{LONG}\n\n{LONG}", "score": None}, {"instruction_asks_nothing"}),
        ({"instruction": SHOWS, "output": LONG, "score": 2, "kind": "dialogue"}, {"instruction_asks_nothing"}),
        ({"instruction": SHOWS, "output": LONG, "accepted": True}, set()),
        ({"instruction": "The wheel is stuck\n\nIt turned all day.", "output": LONG}, set()),
        ({"instruction": "I wonder which brush to take.", "output": LONG}, set()),
        ({"instruction": "Cleaning\n\nI’m trying to clean the stone.", "output": LONG}, set()),
        ({"instruction": "i try water but dosent works", "output": LONG, "kind": "dialogue"}, set()),
        ({"instruction": "The water is in, thanks.", "output": LONG, "kind": "dialogue"}, {"instruction_asks_nothing"}),
    ],
)
def test_brief_posts_and_threads_that_ask_nothing_go(post: dict[str, Any], rules: set[str]) -> None:
    assert broken(post) == [rules]


@pytest.mark.parametrize(
    ("part", "output", "kind", "rules"),
    [
        ("lead", BRIEF, "tutorial", {"output_brief_lead"}),
        ("introduction", ZH_LONG, "tutorial", {"output_brief_lead"}),
        ("brushes", BRIEF, "tutorial", set()),
        ("lead", f"{BRIEF} Then run `mill`.", "tutorial", set()),
        ("lead", f"{LONG} {LONG}", "tutorial", set()),
        ("lead", BRIEF, "knowledge_base", set()),
    ],
)
def test_leads_that_only_announce_go(part: str, output: str, kind: str, rules: set[str]) -> None:
    lead = {"record_id": f"board:0#{part}", "source_kind": kind, "kind": "explanation", "score": None}
    assert broken(lead | {"instruction": "Introduce mills.", "output": output}) == [rules]


@pytest.mark.parametrize(
    ("following", "rules"), [(0, set()), (1, {"output_brief_lead"}), (None, {"output_brief_lead"})]
)
def test_a_page_that_is_only_a_lead_stays(following: int | None, rules: set[str]) -> None:
    lead = {"record_id": "board:0#lead", "source_kind": "tutorial", "kind": "explanation", "score": None}
    page = lead | {"instruction": "Explain mill brushes.", "output": BRIEF, "sections_after": following}
    assert broken(page) == [rules]


FOUND = "Sieves are found in every mill of the valley, and what they are made of tells how old the mill may be today."


@pytest.mark.parametrize(
    ("instruction", "output", "rules"),
    [
        (
            "Introduce the topic “Mills – Sieves”.",
            f"The following parts lead through all of them. {BRIEF}",
            {"output_brief_introduction"},
        ),
        ("Introduce the topic “Mills – Sieves”.", FOUND, set()),
        ("Introduce the topic “Mills – Sieves”.", f"{LONG} {LONG}", set()),
        ("Explain “Sieves” in the context of Mills.", f"The following parts lead through all of them. {BRIEF}", set()),
    ],
)
def test_a_sentence_or_two_before_the_parts_of_a_section_go(instruction: str, output: str, rules: set[str]) -> None:
    part = {"record_id": "board:0#sieves", "source_kind": "tutorial", "kind": "explanation", "score": None}
    assert broken(part | {"instruction": instruction, "output": output}) == [rules]


@pytest.mark.parametrize(
    ("part", "rules"), [("lead", {"output_only_code"}), ("lead~2", {"output_only_code"}), ("use", set())]
)
def test_a_page_of_code_explains_nothing(part: str, rules: set[str]) -> None:
    page = {"record_id": f"board:0#{part}", "source_kind": "tutorial", "kind": "explanation", "score": None}
    code = "```python\n" + "def mill(stone):\n    return stone.grind()\n" * 9 + "```"
    assert broken(page | {"instruction": "Introduce mill.stones.", "output": code}) == [rules]


ANSWERED = "You need to dress it: lift the runner stone and set the furrows with a pick. Use the same angle as before, "
ANSWERED += "make sure that they run out at the rim, and try a handful of grain. You can then lower the stone again."
TALK = (
    "I am waiting for our new wheel, and I will look at it next week. I think that my old stone had the same trouble, "
)
TALK += "as I said in the other thread, and we never found out why. Let us know how it goes, I hope that you find it."
MIXED = f"My stone had the same trouble, too. {LONG}"
ZH_TALK = (
    "我也遇到过这个问题，后续版本会修复，我们正在排查，你发的截图我看了，上面说的情况目前还没有办法，我们会尽快处理。"
)


@pytest.mark.parametrize(
    ("output", "votes", "gone"),
    [
        (ANSWERED, {"score": None, "accepted": None}, False),
        (TALK, {"score": None, "accepted": None}, True),
        (TALK, {"score": 0}, True),
        (TALK, {"score": 0, "source_kind": "instructions", "kind": "exchange"}, False),
        (ZH_TALK, {"score": None, "accepted": None}, True),
        (MIXED, {"score": 0}, True),
        (MIXED, {"score": 3}, False),
        (MIXED, {"accepted": True}, False),
    ],
)
def test_who_is_not_answered_goes_unless_others_vouch_for_it(output: str, votes: dict[str, Any], gone: bool) -> None:
    asked = (
        "磨盘磨出来的面粉不够细怎么办？" if output is ZH_TALK else "How do I dress a mill stone that grinds no longer?"
    )
    post = {"instruction": asked, "output": output} | votes
    assert broken(post, names=UNANSWERED) == [set(UNANSWERED) if gone else set()]
