"""`gristmill plan`: hours, memory, disk, requests and money of each stage at another size.

Seconds come from the run log, bytes and rows from the manifests. A stage is taken to grow in line with its records,
which `tests/benchmarks/test_growth.py` holds up to the size that a disk allows. Three figures cannot be read from a
small run and are those of the largest that was made (10^7 records, 2026-11-24): the memory of dedupe and of curate's
database, and what curate spills. DECISIONS.md has them beside the figures of other tools.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.filesize import decimal
from rich.table import Table

from pipelines.catalog import status
from pipelines.collect import SHARD_PAGES
from pipelines.curate import SHARD_ROWS
from pipelines.errors import WrongInput
from pipelines.messages import Message, tr
from pipelines.recipe import Recipe
from schemas.manifest import Manifest

SPREAD = ("normalise", "annotate")  # over processes, and over the machines of a cluster
ON_ONE = ("dedupe", "curate")  # one machine, whatever there is besides
STAGES = ("collect", *SPREAD, *ON_ONE, "finetune", "prefer")
DEDUPE_ROW = 113  # bytes of memory a record in dedupe
DUCKDB = 1_650_000_000  # bytes of curate, which spills what is beyond
SPILL = 3.75  # bytes that curate spills for each byte of records and signals
FEW = 10_000  # records; below it the start of programs and the compiling of kernels are most of what was measured


@dataclass(frozen=True)
class Wanted:
    """`records` go in; `workers` are processes of each machine; `price` is of a machine's hour, 0 where unknown."""

    records: int
    machines: int = 1
    workers: int = 2
    price: float = 0.0


@dataclass(frozen=True)
class Line:
    """A stage as it was measured, and as it is expected. Bytes are of disk that stays, of disk on the way (`spill`),
    and of memory of its largest process. `requests` are to sites. `money` is None without a price."""

    stage: str
    measured_seconds: float
    hours: float
    machines: int
    memory: int
    disk: int
    spill: int
    shards: int
    requests: int
    money: float | None


@dataclass(frozen=True)
class Plan:
    """`measured` is the number of records that the figures come from. `hours` are one stage after the other."""

    recipe: str
    measured: int
    wanted: Wanted
    lines: tuple[Line, ...]
    hours: float
    disk: int
    money: float | None
    assumptions: tuple[str, ...]


@dataclass(frozen=True)
class _Step:
    """What was measured of one stage of a source or of the recipe."""

    seconds: float
    workers: int
    peak: int
    bytes: int
    shards: int
    rows: int


def plan(recipe: Recipe, data: Path, wanted: Wanted) -> Plan:
    """What the recipe would take with `wanted.records`.

    Raises: WrongInput where the recipe was not run here as far as curate, so that there is nothing to go by.
    """
    measured = _measured(recipe, data)
    missing = [stage for stage in (*SPREAD, *ON_ONE) if stage not in measured]
    records = sum(step.rows for step in measured.get("normalise", {}).values())
    if missing or not records:
        raise WrongInput(
            "{recipe}: {stage} has not been measured in {data}; run `gristmill run {recipe}` on a sample of it first",
            recipe=recipe.name,
            stage=missing[0] if missing else "normalise",
            data=data,
        )
    lines = tuple(_lines(recipe, measured, records, wanted))
    money = [line.money for line in lines if line.money is not None]
    return Plan(
        recipe=recipe.name,
        measured=records,
        wanted=wanted,
        lines=lines,
        hours=sum(line.hours for line in lines),
        disk=sum(line.disk for line in lines) + max(line.spill for line in lines),
        money=sum(money) if money else None,
        assumptions=tuple(_assumptions(recipe, records, wanted, lines)),
    )


def _measured(recipe: Recipe, data: Path) -> dict[str, dict[str, _Step]]:
    """By stage and source: what stands, and the slowest run of it in the log."""
    slowest = _slowest(data)
    found: dict[str, dict[str, _Step]] = {}
    for (stage, name), made in status.by_stage_and_name(data).items():
        entry = slowest.get((stage, name))
        if entry and name.partition(".")[0] in (*recipe.source_names(), recipe.name):
            found.setdefault(stage, {})[name] = _step(stage, made, entry)
    return found


def _slowest(data: Path) -> dict[tuple[str, str], Mapping[str, Any]]:
    """By stage and name. The slowest, since a run after small changes does little and would promise too much."""
    found: dict[tuple[str, str], Mapping[str, Any]] = {}
    for step, entry in status.work_done(data):
        if step not in found or entry["seconds"] > found[step]["seconds"]:
            found[step] = entry
    return found


def _step(stage: str, made: Iterable[Manifest], entry: Mapping[str, Any]) -> _Step:
    shards = [shard for manifest in made for shard in manifest.shards]
    prefixes = {"collect": "pages-", "normalise": "records-"}
    return _Step(
        seconds=float(entry["seconds"]),
        workers=int(entry.get("workers") or 1),
        peak=int(float(entry.get("peak_mb") or 0) * 1e6),
        bytes=sum(shard.bytes for shard in shards),
        shards=len(shards),
        rows=sum(shard.rows for shard in shards if shard.path.startswith(prefixes.get(stage, "\n"))),
    )


