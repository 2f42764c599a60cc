"""Planted duplicates in real Parquet: found when they are, left alone when they are not, the same on any machine."""

import random
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines import dedupe, storage
from pipelines.dedupe import shingle_sets, verify
from pipelines.recipe import RecipeError
from pipelines.signals.minhash import shingles
from tests.pipelines import corpus
from tests.pipelines.corpus import jaccard

Row = dict[str, Any]
COMMON = """
the a this that every some one and or but when where because with without from into over under after before while you
we they it is was has can will should must not also only often always never first then again here there old new small
large open closed good slow quick server cable kettle window engine garden bridge camera letter answer question writes
reads opens closes starts stops finds keeps moves turns shows needs takes brings makes gives
"""
WORDS = COMMON.split()
HAN = [chr(0x4E00 + 7 * k) for k in range(900)]


def prose(seed: int, words: int = 120) -> str:
    pick = random.Random(seed)
    return " ".join(pick.choice(WORDS) for _ in range(words))


def chinese(seed: int, characters: int = 160) -> str:
    pick = random.Random(seed)
    return "".join(pick.choice(HAN) for _ in range(characters))


def edited(text: str, edits: int, seed: int, separator: str = " ") -> str:
    words = text.split(separator) if separator else list(text)
    pick = random.Random(seed)
    for at in pick.sample(range(len(words)), edits):
        words[at] = f"edit{seed}x{at}" if separator else "改"
    return separator.join(words)


def answer(number: int | str, output: str, instruction: str = "How does it work?", source: str = "forum") -> Row:
    return corpus.record(f"{source}:{number}#a1", instruction, output)


def clusters(data: Path, records: list[Row], workers: int = 1, **settings: Any) -> dict[str, set[str]]:
    """Cluster id → members, singles left out."""
    mill = corpus.recipe(*sorted({row["source"] for row in records}), **settings)
    corpus.write(data, mill, records)
    dedupe.run(mill, data, workers)
    found: dict[str, set[str]] = {}
    for row in read(data, "clusters"):
        found.setdefault(row["cluster_id"], set()).add(row["record_id"])
    return {name: members for name, members in found.items() if len(members) > 1}


def read(data: Path, table: str) -> list[Row]:
    return pq.read_table(data / "4_clusters" / "mill" / f"{table}-00000.parquet").to_pylist()


SAME = {
    "the same text": (prose(1), prose(1)),
    "case and white space": (prose(1), prose(1).upper().replace(" ", "\n")),
    "one word changed": (prose(1), edited(prose(1), 1, 5)),
    "Chinese, two characters changed": (chinese(1), edited(chinese(1), 2, 5, "")),
    "Simplified and Traditional": (
        "这个问题的答案说明如何启动网络服务并记录错误" * 3,
        "這個問題的答案說明如何啟動網絡服務並記錄錯誤" * 3,
    ),
    "short, but the same": ("Use pip.", "Use pip."),
}


def within(told: str) -> str:
    """A text of 120 words with these in its middle."""
    return f"{prose(1, 60)} {told} {prose(3, 60)}"


VALUES = (
    *(("compute 12 + 4 now", "compute 12 - 4 now"), ("age > 30 and", "age < 30 and"), ("age >= 30", "age > 30")),
    *(("x == y", "x != y"), ("a && b", "a || b"), ("1 << 3", "1 >> 3"), ("2 ** 3", "2 * 3"), ("count++", "count--")),
    *(("costs 3.14 each", "costs 3.15 each"), ("at -5 degrees", "at 5 degrees"), ("waits 10ms", "waits 20ms")),
    *(("is $5 now", "is €5 now"), ("**12 + 4** is", "**12 - 4** is"), ("价格是30元", "价格是40元"), ("x ≤ 3", "x ≥ 3")),
)
LAYOUT = (
    *(("**bold** move", "bold move"), ("**bold** move", "*bold* move"), ("see 15.1**).", "see 15.1).")),
    *(("\n- one thing\n- two", "\n* one thing\n* two"), ("\n1. one thing\n2. two", "\n2. one thing\n3. two")),
    *(("a — word", "a -- word"), ("great!", "great!!"), ("\n> quoted words\n", "\nquoted words\n")),
    *(("5 × 4", "5 * 4"), ("a ≤ b", "a <= b"), ("\n====\nhead", "\n----\nhead"), ("第**3**个", "第3个")),
)
DIFFERENT = {
    "other text": (prose(1), prose(2)),
    "a third of the words changed": (prose(1), edited(prose(1), 40, 5)),
    "Chinese, a fifth of the characters changed": (chinese(1), edited(chinese(1), 32, 5, "")),
    "short and one word apart": ("Use pip.", "Use conda."),
    "Chinese, short and one character apart": ("用这个方法可以。", "用那个方法可以。"),
    "both empty of words": ("!!!", "???!"),
}


