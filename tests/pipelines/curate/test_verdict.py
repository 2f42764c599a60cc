"""Who of a cluster survives, and what is said of the others: the SQL that decides over every record."""

from itertools import permutations
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from pipelines.curate import policy
from pipelines.curate.policy import Policy, Rule

RULES = (
    Rule(name="licence_unknown", drop_if="licence = ''", why="Unknown.", if_null=True),
    Rule(name="short", drop_if="output_words < 3", why="Says nothing."),
)
BY_SCORE = Policy(rules=RULES, prefer="score DESC NULLS LAST")
COLUMNS = pa.schema(
    [
        *((name, pa.string()) for name in ("record_id", "cluster_id", "group_id", "licence", "decision", "decided")),
        *((name, pa.int64()) for name in ("cluster_size", "output_words", "score", "output_chars")),
        ("output", pa.string()),
        ("accepted", pa.bool_()),
        ("created_at", pa.timestamp("us", tz="UTC")),
    ]
)


def one(name: str, **columns: Any) -> dict[str, Any]:
    """A passing record of the cluster `c`."""
    told = {"cluster_id": "c", "cluster_size": 3, "group_id": f"group {name}", "licence": "MIT", "output_words": 9}
    return {"record_id": name, **told, "score": 1, "decision": "", "decided": "{}"} | columns


def judged(*rows: dict[str, Any], rules: Policy = BY_SCORE) -> dict[str, dict[str, Any]]:
    with duckdb.connect(config={"threads": 1}) as con:
        con.register("candidate", pa.Table.from_pylist(list(rows), schema=COLUMNS))
        found = con.sql(policy.verdict_sql(rules)).to_arrow_table().to_pylist()
    assert len(found) == len(rows)
    return {row["record_id"]: row for row in found}


def kept(*rows: dict[str, Any], rules: Policy = BY_SCORE) -> list[str]:
    return sorted(name for name, row in judged(*rows, rules=rules).items() if not row["reasons"])


def rules_of(row: dict[str, Any], column: str = "reasons") -> list[str]:
    return [reason["rule"] for reason in row[column]]


FAILS = {"licence": ""}


def test_one_member_that_fails_costs_the_cluster_neither_its_survivor_nor_its_order() -> None:
    """The failing one is first by every order but the one that counts; exactly one passing member is published."""
    for rows in permutations([one("a", score=9, **FAILS), one("b", score=5), one("c", score=7)]):
        found = judged(*rows)
        assert kept(*rows) == ["c"]
        assert [found[name]["duplicate_of"] for name in "abc"] == ["c", "c", ""]
        assert rules_of(found["a"]) == ["licence_unknown", "duplicate"]
        assert rules_of(found["b"]) == ["duplicate"]


@pytest.mark.parametrize("failing", [("a",), ("b",), ("c",), ("a", "b"), ("a", "c"), ("b", "c")])
def test_of_every_cluster_with_a_passing_member_exactly_one_is_published(failing: tuple[str, ...]) -> None:
    passing = [name for name in "abc" if name not in failing]
    assert kept(*(one(name, **(FAILS if name in failing else {})) for name in "abc")) == passing[:1]


def test_a_record_that_breaks_more_rules_stands_no_further_behind() -> None:
    """Whoever passes is first; how often the others fail has no weight, and none of them is a duplicate."""
    found = judged(one("a", score=1, output_words=1, **FAILS), one("b", score=0, **FAILS))
    assert [row["duplicate_of"] for row in found.values()] == ["", ""]
    assert rules_of(found["a"]) == ["licence_unknown", "short"]


def test_each_cluster_has_a_survivor_of_its_own() -> None:
    rows = [one("a", score=1), one("b", score=2), one("x", cluster_id="d", score=9), one("y", cluster_id="d", score=8)]
    assert kept(*rows) == ["b", "x"]
    assert {name: row["group_id"] for name, row in judged(*rows).items()} == {n: f"group {n}" for n in "abxy"}


