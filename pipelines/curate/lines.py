"""One line of a rule, looked at: how its measure is spread on both sides, who is nearest to it, what people decided."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import expm1, log1p

from pipelines.curate import bounds
from pipelines.curate.moving import Judged
from pipelines.curate.tune import Share, wilson
from pipelines.storage import user_sql

BINS = 40
FAR = 10**15  # beyond every measure
SKEWED = 8  # times the median: from there on a scale is logarithmic

# Only those whom the line decides about: the others fulfil or break the rule wherever it is.
_LINE = """
CREATE OR REPLACE TEMP TABLE line AS
SELECT record_id, ({measure})::DOUBLE AS value, {breaks} AS broken,
       CASE WHEN {kept} THEN 'kept' WHEN {breaks} THEN 'rule' ELSE 'other' END AS fate
FROM judged
WHERE ({far}) <> ({near}) AND ({measure}) IS NOT NULL
"""
_RANGE = """
SELECT min(value), quantile_cont(value, 0.5), quantile_cont(value, 0.995), max(value), count(*),
       bool_and(value = floor(value))
FROM line
"""
_BARS = """
SELECT least(floor((scaled - {low}) / {width}), {bins} - 1)::INTEGER AS bar, fate, count(*) AS records
FROM (SELECT {scaled} AS scaled, fate FROM line) GROUP BY ALL ORDER BY ALL
"""
_NEAREST = """
(SELECT record_id, value, broken FROM line WHERE broken ORDER BY abs(value - {at}), record_id LIMIT {size})
UNION ALL
(SELECT record_id, value, broken FROM line WHERE NOT broken ORDER BY abs(value - {at}), record_id LIMIT {size})
"""
_DECISIONS = """
SELECT count(*) FILTER (decision = 'reject'), count(*)
FROM judged JOIN (SELECT unnest($names) AS record_id, unnest($decisions) AS decision) USING (record_id)
WHERE {breaks}
"""


@dataclass(frozen=True)
class Bar:
    """Records with a measure from `low` to `high`: kept, dropped by the rule, or dropped by something else."""

    low: float
    high: float
    fate: str
    records: int


@dataclass(frozen=True)
class Spread:
    """The bars of all records that the line decides about; `skewed`: drawn on a logarithmic scale."""

    bars: tuple[Bar, ...]
    records: int
    low: float
    high: float
    skewed: bool


@dataclass(frozen=True)
class Precision:
    """Of `decided` records that a rule drops people rejected so many, which is the `share`."""

    rejected: int
    decided: int
    share: Share


@dataclass(frozen=True)
class Line:
    """Line `number` of `rule`, at `at`, over the table `line`: those whom it decides about."""

    judged: Judged
    rule: str
    number: int
    at: float


def look(judged: Judged, rule: str, number: int, values: Mapping[int, float]) -> Line:
    """Find those whom line `number` decides about; `values` are those of the rule's lines."""
    bound = bounds.find(_drop_if(judged, rule))[number]
    measure = judged.prepared.columns[user_sql.written(user_sql.parts(bound.measure)[0])]
    far, near = (judged.fulfils(rule, {**values, number: value}) for value in (FAR, -FAR))
    words = {"measure": measure, "breaks": judged.fulfils(rule, values), "kept": judged.kept}
    judged.con.execute(_LINE.format(far=far, near=near, **words))
    return Line(judged, rule, number, values.get(number, bound.number))


def spread(line: Line) -> Spread:
    """How the measure is spread."""
    con = line.judged.con
    least, median, most, last, records, whole = con.sql(_RANGE).fetchall()[0]
    if not records:
        return Spread((), 0, 0, 0, False)
    low, high = min(least, line.at), max(most if most > least else last, line.at)
    skewed = low >= 0 and high > SKEWED * max(median, 1)
    scaled = f"ln(1 + least(value, {high}))" if skewed else f"least(value, {high})"
    first, width, count = _bins(low, high, skewed, whole)
    bars = [
        Bar(_edge(first + bar * width, skewed), _edge(first + (bar + 1) * width, skewed), fate, found)
        for bar, fate, found in con.sql(_BARS.format(scaled=scaled, low=first, width=width, bins=count)).fetchall()
    ]
    return Spread(tuple(bars), records, low, high, skewed)


def nearest(line: Line, size: int) -> list[tuple[str, float, bool]]:
    """Record_id, measure and whether it breaks the rule, of the `size` records nearest to the line on each side."""
    found = line.judged.con.sql(_NEAREST.format(at=line.at, size=size)).fetchall()
    return sorted(found, key=lambda row: (row[1], row[0]))


def precision(judged: Judged, rule: str, values: Mapping[int, float], decisions: Mapping[str, str]) -> Precision:
    """How far people agree with a rule; `decisions` are those that stand, by record_id."""
    query = _DECISIONS.format(breaks=judged.fulfils(rule, values))
    asked = {"names": list(decisions), "decisions": list(decisions.values())}
    rejected, decided = judged.con.execute(query, asked).fetchall()[0] if decisions else (0, 0)
    return Precision(rejected, decided, wilson(rejected, decided))


def _drop_if(judged: Judged, rule: str) -> str:
    return next(each.drop_if for each in judged.prepared.policy.rules if each.name == rule)


def _bins(low: float, high: float, skewed: bool, whole: bool) -> tuple[float, float, int]:
    """First edge, width and number of bars: one for each whole number where there are few of them."""
    if whole and not skewed and high - low < BINS:
        return low, 1.0, int(high - low) + 1
    first, last = _scaled(low, skewed), _scaled(high, skewed)
    return first, max((last - first) / BINS, 1e-9), BINS


def _scaled(value: float, skewed: bool) -> float:
    return log1p(value) if skewed else value


def _edge(scaled: float, skewed: bool) -> float:
    return expm1(scaled) if skewed else scaled