@pytest.mark.parametrize("texts", SAME.values(), ids=SAME)
def test_duplicates_share_a_cluster(texts: tuple[str, str], tmp_path: Path) -> None:
    found = clusters(tmp_path, [answer(1, texts[0]), answer(2, texts[1])])
    assert found == {"forum:1#a1": {"forum:1#a1", "forum:2#a1"}}


@pytest.mark.parametrize("texts", DIFFERENT.values(), ids=DIFFERENT)
def test_others_do_not(texts: tuple[str, str], tmp_path: Path) -> None:
    assert clusters(tmp_path, [answer(1, texts[0]), answer(2, texts[1])]) == {}


@pytest.mark.parametrize("values", VALUES, ids=[one for one, _ in VALUES])
def test_another_number_operator_or_sign_is_another_answer(values: tuple[str, str]) -> None:
    one, other = (within(value) for value in values)
    assert jaccard(shingles(one), shingles(other)) >= 0.8, "near, but for the value"
    assert near(one, other) == 0


@pytest.mark.parametrize("layouts", LAYOUT, ids=[one for one, _ in LAYOUT])
def test_what_lays_out_a_text_is_no_value(layouts: tuple[str, str]) -> None:
    assert near(*(within(layout) for layout in layouts)) >= 0.8


def near(one: str, other: str) -> float:
    table = pa.table({"instruction": ["Why?"] * 2, "input": [""] * 2, "output": [one, other]})
    return verify._similarity(shingle_sets.compute(table, np.arange(2), "pair"), 0, 1, 0.8)


@pytest.mark.parametrize("around", ["{body} {common}", "{common}\n\n{body}", "Hello.\n{body}\n\n{common}"])
def test_a_long_common_footer_does_not_make_three_answers_one(around: str, tmp_path: Path) -> None:
    footer = f"We are glad that you wrote to us. {prose(7, 200)}. Best wishes from the team."
    bodies = ("Restart the router and wait.", "Your invoice lies in the account.", "We do not ship to islands.")
    told = [answer(number, around.format(body=body, common=footer)) for number, body in enumerate(bodies)]
    assert clusters(tmp_path, told) == {}


def test_a_footer_does_not_make_two_answers_of_one() -> None:
    footer = f"We are glad that you wrote to us. {prose(7, 200)}. Best wishes from the team."
    told = f"Restart the router and wait. {footer}"
    assert near(told, f"Restart the router, and wait. {footer}") >= 0.8, "another comma"
    assert near(told, f"Restart this router and wait. {footer}") >= 0.8, "another word"
    assert near(told, footer) >= 0.8, "no body"


def test_the_same_answer_to_another_question_is_no_duplicate(tmp_path: Path) -> None:
    asked = [answer(k, "Restart the server.", f"What helps against fault {k}?") for k in range(5)]
    assert clusters(tmp_path, asked) == {}


def test_two_short_answers_to_one_long_question_are_no_duplicates(tmp_path: Path) -> None:
    told = [answer(1, prose(2, 25), prose(1, 400)), answer(2, prose(3, 25), prose(1, 400))]
    assert clusters(tmp_path, told) == {}
    both = (
        shingles(f"{told[0]['instruction']}\n{told[0]['output']}"),
        shingles(f"{told[1]['instruction']}\n{told[1]['output']}"),
    )
    assert jaccard(*both) > 0.8, "the case tests nothing unless the pairs as a whole are near"


