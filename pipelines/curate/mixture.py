"""Quotas and budget: how much is kept of the records that passed the rules. Adds reasons to the table `judged`.

Author and site caps come first. The other steps are repeated until none excludes a record, since each of them changes
the total that a share refers to:

    author_cap, site_cap        at most so many of one author, one host
    <dimension>_quota           at most this count or share of a task, source, language, licence
    diversity, unlike, budget   at most max_records, max_tokens

Records with the lowest priority are excluded first. SHA-256 of the record_id decides between equals, so every run has
the same result. Records that a person accepted have the highest priority. They are counted and never excluded.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import floor
from pathlib import Path
from typing import NamedTuple

import duckdb
import numpy as np
import pyarrow as pa

from pipelines.curate import diversity, likeness
from pipelines.curate.policy import Mixture, Policy, PolicyError
from pipelines.messages import Message
from pipelines.signals import embedding
from pipelines.storage.duck import sql_string
from pipelines.storage.user_sql import closed

DIMENSIONS = {"task": "task", "source": "source", "language": "output_language", "licence": "licence"}
EMBEDDING = embedding.NAME
BATCH = 8_192  # embeddings per Arrow batch
_NOT_CHOSEN = pa.schema([("record_id", pa.string()), ("value", pa.string())])
CURE = Message("set annotate.embedding, which has it measured, or leave this one out")

_POOL_COLUMNS = """record_id, {decision} IN ('accept', 'edit') AS protected, {quality} AS quality,
       source || ':' || author AS author, author <> '' AS signed,
       regexp_extract(lower(url), '^[a-z]+://([^/?#]+)', 1) AS site,
       task, source, coalesce(output_language, '') AS language, coalesce(licence, '') AS licence,
       greatest(coalesce(instruction_words + input_words + output_words, 0),
                ceil((length(instruction) + length(input) + length(output)) / 4)) AS tokens"""
# computed after the columns, so that no text goes through its sorting
PRIORITY = "row_number() OVER (ORDER BY protected DESC, quality DESC, sha256(record_id), record_id) AS priority"
_POOL = f"""
CREATE TEMP TABLE pool AS
SELECT *, {PRIORITY}
FROM (SELECT {{columns}} FROM candidate JOIN judged USING (record_id) WHERE len(judged.reasons) = 0)
"""
_EXCLUDED = "CREATE OR REPLACE TEMP TABLE excluded (record_id VARCHAR, rule VARCHAR, value VARCHAR);"

_EXCLUDE = """
INSERT INTO excluded
SELECT record_id, '{rule}', CAST(to_json({{{value}}}) AS VARCHAR)
FROM (SELECT *, {rank} AS rank FROM pool WHERE {where})
WHERE rank > {limit} AND NOT protected
"""
_REMOVE_EXCLUDED = "DELETE FROM pool WHERE record_id IN (SELECT record_id FROM excluded)"

_EMBEDDED = f"""
SELECT record_id, protected, {EMBEDDING}::FLOAT[{embedding.DIMENSIONS}] AS {EMBEDDING},
       greatest(1, {{cost}})::BIGINT AS cost
FROM candidate JOIN pool USING (record_id) ORDER BY priority
"""

_REASONS = """
CREATE OR REPLACE TEMP TABLE judged AS
SELECT judged.* REPLACE (
    CASE WHEN rule IS NULL THEN reasons ELSE list_append(reasons, {'rule': rule, 'value': value}) END AS reasons)
