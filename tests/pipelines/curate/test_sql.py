"""The queries of curation one by one: splits, what is published, pairs, and the counts on the card."""

from hashlib import sha256
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.curate import likeness, sql
from pipelines.curate.policy import Policy, Rule
from schemas.cluster import CLUSTER
from schemas.record import PAIR, RECORD
from schemas.verdict import PUBLISHED_PAIR
from tests.pipelines.curate.tables import Row, broken, tables
from tests.pipelines.turns import message

NEVER = Rule(name="never", drop_if="false", why="-")


def place(group: str) -> float:
    return int(sha256(group.encode()).hexdigest()[:8], 16) * 100 / 2**32


def groups(rows: list[Row], validation: float, test: float) -> dict[str, tuple[str, int, float]]:
    rules = Policy(rules=(NEVER,), validation_percent=validation, test_percent=test)
    with tables(judged=rows) as con:
        con.execute(sql.groups(rules))
        return {name: (split, kept, at) for name, kept, at, split in con.sql("FROM split_group").fetchall()}


def test_a_group_has_the_place_that_its_name_draws_and_counts_what_passed() -> None:
    rows: list[Row] = [{"record_id": f"r{k}", "group_id": f"g{k // 3}"} for k in range(30)]
    rows[0]["reasons"] = broken("short")
    rows[1]["reasons"] = broken("short", "bare")
    found = groups(rows, 20, 30)
    for name, (split, kept, at) in found.items():
        assert at == place(name)
        assert split == ("validation" if place(name) < 20 else "test" if place(name) < 50 else "train")
        assert kept == (1 if name == "g0" else 3)
    assert {split for split, _, _ in found.values()} == {"train", "validation", "test"}


def test_a_share_ends_before_the_place_that_it_names() -> None:
    name = next(name for name in map(str, range(99)) if 10 < place(name) < 20)
    rows: list[Row] = [{"record_id": "r", "group_id": name}]
    assert groups(rows, place(name), 0)[name][0] == "train"
    assert groups(rows, place(name), 1)[name][0] == "test"
    assert groups(rows, place(name) - 5, 5)[name][0] == "train"
    assert groups(rows, place(name) + 0.001, 0)[name][0] == "validation"


def test_what_is_judged_is_what_the_policy_says() -> None:
    blank = {"cluster_id": "c", "cluster_size": 1, "group_id": "g", "decision": "", "decided": "{}", "score": 1}
    rules = Policy(rules=(Rule(name="low", drop_if="score < 2", why="-"),))
    with duckdb.connect() as con:
        con.register("candidate", pa.Table.from_pylist([{"record_id": "a"} | blank]))
        con.execute(sql.judged(rules))
        assert con.sql("SELECT record_id, reasons FROM judged").fetchall() == [
            ("a", [{"rule": "low", "value": '{"score":1}'}])
        ]


def filled(split: str, *given: tuple[str, int, str]) -> dict[str, str]:
    """The splits after `split` was given a group; each group with its number of kept records, placed in this order."""
    rows = [
        {"group_id": name, "kept": kept, "position": at, "split": now} for at, (name, kept, now) in enumerate(given)
    ]
    with tables(split_group=rows) as con:
        con.execute(sql.FILL_SPLIT, {"split": split})
        return dict(con.sql("SELECT group_id, split FROM split_group").fetchall())


