"""Quotas and budget: how much is kept of the records that passed the rules. Adds reasons to the table `judged`.

Author and site caps come first. The other steps are repeated until none excludes a record, since each of them changes
the total that a share refers to:

    author_cap, site_cap        at most so many of one author, one host
    <dimension>_quota           at most this count or share of a task, source, language, licence
    diversity, or budget        at most max_records, max_tokens

Records with the lowest priority are excluded first. SHA-256 of the record_id decides between equals, so every run has
the same result. Records that a person accepted have the highest priority. They are counted and never excluded.
"""

from collections.abc import Iterable, Iterator, Mapping
from math import floor

import duckdb
import numpy as np
import pyarrow as pa

from pipelines.curate import diversity
from pipelines.curate.policy import Mixture, Policy, PolicyError
from pipelines.signals import embedding
from pipelines.storage.duck import sql_string
from pipelines.storage.user_sql import closed

DIMENSIONS = {"task": "task", "source": "source", "language": "output_language", "licence": "licence"}
EMBEDDING = embedding.NAME
BATCH = 8_192  # embeddings per Arrow batch
CURE = "set dedupe.semantic, which has it measured, or leave diversity out"

_POOL_COLUMNS = """record_id, {decision} IN ('accept', 'edit') AS protected,
       row_number() OVER (ORDER BY protected DESC, {quality} DESC, sha256(record_id), record_id) AS priority,
       source || ':' || author AS author, author <> '' AS signed,
       regexp_extract(lower(url), '^[a-z]+://([^/?#]+)', 1) AS site,
       task, source, coalesce(output_language, '') AS language, coalesce(licence, '') AS licence,
       greatest(coalesce(instruction_words + input_words + output_words, 0),
                ceil((length(instruction) + length(input) + length(output)) / 4)) AS tokens"""
_POOL = """
CREATE TEMP TABLE pool AS
SELECT {columns} FROM candidate JOIN judged USING (record_id) WHERE len(judged.reasons) = 0
"""
_EXCLUDED = "CREATE OR REPLACE TEMP TABLE excluded (record_id VARCHAR, rule VARCHAR, value VARCHAR)"

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


def apply(con: duckdb.DuckDBPyConnection, policy: Policy) -> None:
    """Add the reasons of quotas and budget to the table `judged`, by `candidate` and `judged`.

    Raises: PolicyError where diversity has no embeddings, or a quota would leave nothing.
    """
    mixture = policy.mixture
    if mixture == Mixture():
        return
    con.execute(_POOL.format(columns=pool_columns(policy, "judged.decision")))
    exclude(con, mixture)
    con.execute(_REASONS)
    con.execute("DROP TABLE pool; DROP TABLE excluded")


def pool_columns(policy: Policy, decision: str = "decision") -> str:
    """SQL over `candidate` for the columns of the table `pool`; `decision` is SQL for that of a person."""
    quality = policy.quality if policy.mixture.order == "quality" else "1"
    return _POOL_COLUMNS.format(quality=f"coalesce({closed(quality)}, 0)", decision=decision)


def exclude(con: duckdb.DuckDBPyConnection, mixture: Mixture) -> None:
    """Move what quotas and budget leave out from the table `pool` to a new table `excluded`; raises as `apply` does."""
    con.execute(_EXCLUDED)
    _exclude(con, _caps(mixture))
    size = -1
    while size != (size := _pool_size(con)):
        for name in DIMENSIONS:
            _exclude(con, _quota(con, name, mixture))
        if mixture.diversity:
            _diversify(con, "1", mixture.max_records)
            _diversify(con, "tokens", mixture.max_tokens)
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
            f"mixture.{name}: {settings} leaves nothing of {', '.join(counts)}; shares that add up to 1 do not"
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


def _diversify(con: duckdb.DuckDBPyConnection, cost: str, budget: int | None) -> None:
    """Exclude all records of the pool except those that facility location chooses within the budget.

    `cost` is SQL for the cost of a record.
    """
    if EMBEDDING not in con.sql("SELECT * FROM candidate LIMIT 0").columns:
        raise PolicyError(f"mixture.diversity needs the signal `{EMBEDDING}`, which was not measured; {CURE}")
    if budget is None or con.sql(f"SELECT coalesce(sum({cost}), 0) FROM pool").fetchall()[0][0] <= budget:
        return
    names, protected, points, costs = list[str](), 0, list[np.ndarray](), list[np.ndarray]()
    for batch in con.sql(_EMBEDDED.format(cost=cost)).to_arrow_reader(BATCH):
        names += batch["record_id"].to_pylist()
        protected += batch["protected"].true_count
        points.append(diversity.quantise(batch[EMBEDDING]))
        costs.append(batch["cost"].to_numpy())
    if not any(part.any() for part in points):
        raise PolicyError(f"mixture.diversity: `{EMBEDDING}` is null for every record; {CURE}")
    chosen, cosines = diversity.facility_location(np.concatenate(points), np.concatenate(costs), protected, budget)
    ids = [name for name, kept in zip(names, chosen, strict=True) if not kept]
    values = [f'{{"cosine":{cosine:.4f}}}' for cosine in cosines[~chosen]]
    con.register("not_chosen", pa.table({"record_id": pa.array(ids, pa.string()), "value": values}))
    con.execute("INSERT INTO excluded SELECT record_id, 'diversity', value FROM not_chosen")
    con.unregister("not_chosen")
    con.execute(_REMOVE_EXCLUDED)
