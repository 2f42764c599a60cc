"""Quotas and budget: of what passed the rules, how much of what is kept. Adds its reasons to the table `judged`.

The steps are done again until none of them leaves anything out, since each changes what a share is a share of:

    author_cap, site_cap        at most so many of one author, one host
    <dimension>_quota           at most this count or share of a task, source, language, licence
    diversity, or budget        at most max_records, max_tokens

What comes last in the order is left out first. Nothing is drawn but by SHA-256 of the record's name: the same in any
run. What a person accepted is first in the order, is counted, and is never left out.
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

DIMENSIONS = {"task": "task", "source": "source", "language": "output_language", "licence": "licence"}
EMBEDDING = embedding.NAME
BATCH = 8_192  # embeddings that are in memory at once
CURE = "set dedupe.semantic, which has it measured, or leave diversity out"

_POOL = """
CREATE TEMP TABLE pool AS
SELECT record_id, judged.decision IN ('accept', 'edit') AS safe, row_number() OVER (
           ORDER BY judged.decision IN ('accept', 'edit') DESC, {quality} DESC, sha256(record_id), record_id) AS place,
       source || ':' || author AS author, author <> '' AS signed,
       regexp_extract(lower(url), '^[a-z]+://([^/?#]+)', 1) AS site,
       task, source, coalesce(output_language, '') AS language, coalesce(licence, '') AS licence,
       greatest(coalesce(instruction_words + input_words + output_words, 0),
                ceil((length(instruction) + length(input) + length(output)) / 4)) AS tokens
FROM candidate JOIN judged USING (record_id)
WHERE len(judged.reasons) = 0;
CREATE TEMP TABLE left_out (record_id VARCHAR, rule VARCHAR, value VARCHAR);
"""

_LEAVE_OUT = """
INSERT INTO left_out
SELECT record_id, '{rule}', CAST(to_json({{{told}}}) AS VARCHAR)
FROM (SELECT *, {rank} AS rank FROM pool WHERE {where})
WHERE rank > {limit} AND NOT safe
"""
_TAKE = "DELETE FROM pool WHERE record_id IN (SELECT record_id FROM left_out)"

_EMBEDDED = f"""
SELECT record_id, safe, {EMBEDDING}::FLOAT[{embedding.DIMENSIONS}] AS {EMBEDDING},
       greatest(1, {{cost}})::BIGINT AS cost
FROM candidate JOIN pool USING (record_id) ORDER BY place
"""

_REASONS = """
CREATE OR REPLACE TEMP TABLE judged AS
SELECT judged.* REPLACE (
    CASE WHEN rule IS NULL THEN reasons ELSE list_append(reasons, {'rule': rule, 'value': value}) END AS reasons)
