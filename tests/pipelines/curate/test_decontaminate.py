"""Benchmark items in records: found however they are set, and not where somebody only speaks of the same thing."""

import gzip
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.curate import benchmarks, decontaminate
from pipelines.curate.benchmarks import Item
from pipelines.curate.decontaminate import THRESHOLD, build_index, compare, find_evidence
from pipelines.recipe import RecipeError
from tests.pipelines.curate.test_curate import answer
from tests.pipelines.curate.test_decisions import curated

CRATES = (
    "A baker fills 14 crates with 9 loaves each before sunrise. On the way to the market two crates fall from the cart,"
    " and half of the loaves in them are lost. At noon she sells 73 loaves, and in the evening a school buys the rest"
    " for 2 coins a loaf. How many coins does the school pay her?"
)
SHORT = (
    "A train of 12 wagons loses 3 wagons at every second stop; after how many stops are none of the wagons left at all?"
)
CHINESE = (
    "小明有三十六颗弹珠，他先把其中的三分之一分给弟弟，又从表哥那里拿到十二颗，最后丢了五颗。"
    "请问他现在一共有多少颗弹珠？"
)
CODE = """def rotate_left(values, steps):
    if not values:
        return []
    steps = steps % len(values)
    return values[steps:] + values[:steps]"""
ITEMS = [
    Item("loaves/test", "1", CRATES, "70"),
    Item("loaves/test", "2", SHORT, "8"),
    Item("loaves/test", "3", CHINESE, "31"),
    Item("code/test", "4", "Write a function to rotate a list.", CODE),
    Item("code/test", "5", "Write a poem.", "No."),
]
KNOWN = build_index(ITEMS)


def found(text: str) -> dict[str, float]:
    batch = pa.record_batch({"record_id": ["x"], "text": [text]})
    return {row["item"]: row["contamination"] for row in find_evidence(batch, KNOWN).to_pylist()}


def test_short_and_ordinary_items_are_not_looked_for() -> None:
    assert [wanted.item.name for wanted in KNOWN.items] == ["1", "2", "3", "4"]
    assert KNOWN.items[3].text.endswith(CODE), "a short question is looked for with its answer"


CONTAMINATED = {
    "word for word": (f"Solve:\n{CRATES}\n\nThe school pays 70.", "1"),
    "in capitals, on many lines, in bold": (f"**{CRATES.upper()}**".replace(" ", "\n"), "1"),
    "with one number changed": (CRATES.replace("73", "74") + " She gets 70 coins.", "1"),
    "in the middle of another text": ("word " * 500 + CRATES + " other" * 500, "1"),
    "Chinese": (f"题目：{CHINESE}\n答案：31", "3"),
    "Chinese in traditional characters, without its marks": (
        CHINESE.replace("颗", "顆").replace("现", "現").replace("，", "").replace("。", ""),
        "3",
    ),
    "a short question with its answer, set otherwise": (
        f"# Task\nwrite a FUNCTION to rotate a list\n```python\n{CODE.replace('    ', chr(9))}\n```",
        "4",
    ),
}


@pytest.mark.parametrize(("text", "item"), CONTAMINATED.values(), ids=CONTAMINATED)
def test_a_planted_item_is_found(text: str, item: str) -> None:
    assert found(text).get(item, 0) >= THRESHOLD