@pytest.mark.parametrize(
    ("given", "moved"),
    [
        ([("a", 1, "train"), ("b", 1, "train")], "a"),
        ([("a", 1, "train")], ""),  # never the last that another split has
        ([("a", 1, "train"), ("b", 0, "train")], ""),  # of which an empty group is none
        ([("a", 0, "train"), ("b", 1, "train"), ("c", 1, "train")], "b"),  # an empty group fills nothing
        ([("a", 1, "train"), ("b", 1, "train"), ("c", 1, "test")], ""),  # it is not empty
        ([("a", 1, "train"), ("b", 1, "train"), ("c", 0, "test")], "a"),  # as good as empty
        ([("a", 9, "train"), ("b", 1, "train"), ("c", 1, "train")], "b"),  # a group of more than half comes last
        ([("a", 9, "train"), ("b", 1, "validation")], ""),
        ([("a", 2, "train"), ("b", 1, "train"), ("c", 1, "train")], "a"),  # just half is not more than half
        ([("a", 1, "validation"), ("b", 1, "train"), ("c", 1, "train")], "b"),
    ],
)
def test_an_empty_split_gets_one_group_that_can_be_spared(given: list[tuple[str, int, str]], moved: str) -> None:
    found = filled("test", *given)
    assert found == {name: "test" if name == moved else split for name, _, split in given}


