"""In which order people look at records, and how well two of them agree.

A queue is SQL over the users' views: the ids of a recipe's records in an order that is the same in every run.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Literal

import duckdb

from pipelines.curate import bounds
from pipelines.curate.bounds import Bound
from pipelines.curate.decisions import JUDGEMENTS, Decision, standing
from pipelines.curate.policy import Policy, PolicyError, Rule
from pipelines.curate.what_if import create_candidates

Order = Literal["random", "threshold", "rule", "disagreement"]
_OF_RECIPE = "SELECT record_id FROM clusters WHERE recipe = $recipe"
_BY_RULE = """
SELECT record_id FROM verdicts
WHERE recipe = $recipe AND len([1 FOR reason IN reasons IF $rule IN ('', reason.rule)]) > 0
"""
_NEAR = "SELECT record_id, least({distances}) AS distance FROM candidate WHERE distance IS NOT NULL"
# in standard deviations; where all are alike, as it is
_DISTANCE = """CASE WHEN {when} THEN abs(({measure}) - {number})
/ (SELECT coalesce(nullif(stddev_pop(({measure})::DOUBLE), 0), 1) FROM candidate) END"""
# SHA-256 draws: the same seed gives the same order on every machine
_QUEUE = """
SELECT record_id FROM ({chosen}) WHERE record_id IN ({among})
ORDER BY {first}sha256(CAST($seed AS VARCHAR) || ':' || record_id), record_id {limit}
"""


@dataclass(frozen=True)
class Agreement:
    """Of the records that both people judged, how many they judged alike: to keep (accept, edit) or to reject.

    `kappa` is Cohen's: 1 where they always agree, 0 where they agree as often as chance has it. None where chance has
    it always, as where both accept everything. Source: Cohen, A Coefficient of Agreement for Nominal Scales, 1960.
    """

    one: str
    other: str
    records: int
    agreed: int
    kappa: float | None


def queue(  # noqa: PLR0913, PLR0917 (what the order goes by)
    con: duckdb.DuckDBPyConnection,
    recipe: str,
    order: Order = "random",
    seed: int = 17,
    rule: str = "",
    policy: Policy | None = None,
    decisions: Iterable[Decision] = (),
    among: str = "",
    values: Mapping[str, Any] | None = None,
    limit: int | None = None,
) -> list[str]:
    """The ids of a recipe's records in the order in which to look at them.

    random          drawn by `seed`
    threshold       those nearest to a bound of the rule of `policy` first; of the records that it drops or keeps by
                    that bound, as the rest of the rule would not do either by itself
    rule            those that broke `rule` ("": any) when curate ran last, drawn
    disagreement    those that one person keeps and another rejects, by `decisions` (a whole history), drawn

    `among` is a query with its `values`, which gives the `record_id`s to choose from; without, all of the recipe.
    Raises: PolicyError where the rule has no bound, RecipeError.
    """
    given: dict[str, Any] = {"recipe": recipe, "seed": seed, **(values or {})}
    chosen, first = _OF_RECIPE, ""
    if order == "threshold":
        chosen, first = _near(con, recipe, rule, policy), "distance, "
    elif order == "rule":
        chosen = _BY_RULE
        given["rule"] = rule
    elif order == "disagreement":
        chosen = "SELECT unnest($disputed::VARCHAR[]) AS record_id"
        given["disputed"] = disputed(decisions)
    limited = f"LIMIT {int(limit)}" if limit is not None else ""
    within = f"{_OF_RECIPE} AND record_id IN ({among})" if among else _OF_RECIPE
    query = _QUEUE.format(chosen=chosen, among=within, first=first, limit=limited)
    return [name for (name,) in con.execute(query, given).fetchall()]


def _near(con: duckdb.DuckDBPyConnection, recipe: str, rule: str, policy: Policy | None) -> str:
    if policy is None or rule not in {one.name for one in policy.rules}:
        raise PolicyError("a queue near a threshold needs a rule of the policy; {name!r} is none", name=rule)
    (chosen,) = (one for one in policy.rules if one.name == rule)
    listed = bounds.find(chosen.drop_if)
    if not listed:
        raise PolicyError("rule {name} compares no signal with a number, so nothing is near to it", name=rule)
    create_candidates(con, policy, recipe)
    distances = [
        _DISTANCE.format(when=_decides(chosen, bound), measure=bound.measure, number=bound.literal) for bound in listed
    ]
    return _NEAR.format(distances=", ".join(distances))


def _decides(rule: Rule, bound: Bound) -> str:
    """SQL: whether the bound is for a record, and what its comparison gives makes a difference there."""
    above, below = (f"coalesce({bounds.with_comparison(rule, bound, value)}, false)" for value in ("true", "false"))
    return f"({bound.when or 'true'}) AND {above} <> {below}"


def judgements(decisions: Iterable[Decision]) -> dict[str, dict[str, bool]]:
    """By record and person, whether the person would keep it, by the last of what still stands."""
    judged: dict[str, dict[str, bool]] = {}
    for one in standing(decisions):
        if one.decision in JUDGEMENTS:
            judged.setdefault(one.record_id, {})[one.who] = one.decision != "reject"
    return judged


def disputed(decisions: Iterable[Decision]) -> list[str]:
    """The records on which two people differ, in order."""
    return sorted(name for name, by_person in judgements(decisions).items() if len(set(by_person.values())) > 1)


def agreement(decisions: Iterable[Decision]) -> list[Agreement]:
    """Of every two people who judged the same records, in order of their names."""
    common: dict[tuple[str, str], list[tuple[bool, bool]]] = {}
    for by_person in judgements(decisions).values():
        for one, other in combinations(sorted(by_person), 2):
            common.setdefault((one, other), []).append((by_person[one], by_person[other]))
    return [_agreement(*people, answers) for people, answers in sorted(common.items())]


def _agreement(one: str, other: str, answers: list[tuple[bool, bool]]) -> Agreement:
    number = len(answers)
    agreed = sum(left == right for left, right in answers)
    left, right = (sum(column) / number for column in zip(*answers, strict=True))
    chance = left * right + (1 - left) * (1 - right)
    kappa = (agreed / number - chance) / (1 - chance) if chance < 1 else None
    return Agreement(one, other, number, agreed, kappa)
