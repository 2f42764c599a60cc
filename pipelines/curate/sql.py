"""The queries of curate. A policy sees the view `candidate`: each record with its signals and its cluster."""

from pathlib import Path

from pipelines.curate import likeness
from pipelines.curate.policy import Policy, breaks_sql, for_pairs, mentions, verdict_sql
from pipelines.storage.duck import parquet, signals
from pipelines.storage.user_sql import closed
from schemas.cluster import CLUSTER
from schemas.record import PAIR, RECORD
from schemas.verdict import CONTAMINATION as CONTAMINATION_COLUMNS
from schemas.verdict import PUBLISHED_PAIR

# Over the tables `suppressed`, `decision`, `vote` and `contamination`. An edited record is judged and published as
# edited. Its signals are those of the text before the edit.
_VIEWS = """
CREATE TEMP VIEW signal AS SELECT * EXCLUDE (file) FROM {signals};
CREATE TEMP VIEW record AS
SELECT r.* EXCLUDE (file) REPLACE (
    coalesce(d.instruction, r.instruction) AS instruction,
    coalesce(d.input, r.input) AS input,
    coalesce(d.output, r.output) AS output,
    CASE WHEN r.tool_calls = r.output THEN coalesce(d.output, r.tool_calls) ELSE r.tool_calls END AS tool_calls)
FROM {records} r LEFT JOIN decision d USING (record_id)
WHERE record_id NOT IN (SELECT id FROM suppressed);
CREATE TEMP VIEW pair AS
SELECT * EXCLUDE (file) FROM {pairs} WHERE pair_id NOT IN (SELECT id FROM suppressed)
UNION ALL BY NAME
SELECT * FROM vote;
CREATE TEMP VIEW candidate AS
SELECT * REPLACE (coalesce(decision, '') AS decision) FROM record
JOIN signal USING (record_id)
JOIN (SELECT * EXCLUDE (file) FROM {clusters}) USING (record_id)
LEFT JOIN contamination USING (record_id)
LEFT JOIN (SELECT record_id, decision, decided FROM decision) USING (record_id);
"""

# Joins run as they are written. The right side is kept in memory or spilled, and it never holds the texts. DuckDB's
# optimizer would choose the side by the number of rows alone, which is the same on both sides.
FIXED_JOIN_ORDER = "SET disabled_optimizers = 'join_order,build_side_probe_side'"

# The values that tombstones are compared with.
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

# All texts of a record, in reading order.
RECORD_TEXTS = """
SELECT record_id, array_to_string([text FOR text IN flatten([
    [system], flatten([[turn.content, turn.reasoning, turn.tool_calls] FOR turn IN history]),
    [instruction, input, reasoning, output]
]) IF text <> ''], chr(10)) AS text
FROM record ORDER BY record_id
"""

CONTAMINATED = "SELECT * FROM contaminated ORDER BY contamination DESC, record_id, benchmark, item"

UNKNOWN_DECISIONS = "SELECT count(*) FROM decision WHERE record_id NOT IN (SELECT record_id FROM record)"

_POSITION = "CAST('0x' || left({hash}, 8) AS UBIGINT) * 100 / 4294967296"  # of a hash in hexadecimal signs

# SHA-256 of its name gives a group a position in [0, 100), which is the same in every run and on every machine.
_GROUPS = """
CREATE TEMP TABLE split_group AS
SELECT *, CASE WHEN position < {validation} THEN 'validation' WHEN position < {validation} + {test} THEN 'test'
               ELSE 'train' END AS split
FROM (
    SELECT group_id, count(*) FILTER (len(reasons) = 0) AS kept,
           {position} AS position
    FROM judged
    GROUP BY group_id
);
"""

# Gives an empty split the next group by position, a small one if there is any, and never the last group of a split.
FILL_SPLIT = """
UPDATE split_group SET split = $split
WHERE group_id IN (
    SELECT group_id FROM split_group
    WHERE kept > 0
      AND (SELECT count(*) FROM split_group WHERE kept > 0 AND split = $split) = 0
      AND (SELECT count(*) FROM split_group g WHERE g.kept > 0 AND g.split = split_group.split) > 1
    ORDER BY kept * 2 > (SELECT sum(kept) FROM split_group), position
    LIMIT 1
)
"""

VERDICT = """
CREATE TEMP TABLE verdict AS
SELECT record_id, len(reasons) = 0 AS kept, reasons, duplicate_of,
       CASE WHEN len(reasons) = 0 THEN split ELSE '' END AS split, decision, overruled, target, target_cosine
FROM judged JOIN split_group USING (group_id) LEFT JOIN likeness USING (record_id)
"""

VERDICTS = "SELECT * FROM verdict ORDER BY record_id"

DROPPED = """
SELECT record.*, reasons, duplicate_of
FROM record JOIN verdict USING (record_id)
WHERE NOT kept
ORDER BY record_id
"""

# The published columns that are not the record's own. They are computed once, so the texts join to a narrow table.
_PUBLISHED = """
CREATE TEMP TABLE published_columns AS
SELECT record_id, task, output_language AS language,
       CAST(least(1, greatest(0, coalesce({quality}, 0))) AS FLOAT) AS quality, split
FROM candidate JOIN verdict USING (record_id)
WHERE kept;
CREATE TEMP VIEW published AS
SELECT record_id, instruction, input, output, history, system, tools, reasoning, tool_calls, task, language,
       source, source_kind, url, title, licence, author, created_at, score, quality, split
FROM record JOIN published_columns USING (record_id)
"""

