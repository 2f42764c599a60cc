"""The queries of this stage. Rows go by numbers `n`, in the order of the shards; strings return at the end."""

from pathlib import Path

from pipelines.catalog import parquet
from schemas.record import RECORD

# `same_pair` and `same_page` are the row of the smallest record_id among those that share it. Exchanges of one page
# only lie in the same file, and have nothing else in common.
_MEMBERS = """
CREATE TEMP VIEW record AS SELECT * FROM {records};
CREATE TEMP VIEW signal AS SELECT * FROM {signals};
CREATE TEMP TABLE member AS
SELECT n, record_id,
       arg_min(n, record_id) OVER (PARTITION BY pair_hash) AS same_pair,
       CASE WHEN source_kind = 'instructions' THEN n
            ELSE arg_min(n, record_id) OVER (PARTITION BY page_id) END AS same_page
FROM (SELECT row_number() OVER () - 1 AS n, record_id, pair_hash FROM signal)
JOIN record USING (record_id);
"""

SIGNATURES = """
SELECT n, pair_minhash
FROM (SELECT row_number() OVER () - 1 AS n, pair_minhash FROM signal)
SEMI JOIN (SELECT n FROM member WHERE n = same_pair) USING (n)
WHERE pair_minhash IS NOT NULL
"""

CANDIDATES = """
SELECT n, record_id, component, pair_minhash, coalesce(instruction, '') AS instruction,
       coalesce(input, '') AS input, coalesce(output, '') AS output
FROM candidate JOIN member USING (n) JOIN record USING (record_id) JOIN signal USING (record_id)
ORDER BY component, record_id
"""

CLUSTERS = """
SELECT record_id,
       min(record_id) OVER (PARTITION BY cluster) AS cluster_id,
       min(record_id) OVER (PARTITION BY grp) AS group_id,
       CAST(count(*) OVER (PARTITION BY cluster) AS INTEGER) AS cluster_size
FROM label JOIN member USING (n)
ORDER BY record_id
"""

EDGES = """
SELECT first.record_id, second.record_id AS duplicate_id, 'exact' AS method, 1.0::FLOAT AS similarity
FROM member second JOIN member first ON second.same_pair = first.n
WHERE second.n <> first.n
UNION ALL
SELECT record_id, duplicate_id, 'near', similarity FROM near
ORDER BY ALL
"""

COUNTS = """
SELECT count(*) AS records, count(DISTINCT cluster) AS clusters, count(DISTINCT grp) AS groups,
       (SELECT count(*) FROM member WHERE n <> same_pair) AS exact_duplicates,
       (SELECT count(*) FROM near) AS near_duplicates
FROM label
"""


def members(paths: dict[str, list[Path]]) -> str:
    return _MEMBERS.format(records=parquet(paths["records"], RECORD), signals=parquet(paths["signals"], RECORD))
