"""What lies in a data folder, read from its manifests: the funnel, one row for each stage and source."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.filesize import decimal
from rich.markup import escape
from rich.table import Table

from pipelines import storage
from pipelines.messages import tr
from pipelines.storage import logs
from schemas.manifest import Manifest

# stage: the shards whose rows came in, and those whose rows went on
CAME_IN = {"annotate": ("signals",), "dedupe": ("clusters",), "curate": ("verdicts",)}
WENT_ON = {
    "collect": ("pages",),
    "normalise": ("records",),
    "annotate": ("signals",),
    "dedupe": ("clusters",),
    "curate": ("train", "validation", "test"),
}


@dataclass(frozen=True)
class Row:
    """Rows are pages in collect, pages in and records out in normalise, records after it. `seconds` is of the last
    run that was not skipped; None where it was never logged. `counts` are those of the manifests."""

    stage: str
    name: str
    rows_in: int
    kept: int
    dropped: int
    rejected: int
    bytes: int
    seconds: float | None
    counts: dict[str, int] = field(default_factory=dict)


def funnel(data: Path, names: list[str] | None = None) -> list[Row]:
    """Every finished folder of `data`; of snapshots and models only the latest, of a source all batches together.

    `names` keeps the rows of some sources and recipes, with all models of these.
    """
    seconds = _seconds(data)
    found = by_stage_and_name(data).items()
    rows = [_row(stage, name, made, seconds.get((stage, name))) for (stage, name), made in found]
    return [row for row in rows if names is None or row.name.partition(".")[0] in names]


def by_stage_and_name(data: Path) -> dict[tuple[str, str], list[Manifest]]:
    """The manifests of each stage and source or recipe: of snapshots and models the latest, of a source all batches."""
    found: dict[tuple[str, str], list[Manifest]] = {}
    for folder, manifest in storage.manifests(data):
        latest = storage.latest(folder.parent)
        if not latest.exists() or latest == folder:
            found.setdefault((manifest.stage, folder.relative_to(data).parts[1]), []).append(manifest)
    return found


def sum_counts(made: Iterable[Manifest]) -> Counter[str]:
    """The counts of several manifests together."""
    counts: Counter[str] = Counter()
    for manifest in made:
        counts.update(manifest.counts)
    return counts


def titles(data: Path) -> dict[str, str]:
    """The titles of recipes and sources by name, as the latest snapshots know them."""
    made = [each for (stage, _), listed in by_stage_and_name(data).items() if stage == "curate" for each in listed]
    return {name: title for manifest in made for name, title in manifest.params.get("titles", {}).items()}


def _row(stage: str, name: str, made: list[Manifest], seconds: float | None) -> Row:
    counts = sum_counts(made)
    rejected = sum(count for key, count in counts.items() if key.startswith("rejected:"))
    kept = _rows(made, WENT_ON.get(stage, ()))
    came = {"collect": kept + rejected, "normalise": counts["pages"]}.get(stage, _rows(made, CAME_IN.get(stage, ())))
    size = sum(shard.bytes for manifest in made for shard in manifest.shards)
    return Row(stage, name, came, kept, _rows(made, ("dropped",)), rejected, size, seconds, dict(counts))


def _rows(made: list[Manifest], prefixes: tuple[str, ...]) -> int:
    return sum(
        shard.rows
        for manifest in made
        for shard in manifest.shards
        if shard.path.endswith(".parquet") and shard.path.startswith(tuple(f"{prefix}-" for prefix in prefixes))
    )


def _seconds(data: Path) -> dict[tuple[str, str], float]:
    return {step: entry["seconds"] for step, entry in work_done(data)}


def work_done(data: Path) -> Iterator[tuple[tuple[str, str], Mapping[str, Any]]]:
    """The entries of the run log about steps that did something and did not fail, oldest first, by stage and name."""
    for entry in logs.read(data / logs.RUNS):
        if not entry.get("skipped") and not entry.get("failed") and isinstance(entry.get("seconds"), int | float):
            yield (str(entry.get("stage")), str(entry.get("name"))), entry


def print_table(rows: list[Row], console: Console, titles: Mapping[str, str]) -> None:
    """The funnel as a table, one row for each stage and source, which is shown with its title if it has one."""
    drawn = Table(show_edge=False)
    for column in (tr("stage"), tr("source")):
        drawn.add_column(column)
    for column in (tr("in"), tr("kept"), tr("dropped"), tr("rejected"), tr("bytes"), tr("seconds")):
        drawn.add_column(column, justify="right")
    for row in rows:
        numbers = (row.rows_in, row.kept, row.dropped, row.rejected)
        seconds = "" if row.seconds is None else f"{row.seconds:.1f}"
        name = " ".join(filter(None, (row.name, titles.get(row.name))))
        drawn.add_row(row.stage, escape(name), *(f"{n:,}" if n else "·" for n in numbers), decimal(row.bytes), seconds)
    console.print(drawn)
