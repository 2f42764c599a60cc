"""Where the number in a rule should stand, by what people decided about records.

A rule finds well what people reject. So of the records that somebody decided: precision is the share of rejected ones
among those that the rule drops, recall the share of those that it drops among the rejected ones, each with its 95 %
interval (Wilson, Probable inference, the law of succession, and statistical inference, 1927). Only this rule counts:
what others would drop is left out. Edited records are kept ones.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import sqrt

import duckdb
import pyarrow as pa
from rich.console import Console
from rich.table import Table

from pipelines.curate.bounds import Bound, choose, with_comparison, written
from pipelines.curate.decisions import Decision
from pipelines.curate.policy import Policy, Rule, breaks_sql
from pipelines.curate.what_if import create_candidates
from pipelines.messages import Message, tr

Z = 1.959964  # standard deviations within which 95 % of a normal distribution lie
NEEDED = 20  # of each kind: below, a share of one half is known no better than to a fifth
MOST = 24  # bounds that are tried
BINS = 12
FULL = 24  # characters of the longest bar on the screen


@dataclass(frozen=True)
class Share:
    """A share with the ends of its 95 % interval; of nothing, 0 to 1."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Tried:
    """The rule with its bound at `number`: of the decided records it drops `found` rejected and `wrong` kept ones."""

    number: float
    found: int
    wrong: int
    precision: Share
    recall: Share
    f1: float


@dataclass(frozen=True)
class Bin:
    """Records whose measure is from `low` to below `high`: what the rule does with them now, and what people did."""

    low: float
    high: float
    kept: int
    dropped: int
    accepted: int
    rejected: int


@dataclass(frozen=True)
class Tuning:
    """`proposed` is None where too few records are decided, or no bound has the precision that was asked for.

    Where the bound is for some records only, `when` says in SQL for which, and all counts are of them; "": of all.
    """

    rule: str
    measure: str
    operator: str
    present: float
    when: str
    accepted: int
    rejected: int
    needed: int
    bins: tuple[Bin, ...]
    tried: tuple[Tried, ...]
    proposed: float | None


_MEASURED = """
CREATE OR REPLACE TEMP TABLE measured AS
SELECT record_id, {measure} AS measure, {if_true} AS if_true, {if_false} AS if_false, {if_null} AS if_null, rejected
FROM candidate LEFT JOIN decided USING (record_id) WHERE {when}
"""
_BREAKS = "CASE WHEN {condition} THEN if_true WHEN NOT ({condition}) THEN if_false ELSE if_null END"
_CANDIDATES = "SELECT DISTINCT measure::DOUBLE FROM measured WHERE rejected IS NOT NULL AND measure IS NOT NULL"
_TRIED = """
SELECT count(*) FILTER (rejected AND {breaks}), count(*) FILTER (NOT rejected AND {breaks})
FROM measured WHERE rejected IS NOT NULL
"""
_RANGE = """
SELECT least(quantile_cont(measure::DOUBLE, 0.01), $present), greatest(quantile_cont(measure::DOUBLE, 0.99), $present)
FROM measured WHERE measure IS NOT NULL
"""
_BINS = """
SELECT least(greatest(floor((measure - $low) / $width), 0), $last)::INTEGER AS bin,
       count(*) FILTER (NOT {breaks}), count(*) FILTER ({breaks}),
       count(*) FILTER (NOT rejected), count(*) FILTER (rejected)
FROM measured WHERE measure IS NOT NULL GROUP BY bin ORDER BY bin
"""


def tune(
    con: duckdb.DuckDBPyConnection,
    policy: Policy,
    recipe: str,
    decisions: Iterable[Decision],
    rule_name: str,
    signal: str = "",
    precision: float | None = None,
) -> Tuning:
    """Try the bounds of a rule on the decisions that count.

    The proposed one has the best F1, or with `precision` the highest recall where precision is at least that.
    Raises: PolicyError, RecipeError.
    """
    rule, bound = choose(policy, rule_name, signal)
    create_candidates(con, policy, recipe)
    _create_measured(con, rule, bound, decisions)
    counts = con.sql("SELECT count(*) FILTER (NOT rejected), count(*) FILTER (rejected) FROM measured").fetchall()[0]
    accepted, rejected = counts
    numbers = [number for (number,) in con.sql(_CANDIDATES).fetchall()]
    tried = tuple(_try(con, bound, number, rejected) for number in _thinned(numbers, bound.number))
    enough = min(accepted, rejected) >= NEEDED
    return Tuning(
        rule.name,
        bound.measure,
        bound.operator,
        bound.number,
        bound.when,
        accepted,
        rejected,
        NEEDED,
        _bins(con, bound),
        tried,
        _best(tried, bound.number, precision) if enough else None,
    )


def wilson(hits: int, number: int) -> Share:
    """A share of `number`, and its 95 % interval."""
    if not number:
        return Share(0.0, 0.0, 1.0)
    share, z2 = hits / number, Z * Z
    middle = (share + z2 / (2 * number)) / (1 + z2 / number)
    half = Z / (1 + z2 / number) * sqrt(share * (1 - share) / number + z2 / (4 * number * number))
    return Share(share, max(0.0, middle - half), min(1.0, middle + half))


