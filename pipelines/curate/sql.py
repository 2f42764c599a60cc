"""The queries of this stage. `candidate` is what a policy sees: a record with its signals and its cluster."""

from pathlib import Path

from pipelines.curate.policy import Policy, breaks_sql, for_pairs, mentions, verdict_sql
from pipelines.storage.duck import parquet, signals
from schemas.cluster import CLUSTER
from schemas.record import PAIR, RECORD
from schemas.verdict import CONTAMINATION as CONTAMINATION_COLUMNS

# Over the tables `gone`, `decision` and `contamination`. An edited record is judged and published as edited; its
# signals are those of the text that was measured.
_VIEWS = """
CREATE TEMP VIEW signal AS SELECT * EXCLUDE (file) FROM {signals};
CREATE TEMP VIEW record AS
SELECT r.* EXCLUDE (file) REPLACE (
    coalesce(d.instruction, r.instruction) AS instruction,
    coalesce(d.input, r.input) AS input,
    coalesce(d.output, r.output) AS output)
FROM {records} r LEFT JOIN decision d USING (record_id)
WHERE record_id NOT IN (SELECT id FROM gone);
CREATE TEMP VIEW pair AS SELECT * EXCLUDE (file) FROM {pairs} WHERE pair_id NOT IN (SELECT id FROM gone);
CREATE TEMP VIEW candidate AS
SELECT * REPLACE (coalesce(decision, '') AS decision) FROM record
JOIN signal USING (record_id)
JOIN (SELECT * EXCLUDE (file) FROM {clusters}) USING (record_id)
LEFT JOIN contamination USING (record_id)
LEFT JOIN (SELECT record_id, decision, decided FROM decision) USING (record_id);
"""

# Joins are made as they are written: what is looked up stands on the right and is kept in memory or spilt, and it is
# never the texts. DuckDB would choose by the number of rows alone, which is the same everywhere.
FIXED_JOIN_ORDER = "SET disabled_optimizers = 'join_order,build_side_probe_side'"

# Whatever might have been forgotten can be told by these.
_SUPPRESSION_KEYS = """
SELECT record_id AS id, source, url, author, pair_hash
FROM {records} LEFT JOIN (SELECT record_id, pair_hash FROM {signals}) USING (record_id)
UNION ALL
SELECT pair_id, source, url, author, NULL FROM {pairs}
"""

CONTAMINATION = """
CREATE OR REPLACE TEMP TABLE contamination AS
SELECT record_id, {best} FROM contaminated GROUP BY record_id
"""

# All that is said in a record, in the order in which it is read.
RECORD_TEXTS = """
SELECT record_id, concat_ws(chr(10), array_to_string([turn.instruction || chr(10) || turn.output FOR turn IN history],
       chr(10)), instruction, input, output) AS text
FROM record ORDER BY record_id
"""

CONTAMINATED = "SELECT * FROM contaminated ORDER BY contamination DESC, record_id, benchmark, item"

UNKNOWN_DECISIONS = "SELECT count(*) FROM decision WHERE record_id NOT IN (SELECT record_id FROM record)"

# A group's place in [0, 100) is drawn by SHA-256 of its name: the same in every run, on every machine.
_GROUPS = """
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
       CASE WHEN len(reasons) = 0 THEN split ELSE '' END AS split, decision, overruled
FROM judged JOIN grp USING (group_id)
"""

VERDICTS = "SELECT * FROM verdict ORDER BY record_id"

DROPPED = """
SELECT record.*, reasons, duplicate_of
FROM record JOIN verdict USING (record_id)
WHERE NOT kept
ORDER BY record_id
"""

# What is published of a record besides its own columns is found once: the texts are then joined to little.
_PUBLISHED = """
CREATE TEMP TABLE graded AS
SELECT record_id, task, output_language AS language,
       CAST(least(1, greatest(0, coalesce({quality}, 0))) AS FLOAT) AS quality, split
FROM candidate JOIN verdict USING (record_id)
WHERE kept;
CREATE TEMP VIEW published AS
SELECT record_id, instruction, input, output, history, task, language, source, source_kind, url, title, licence, author,
       created_at, score, quality, split
FROM record JOIN graded USING (record_id)
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
    return _over_shards(_VIEWS, paths)


def suppression_keys(paths: dict[str, list[Path]]) -> str:
    return _over_shards(_SUPPRESSION_KEYS, paths)


def _over_shards(query: str, paths: dict[str, list[Path]]) -> str:
    schemas = {"records": RECORD, "pairs": PAIR, "clusters": CLUSTER}
    tables = {name: parquet(paths[name], schema) for name, schema in schemas.items()}
    return query.format(**tables, signals=signals(paths["signals"]))


def contamination() -> str:
    return CONTAMINATION.format(best=", ".join(f"max({name}) AS {name}" for name in CONTAMINATION_COLUMNS.names))


def judged(policy: Policy) -> str:
    return f"CREATE TEMP TABLE judged AS {verdict_sql(policy)}"


def groups(policy: Policy) -> str:
    return _GROUPS.format(validation=policy.validation_percent, test=policy.test_percent)


def published(policy: Policy) -> str:
    return _PUBLISHED.format(quality=policy.quality)


def pairs(policy: Policy) -> str:
    about = ("output", "pair", "contamination")
    content = [
        "decision",
        *(rule.name for rule in policy.rules if any(name.startswith(about) for name in mentions(rule.drop_if))),
    ]
    broken = " OR ".join(breaks_sql(rule) for rule in for_pairs(policy)) or "false"
    return _PAIRS.format(content=content, broken=broken)
