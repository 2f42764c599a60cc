"""What another policy would do with what has been measured, without running anything again.

Where one number of one rule moves, the answer comes in a moment, for each place of the number: a rule sees it only
through what its comparison gives. So three answers of the rule are enough (were it true, false or null), besides the
measure itself and how many other reasons a record has: one row of a narrow table, without a text.
"""

from dataclasses import dataclass

import duckdb
from rich.console import Console
from rich.table import Table

from pipelines.curate import mixture
from pipelines.curate.bounds import Bound, choose, with_comparison, written
from pipelines.curate.policy import (
    BUILT_IN,
    Mixture,
    Policy,
    Rule,
    breaks_sql,
    mentions,
    require_columns,
    verdict_sql,
)
from pipelines.errors import did_you_mean
from pipelines.recipe import RecipeError
from pipelines.storage import duck
from pipelines.storage.user_sql import closed
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


@dataclass(frozen=True)
class Prepared:
    """A connection with the tables `compact` and `standing`, for one bound of one rule of a policy."""

    con: duckdb.DuckDBPyConnection
    policy: Policy
    recipe: str
    rule: Rule
    bound: Bound
    records: int


@dataclass(frozen=True)
class Survivors:
    """Of `records`, `kept` survive with the number moved; the rule removes `broken` of them, `alone` by itself.

    `gained` are kept that are not with the number as it is, `lost` the other way round.
    """

    records: int
    kept: int
    broken: int
    alone: int
    gained: int
    lost: int


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
# `others` are the reasons besides the rule, `place` that among the duplicates, of which the first that passes is kept
_COMPACT = """
CREATE OR REPLACE TABLE compact AS
SELECT record_id, cluster_id, count(*) OVER same AS size,
       row_number() OVER (PARTITION BY cluster_id ORDER BY NOT accepted_by_hand, {prefer}, record_id) AS place,
       CASE WHEN accepted_by_hand THEN {legal_others} ELSE {others} + (decision = 'reject')::INTEGER END AS others,
       accepted_by_hand, {counts} AS counts, {measure} AS measure,
       {if_true} AS if_true, {if_false} AS if_false, {if_null} AS if_null{pool}
FROM (SELECT *, decision IN ('accept', 'edit') AS accepted_by_hand FROM candidate)
WINDOW same AS (PARTITION BY cluster_id)
"""
_JUDGED = """
CREATE OR REPLACE TEMP TABLE moved AS
WITH broken AS (
SELECT * EXCLUDE (measure, if_true, if_false, if_null),
       counts AND CASE WHEN {condition} THEN if_true WHEN NOT ({condition}) THEN if_false ELSE if_null END AS breaks,
       others + breaks::INTEGER = 0 AS passes
FROM compact
), best AS (
SELECT cluster_id, min(place) AS survivor FROM broken WHERE size > 1 AND passes GROUP BY cluster_id
)
SELECT broken.*, passes AND (accepted_by_hand OR size = 1 OR place = survivor) AS kept,
       breaks AND others = 0 AND (accepted_by_hand OR survivor IS NULL) AS alone
FROM broken LEFT JOIN best USING (cluster_id)
"""
_POOL = "CREATE OR REPLACE TEMP TABLE pool AS SELECT * FROM moved WHERE kept"
_MEASURED = """
SELECT count(*) FILTER (breaks), count(*) FILTER (alone),
       (SELECT count(*) FROM pool),
       (SELECT count(*) FROM pool SEMI JOIN standing USING (record_id)),
       (SELECT count(*) FROM standing)
FROM moved
"""


def try_policy(policy: Policy, con: duckdb.DuckDBPyConnection, recipe: str = "") -> Effect:
    """Judge the records of `recipe` ("" where there is only one), over the users' views in `con`.

    Raises RecipeError where it is unclear which recipe is meant, or it has not been run up to dedupe; PolicyError
    where a rule looks at a signal that the stored data lacks.
    """
    chosen = create_candidates(con, policy, recipe)
    con.execute(f"CREATE OR REPLACE TEMP TABLE judged AS {verdict_sql(policy)}")
    mixture.apply(con, policy)
    records, kept = con.sql("SELECT count(*), count(*) FILTER (len(reasons) = 0) FROM judged").fetchall()[0]
    counted = {rule: (broken, marginal) for rule, broken, marginal in con.sql(_RULES).fetchall()}
    names = [*(rule.name for rule in policy.rules), "duplicate", *(set(counted) & set(BUILT_IN))]
    effects = [RuleEffect(name, *counted.get(name, (0, 0))) for name in dict.fromkeys(names)]
    return Effect(chosen, records, kept, tuple(sorted(effects, key=lambda effect: (-effect.broken, effect.rule))))


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
        raise RecipeError(f"--recipe {recipe}: not run up to dedupe in this data folder{did_you_mean(recipe, known)}")
    if not recipe and len(known) > 1:
        raise RecipeError(f"several recipes have been run here: add --recipe with one of {', '.join(known)}")
    return recipe or known[0]


