"""The queries of this stage. `candidate` is what a policy sees: a record with its signals and its cluster."""

from pathlib import Path

from pipelines.catalog import parquet
from pipelines.policy import Policy, breaks_sql, for_pairs, mentions, verdict_sql
from schemas.cluster import CLUSTER
from schemas.record import PAIR, RECORD

_VIEWS = """
CREATE TEMP VIEW record AS SELECT * EXCLUDE (file) FROM {records};
CREATE TEMP VIEW pair AS SELECT * EXCLUDE (file) FROM {pairs};
CREATE TEMP VIEW candidate AS
SELECT * FROM record
JOIN (SELECT * EXCLUDE (file) FROM {signals}) USING (record_id)
JOIN (SELECT * EXCLUDE (file) FROM {clusters}) USING (record_id);
"""

# A group's place in [0, 100) is drawn by SHA-256 of its name: the same in every run, on every machine.
_GROUPS = """
CREATE TEMP TABLE judged AS {verdict};
CREATE TEMP TABLE grp AS
SELECT *, CASE WHEN place < {validation} THEN 'validation' WHEN place < {validation} + {test} THEN 'test'
               ELSE 'train' END AS split
FROM (
    SELECT group_id, count(*) FILTER (len(reasons) = 0) AS kept,
           CAST('0x' || left(sha256(group_id), 8) AS UBIGINT) * 100 / 4294967296 AS place
    FROM judged
    GROUP BY group_id
);
"""

# Gives an empty split the next group in line: a small one, if there is any, and never the last that another has.
FILL_SPLIT = """
UPDATE grp SET split = $split
WHERE group_id IN (
    SELECT group_id FROM grp
    WHERE kept > 0
      AND (SELECT count(*) FROM grp WHERE kept > 0 AND split = $split) = 0
      AND (SELECT count(*) FROM grp g WHERE g.kept > 0 AND g.split = grp.split) > 1
    ORDER BY kept * 2 > (SELECT sum(kept) FROM grp), place
    LIMIT 1
)
"""

VERDICT = """
CREATE TEMP TABLE verdict AS
SELECT record_id, len(reasons) = 0 AS kept, reasons, duplicate_of,
       CASE WHEN len(reasons) = 0 THEN split ELSE '' END AS split
FROM judged JOIN grp USING (group_id)
"""

VERDICTS = "SELECT * FROM verdict ORDER BY record_id"

DROPPED = """
SELECT record.*, reasons, duplicate_of
FROM record JOIN verdict USING (record_id)
WHERE NOT kept
ORDER BY record_id
"""

_PUBLISHED = """
CREATE TEMP VIEW published AS
SELECT record_id, instruction, input, output, history, task, output_language AS language, source, source_kind, url,
       title, licence, author, created_at, score,
       CAST(least(1, greatest(0, coalesce({quality}, 0))) AS FLOAT) AS quality, split
FROM candidate JOIN verdict USING (record_id)
WHERE kept
"""

SPLIT = "SELECT * FROM published WHERE split = '{split}' ORDER BY record_id"

# A pair is published unless a rule speaks against it, its question is held out for validation or test (with its whole
# thread), or its better answer was dropped for what it says.
_PAIRS = """
WITH known AS (
    SELECT page_id, md5(instruction) AS question, md5(output) AS answer, source_kind, split,
           len(list_intersect([reason.rule FOR reason IN reasons], {content})) > 0 AS bad
    FROM record JOIN judged USING (record_id) JOIN grp USING (group_id)
)
SELECT * FROM pair
WHERE NOT ({broken})
  AND md5(instruction) NOT IN (SELECT question FROM known WHERE split <> 'train')
  AND page_id NOT IN (SELECT page_id FROM known WHERE split <> 'train' AND source_kind <> 'instructions')
  AND (page_id, md5(chosen)) NOT IN (SELECT (page_id, answer) FROM known WHERE bad)
ORDER BY pair_id
"""

COUNTS = """
SELECT (SELECT count(*) FROM record) AS records, count(*) FILTER (kept) AS kept,
       count(*) FILTER (duplicate_of <> '') AS duplicates
FROM verdict
"""

RULE_COUNTS = """
SELECT reason.rule, count(*) AS broken, count(*) FILTER (len(reasons) = 1) AS alone
FROM (SELECT reasons, unnest(reasons) AS reason FROM verdict)
GROUP BY ALL
ORDER BY ALL
"""


def views(paths: dict[str, list[Path]]) -> str:
    schemas = {"records": RECORD, "pairs": PAIR, "signals": RECORD, "clusters": CLUSTER}
    return _VIEWS.format(**{name: parquet(paths[name], schema) for name, schema in schemas.items()})


def groups(policy: Policy) -> str:
    return _GROUPS.format(verdict=verdict_sql(policy), validation=policy.validation_percent, test=policy.test_percent)


def published(policy: Policy) -> str:
    return _PUBLISHED.format(quality=policy.quality)


def pairs(policy: Policy) -> str:
    content = [rule.name for rule in policy.rules if any(name.startswith("output") for name in mentions(rule.drop_if))]
    broken = " OR ".join(breaks_sql(rule) for rule in for_pairs(policy)) or "false"
    return _PAIRS.format(content=content or "[]::VARCHAR[]", broken=broken)