def test_a_chain_is_one_cluster(tmp_path: Path) -> None:
    """Each is near the next, and the first is far from the last: what links them is in the middle."""
    texts = [prose(1)]
    for step in range(6):
        texts.append(edited(texts[-1], 2, 100 + step))
    found = clusters(tmp_path, [answer(k, text) for k, text in enumerate(texts)])
    assert found == {"forum:0#a1": {f"forum:{k}#a1" for k in range(7)}}
    assert jaccard(shingles(texts[0]), shingles(texts[-1])) < 0.8


def test_near_duplicates_are_those_at_the_threshold_exactly(tmp_path: Path) -> None:
    """200 families of two around Jaccard 0.8: no miss and no false alarm, judged by the true similarity."""
    records, near = [], set()
    for family in range(200):
        first = answer(f"{family}-a", prose(family), f"About {family}?")
        second = answer(f"{family}-b", edited(prose(family), 1 + family % 5, family), f"About {family}?")
        sets = [shingles("\n".join((row["instruction"], row["input"], row["output"]))) for row in (first, second)]
        near |= {first["record_id"]} if jaccard(*sets) >= 0.8 else set()
        records += [first, second]
    assert 40 < len(near) < 160
    assert set(clusters(tmp_path, records)) == near


def test_similarity_of_an_edge_is_the_true_jaccard(tmp_path: Path) -> None:
    rows = [answer(1, prose(1)), answer(2, edited(prose(1), 2, 9)), answer(3, prose(1))]
    clusters(tmp_path, rows)
    likely, exact = sorted(read(tmp_path, "edges"), key=lambda edge: str(edge["method"]), reverse=True)
    sets = [shingles("\n".join((row["instruction"], row["input"], row["output"]))) for row in rows[:2]]
    assert likely["similarity"] == pytest.approx(jaccard(*sets))
    assert (exact["record_id"], exact["duplicate_id"], exact["similarity"]) == ("forum:1#a1", "forum:3#a1", 1.0)


def family_records(sources: int = 2) -> list[Row]:
    """Families of one to six over two sources, exact, near and chained."""
    records = []
    for family in range(30):
        text = prose(family)
        for member in range(family % 6 + 1):
            text = edited(text, member % 3, 7 * family + member)
            records.append(answer(f"{family}-{member}", text, source=f"site{family % sources}"))
    return records


@pytest.mark.parametrize(("seed", "workers"), [(1, 1), (2, 2), (3, 1)])
def test_order_and_workers_change_no_byte(seed: int, workers: int, tmp_path: Path) -> None:
    records = family_records()
    shuffled = random.Random(seed).sample(records, len(records))
    clusters(tmp_path / "a", records)
    clusters(tmp_path / "b", shuffled, workers)
    for table in ("clusters", "edges"):
        one, other = (tmp_path / data / "4_clusters" / "mill" / f"{table}-00000.parquet" for data in "ab")
        assert one.read_bytes() == other.read_bytes()


def test_the_order_of_sources_changes_nothing(tmp_path: Path) -> None:
    records = family_records()
    for name, sources in (("a", ("site0", "site1")), ("b", ("site1", "site0"))):
        corpus.write(tmp_path / name, corpus.recipe(*sources), records)
        dedupe.run(corpus.recipe(*sources), tmp_path / name)
    assert read(tmp_path / "a", "clusters") == read(tmp_path / "b", "clusters")


def test_small_batches_and_chunks_change_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = clusters(tmp_path / "a", family_records())
    monkeypatch.setattr(dedupe.sql, "BATCH_ROWS", 3)
    monkeypatch.setattr(dedupe.near_duplicates.bands, "CHUNK", 2)
    monkeypatch.setattr(dedupe.near_duplicates.shard_reader, "BATCH_ROWS", 5)
    assert clusters(tmp_path / "b", family_records()) == whole


