"""Bounds proposed from decisions, held to numbers worked out by hand."""

from pathlib import Path

import pytest

from pipelines.curate import bounds, policy, policy_file
from pipelines.curate.decisions import Decision
from pipelines.curate.policy import Policy, PolicyError, Rule
from pipelines.curate.tune import NEEDED, Tuning, conclusion, tune, wilson
from tests.pipelines.curate.measured import connect

RULES = Policy(rules=(Rule(name="short", drop_if="output_words < 5 AND source_kind = 'forum'", why="-"),))
# words of 60 records: of those with fewer than ten words people rejected all but 2, of the others they kept all but 3
WORDS = {f"r{number:02}": number // 2 for number in range(60)}
REJECTED = {name for name, words in WORDS.items() if words < 10} - {"r00", "r01"} | {"r40", "r41", "r42"}


def tuned(count: int = 60, rules: Policy = RULES, precision: float | None = None, signal: str = "") -> Tuning:
    con = connect(
        records=[{"record_id": name, "source": "forum", "source_kind": "forum"} for name in WORDS],
        signals=[{"record_id": name, "output_words": words} for name, words in WORDS.items()],
        clusters=[{"recipe": "mill", "record_id": name, "cluster_id": name} for name in WORDS],
    )
    said = [Decision(record_id=n, decision="reject" if n in REJECTED else "accept", who="Ada") for n in WORDS]
    return tune(con, rules, "mill", said[:count], "short", signal, precision)


def test_the_interval_is_wilsons() -> None:
    """By the worked example in Newcombe, Two-sided confidence intervals for the single proportion, 1998."""
    share = wilson(81, 263)
    assert (share.value, share.low, share.high) == pytest.approx((0.3080, 0.2553, 0.3662), abs=5e-5)
    assert (wilson(0, 0).low, wilson(0, 0).high) == (0, 1)
    assert wilson(0, 20).low == 0 and wilson(20, 20).high == 1


def test_the_best_f1_is_proposed_with_what_it_finds() -> None:
    told = tuned()
    assert (told.present, told.accepted, told.rejected) == (5, 39, 21)
    at = {one.number: one for one in told.tried}
    assert (at[5].found, at[5].wrong) == (8, 2)
    assert at[5].precision.value == 0.8 and at[5].recall.value == pytest.approx(8 / 21)
    assert told.proposed in (10, 11) and (at[told.proposed].found, at[told.proposed].wrong)[0] == 18
    assert conclusion(told).startswith("proposed: output_words < 1")


def test_a_precision_is_kept_or_nothing_proposed() -> None:
    told = tuned(precision=0.85)
    best = max((one for one in told.tried if one.precision.value >= 0.85), key=lambda one: one.recall.value)
    assert told.proposed == best.number
    assert tuned(precision=0.99).proposed is None


def test_too_few_decisions_are_told_with_what_is_missing() -> None:
    told = tuned(count=15)
    assert told.proposed is None and told.rejected == 13
    assert f"13 rejected and 2 kept, {NEEDED} of each needed" in conclusion(told)


def test_the_bins_hold_every_record_that_was_measured() -> None:
    told = tuned()
    assert sum(one.kept + one.dropped for one in told.bins) == len(WORDS)
    assert sum(one.dropped for one in told.bins) == 10
    assert (sum(one.accepted for one in told.bins), sum(one.rejected for one in told.bins)) == (39, 21)


def test_only_this_rule_counts_whatever_else_it_says() -> None:
    other = Rule(name="short", drop_if="output_words < 5 AND source_kind = 'wiki'", why="-")
    assert all(one.found == one.wrong == 0 for one in tuned(rules=Policy(rules=(other,))).tried)


def test_a_bound_for_some_records_counts_those_only() -> None:
    by_name = "record_id < 'r20'"
    drop_if = f"output_words < CASE WHEN {by_name} THEN 5 ELSE 20 END"
    rules = Policy(rules=(Rule(name="short", drop_if=drop_if, why="-"),))
    told = tuned(rules=rules, signal="output_words < 20")
    assert told.when == f"({by_name}) IS NOT TRUE" and told.present == 20
    assert (told.accepted, told.rejected) == (37, 3) and sum(one.kept + one.dropped for one in told.bins) == 40
    (present,) = (one for one in told.tried if one.number == 20)
    assert (present.found, present.wrong) == (0, 20)
    assert (tuned(rules=rules, signal="output_words < 5").accepted, told.proposed) == (2, None)


def test_the_policy_that_is_written_differs_in_the_number(tmp_path: Path) -> None:
    default = policy.load("default")
    rule, bound = bounds.choose(default, "output_many_links", "output_link_share")
    moved = bounds.moved(rule, bound, 0.4)
    first, second = tmp_path / "mine.toml", tmp_path / "deep" / "other.toml"
    policy_file.write(first, "default", [moved])
    read = policy_file.write(second, str(first), [moved.model_copy(update={"why": 'a "b"\n说', "if_null": True})])
    rules = {one.name: one for one in read.rules}
    assert rules.pop("output_many_links").why == 'a "b"\n说'
    assert rules == {one.name: one for one in default.rules if one.name != "output_many_links"}
    with pytest.raises(PolicyError, match="is there already"):
        policy_file.write(first, "default", [moved])
    with pytest.raises(PolicyError, match="nosuch"):
        policy_file.write(tmp_path / "wrong.toml", "default", [moved.model_copy(update={"drop_if": "nosuch > 1"})])
    assert not (tmp_path / "wrong.toml").exists()
