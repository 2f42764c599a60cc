"""The queries of this stage. `n` numbers rows in the order of the shards, `rank` in that of their record_id."""

from pathlib import Path

from pipelines.storage.duck import parquet
from schemas.record import RECORD

# `same_key` and `same_page` are the first rank of those that share it. Exchanges of one page only lie in the same
# file, and have nothing else in common. Annotate leaves a shard's signals in the order of its records.
_MEMBERS = """
CREATE TEMP VIEW record AS SELECT * FROM {records};
CREATE TEMP VIEW signal AS SELECT *, row_number() OVER () - 1 AS n FROM {signals};
CREATE TEMP TABLE ranked AS
SELECT *, row_number() OVER (ORDER BY record_id) - 1 AS rank
FROM (SELECT n, record_id AS signed, {key}_hash AS same FROM signal)
POSITIONAL JOIN (SELECT record_id, page_id, source_kind FROM record);
CREATE TEMP TABLE member AS
SELECT n, rank, record_id, coalesce(same_key, rank) AS same_key, coalesce(same_page, rank) AS same_page,
       ('0x' || same[:16])::UBIGINT AS hashed
FROM ranked
LEFT JOIN (SELECT same, min(rank) AS same_key FROM ranked GROUP BY same HAVING count(*) > 1) USING (same)
LEFT JOIN (SELECT page_id, min(rank) AS same_page FROM ranked WHERE source_kind IS DISTINCT FROM 'instructions'
           GROUP BY page_id HAVING count(*) > 1) USING (page_id);
"""

NUMBERS = "SELECT rank, same_key, hashed FROM member ORDER BY n"

PAGES = "SELECT same_page FROM member ORDER BY n"

# one of those that are equal stands for all of them
EMBEDDINGS = """
SELECT n, pair_embedding::FLOAT[256] AS pair_embedding, pair_numbers
FROM signal SEMI JOIN (SELECT n FROM member WHERE rank = same_key) USING (n)
WHERE pair_embedding IS NOT NULL
"""

IDS = "SELECT record_id FROM member ORDER BY rank"

UNSIGNED = "SELECT count(*) FROM ranked WHERE record_id IS DISTINCT FROM signed"

CHECKED = "DROP TABLE ranked"  # its texts would stay in memory


def members(paths: dict[str, list[Path]], key: str) -> str:
    sources = {name: parquet(paths[name], RECORD) for name in ("records", "signals")}
    return _MEMBERS.format(**sources, key=key)