CLEAN = {
    "told in other words": "A woman who bakes puts nine breads into each of fourteen boxes. Two of the boxes drop, and"
    " that ruins half of what they hold. She sells 73, and the school takes what is left at two coins each. What"
    " does it pay?",
    "ordinary phrases": "How many coins does it cost? On the way to the market I lost half of them, and at night I"
    " sold the rest for 2 coins. Write a function to rotate a list.",
    "half of it": CRATES[: len(CRATES) // 2],
    "the same story in other Chinese words": "小红有二十颗糖，给了妹妹一半，又买了十二颗。请问她现在一共有多少颗糖？",
    "another function": "def rotate(values):\n    return values[1:] + values[:1]",
    "a short item that is nearly there": SHORT.replace("3 wagons", "4 carriages") + " It is 8.",
    "nothing": "",
}


@pytest.mark.parametrize("text", CLEAN.values(), ids=CLEAN)
def test_what_only_resembles_an_item_stays_below_the_bound(text: str) -> None:
    assert max(found(text).values(), default=0) < THRESHOLD


def test_a_near_match_needs_the_short_answer_near_it() -> None:
    near = CRATES.replace("73", "74")
    assert compare(near + " She gets 70 coins.", KNOWN.items[0])["contamination"] >= THRESHOLD
    without = compare(near + " She gets nothing at all.", KNOWN.items[0])
    assert without["contamination"] == decontaminate.EVIDENCE_FROM and without["answer_found"] is False
    assert compare(CRATES, KNOWN.items[0])["contamination"] == 1, "word for word it needs none"


def test_the_evidence_shows_both_sides_and_three_counts() -> None:
    shown = compare(f"Before it. {CRATES} After it, ask ada@mail-server.org.", KNOWN.items[0])
    assert shown["record_text"] == CRATES.rstrip("?") + "?" or shown["record_text"] == CRATES
    assert shown["item_text"] == CRATES
    assert shown["contamination_8"] == shown["contamination_13"] == 1
    half = compare(CRATES[:150], KNOWN.items[0])
    assert half["contamination_13"] < half["contamination_8"] < half["contamination"] < THRESHOLD


def test_more_matches_than_there_was_room_for() -> None:
    many = build_index(Item("b", str(k), CRATES, "70") for k in range(40))
    texts = pa.array([CRATES] * 60)
    assert len(decontaminate.find_candidates(texts, many)) == 40 * 60


def test_files_of_every_kind(tmp_path: Path) -> None:
    row = {"question": CRATES, "answer": "It is 35 and 35.\n#### 70", "task_id": "t/1"}
    (tmp_path / "one.jsonl").write_text(json.dumps(row) + "\n\n")
    (tmp_path / "two.jsonl.gz").write_bytes(gzip.compress(json.dumps(row).encode()))
    pq.write_table(pa.Table.from_pylist([row]), tmp_path / "three.parquet")
    read = [list(benchmarks.items(tmp_path / name)) for name in ("one.jsonl", "two.jsonl.gz", "three.parquet")]
    assert {(item.question, item.answer, item.name) for items in read for item in items} == {(CRATES, "70", "t/1")}
    assert [items[0].benchmark.split("/")[1] for items in read] == ["one", "two", "three"]


def test_a_file_that_cannot_be_used_names_row_and_cure(tmp_path: Path) -> None:
    (tmp_path / "bad.jsonl").write_text('{"frage": "Was?"}\n')
    with pytest.raises(RecipeError, match=r"bad.jsonl: row 1 has none of the fields question, prompt"):
        list(benchmarks.items(tmp_path / "bad.jsonl"))
    with pytest.raises(RecipeError, match=r"none.jsonl cannot be read: No such file"):
        benchmarks.fingerprint(tmp_path / "none.jsonl")


LINE = json.dumps({"question": CRATES}).encode() + b"\n"
BROKEN = {
    "cut.jsonl.gz": gzip.compress(LINE)[:-12],
    "bits.jsonl.gz": gzip.compress(LINE)[:10] + b"\xff" * 20,
    "cut.parquet": b"PAR1 and no more PAR1",
    "bomb.jsonl.gz": gzip.compress(LINE + b" " * (65 << 20)),
    "long.jsonl": LINE + b" " * (17 << 20),
    "deep.jsonl": LINE + b'{"question": ' + b"[" * 200_000 + b"\n",
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_file_is_told_by_its_name(name: str, tmp_path: Path) -> None:
    """Decontamination without a part of its benchmark would be one in name only."""
    (tmp_path / name).write_bytes(BROKEN[name])
    with pytest.raises(RecipeError, match=rf"{name}:.*(cannot be read|longer than|not JSON)"):
        list(benchmarks.items(tmp_path / name))


def test_in_a_snapshot_the_record_is_dropped_with_its_evidence_and_a_person_may_overrule(tmp_path: Path) -> None:
    (tmp_path / "loaves").mkdir()
    (tmp_path / "loaves" / "test.jsonl").write_text(json.dumps({"question": CRATES, "answer": "70"}) + "\n")
    rows: list[dict[str, Any]] = [answer(k) for k in range(20)]
    rows += [
        answer(40, f"{CRATES} It is 70 coins."),
        answer(41, f"{CRATES} The school pays 70 coins in all, as I see it."),
    ]
    settings = {"decontaminate": {"benchmarks": [str(tmp_path / "loaves" / "test.jsonl")]}}
    data = tmp_path / "data"
    data.mkdir()
    (data / "decisions.jsonl").write_text('{"record_id": "forum:41#a1", "decision": "accept"}\n')
    verdicts, published, counts = curated(data, rows, **settings)
    (reason,) = [reason for reason in verdicts["forum:40#a1"]["reasons"] if reason["rule"] == "contaminated"]
    assert json.loads(reason["value"]) == {"contamination": 1.0}
    assert "forum:41#a1" in published and counts["contaminated"] == 2
    folder = data / "5_curated" / "mill" / "latest"
    evidence_rows = pq.read_table(folder / "contaminated-00000-of-00001.parquet").to_pylist()
    assert {row["record_id"] for row in evidence_rows} == {"forum:40#a1", "forum:41#a1"}
    assert "| loaves/test | 1 | 1 | 1 | 2 | 1.0 | 1 |" in (folder / "README.md").read_text()
    without, _, _ = curated(data, rows)
    assert not any(r["rule"] == "contaminated" for r in without["forum:40#a1"]["reasons"]), "it was another snapshot"


def test_a_byte_order_mark_is_no_part_of_an_item_and_another_encoding_is_named(tmp_path: Path) -> None:
    (tmp_path / "one.jsonl").write_text('{"question": "What?"}\n', encoding="utf-8-sig")
    assert [item.question for item in benchmarks.items(tmp_path / "one.jsonl")] == ["What?"]
    (tmp_path / "two.jsonl").write_bytes('{"question": "What?"}\n{"question": "Café?"}\n'.encode("latin-1"))
    with pytest.raises(RecipeError, match=r"two\.jsonl:2: not UTF-8"):
        list(benchmarks.items(tmp_path / "two.jsonl"))