SPLIT = "SELECT * FROM published WHERE split = '{split}' ORDER BY record_id"

# A pair is published unless it breaks a rule, or its chosen answer was dropped for its content. It is held out where
# its question is, or else its page, or where another pair of its question is. Pages of instruction sets are no threads,
# so there only the question counts. A question that only voters have asked has a place by its own hash, as groups have.
_PAIRS = """
WITH judged_record AS (
    SELECT page_id, md5(instruction) AS question, md5(output) AS answer, source_kind, split,
           len(list_intersect([reason.rule FOR reason IN reasons], {content})) > 0 AS content_dropped
    FROM record JOIN judged USING (record_id) JOIN split_group USING (group_id)
), held_question AS (
    SELECT question, max(split) AS by_question FROM judged_record WHERE split <> 'train' GROUP BY question
), held_page AS (
    SELECT page_id, max(split) AS by_page FROM judged_record
    WHERE split <> 'train' AND source_kind <> 'instructions' GROUP BY page_id
), question_split AS (
    SELECT question, coalesce(max(by_question), max(by_page), CASE
               WHEN question IN (SELECT question FROM judged_record) OR NOT bool_and(voted) THEN 'train'
               WHEN {position} < {validation} THEN 'validation' WHEN {position} < {validation} + {test} THEN 'test'
               ELSE 'train' END) AS split
    FROM (SELECT md5(instruction) AS question, page_id, source_kind = 'votes' AS voted FROM pair)
    LEFT JOIN held_question USING (question) LEFT JOIN held_page USING (page_id)
    GROUP BY question
)
SELECT {columns} FROM (SELECT *, md5(instruction) AS question FROM pair) JOIN question_split USING (question)
WHERE NOT ({broken})
  AND (page_id, md5(chosen)) NOT IN (SELECT (page_id, answer) FROM judged_record WHERE content_dropped)
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

SOURCE_COUNTS = """
SELECT source, count(*), count(*) FILTER (kept) FROM candidate JOIN verdict USING (record_id) GROUP BY ALL
"""
SOURCE_RULE_COUNTS = """
SELECT source, reason.rule, count(*)
FROM (SELECT source, unnest(reasons) AS reason FROM candidate JOIN verdict USING (record_id) WHERE NOT kept)
GROUP BY ALL
"""


def views(paths: dict[str, list[Path]]) -> str:
    """Creates the views over the shards; `paths` are by table."""
    return _over_shards(_VIEWS, paths)


def suppression_keys(paths: dict[str, list[Path]]) -> str:
    """Id, source, address, author and pair_hash of all records and pairs."""
    return _over_shards(_SUPPRESSION_KEYS, paths)


def _over_shards(query: str, paths: dict[str, list[Path]]) -> str:
    schemas = {"records": RECORD, "pairs": PAIR, "clusters": CLUSTER}
    tables = {name: parquet(paths[name], schema) for name, schema in schemas.items()}
    return query.format(**tables, signals=signals(paths["signals"]))


def contamination() -> str:
    """Creates the table `contamination`: the highest scores of each record."""
    return CONTAMINATION.format(best=", ".join(f"max({name}) AS {name}" for name in CONTAMINATION_COLUMNS.names))


def judged(policy: Policy) -> str:
    """Creates the table `judged`: the verdict on each record before quotas; and `likeness`, which is empty."""
    return f"{likeness.EMPTY} CREATE TEMP TABLE judged AS {verdict_sql(policy)}"


def groups(policy: Policy) -> str:
    """Creates the table `split_group`: the split of each group of records that must share one."""
    return _GROUPS.format(position=_POSITION.format(hash="sha256(group_id)"), **_percents(policy))


def published(policy: Policy) -> str:
    """Creates the view `published`: the kept records with the columns that users see."""
    return _PUBLISHED.format(quality=closed(policy.quality))


def pairs(policy: Policy) -> str:
    """The published preference pairs, with the columns of PUBLISHED_PAIR."""
    prefixes = ("output", "pair", "contamination")  # of the columns that depend on the content of an answer
    content = [
        "decision",
        *(rule.name for rule in policy.rules if any(name.startswith(prefixes) for name in mentions(rule.drop_if))),
    ]
    broken = " OR ".join(breaks_sql(rule) for rule in for_pairs(policy)) or "false"
    position, columns = _POSITION.format(hash="question"), ", ".join(PUBLISHED_PAIR.names)
    return _PAIRS.format(content=content, broken=broken, columns=columns, position=position, **_percents(policy))


def published_pairs(policy: Policy) -> str:
    """Creates the table `published_pairs`: whom the published pairs are owed to, one row a pair."""
    credited = "source, licence, url, title, author"
    return f"CREATE TEMP TABLE published_pairs AS SELECT {credited} FROM ({pairs(policy)})"


def _percents(policy: Policy) -> dict[str, float]:
    return {"validation": policy.validation_percent, "test": policy.test_percent}