SAID = "Feed it with rye each morning.\n\nThen wait until it has doubled."
QUOTED = "> " + SAID.replace("\n", "\n> ").replace("> \n", ">\n")


@pytest.mark.parametrize(
    ("first", "second", "survivor"),
    [
        (SAID, f"{QUOTED}\n\nThank you!", "a"),
        (f"{QUOTED}\n\nThank you!", SAID, "b"),
        (SAID, f"{SAID}\n\nMine took a day.", "b"),
        (f"> Why?\n\n{SAID}", f"> {'Why is that so? ' * 9}\n\n{SAID} Ok.", "b"),
    ],
)
def test_by_default_the_text_with_the_most_words_of_its_own_is_kept(first: str, second: str, survivor: str) -> None:
    by_default = Policy(rules=RULES, prefer=policy.load("default").prefer)
    rows = [one(name, output=said, output_chars=len(said)) for name, said in (("a", first), ("b", second))]
    assert kept(*rows, rules=by_default) == [survivor]
    assert kept(*(rows[0] | {"accepted": True}, rows[1]), rules=by_default) == ["a"], (
        "what people say of it comes first"
    )


def test_between_equals_the_name_decides_in_any_order_of_rows() -> None:
    for rows in permutations([one("a"), one("b"), one("c")]):
        assert kept(*rows) == ["a"]


def test_who_was_accepted_is_first_among_the_passing_and_passes_himself() -> None:
    assert kept(one("a", score=9), one("b", score=1, decision="accept")) == ["b"]
    assert kept(one("a", score=9), one("b", score=1, decision="edit")) == ["b"]
    found = judged(one("a", score=9), one("b", score=1, output_words=1, decision="accept"))
    assert rules_of(found["a"]) == ["duplicate"] and rules_of(found["b"]) == []
    assert rules_of(found["b"], "overruled") == ["short"] and found["b"]["decision"] == "accept"


def test_two_who_were_accepted_are_both_published() -> None:
    both = [one("a", decision="accept"), one("b", decision="edit"), one("c")]
    assert kept(*both) == ["a", "b"]
    assert judged(*both)["c"]["duplicate_of"] == "a"


def test_nobody_can_accept_what_may_not_be_copied() -> None:
    found = judged(one("a", decision="accept", output_words=1, **FAILS), one("b"))
    assert rules_of(found["a"]) == ["licence_unknown"] and rules_of(found["a"], "overruled") == ["short"]
    assert rules_of(found["b"]) == [], "an accepted one that fails all the same is no survivor"


def test_without_a_rule_about_licences_an_accepted_record_breaks_none() -> None:
    rules = BY_SCORE.model_copy(update={"rules": RULES[1:]})
    found = judged(one("a", decision="accept", output_words=1, **FAILS), rules=rules)
    assert rules_of(found["a"]) == [] and rules_of(found["a"], "overruled") == ["short"]


def test_a_rejected_record_is_dropped_with_what_was_said_and_survives_nowhere() -> None:
    found = judged(one("a", score=9, decision="reject", decided='{"who":"Kim"}'), one("b"))
    assert found["a"]["reasons"][0] == {"rule": "decision", "value": '{"who":"Kim"}'}
    assert rules_of(found["a"], "overruled") == [] and rules_of(found["b"]) == []
    assert rules_of(judged(one("a", output_words=1, decision="reject"))["a"]) == ["short", "decision"]


def test_a_duplicate_tells_its_cluster_and_how_large_it_is() -> None:
    (reason,) = judged(one("a", score=2), one("b"))["b"]["reasons"]
    assert reason == {"rule": "duplicate", "value": '{"cluster_id":"c","cluster_size":3}'}


def test_what_could_not_be_measured_breaks_a_rule_only_where_it_says_so() -> None:
    assert rules_of(judged(one("a", licence=None))["a"]) == ["licence_unknown"]
    assert rules_of(judged(one("a", output_words=None))["a"]) == []
    assert policy.breaks_sql(RULES[0]) == "coalesce((licence = ''), true)"