FROM judged LEFT JOIN excluded USING (record_id)
"""


def apply(con: duckdb.DuckDBPyConnection, policy: Policy, data: Path) -> None:
    """Add the reasons of quotas and budget to the table `judged`, by `candidate` and `judged`.

    Raises: PolicyError where diversity has no embeddings, a target cannot be used, or a quota would leave nothing.
    """
    mixture = policy.mixture
    if mixture == Mixture():
        return
    likeness.create_targets(con, policy, data)
    con.execute(_POOL.format(columns=pool_columns(policy, "judged.decision")))
    exclude(con, mixture)
    con.execute(_REASONS)
    con.execute("DROP TABLE pool; DROP TABLE excluded")


def pool_columns(policy: Policy, decision: str = "decision") -> str:
    """SQL over `candidate` for the columns of the table `pool` but PRIORITY; `decision` is SQL for that of a person."""
    quality = policy.quality if policy.mixture.order == "quality" else "1"
    return _POOL_COLUMNS.format(quality=f"coalesce({closed(quality)}, 0)", decision=decision)


def exclude(con: duckdb.DuckDBPyConnection, mixture: Mixture) -> None:
    """Move what quotas and budget leave out from the table `pool` to a new table `excluded`; raises as `apply` does.

    The table `likeness` gets the nearest target of each record that caps and quotas left.
    """
    con.execute(_EXCLUDED + likeness.EMPTY)
    _exclude(con, _caps(mixture))
    size = -1
    while size != (size := _pool_size(con)):
        for name in DIMENSIONS:
            _exclude(con, _quota(con, name, mixture))
        choose = _diversify if mixture.diversity else _resemble if mixture.like else None
        for cost, budget in (("1", mixture.max_records), ("tokens", mixture.max_tokens)):
            if choose and budget:
                choose(con, cost, budget)
        _exclude(con, _budget(mixture))


def _pool_size(con: duckdb.DuckDBPyConnection) -> int:
    return int(con.sql("SELECT count(*) FROM pool").fetchall()[0][0])


def _exclude(con: duckdb.DuckDBPyConnection, steps: Iterable[str]) -> None:
    for step in steps:
        con.execute(step)
        con.execute(_REMOVE_EXCLUDED)


def _caps(mixture: Mixture) -> Iterator[str]:
    for rule, column, limit in (("author_cap", "author", mixture.per_author), ("site_cap", "site", mixture.per_site)):
        if limit:
            rank = f"row_number() OVER (PARTITION BY {column} ORDER BY priority)"
            where = "signed" if rule == "author_cap" else "site <> ''"
            yield _EXCLUDE.format(rule=rule, value="'rank': rank", rank=rank, where=where, limit=limit)


def _budget(mixture: Mixture) -> Iterator[str]:
    for measure, limit in (("count(*)", mixture.max_records), ("sum(tokens)", mixture.max_tokens)):
        if limit:
            rank = f"{measure} OVER (ORDER BY priority ROWS UNBOUNDED PRECEDING)"
            name = "records" if measure == "count(*)" else "tokens"
            yield _EXCLUDE.format(rule="budget", value=f"'{name}': rank", rank=rank, where="true", limit=limit)


def _quota(con: duckdb.DuckDBPyConnection, name: str, mixture: Mixture) -> Iterator[str]:
    shares: dict[str, int | float] = getattr(mixture, name)
    if not shares:
        return
    counts = dict(con.sql(f"SELECT {name}, count(*) FROM pool GROUP BY ALL").fetchall())
    total = min(sum(counts.values()), mixture.max_records or sum(counts.values()))
    limits = quota_limits(counts, shares, total)
    if total and not sum(min(count, limits.get(value, count)) for value, count in counts.items()):
        settings = ", ".join(f"{value} = {share}" for value, share in shares.items())
        raise PolicyError(
            "mixture.{name}: {settings} leaves nothing of {counts}; shares that add up to 1 do not",
            name=name,
            settings=settings,
            counts=", ".join(counts),
        )
    cases = " ".join(f"WHEN {sql_string(value)} THEN {limit}" for value, limit in limits.items())
    rank, values = f"row_number() OVER (PARTITION BY {name} ORDER BY priority)", ", ".join(map(sql_string, limits))
    yield _EXCLUDE.format(
        rule=f"{name}_quota",
        value=f"'{name}': {name}, 'rank': rank",
        rank=rank,
        where=f"{name} IN ({values})",
        limit=f"CASE {name} {cases} END",
    )


def quota_limits(counts: Mapping[str, int], shares: Mapping[str, int | float], total: int) -> dict[str, int]:
    """How many records of each named value may be kept, so that every share holds of all kept records.

    `counts` are the records by value, `shares` numbers or fractions by value. The sum is the largest possible up to
    `total`.
    """
    size = total + 1
    while size > total:
        size = total
        limits = {
            value: share if isinstance(share, int) else floor(share * size + 1e-9) for value, share in shares.items()
        }
        total = min(size, sum(min(count, limits.get(value, count)) for value, count in counts.items()))
    return limits


def _diversify(con: duckdb.DuckDBPyConnection, cost: str, budget: int) -> None:
    """Exclude all records of the pool except those that facility location chooses within the budget.

    `cost` is SQL for the cost of a record.
    """
    _check_embedded(con, "diversity")
    if _sum(con, cost) <= budget:
        return
    pool = _read_pool(con, cost, "diversity")
    chosen, cosines = diversity.facility_location(pool.points, pool.costs, pool.protected, budget)
    _exclude_others(con, "diversity", pool, chosen, [f'{{"cosine":{cosine:.4f}}}' for cosine in cosines[~chosen]])


def _resemble(con: duckdb.DuckDBPyConnection, cost: str, budget: int) -> None:
    """Exclude all records of the pool except those nearest to the targets within the budget."""
    _check_embedded(con, "like")
    if _sum(con, cost) <= budget and likeness.is_known(con):
        return
    pool = _read_pool(con, cost, "like")
    names, wanted = likeness.targets(con)
    found = likeness.choose(pool.points, wanted, pool.costs, pool.protected, budget)
    likeness.write(con, pool.names, names, found)
    left = np.flatnonzero(~found.taken)
    told = ((names[at], round(float(near), 4)) if at >= 0 else (None, None)
            for at, near in zip(found.target[left], found.cosine[left], strict=True))  # fmt: skip
    values = [json.dumps({"target": name, "cosine": cosine}) for name, cosine in told]
    _exclude_others(con, "unlike", pool, found.taken, values)


class Pool(NamedTuple):
    """The records of the pool by priority, the first `protected` of which are never excluded; int8[n, d], int64[n]."""

    names: list[str]
    protected: int
    points: np.ndarray
    costs: np.ndarray


def _check_embedded(con: duckdb.DuckDBPyConnection, setting: str) -> None:
    if EMBEDDING not in con.table("candidate").columns:
        raise PolicyError(
            "mixture.{setting} needs the signal `{embedding}`, which was not measured; {cure}",
            setting=setting,
            embedding=EMBEDDING,
            cure=CURE,
        )


def _sum(con: duckdb.DuckDBPyConnection, cost: str) -> int:
    return int(con.sql(f"SELECT coalesce(sum({cost}), 0) FROM pool").fetchall()[0][0])


def _read_pool(con: duckdb.DuckDBPyConnection, cost: str, setting: str) -> Pool:
    names, protected, points, costs = list[str](), 0, list[np.ndarray](), list[np.ndarray]()
    for batch in con.sql(_EMBEDDED.format(cost=cost)).to_arrow_reader(BATCH):
        names += batch["record_id"].to_pylist()
        protected += batch["protected"].true_count
        points.append(diversity.quantise(batch[EMBEDDING]))
        costs.append(batch["cost"].to_numpy())
    if not any(part.any() for part in points):
        raise PolicyError(
            "mixture.{setting}: `{embedding}` is null for every record; {cure}",
            setting=setting,
            embedding=EMBEDDING,
            cure=CURE,
        )
    return Pool(names, protected, np.concatenate(points), np.concatenate(costs))


def _exclude_others(
    con: duckdb.DuckDBPyConnection, rule: str, pool: Pool, chosen: np.ndarray, values: Sequence[str]
) -> None:
    """Exclude the records that are not chosen; `values` are what the rule measured of each of them."""
    rows = {"record_id": [pool.names[at] for at in np.flatnonzero(~chosen)], "value": values}
    con.register("not_chosen", pa.table(rows, schema=_NOT_CHOSEN))
    con.execute(f"INSERT INTO excluded SELECT record_id, '{rule}', value FROM not_chosen")
    con.unregister("not_chosen")
    con.execute(_REMOVE_EXCLUDED)
