"""The queries of this stage. `n` numbers rows in the order of the shards, `rank` in the order of record_id."""

from pathlib import Path

from pipelines.storage.duck import parquet
from schemas.record import RECORD

BATCH_ROWS = 8_192  # rows that come out of DuckDB, or go into a shard, at a time

# `same_key` and `same_page` are the first rank of those that share it. Exchanges of one page only lie in the same
# file, and have nothing else in common. Annotate leaves a shard's signals in the order of its records.
_MEMBERS = """
CREATE TEMP VIEW record AS SELECT * FROM {records};
CREATE TEMP VIEW signal AS SELECT *, row_number() OVER () - 1 AS n FROM {signals};
CREATE TEMP TABLE ranked AS
SELECT *, row_number() OVER (ORDER BY record_id) - 1 AS rank
FROM (SELECT n, record_id AS signal_id, {key_hash} AS key_hash FROM signal)
POSITIONAL JOIN (SELECT record_id, page_id, source_kind FROM record);
CREATE TEMP TABLE member AS
SELECT n, rank, record_id, coalesce(same_key, rank) AS same_key, coalesce(same_page, rank) AS same_page,
       ('0x' || key_hash[:16])::UBIGINT AS key_hash
FROM ranked
LEFT JOIN (SELECT key_hash, min(rank) AS same_key FROM ranked GROUP BY key_hash HAVING count(*) > 1) USING (key_hash)
LEFT JOIN (SELECT page_id, min(rank) AS same_page FROM ranked WHERE source_kind IS DISTINCT FROM 'instructions'
           GROUP BY page_id HAVING count(*) > 1) USING (page_id);
"""

ROW_KEYS = "SELECT rank, same_key, key_hash FROM member ORDER BY n"

PAGES = "SELECT same_page FROM member ORDER BY n"

# of records with equal keys only the first is compared; with another `alike` there is no duplicate
_EMBEDDINGS = """
SELECT n, pair_embedding::FLOAT[256] AS pair_embedding, {alike} AS alike
FROM signal SEMI JOIN (SELECT n FROM member WHERE rank = same_key) USING (n)
WHERE pair_embedding IS NOT NULL
"""

RECORD_IDS = "SELECT record_id FROM member ORDER BY rank"

COUNT_MISMATCHED = "SELECT count(*) FROM ranked WHERE record_id IS DISTINCT FROM signal_id"

DROP_RANKED = "DROP TABLE ranked"  # its texts would stay in memory


def embeddings(translations: bool) -> str:
    """The query for embeddings. Duplicates have the same numbers and context, and one language but for translations."""
    alike = "xor(pair_numbers, pair_context)"
    language = "('0x' || md5(coalesce(output_language, ''))[:16])::UBIGINT"
    return _EMBEDDINGS.format(alike=alike if translations else f"xor({alike}, {language})")


def create_members(paths: dict[str, list[Path]], key: str) -> str:
    """Return the statements that create `record`, `signal`, `ranked` and `member` for a key of KEYS.

    `paths` are the shards of `records` and `signals`, row by row the same.
    """
    sources = {name: parquet(paths[name], RECORD) for name in ("records", "signals")}
    in_context = f"CASE WHEN pair_context = 0 THEN {key}_hash ELSE md5({key}_hash || pair_context) END"
    return _MEMBERS.format(**sources, key_hash="output_hash" if key == "output" else in_context)