def _create_measured(con: duckdb.DuckDBPyConnection, rule: Rule, bound: Bound, decisions: Iterable[Decision]) -> None:
    rows = [{"record_id": one.record_id, "rejected": one.decision == "reject"} for one in decisions]
    schema = pa.schema([("record_id", pa.string()), ("rejected", pa.bool_())])
    con.register("given", pa.Table.from_pylist(rows, schema=schema))
    con.execute("CREATE OR REPLACE TEMP TABLE decided AS SELECT * FROM given")
    con.unregister("given")
    changed = {value: with_comparison(rule, bound, value) for value in ("true", "false", "null")}
    answers = {f"if_{value}": breaks_sql(rule.model_copy(update={"drop_if": sql})) for value, sql in changed.items()}
    con.execute(_MEASURED.format(measure=f"({bound.measure})", when=bound.when or "true", **answers))


def _breaks(bound: Bound, number: float) -> str:
    return _BREAKS.format(condition=bound.condition.format(number=written(number)))


def _thinned(numbers: Sequence[float], present: float) -> list[float]:
    """At most MOST of the numbers, evenly by rank, and the present one."""
    ordered = sorted(numbers)
    places = {round(step * (len(ordered) - 1) / (MOST - 1)) for step in range(MOST)} if ordered else set()
    return sorted({*(ordered[place] for place in places), present})


def _try(con: duckdb.DuckDBPyConnection, bound: Bound, number: float, rejected: int) -> Tried:
    found, wrong = con.sql(_TRIED.format(breaks=_breaks(bound, number))).fetchall()[0]
    f1 = 2 * found / (found + wrong + rejected) if rejected else 0.0
    return Tried(number, found, wrong, wilson(found, found + wrong), wilson(found, rejected), f1)


def _best(tried: Sequence[Tried], present: float, precision: float | None) -> float | None:
    """Of equals the one that is nearest to the present bound."""
    fit = [one for one in tried if one.found and (precision is None or one.precision.value >= precision)]
    ranked = sorted(fit, key=lambda one: abs(one.number - present))
    ranked.sort(key=lambda one: one.f1 if precision is None else one.recall.value, reverse=True)
    return ranked[0].number if ranked else None


def _bins(con: duckdb.DuckDBPyConnection, bound: Bound) -> tuple[Bin, ...]:
    """The first and the last one hold what lies beyond them too. Without a measure there is none."""
    low, high = con.execute(_RANGE, {"present": bound.number}).fetchall()[0]
    if low is None:
        return ()
    width = (high - low) / BINS or 1.0
    asked = {"low": low, "width": width, "last": BINS - 1}
    rows = con.execute(_BINS.format(breaks=_breaks(bound, bound.number)), asked).fetchall()
    return tuple(Bin(low + at * width, low + (at + 1) * width, *counts) for at, *counts in rows)


def show(tuning: Tuning, console: Console) -> None:
    """The tuning as two tables and a sentence."""
    if tuning.when:
        console.print(tr("Where {condition}.", condition=tuning.when), highlight=False, markup=False)
    _show_bins(tuning, console)
    table = Table("", tr("bound"), show_edge=False)
    for column in (tr("rejected found"), tr("kept ones dropped"), tr("precision"), tr("recall"), "F1"):
        table.add_column(column, justify="right")
    for one in tuning.tried if tuning.accepted + tuning.rejected else ():
        mark = "→" if one.number == tuning.proposed else "·" if one.number == tuning.present else ""
        counts = (str(one.found), str(one.wrong), _shown(one.precision), _shown(one.recall), f"{one.f1:.2f}")
        table.add_row(mark, f"{tuning.operator} {written(one.number)}", *counts)
    console.print(table)
    console.print(tr(conclusion(tuning)), highlight=False)


def conclusion(tuning: Tuning) -> Message:
    """What to do, in a sentence."""
    if min(tuning.accepted, tuning.rejected) < tuning.needed:
        return Message(
            "too few decisions to propose a bound: {rejected} rejected and {accepted} kept, {needed} of each needed",
            rejected=tuning.rejected,
            accepted=tuning.accepted,
            needed=tuning.needed,
        )
    if tuning.proposed is None:
        return Message("no bound drops rejected records with that precision")
    words = {"measure": tuning.measure, "operator": tuning.operator, "present": written(tuning.present)}
    if tuning.proposed == tuning.present:
        return Message("{measure} {operator} {present} is best as it is", **words)
    return Message("proposed: {measure} {operator} {new}, instead of {present}", new=written(tuning.proposed), **words)


def _show_bins(tuning: Tuning, console: Console) -> None:
    table = Table(tuning.measure, show_edge=False)
    for column in (tr("kept"), tr("dropped"), tr("people kept"), tr("people rejected")):
        table.add_column(column, justify="right")
    table.add_column("")
    most = max((one.kept + one.dropped for one in tuning.bins), default=1)
    for one in tuning.bins:
        counts = (f"{number:,}" for number in (one.kept, one.dropped, one.accepted, one.rejected))
        kept, dropped = (round(number / most * FULL) for number in (one.kept, one.dropped))
        table.add_row(f"{one.low:.4g} – {one.high:.4g}", *counts, "█" * kept + "░" * dropped)
    console.print(table)


def _shown(share: Share) -> str:
    return f"{share.value:.2f} ({share.low:.2f}–{share.high:.2f})"