def test_records_of_one_page_share_a_group_and_so_do_their_duplicates(tmp_path: Path) -> None:
    rows = [
        corpus.record("forum:1#a1", "Why?", prose(1)),
        corpus.record("forum:1#a2", "Why?", prose(2)),
        corpus.record("forum:2#a1", "Why?", prose(2)),
        corpus.record("forum:3#a1", "Why?", prose(3)),
    ]
    clusters(tmp_path, rows)
    groups = {row["record_id"]: row["group_id"] for row in read(tmp_path, "clusters")}
    assert groups == {f"forum:{k}": "forum:1#a1" for k in ("1#a1", "1#a2", "2#a1")} | {"forum:3#a1": "forum:3#a1"}


def test_exchanges_in_one_file_do_not_share_a_group(tmp_path: Path) -> None:
    rows = [corpus.record(f"set:part#{k}", f"Question {k}?", prose(k), source_kind="instructions") for k in range(4)]
    clusters(tmp_path, rows)
    assert len({row["group_id"] for row in read(tmp_path, "clusters")}) == 4


def test_a_crowd_of_copies_in_one_bucket(tmp_path: Path) -> None:
    """Near copies of one template fill every bucket, and two strangers with half of it stay out."""
    rows = [answer(f"{k:03}", edited(prose(1), 1, k)) for k in range(150)]
    strangers = [answer(f"x{k}", prose(1, 60) + " " + prose(50 + k, 60)) for k in range(2)]
    found = clusters(tmp_path, [*rows, *strangers])
    assert found == {"forum:000#a1": {row["record_id"] for row in rows}}


def test_what_shares_most_of_a_text_and_no_more_stays_apart_however_many_they_are(tmp_path: Path) -> None:
    """One bucket of more than a WINDOW, none of whom is like another, but for two that come far apart in it."""
    boilerplate, many = prose(1, 150), 2 * dedupe.near_duplicates.bands.WINDOW
    rows = [answer(f"{k:03}", f"{boilerplate} {prose(100 + k, 40)}") for k in range(many)]
    rows += [answer("zzz", edited(str(rows[many // 2]["output"]), 1, 5))]
    found = clusters(tmp_path, rows)
    assert found == {f"forum:{many // 2:03}#a1": {f"forum:{many // 2:03}#a1", "forum:zzz#a1"}}


def test_no_records_at_all(tmp_path: Path) -> None:
    mill = corpus.recipe("forum")
    corpus.write(tmp_path, mill, [])
    manifest = dedupe.run(mill, tmp_path)
    assert manifest.counts["records"] == 0
    assert read(tmp_path, "clusters") == []


def test_a_second_run_does_nothing_and_another_threshold_runs_again(tmp_path: Path) -> None:
    near = [answer(1, prose(1)), answer(2, edited(prose(1), 1, 5))]
    assert len(clusters(tmp_path, near)) == 1
    before = (tmp_path / "4_clusters" / "mill" / storage.MANIFEST).stat().st_mtime_ns
    assert len(clusters(tmp_path, near)) == 1
    assert (tmp_path / "4_clusters" / "mill" / storage.MANIFEST).stat().st_mtime_ns == before
    assert clusters(tmp_path, near, dedupe={"threshold": 0.99}) == {}


def test_nothing_but_the_folder_is_left_behind(tmp_path: Path) -> None:
    clusters(tmp_path, family_records())
    assert [path.name for path in (tmp_path / "4_clusters").iterdir()] == ["mill"]


def test_a_missing_stage_is_named_with_its_cure(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="gristmill stage normalise mill"):
        dedupe.run(corpus.recipe("forum"), tmp_path)


def test_every_record_is_in_one_cluster(tmp_path: Path) -> None:
    records = family_records()
    clusters(tmp_path, records)
    ids = [row["record_id"] for row in read(tmp_path, "clusters")]
    assert all(one < other for one, other in pairwise(ids))
    assert set(ids) == {row["record_id"] for row in records}


def test_what_a_killed_run_spilt_goes(tmp_path: Path) -> None:
    left = tmp_path / "4_clusters" / ".mill.scratch" / "spill" / "old.tmp"
    left.parent.mkdir(parents=True)
    left.write_bytes(b"grain")
    clusters(tmp_path, [answer(1, prose(1)), answer(2, prose(1))])
    assert not [path.name for path in left.parents[2].iterdir() if path.name.startswith(".")]
