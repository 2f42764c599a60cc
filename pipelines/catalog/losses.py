"""What each source gave and what of it was lost, read from the manifests of collect and normalise."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from pipelines.catalog import status
from pipelines.messages import Message, tr
from schemas.manifest import by_reason

SHOWN_REASONS = 3
NUMBERS = (Message("pages"), Message("documents"), Message("posts"), Message("records"))


@dataclass(frozen=True)
class Losses:
    """Of one source: what came in, and what did not, each by reason or kind with the commonest first.

    `posts` are posts of threads, sections of articles and exchanges of sets; None where they were made before posts
    were counted. `not_collected` is of all batches together: what is refused each time counts each time.
    """

    source: str
    pages: int
    documents: int
    posts: int | None
    records: int
    not_collected: dict[str, int]
    pages_rejected: dict[str, int]
    documents_rejected: dict[str, int]
    parts_rejected: dict[str, int]
    holes: dict[str, int]
    columns: dict[str, int]


def losses(data: Path, names: list[str] | None = None) -> list[Losses]:
    """What every source of `data` has lost, by name; `names` keeps some. A source needs no records to be in it."""
    found = status.by_stage_and_name(data)
    sources = sorted({name for stage, name in found if stage in ("collect", "normalise")})
    return [
        _of_source(
            source,
            status.sum_counts(found.get(("collect", source), ())),
            status.sum_counts(found.get(("normalise", source), ())),
        )
        for source in sources
        if names is None or source in names
    ]


def _of_source(source: str, collected: Mapping[str, int], normalised: Mapping[str, int]) -> Losses:
    return Losses(
        source,
        pages=normalised.get("pages", collected.get("pages", 0)),
        documents=normalised.get("documents", 0),
        posts=normalised.get("posts"),
        records=normalised.get("records", 0),
        not_collected=by_reason(collected, "rejected"),
        pages_rejected=by_reason(normalised, "rejected"),
        documents_rejected=by_reason(normalised, "rejected_document"),
        parts_rejected=by_reason(normalised, "rejected_part"),
        holes=by_reason(normalised, "holes"),
        columns=by_reason(normalised, "unused_column"),
    )


def print_table(rows: list[Losses], console: Console) -> None:
    """One row for each source: its numbers, and what it lost with the commonest reasons."""
    drawn = Table(show_edge=False, show_lines=True)
    drawn.add_column(tr("source"), overflow="fold")
    for column in NUMBERS:
        drawn.add_column(tr(column), justify="right")
    drawn.add_column(tr("lost"), overflow="fold")
    for row in rows:
        numbers = (getattr(row, name) for name in NUMBERS)
        drawn.add_row(row.source, *(f"{n:,}" if n else "·" for n in numbers), _told(row))
    console.print(drawn)


def _told(row: Losses) -> str:
    lost = {
        tr("not collected"): row.not_collected,
        tr("pages"): row.pages_rejected,
        tr("documents"): row.documents_rejected,
        tr("parts"): row.parts_rejected,
        tr("holes"): row.holes,
    }
    lines = [_line(what, reasons) for what, reasons in lost.items() if reasons]
    lines += [tr("columns not used: {names}", names=", ".join(row.columns))] if row.columns else []
    return "\n".join(lines) or "·"


def _line(what: str, reasons: Mapping[str, int]) -> str:
    shown = [f"{reason} {count:,}" for reason, count in list(reasons.items())[:SHOWN_REASONS]]
    others = sum(list(reasons.values())[SHOWN_REASONS:])
    shown += [tr("others {number:,}", number=others)] if others else []
    return tr("{number:,} {what}: {reasons}", number=sum(reasons.values()), what=what, reasons=", ".join(shown))