def verdict(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(likeness.EMPTY + sql.VERDICT)


JUDGED: list[Row] = [
    {"record_id": "a", "group_id": "g", "decision": "accept", "overruled": broken("bare")},
    {"record_id": "b", "group_id": "g", "reasons": broken("duplicate"), "duplicate_of": "a"},
    {"record_id": "c", "group_id": "h", "reasons": broken("short", "bare")},
    {"record_id": "d", "group_id": "h", "reasons": broken("short")},
]
GROUPS: list[Row] = [{"group_id": "g", "kept": 1, "split": "test"}, {"group_id": "h", "kept": 0, "split": "train"}]


def test_a_verdict_says_what_became_of_each_record() -> None:
    with tables(judged=JUDGED[::-1], split_group=GROUPS) as con:
        verdict(con)
        found = con.sql(sql.VERDICTS).to_arrow_table().to_pylist()
    assert [row["record_id"] for row in found] == ["a", "b", "c", "d"]
    assert [(row["kept"], row["split"]) for row in found] == [(True, "test"), (False, ""), (False, ""), (False, "")]
    assert (found[0]["decision"], found[0]["overruled"]) == ("accept", broken("bare"))
    assert (found[1]["duplicate_of"], found[2]["reasons"]) == ("a", broken("short", "bare"))


def test_what_is_dropped_is_whole_and_in_order() -> None:
    records: list[Row] = [{"record_id": name, "output": f"text {name}"} for name in "dcba"]
    with tables(judged=JUDGED, split_group=GROUPS, record=records) as con:
        verdict(con)
        found = con.sql(sql.DROPPED).to_arrow_table().to_pylist()
        counts = con.sql(sql.COUNTS).to_arrow_table().to_pylist()
        rules = con.sql(sql.RULE_COUNTS).fetchall()
    assert [(row["record_id"], row["output"]) for row in found] == [("b", "text b"), ("c", "text c"), ("d", "text d")]
    assert [row["duplicate_of"] for row in found] == ["a", "", ""]
    assert [len(row["reasons"]) for row in found] == [1, 2, 1]
    assert counts == [{"records": 4, "kept": 1, "duplicates": 1}]
    assert rules == [("bare", 1, 0), ("duplicate", 1, 1), ("short", 2, 1)]


def test_decisions_about_records_that_are_not_there_are_counted() -> None:
    decided: list[Row] = [{"record_id": name, "decision": "accept"} for name in "ayz"]
    with tables(decision=decided, record=[{"record_id": "a"}, {"record_id": "b"}]) as con:
        assert con.sql(sql.UNKNOWN_DECISIONS).fetchall() == [(2,)]


def test_what_was_found_of_benchmarks_is_listed_worst_first() -> None:
    rows: list[Row] = [
        {"record_id": name, "benchmark": benchmark, "item": item, "contamination": share}
        for name, benchmark, item, share in (
            ("b", "x", "1", 0.5), ("a", "y", "1", 1.0), ("a", "x", "2", 1.0), ("a", "x", "1", 1.0), ("c", "x", "1", 1.0)
        )
    ]  # fmt: skip
    rows[3] |= {"contamination_8": 0.25, "contamination_13": 0.125}
    with tables(contaminated=rows) as con:
        found = con.sql(sql.CONTAMINATED).fetchall()
        con.execute(sql.contamination())
        best = sorted(con.sql("FROM contamination").fetchall())
    assert [row[:3] for row in found] == [
        ("a", "x", "1"), ("a", "x", "2"), ("a", "y", "1"), ("c", "x", "1"), ("b", "x", "1")
    ]  # fmt: skip
    assert best == [("a", 1.0, 0.25, 0.125), ("b", 0.5, None, None), ("c", 1.0, None, None)]


def test_all_that_is_said_in_a_record_is_read_in_its_order() -> None:
    turns = [message("user", "q1"), message("assistant", "a1", "r1", "[c]"), message("tool", "t1")]
    records: list[Row] = [
        {"record_id": "b", "instruction": "ask", "input": None, "output": "say", "history": []},
        {"record_id": "a", "instruction": "ask", "input": "with", "output": "say", "history": turns}
        | {"system": "be", "reasoning": "so"},
    ]
    with tables(record=records) as con:
        found = con.sql(sql.RECORD_TEXTS).fetchall()
    assert [name for name, _ in found] == ["a", "b"]
    assert found[0][1] == "be\nq1\na1\nr1\n[c]\nt1\nask\nwith\nso\nsay" and found[1][1].split() == ["ask", "say"]


@pytest.mark.parametrize(
    ("quality", "published"), [("0.25", 0.25), ("7", 1.0), ("-7", 0.0), ("NULL", 0.0), ("score / 2.0", 0.5)]
)
def test_quality_lies_between_nought_and_one(quality: str, published: float) -> None:
    rules = Policy(rules=(NEVER,), quality=quality)
    records: list[Row] = [
        {"record_id": name, "source": "s", "output": name, "score": 1, "licence": "MIT"} for name in "dcba"
    ]
    with tables(judged=JUDGED, split_group=GROUPS, record=records) as con:
        con.execute("CREATE TEMP VIEW candidate AS SELECT *, 'qa' AS task, 'en' AS output_language FROM record")
        verdict(con)
        con.execute(sql.published(rules))
        found = con.sql(sql.SPLIT.format(split="test")).to_arrow_table().to_pylist()
        assert con.sql(sql.SPLIT.format(split="train")).fetchall() == []
        assert con.sql("SELECT record_id FROM published").fetchall() == [("a",)], "nothing that was dropped"
    (row,) = found
    assert (row["record_id"], row["output"], row["task"], row["language"]) == ("a", "a", "qa", "en")
    assert (row["quality"], row["split"]) == (published, "test")


def test_what_is_published_is_in_order() -> None:
    rows: list[Row] = [{"record_id": name, "group_id": "g"} for name in "cab"]
    with tables(judged=rows, split_group=GROUPS, record=rows) as con:
        con.execute("CREATE TEMP VIEW candidate AS SELECT *, 'qa' AS task, 'en' AS output_language FROM record")
        verdict(con)
        con.execute(sql.published(Policy(rules=(NEVER,))))
        assert [row[0] for row in con.sql(sql.SPLIT.format(split="test")).fetchall()] == ["a", "b", "c"]


# records of pages that are in train (t), held out (v), held out from a set of instructions (i), or of a bad answer (b)
ASKED: list[Row] = [
    {"record_id": "t1", "page_id": "t", "instruction": "in train", "output": "good", "source_kind": "forum"},
    {"record_id": "v1", "page_id": "v", "instruction": "held out", "output": "good", "source_kind": "forum"},
    {"record_id": "i1", "page_id": "i", "instruction": "of a set", "output": "good", "source_kind": "instructions"},
    {"record_id": "b1", "page_id": "b", "instruction": "in train too", "output": "bad", "source_kind": "forum"},
    {"record_id": "d1", "page_id": "d", "instruction": "judged", "output": "rejected", "source_kind": "forum"},
    {"record_id": "l1", "page_id": "l", "instruction": "voted", "output": "low", "source_kind": "forum"},
]
WHY = {"b1": broken("talk"), "d1": broken("decision"), "l1": broken("score_low")}
SPLITS = {"v1": "validation", "i1": "test"}
RULES = Policy(
    rules=(
        Rule(name="talk", drop_if="output_words < 3", why="-"),
        Rule(name="score_low", drop_if="score < 0", why="-"),
        Rule(name="licence_unknown", drop_if="licence = ''", why="-", if_null=True),
    )
)


def paired(rules: Policy, *pairs: Row) -> list[tuple[str, str]]:
    """(pair_id, split) of what is published."""
    judged = [
        {"record_id": r["record_id"], "group_id": r["page_id"], "reasons": WHY.get(r["record_id"], [])} for r in ASKED
    ]
    split_group = [{"group_id": r["page_id"], "split": SPLITS.get(r["record_id"], "train")} for r in ASKED]
    blank = {"page_id": "t", "instruction": "in train", "chosen": "good", "licence": "MIT"}
    with tables(record=ASKED, judged=judged, split_group=split_group, pair=[blank | pair for pair in pairs]) as con:
        assert con.sql(sql.pairs(rules)).columns == PUBLISHED_PAIR.names
        return [(row[0], row[-1]) for row in con.sql(sql.pairs(rules)).fetchall()]


@pytest.mark.parametrize(
    ("pair", "split"),
    [
        ({}, "train"),
        ({"page_id": "v", "instruction": "held out"}, "validation"),
        ({"page_id": "v", "instruction": "another question of that thread"}, "validation"),
        ({"page_id": "elsewhere", "instruction": "held out"}, "validation"),  # the same question on another page
        ({"page_id": "i", "instruction": "of a set"}, "test"),
        ({"page_id": "i", "instruction": "another of that set"}, "train"),  # a set is one page, and no thread
        ({"page_id": "elsewhere", "instruction": "never seen"}, "train"),
        ({"page_id": "b", "instruction": "in train too", "chosen": "bad"}, None),
        ({"page_id": "b", "instruction": "in train too", "chosen": "better"}, "train"),
        ({"page_id": "t", "chosen": "bad"}, "train"),  # it was bad on another page
        ({"page_id": "d", "instruction": "judged", "chosen": "rejected"}, None),  # by a person
        ({"page_id": "l", "instruction": "voted", "chosen": "low"}, "train"),  # not for what it says
        ({"licence": ""}, None),
        ({"licence": None}, None),
    ],
)
def test_a_pair_is_published_unless_something_speaks_against_it(pair: Row, split: str | None) -> None:
    assert paired(RULES, {"pair_id": "p"} | pair) == ([("p", split)] if split else [])


def test_all_pairs_of_a_question_are_in_one_split() -> None:
    asked = {"instruction": "another question of that thread"}
    found = paired(RULES, {"pair_id": "p", "page_id": "v"} | asked, {"pair_id": "q", "page_id": "elsewhere"} | asked)
    assert found == [("p", "validation"), ("q", "validation")]


def test_pairs_are_in_order_and_need_no_rule_of_their_own() -> None:
    rules = Policy(rules=RULES.rules[:1])
    assert paired(rules, *({"pair_id": name, "licence": ""} for name in "cab")) == [(name, "train") for name in "abc"]


def test_each_rule_speaks_against_a_pair_by_itself() -> None:
    rules = Policy(rules=(*RULES.rules, Rule(name="by_kim", drop_if="author = 'Kim'", why="-")))
    assert paired(rules, {"pair_id": "p", "author": "Kim"}, {"pair_id": "q", "author": "Ada"}) == [("q", "train")]


def shard(folder: Path, name: str, rows: list[Row], schema: pa.Schema) -> Path:
    filled = [{column: row.get(column) for column in schema.names} for row in rows]
    pq.write_table(pa.Table.from_pylist(filled, schema=schema), folder / f"{name}.parquet")
    return folder / f"{name}.parquet"


SIGNAL = pa.schema([("record_id", pa.string()), ("pair_hash", pa.string()), ("output_words", pa.int32())])


@pytest.fixture
def paths(tmp_path: Path) -> dict[str, list[Path]]:
    said = {"instruction": "ask", "input": "with", "output": "say", "source": "s", "url": "u", "author": "Ada"}
    names = [{"record_id": name, "pair_hash": f"hash {name}", "output_words": 1} for name in "abcd"]
    clusters = [{"record_id": name, "cluster_id": name, "group_id": name} for name in "abce"]
    return {
        "records": [shard(tmp_path, "records", [{"record_id": name} | said for name in "abcde"], RECORD)],
        "signals": [shard(tmp_path, "signals", names, SIGNAL)],
        "clusters": [shard(tmp_path, "clusters", clusters, CLUSTER)],
        "pairs": [shard(tmp_path, "pairs", [{"pair_id": name, "source": "s", "author": "Bob"} for name in "pq"], PAIR)],
    }


def test_an_edited_record_is_seen_as_edited_and_a_forgotten_one_not_at_all(paths: dict[str, list[Path]]) -> None:
    decided: list[Row] = [
        {"record_id": "a", "decision": "edit", "instruction": "ASK", "decided": "{}"},
        {"record_id": "b", "decision": "edit", "input": "WITH", "output": "SAY"},
    ]
    found = [{"record_id": "b", "contamination": 0.5}]
    voted: list[Row] = [{"pair_id": "v"}]
    with tables(decision=decided, contaminated=found, vote=voted) as con:
        con.execute("CREATE TEMP TABLE suppressed AS SELECT unnest(['c', 'q']) AS id")
        con.execute(sql.contamination())
        con.execute(sql.views(paths))
        seen = {row["record_id"]: row for row in con.sql("FROM candidate").to_arrow_table().to_pylist()}
        records = sorted(row[0] for row in con.sql("SELECT record_id FROM record").fetchall())
        pairs = con.sql("SELECT pair_id FROM pair").fetchall()
    assert records == ["a", "b", "d", "e"] and pairs == [("p",), ("v",)]
    assert sorted(seen) == ["a", "b"], "d is in no cluster, e was never measured"
    texts = {name: (row["instruction"], row["input"], row["output"]) for name, row in seen.items()}
    assert texts == {"a": ("ASK", "with", "say"), "b": ("ask", "WITH", "SAY")}
    assert [seen[name]["decision"] for name in "ab"] == ["edit", "edit"]
    assert [seen[name]["contamination"] for name in "ab"] == [None, 0.5]
    assert seen["a"]["output_words"] == 1 and seen["a"]["decided"] == "{}" and seen["a"]["group_id"] == "a"


def test_without_decisions_every_record_is_undecided(paths: dict[str, list[Path]]) -> None:
    with tables(decision=[], contaminated=[], vote=[]) as con:
        con.execute("CREATE TEMP TABLE suppressed (id VARCHAR)")
        con.execute(sql.contamination())
        con.execute(sql.views(paths))
        assert sorted(con.sql("SELECT record_id, decision FROM candidate").fetchall()) == [(n, "") for n in "abc"]


def test_records_and_pairs_are_known_by_name_source_address_author_and_text(paths: dict[str, list[Path]]) -> None:
    paths["signals"] = [shard(paths["signals"][0].parent, "less", [{"record_id": "a", "pair_hash": "h"}], SIGNAL)]
    with tables() as con:
        found: list[tuple[Any, ...]] = sorted(con.sql(sql.suppression_keys(paths)).fetchall())
    assert found[0] == ("a", "s", "u", "Ada", "h")
    assert found[1] == ("b", "s", "u", "Ada", None), "what was never measured is known all the same"
    assert found[-2:] == [("p", "s", None, "Bob", None), ("q", "s", None, "Bob", None)] and len(found) == 7
