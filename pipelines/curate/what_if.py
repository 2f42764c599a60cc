"""What another policy would do with what has been measured, without running anything again."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb
from rich.console import Console
from rich.table import Table

from pipelines.curate import mixture
from pipelines.curate.measured import require_columns
from pipelines.curate.policy import BUILT_IN, JUDGING, Policy, verdict_sql
from pipelines.errors import did_you_mean
from pipelines.messages import Message, tr
from pipelines.recipe import RecipeError
from pipelines.storage import duck
from schemas.verdict import CONTAMINATION


@dataclass(frozen=True)
class RuleEffect:
    """Records a rule removes: `broken` if it were the only rule, `marginal` if it were added last."""

    rule: str
    broken: int
    marginal: int


@dataclass(frozen=True)
class Effect:
    """Of `records`, `kept` survive; rules in the order of what they remove."""

    recipe: str
    records: int
    kept: int
    rules: tuple[RuleEffect, ...]


# contamination and decisions are those of the last snapshot, if there is one
_CANDIDATE = """
CREATE OR REPLACE TEMP VIEW candidate AS
SELECT * REPLACE (coalesce(decision, '') AS decision), '{{}}' AS decided FROM records JOIN signals USING (record_id)
JOIN (SELECT * EXCLUDE (recipe) FROM clusters WHERE recipe = {recipe}) USING (record_id)
LEFT JOIN (SELECT record_id, {best} FROM contaminated WHERE recipe = {recipe} GROUP BY record_id) USING (record_id)
LEFT JOIN (SELECT record_id, decision FROM verdicts WHERE recipe = {recipe}) USING (record_id)
"""
_RULES = """
SELECT reason.rule, count(*), count(*) FILTER (len(reasons) = 1)
FROM (SELECT reasons, unnest(reasons) AS reason FROM judged)
GROUP BY reason.rule
"""


def try_policy(policy: Policy, con: duckdb.DuckDBPyConnection, data: Path, recipe: str = "") -> Effect:
    """Judge the records of `recipe` ("" where there is only one), over the users' views of `data` in `con`.

    Raises RecipeError where it is unclear which recipe is meant, or it has not been run up to dedupe; PolicyError
    where a rule looks at a signal that the stored data lacks.
    """
    chosen = create_candidates(con, policy, recipe)
    with duck.bounded(Message("the policy"), JUDGING):
        con.execute(f"CREATE OR REPLACE TEMP TABLE judged AS {verdict_sql(policy)}")
        mixture.apply(con, policy, data)
    records, kept = con.sql("SELECT count(*), count(*) FILTER (len(reasons) = 0) FROM judged").fetchall()[0]
    counted = {rule: (broken, marginal) for rule, broken, marginal in con.sql(_RULES).fetchall()}
    return in_order(chosen, policy, records, kept, counted)


def in_order(recipe: str, policy: Policy, records: int, kept: int, counted: Mapping[str, tuple[int, int]]) -> Effect:
    """The effect; `counted` are broken and marginal by rule, of built-in ones only where a record breaks them."""
    names = [*(rule.name for rule in policy.rules), "duplicate", *(set(counted) & set(BUILT_IN))]
    effects = [RuleEffect(name, *counted.get(name, (0, 0))) for name in dict.fromkeys(names)]
    return Effect(recipe, records, kept, tuple(sorted(effects, key=lambda effect: (-effect.broken, effect.rule))))


def create_candidates(con: duckdb.DuckDBPyConnection, policy: Policy, recipe: str) -> str:
    """Create the view `candidate`: the records of a recipe as a policy sees them. Returns its name; raises as above."""
    chosen = _chosen(con, recipe)
    best = ", ".join(f"max({name}) AS {name}" for name in CONTAMINATION.names)
    con.execute(_CANDIDATE.format(recipe=duck.sql_string(chosen), best=best))
    require_columns(policy, con.table("candidate").columns, chosen)
    return chosen


def _chosen(con: duckdb.DuckDBPyConnection, recipe: str) -> str:
    """The recipe that is meant, which has clusters. Raises RecipeError."""
    known = [str(name) for (name,) in con.sql("SELECT DISTINCT recipe FROM clusters ORDER BY recipe").fetchall()]
    if not known:
        raise RecipeError("no recipe has been run up to dedupe in this data folder; run `gristmill run RECIPE` first")
    if recipe and recipe not in known:
        raise RecipeError(
            "--recipe {recipe}: not run up to dedupe in this data folder{cure}",
            recipe=recipe,
            cure=did_you_mean(recipe, known),
        )
    if not recipe and len(known) > 1:
        raise RecipeError(
            "several recipes have been run here: add --recipe with one of {known}", known=", ".join(known)
        )
    return recipe or known[0]


def print_effect(effect: Effect, console: Console) -> None:
    """The effect as a table, one row for each rule."""
    console.print(
        tr(
            "{recipe}: {kept:,} of {records:,} records kept",
            recipe=effect.recipe,
            kept=effect.kept,
            records=effect.records,
        ),
        highlight=False,
    )
    table = Table(tr("rule"), show_edge=False)
    for column in (tr("breaking it"), tr("breaking nothing else")):
        table.add_column(column, justify="right")
    for rule in effect.rules:
        table.add_row(rule.rule, f"{rule.broken:,}", f"{rule.marginal:,}")
    console.print(table)