def prepare(con: duckdb.DuckDBPyConnection, policy: Policy, recipe: str, rule_name: str, signal: str = "") -> Prepared:
    """Measure the records of `recipe` for one bound of a rule (`signal` chooses where it has several).

    `con` has the users' views; it is for this alone, and is kept. It takes as long as `try_policy`.
    Raises: PolicyError, RecipeError.
    """
    rule, bound = choose(policy, rule_name, signal)
    chosen = create_candidates(con, policy, recipe)
    others = [one for one in policy.rules if one.name != rule.name]
    legal = [one for one in others if _is_legal(one)]
    answers = {f"if_{value}": _answer(rule, bound, value) for value in ("true", "false", "null")}
    columns = mixture.pool_columns(policy).removeprefix("record_id")
    values = {
        "prefer": closed(policy.prefer),
        "others": _count(others),
        "legal_others": _count(legal),
        "counts": "true" if _is_legal(rule) else "NOT accepted_by_hand",
        "measure": f"({bound.measure})",
        "pool": columns if policy.mixture != Mixture() else "",
    }
    con.execute(_COMPACT.format(**values, **answers))
    records = con.sql("SELECT count(*) FROM compact").fetchall()[0][0]
    prepared = Prepared(con, policy, chosen, rule, bound, records)
    con.execute("CREATE OR REPLACE TABLE standing (record_id VARCHAR)")
    with con.cursor() as own:
        _keep(own, prepared, bound.number)
        own.execute("INSERT INTO standing SELECT record_id FROM pool")
    return prepared


def survivors(prepared: Prepared, number: float) -> Survivors:
    """What is kept where the bound is `number`, as `try_policy` has it of a policy with that number.

    Several may ask at once. Raises: PolicyError where quotas would leave nothing.
    """
    with prepared.con.cursor() as own:  # which has temporary tables of its own
        _keep(own, prepared, number)
        broken, alone, kept, still, before = own.sql(_MEASURED).fetchall()[0]
    return Survivors(prepared.records, kept, broken, alone, kept - still, before - still)


def kept_ids(prepared: Prepared, number: float) -> list[str]:
    """The records that survive where the bound is `number`, in order."""
    with prepared.con.cursor() as own:
        _keep(own, prepared, number)
        return [name for (name,) in own.sql("SELECT record_id FROM pool ORDER BY record_id").fetchall()]


def _keep(own: duckdb.DuckDBPyConnection, prepared: Prepared, number: float) -> None:
    """Create the tables `moved`, with every record, and `pool`, with those that survive."""
    own.execute(_JUDGED.format(condition=prepared.bound.condition.format(number=written(number))))
    own.execute(_POOL)
    asked = prepared.policy.mixture
    if asked.diversity:  # looks at embeddings, which `compact` has not
        create_candidates(own, prepared.policy, prepared.recipe)
    if asked != Mixture():
        mixture.exclude(own, asked)


def _is_legal(rule: Rule) -> bool:
    """Whether a person's decision cannot outrank it."""
    return "licence" in mentions(rule.drop_if)


def _answer(rule: Rule, bound: Bound, value: str) -> str:
    return breaks_sql(rule.model_copy(update={"drop_if": with_comparison(rule, bound, value)}))


def _count(rules: list[Rule]) -> str:
    return " + ".join(f"{breaks_sql(rule)}::INTEGER" for rule in rules) or "0"


def print_effect(effect: Effect, console: Console) -> None:
    """The effect as a table, one row for each rule."""
    console.print(f"{effect.recipe}: {effect.kept:,} of {effect.records:,} records kept", highlight=False)
    table = Table("rule", show_edge=False)
    for column in ("breaking it", "breaking nothing else"):
        table.add_column(column, justify="right")
    for rule in effect.rules:
        table.add_row(rule.rule, f"{rule.broken:,}", f"{rule.marginal:,}")
    console.print(table)