def _lines(recipe: Recipe, measured: Mapping[str, Mapping[str, _Step]], records: int, wanted: Wanted) -> Iterator[Line]:
    for stage in (stage for stage in STAGES if stage in measured):
        steps = list(measured[stage].values())
        factor = _factor(recipe, stage, wanted.records / records)
        machines = wanted.machines if stage in SPREAD else 1
        hours = _hours(stage, steps, factor, wanted)
        spill = SPILL * factor * sum(step.bytes for name in SPREAD for step in measured[name].values())
        yield Line(
            stage=stage,
            measured_seconds=sum(step.seconds for step in steps),
            hours=hours,
            machines=machines,
            memory=_memory(stage, steps, wanted.records),
            disk=round(factor * sum(step.bytes for step in steps)),
            spill=round(spill) if stage == "curate" else 0,
            shards=_shards(
                recipe, stage, steps, factor * sum(step.rows for step in measured.get("collect", {}).values()), wanted
            ),
            requests=round(factor * sum(step.rows for step in steps)) if stage == "collect" else 0,
            money=wanted.price * machines * hours if wanted.price else None,
        )


def _shards(recipe: Recipe, stage: str, steps: Iterable[_Step], pages: float, wanted: Wanted) -> int:
    """Files, as many as full shards are: those of a small run are nearly empty. Other stages have as many as ever."""
    of_pages, of_records = pages / SHARD_PAGES, wanted.records / recipe.shards.rows
    full = {
        "collect": of_pages,
        "normalise": of_records + 2 * of_pages,  # pairs and rejects go by shards of pages
        "annotate": of_records,
        "curate": 2 * wanted.records / SHARD_ROWS,  # each record is kept or dropped, and has a verdict
    }
    return max(round(full.get(stage, 0)), sum(step.shards for step in steps))


def _factor(recipe: Recipe, stage: str, factor: float) -> float:
    """How much more a stage does. Training that ends after a number of steps or seconds does no more."""
    if stage == "finetune" and (recipe.finetune.max_steps > 0 or recipe.finetune.max_seconds):
        return 1.0
    if stage == "prefer" and recipe.preference and recipe.preference.max_steps > 0:
        return 1.0
    return factor


def _hours(stage: str, steps: Iterable[_Step], factor: float, wanted: Wanted) -> float:
    """Sources are collected side by side, so the slowest counts. A measured step with more workers than are wanted
    here takes the longer; more workers shorten only what is spread."""
    if stage == "collect":
        return factor * max(step.seconds for step in steps) / 3600
    if stage in SPREAD:
        work = sum(step.seconds * step.workers for step in steps)
        return factor * work / (wanted.machines * wanted.workers) / 3600
    return factor * sum(step.seconds for step in steps) / 3600


def _memory(stage: str, steps: Iterable[_Step], records: int) -> int:
    grows = {"dedupe": DEDUPE_ROW * records, "curate": min(DUCKDB, DEDUPE_ROW * records)}.get(stage, 0)
    return max(grows, *(step.peak for step in steps))


def _assumptions(recipe: Recipe, records: int, wanted: Wanted, lines: Iterable[Line]) -> Iterator[str]:
    yield Message(
        "Measured on {records:,} records: the slowest run of each step in runs.jsonl; {factor:,.0f} times as many are "
        "taken to need {factor:,.0f} times as long.",
        records=records,
        factor=wanted.records / records,
    )
    if records < FEW:
        yield Message(
            "{records:,} records are few: much of what was measured is the start of programs, so the hours are too "
            "many. Measure {enough:,} or more.",
            records=records,
            enough=FEW,
        )
    yield Message("Collect: the same sources grow, side by side; sites set the pace, and more machines do not help.")
    yield Message("Normalise and annotate are spread over {machines} machines of {workers}.", **_spread(wanted))
    yield Message(
        "Dedupe and curate run on one machine; dedupe holds {bytes} bytes a record in memory.", bytes=DEDUPE_ROW
    )
    if any(line.stage == "finetune" for line in lines):
        grows = _factor(recipe, "finetune", 2.0) > 1
        yield (
            Message("Fine-tuning reads every record in each epoch, on a machine like the one that was measured.")
            if grows
            else Message("Fine-tuning ends where the recipe says, so it takes as long as it took.")
        )
    if not wanted.price:
        yield Message("No price: --price of a machine's hour gives the money.")


def _spread(wanted: Wanted) -> dict[str, int]:
    return {"machines": wanted.machines, "workers": wanted.workers}


def print_plan(made: Plan, console: Console) -> None:
    """The plan as a table, and below it what it takes for granted."""
    drawn = Table(show_edge=False)
    drawn.add_column(tr("stage"))
    names = (tr("measured"), tr("hours"), tr("machines"), tr("memory"), tr("disk"), tr("on the way"))
    for column in (*names, tr("files"), tr("requests"), tr("money")):
        drawn.add_column(column, justify="right")
    for line in made.lines:
        sizes = (decimal(size) if size else "·" for size in (line.memory, line.disk, line.spill))
        money = "·" if line.money is None else f"{line.money:,.2f}"
        seconds = tr("{seconds:.1f} s", seconds=line.measured_seconds)
        counts = (f"{line.shards:,}", f"{line.requests:,}" if line.requests else "·")
        drawn.add_row(line.stage, seconds, _hours_said(line.hours), f"{line.machines}", *sizes, *counts, money)
    console.print(drawn)
    total = "" if made.money is None else f", {made.money:,.2f}"
    says = tr("{hours} hours in all, {disk} of disk", hours=_hours_said(made.hours), disk=decimal(made.disk))
    console.print(f"{says}{total}")
    for assumption in made.assumptions:
        console.print(f"- {tr(assumption)}", markup=False)


def _hours_said(hours: float) -> str:
    return f"{hours:,.0f}" if hours >= 100 else f"{hours:,.1f}" if hours >= 1 else f"{hours:.3f}"