FROM judged LEFT JOIN left_out USING (record_id)
"""


def apply(con: duckdb.DuckDBPyConnection, policy: Policy) -> None:
    """Over the tables `candidate` and `judged`. Raises PolicyError where diversity has nothing to go by."""
    mixture = policy.mixture
    if mixture == Mixture():
        return
    quality = policy.quality if mixture.order == "quality" else "1"
    con.execute(_POOL.format(quality=f"coalesce({quality}, 0)"))
    _leave_out(con, _caps(mixture))
    before = -1
    while before != (before := _size(con)):
        for name in DIMENSIONS:
            _leave_out(con, _quota(con, name, mixture))
        if mixture.diversity:
            _diversify(con, "1", mixture.max_records)
            _diversify(con, "tokens", mixture.max_tokens)
        _leave_out(con, _budget(mixture))
    con.execute(_REASONS)
    con.execute("DROP TABLE pool; DROP TABLE left_out")


def _size(con: duckdb.DuckDBPyConnection) -> int:
    return int(con.sql("SELECT count(*) FROM pool").fetchall()[0][0])


def _leave_out(con: duckdb.DuckDBPyConnection, steps: Iterable[str]) -> None:
    for step in steps:
        con.execute(step)
        con.execute(_TAKE)


def _caps(mixture: Mixture) -> Iterator[str]:
    for rule, column, limit in (("author_cap", "author", mixture.per_author), ("site_cap", "site", mixture.per_site)):
        if limit:
            rank = f"row_number() OVER (PARTITION BY {column} ORDER BY place)"
            where = "signed" if rule == "author_cap" else "site <> ''"
            yield _LEAVE_OUT.format(rule=rule, told="'rank': rank", rank=rank, where=where, limit=limit)


def _budget(mixture: Mixture) -> Iterator[str]:
    for measure, limit in (("count(*)", mixture.max_records), ("sum(tokens)", mixture.max_tokens)):
        if limit:
            rank = f"{measure} OVER (ORDER BY place ROWS UNBOUNDED PRECEDING)"
            name = "records" if measure == "count(*)" else "tokens"
            yield _LEAVE_OUT.format(rule="budget", told=f"'{name}': rank", rank=rank, where="true", limit=limit)


def _quota(con: duckdb.DuckDBPyConnection, name: str, mixture: Mixture) -> Iterator[str]:
    shares: dict[str, int | float] = getattr(mixture, name)
    if not shares:
        return
    counts = dict(con.sql(f"SELECT {name}, count(*) FROM pool GROUP BY ALL").fetchall())
    most = min(sum(counts.values()), mixture.max_records or sum(counts.values()))
    limits = quota_limits(counts, shares, most)
    if most and not sum(min(count, limits.get(value, count)) for value, count in counts.items()):
        told = ", ".join(f"{value} = {share}" for value, share in shares.items())
        raise PolicyError(
            f"mixture.{name}: {told} leaves nothing of {', '.join(counts)}; shares that add up to 1 do not"
        )
    cases = " ".join(f"WHEN {sql_string(value)} THEN {limit}" for value, limit in limits.items())
    rank, listed = f"row_number() OVER (PARTITION BY {name} ORDER BY place)", ", ".join(map(sql_string, limits))
    yield _LEAVE_OUT.format(
        rule=f"{name}_quota",
        told=f"'{name}': {name}, 'rank': rank",
        rank=rank,
        where=f"{name} IN ({listed})",
        limit=f"CASE {name} {cases} END",
    )


def quota_limits(counts: Mapping[str, int], shares: Mapping[str, int | float], most: int) -> dict[str, int]:
    """How many of each named value, so that every share holds of what is kept: the most that can be, up to `most`."""
    size = most + 1
    while size > most:
        size = most
        limits = {
            value: share if isinstance(share, int) else floor(share * size + 1e-9) for value, share in shares.items()
        }
        most = min(size, sum(min(count, limits.get(value, count)) for value, count in counts.items()))
    return limits


def _diversify(con: duckdb.DuckDBPyConnection, cost: str, budget: int | None) -> None:
    """Leave out of the pool all but those within the budget that stand for the pool."""
    if EMBEDDING not in con.sql("SELECT * FROM candidate LIMIT 0").columns:
        raise PolicyError(f"mixture.diversity needs the signal `{EMBEDDING}`, which was not measured; {CURE}")
    if budget is None or con.sql(f"SELECT coalesce(sum({cost}), 0) FROM pool").fetchall()[0][0] <= budget:
        return
    names, safe, points, costs = list[str](), 0, list[np.ndarray](), list[np.ndarray]()
    for batch in con.sql(_EMBEDDED.format(cost=cost)).to_arrow_reader(BATCH):
        names += batch["record_id"].to_pylist()
        safe += batch["safe"].true_count
        points.append(diversity.quantise(batch[EMBEDDING]))
        costs.append(batch["cost"].to_numpy())
    if not any(part.any() for part in points):
        raise PolicyError(f"mixture.diversity: `{EMBEDDING}` is null for every record; {CURE}")
    chosen, cosines = diversity.facility_location(np.concatenate(points), np.concatenate(costs), safe, budget)
    gone = [(name, cosine) for at, (name, cosine) in enumerate(zip(names, cosines, strict=True)) if not chosen[at]]
    told = [f'{{"cosine":{cosine:.4f}}}' for _, cosine in gone]
    con.register("near", pa.table({"record_id": pa.array([n for n, _ in gone], pa.string()), "value": told}))
    con.execute("INSERT INTO left_out SELECT record_id, 'diversity', value FROM near")
    con.unregister("near")
    con.execute(_TAKE)
