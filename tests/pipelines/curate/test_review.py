"""Queues and agreement: orders that are the same in every run, and numbers worked out by hand."""

from collections.abc import Mapping
from typing import Any

import pytest

from pipelines.curate.decisions import Decision
from pipelines.curate.policy import Policy, PolicyError, Rule
from pipelines.curate.review import Agreement, agreement, disputed, queue
from tests.pipelines.curate.measured import connect, drawn

RULES = Policy(
    rules=(
        Rule(name="short", drop_if="output_words < 10", why="-"),
        Rule(name="two", drop_if="output_words < 10 OR output_link_share > 0.5", why="-"),
        Rule(name="none", drop_if="licence = ''", why="-"),
        Rule(name="case", drop_if="output_words < CASE WHEN output_language = 'zh' THEN 38 ELSE 5 END", why="-"),
        Rule(name="rest", drop_if="output_words < 10 AND output_link_share = 0 AND output_language = 'zh'", why="-"),
    )
)
WORDS = {"a": 2, "b": 9, "c": 10, "d": 40, "e": None}
SHARES = {"a": 0.0, "b": 0.0, "c": 0.0, "d": 0.51, "e": None}
LANGUAGES = {"a": "en", "b": "zh", "c": None, "d": "zh", "e": "zh"}


def said(record_id: str, who: str, decision: str) -> Decision:
    return Decision(record_id=record_id, who=who, decision=decision, output="x" if decision == "edit" else None)  # type: ignore[arg-type]


def test_a_drawn_queue_is_the_same_each_time_and_another_by_another_seed() -> None:
    con = drawn(1)
    first = queue(con, "mill")
    assert first == queue(con, "mill") and sorted(first) != first
    other = queue(con, "mill", seed=18)
    assert other != first and set(other) == set(first) and len(first) == 60
    assert queue(con, "mill", limit=5) == first[:5]
    assert queue(con, "elsewhere") == []


def test_a_queue_is_drawn_from_what_a_query_gives() -> None:
    con = drawn(1)
    among = "SELECT record_id FROM records WHERE source = $source"
    (wanted,) = con.sql("SELECT list(record_id) FROM records WHERE source = 'wiki'").fetchall()[0]
    assert set(queue(con, "mill", among=among, values={"source": "wiki"})) == set(wanted) != set()


def test_near_a_threshold_is_nearest_first_whatever_the_measure() -> None:
    measured: dict[str, Mapping[str, Any]] = {"output_words": WORDS, "output_link_share": SHARES}
    measured["output_language"] = LANGUAGES
    con = connect(
        records=[{"record_id": name, "source": "forum"} for name in WORDS],
        signals=[{"record_id": n} | {signal: of[n] for signal, of in measured.items()} for n in WORDS],
        clusters=[{"recipe": "mill", "record_id": name, "cluster_id": name} for name in WORDS],
    )
    assert queue(con, "mill", "threshold", rule="short", policy=RULES) == ["c", "b", "a", "d"]
    assert queue(con, "mill", "threshold", rule="two", policy=RULES)[:3] == ["c", "d", "b"]
    assert queue(con, "mill", "threshold", rule="case", policy=RULES) == ["d", "a", "c", "b"], "by the bound for each"
    assert queue(con, "mill", "threshold", rule="rest", policy=RULES) == ["b"], "where the rest of the rule holds"
    with pytest.raises(PolicyError, match="none compares no signal with a number"):
        queue(con, "mill", "threshold", rule="none", policy=RULES)
    with pytest.raises(PolicyError, match="needs a rule of the policy; 'no' is none"):
        queue(con, "mill", "threshold", rule="no", policy=RULES)


def test_by_rule_are_those_that_broke_it() -> None:
    broken = {"a": ["short"], "b": ["none", "short"], "c": [], "d": ["none"]}
    con = connect(
        clusters=[{"recipe": "mill", "record_id": name} for name in broken],
        verdicts=[
            {"recipe": "mill", "record_id": name, "reasons": [{"rule": rule, "value": "{}"} for rule in rules]}
            for name, rules in broken.items()
        ],
    )
    assert set(queue(con, "mill", "rule", rule="short")) == {"a", "b"}
    assert set(queue(con, "mill", "rule")) == {"a", "b", "d"}


# two people and twenty records: 8 both keep, 4 both reject, 5 only Ada keeps, 3 only Kim
ANSWERS = (
    [("accept", "edit")] * 8 + [("reject", "reject")] * 4 + [("accept", "reject")] * 5 + [("reject", "accept")] * 3
)
HISTORY = [
    decision
    for number, (ada, kim) in enumerate(ANSWERS)
    for decision in (said(f"r{number:02}", "Ada", ada), said(f"r{number:02}", "Kim", kim))
]


def test_agreement_and_kappa() -> None:
    (told,) = agreement(HISTORY)
    chance = 13 / 20 * 11 / 20 + 7 / 20 * 9 / 20
    assert (told.one, told.other, told.records, told.agreed) == ("Ada", "Kim", 20, 12)
    assert told.kappa == pytest.approx((0.6 - chance) / (1 - chance))


def test_only_what_stands_last_counts() -> None:
    history = [said("r", "Ada", "reject"), said("r", "Kim", "accept"), said("r", "Ada", "accept")]
    assert agreement(history) == [Agreement("Ada", "Kim", 1, 1, None)]
    undone = [*history, said("r", "Ada", "undo")]
    assert disputed(history) == [] and disputed(undone) == ["r"]


def test_what_two_people_differ_on_is_a_queue() -> None:
    con = connect(clusters=[{"recipe": "mill", "record_id": f"r{number:02}"} for number in range(20)])
    assert set(queue(con, "mill", "disagreement", decisions=HISTORY)) == {f"r{number:02}" for number in range(12, 20)}
