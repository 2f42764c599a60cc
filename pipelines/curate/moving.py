"""What a policy keeps when its lines are moved and its rules switched, at once, as often as asked.

`gristmill try` judges every record by every rule. Here all that no edit can change is measured once, into the table
`fact`: who breaks which rule, who comes first in its cluster, and each part of a rule that holds no line, so that not
even a text is read again. What an edited policy does is then one query, and exactly what `try` would say of it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import duckdb

from pipelines.curate import bounds, likeness, mixture, survivor
from pipelines.curate.cheap_first import cheap_first
from pipelines.curate.edits import Edits, edited
from pipelines.curate.mixture import EMBEDDING
from pipelines.curate.policy import Mixture, Policy, Rule, breaks_sql, mentions
from pipelines.curate.what_if import Effect, create_candidates, in_order
from pipelines.storage import user_sql
from pipelines.storage.user_sql import Node

_FACTS = """
CREATE TABLE fact AS
SELECT *, {over_parts}
FROM (
    SELECT record_id, source, decision IN ('accept', 'edit') AS hand, decision = 'reject' AS rejected, {columns}
    FROM candidate
) JOIN (
    SELECT record_id, CASE WHEN count(*) OVER (PARTITION BY cluster_id) > 1 THEN cluster_id END AS cluster,
           row_number() OVER (PARTITION BY cluster_id
                              ORDER BY decision NOT IN ('accept', 'edit'), {prefer}, record_id) AS place
    FROM candidate
) USING (record_id)
"""
# Both parts are read twice: kept in memory with all their columns, they would cost more than all the rest
_JUDGED = """
CREATE OR REPLACE TEMP VIEW judged AS
WITH broken AS NOT MATERIALIZED (SELECT * REPLACE (row(NOT hand, {rank}, place) AS place), {broken} FROM fact),
counted AS NOT MATERIALIZED (SELECT *, {count} AS broken FROM broken),
survivor AS (SELECT cluster, min(place) AS first FROM counted WHERE broken = 0 AND cluster IS NOT NULL GROUP BY cluster)
SELECT *, first IS NOT NULL AND first <> place AND NOT hand AS duplicate FROM counted LEFT JOIN survivor USING (cluster)
"""
_EFFECT = "SELECT broken + duplicate::INTEGER = 1 AS alone, count(*), {asked} FROM judged GROUP BY alone"
_POOL = "CREATE TEMP TABLE pool AS SELECT placed.* FROM placed JOIN judged USING (record_id) WHERE {kept}"
_PASSES = "broken = 0 AND NOT duplicate"


@dataclass(frozen=True)
class Prepared:
    """What is known of the records of `recipe`; `columns` of the table `fact` in `con`, by the SQL that they hold."""

    recipe: str
    policy: Policy
    con: duckdb.DuckDBPyConnection
    columns: Mapping[str, str]


@dataclass(frozen=True)
class Judged:
    """The edited policy, and a connection with the view `judged` by it: a row of `fact` with the rules broken now."""

    prepared: Prepared
    policy: Policy
    con: duckdb.DuckDBPyConnection

    @property
    def kept(self) -> str:
        """SQL over `judged`: whether a record survives, its quotas too."""
        mixed = self.policy.mixture != Mixture()
        return f"{_PASSES} AND record_id NOT IN (SELECT record_id FROM excluded)" if mixed else _PASSES

    def breaks(self, rule: str) -> str:
        """SQL over `judged`: whether a record is dropped for this rule."""
        number, on = _number(self.prepared.policy, rule), rule in {each.name for each in self.policy.rules}
        return f"e{number}" if on else "false"

    def fulfils(self, rule: str, values: Mapping[int, float]) -> str:
        """SQL over `judged`: whether a record breaks this rule with these lines, whatever a person decided."""
        base = self.prepared.policy.rules[_number(self.prepared.policy, rule)]
        moved = base.model_copy(update={"drop_if": bounds.move(base.drop_if, values)})
        return _fulfils(moved, self.prepared) if values else f"b{_number(self.prepared.policy, rule)}"


def prepare(policy: Policy, con: duckdb.DuckDBPyConnection, data: Path, recipe: str = "") -> Prepared:
    """Measure what no edit changes, into `con`, a connection of the catalog over `data` without anything of this kind.

    Takes about as long as `try_policy`, and raises as it does.
    """
    chosen = create_candidates(con, policy, recipe)
    columns = {sql: name for rule in policy.rules for sql, name in _over_facts(rule.drop_if)[1].items()}
    prepared = Prepared(chosen, policy, con, columns)
    by_parts = {number for number, rule in enumerate(policy.rules) if bounds.find(rule.drop_if)}
    made = [f"{breaks_sql(rule)} AS b{number}" for number, rule in enumerate(policy.rules) if number not in by_parts]
    # a part may fail where its rule guards it
    made += [f"TRY({cheap_first(sql)}) AS {name}" for sql, name in columns.items()]
    over_parts = [f"{_fulfils(policy.rules[number], prepared)} AS b{number}" for number in sorted(by_parts)]
    facts = {"columns": ", ".join([*made, "true AS made"]), "over_parts": ", ".join([*over_parts, "true AS over"])}
    prefer = survivor.among_one_source(policy.prefer)  # which sources come first, an edit may change
    con.execute(_FACTS.format(prefer=user_sql.closed(prefer), **facts))
    if policy.mixture != Mixture():
        likeness.create_targets(con, policy, data)
        by_meaning = policy.mixture.diversity or policy.mixture.like
        embedding = f", {EMBEDDING}" if by_meaning and EMBEDDING in con.table("candidate").columns else ""
        of_pool = f"SELECT {mixture.pool_columns(policy)}{embedding} FROM candidate"
        con.execute(f"CREATE TABLE placed AS SELECT *, {mixture.PRIORITY} FROM ({of_pool})")
    return prepared


def judge(prepared: Prepared, edits: Edits) -> Judged:
    """Judge all records by the edited policy. Raises PolicyError for edits of what is not there."""
    policy, con = edited(prepared.policy, edits), prepared.con.cursor()
    rules = {rule.name: rule for rule in policy.rules}
    numbers = {number: rules[r.name] for number, r in enumerate(prepared.policy.rules) if r.name in rules}
    broken = [f"{_breaks(number, rule, prepared, edits)} AS e{number}" for number, rule in numbers.items()]
    count = " + ".join(["(rejected AND NOT hand)::INTEGER", *(f"e{number}::INTEGER" for number in numbers)])
    rank = survivor.rank(survivor.first_sources(policy.prefer))
    con.execute(_JUDGED.format(broken=", ".join([*broken, "true AS judged"]), count=count, rank=rank))
    if policy.mixture != Mixture():
        con.execute(_POOL.format(kept=_PASSES))
        con.execute("CREATE TEMP VIEW candidate AS SELECT * FROM placed")
        mixture.exclude(con, policy.mixture)
    return Judged(prepared, policy, con)


def effect(judged: Judged) -> Effect:
    """What `try_policy` gives for the edited policy."""
    names = {rule.name: judged.breaks(rule.name) for rule in judged.policy.rules}
    names |= {"duplicate": "duplicate", "decision": "rejected"}
    asked = ", ".join(f"count_if({sql})" for sql in (_PASSES, *names.values()))  # FILTER takes five times as long
    grouped = judged.con.sql(_EFFECT.format(asked=asked)).fetchall()
    records, kept, *broken = (sum(column) for column in zip(*(row[1:] for row in grouped), strict=True))
    marginal = next((row[3:] for row in grouped if row[0]), [0] * len(names))
    counted = dict(zip(names, zip(broken, marginal, strict=True), strict=True))
    excluded = _excluded(judged)
    counted |= {rule: (number, number) for rule, number in excluded.items()}
    told = {rule: numbers for rule, numbers in counted.items() if numbers[0] or rule in names}
    if not told["decision"][0]:
        del told["decision"]
    return in_order(judged.prepared.recipe, judged.policy, records, kept - sum(excluded.values()), told)


def kept_by_source(judged: Judged) -> dict[str, int]:
    """How many records of each source survive, most first."""
    kept = f"count(*) FILTER ({judged.kept})"
    return dict(judged.con.sql(f"SELECT source, {kept} FROM judged GROUP BY source ORDER BY 2 DESC, source").fetchall())


def _excluded(judged: Judged) -> dict[str, int]:
    if judged.policy.mixture == Mixture():
        return {}
    return dict(judged.con.sql("SELECT rule, count(*) FROM excluded GROUP BY rule").fetchall())


def _breaks(number: int, rule: Rule, prepared: Prepared, edits: Edits) -> str:
    """SQL over `fact`: whether a record is dropped for a rule; of accepted ones, only for one about the licence."""
    sql = _fulfils(rule, prepared) if edits.values.get(rule.name) else f"b{number}"
    return sql if "licence" in mentions(rule.drop_if) else f"({sql} AND NOT hand)"


def _fulfils(rule: Rule, prepared: Prepared) -> str:
    return f"coalesce(({_over_facts(rule.drop_if)[0]}), {str(rule.if_null).lower()})"


def _number(policy: Policy, rule: str) -> int:
    return [each.name for each in policy.rules].index(rule)


@lru_cache(maxsize=1_000)  # a policy has fifty rules, and each place of a line that is moved makes another
def _over_facts(drop_if: str) -> tuple[str, Mapping[str, str]]:
    """The rule as SQL over `fact`, and the columns that it needs there, by the SQL that they hold."""
    lines, columns = {bound.location for bound in bounds.find(drop_if)}, dict[str, str]()
    sql = user_sql.written(_hoisted(user_sql.parts(drop_if)[0], lines, columns)) if lines else ""
    return sql, columns


def _hoisted(node: Any, lines: set[int], columns: dict[str, str]) -> Any:
    """The tree with a column in place of each largest part that holds no line."""
    if isinstance(node, list):
        return [_hoisted(each, lines, columns) for each in node]
    if not isinstance(node, dict) or node.get("class") == "CONSTANT":
        return node
    if "class" in node and lines.isdisjoint(_places(node)):
        return _column(node, columns)
    if node.get("type") == "CONJUNCTION_AND":
        return {**node, "children": _hoisted_conditions(node, lines, columns)}
    return {key: _hoisted(each, lines, columns) for key, each in node.items()}


def _hoisted_conditions(node: Node, lines: set[int], columns: dict[str, str]) -> list[Node]:
    """The children of an AND, those without a line as one column: what one excludes need not be asked of the others."""
    fixed = [child for child in node["children"] if lines.isdisjoint(_places(child))]
    moved = [_hoisted(child, lines, columns) for child in node["children"] if child not in fixed]
    return [*moved, _column({**node, "children": fixed} if len(fixed) > 1 else fixed[0], columns)] if fixed else moved


def _column(node: Node, columns: dict[str, str]) -> Node:
    sql = user_sql.written(node)
    return user_sql.parts(columns.setdefault(sql, f"m{sha256(sql.encode()).hexdigest()[:16]}"))[0]


def _places(node: Node) -> Iterator[int]:
    return (each["query_location"] for each in user_sql.nodes(node) if each.get("class") == "CONSTANT")
