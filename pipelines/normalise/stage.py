"""The stage: a source's standing pages → `2_records/<source>`, three shards for each shard of pages."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import TimeoutError as DeadlineError
from dataclasses import dataclass, replace
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any

import pyarrow as pa
from pebble import ProcessExpired

from connectors.base import Connector
from pipelines import storage, suppression
from pipelines.normalise.parse import Parsed, origin_of, parse_page, reject
from pipelines.recipe import Recipe
from pipelines.storage import pages
from pipelines.suppression import Tombstones
from pipelines.workers.pool import ShardExecutor, map_ordered, run_locally
from schemas.manifest import Manifest, Shard
from schemas.page import Page
from schemas.record import PAIR, RECORD, REJECT

VERSION = 5
DEADLINE = 5.0  # seconds for one page; a chunk that needs more is tried again page by page, so chunks are small
MEMORY = 1 << 30  # bytes of address space per worker
CHUNK_PAGES = 8
CHUNK_BYTES = 1 << 18
SCHEMAS = {"records": RECORD, "pairs": PAIR, "rejects": REJECT}
# level of a reject → what it is counted as: `rejected:<reason>` is a page, and so on
REJECTED = {"page": "rejected", "document": "rejected_document", "part": "rejected_part"}


class ConservationError(Exception):
    """Something went in and neither came out nor was rejected: a defect of the program, never of the input."""


@dataclass(frozen=True)
class Chunk:
    """Some pages of one shard, in order."""

    shard: int
    pages: tuple[Page, ...]
    tombstones: Tombstones = suppression.NO_TOMBSTONES


def run(recipe: Recipe, source: str, data: Path, workers: int = 1, executor: ShardExecutor = run_locally) -> Manifest:
    """Make the records of `source` from its standing pages, or return what stands when nothing has changed.

    The shards do not depend on `workers` or `executor`. Raises RecipeError for an unknown source, ConservationError.
    """
    connector = recipe.source(source)
    live = pages.current_pages(data, source)
    folder = storage.folder(data, "normalise", source)
    about: dict[str, Any] = {
        "stage": "normalise",
        "name": source,
        "version": VERSION,
        "params": settings(connector),
        "inputs": {"pages": live.fingerprint},
    }
    done = storage.finished(folder, **about)
    if done:
        return done
    with storage.building(folder, **about) as made:
        tombstones = suppression.load(data).for_pages
        todo = [(number, shard) for number, shard in enumerate(live.shards) if not made.has(_name("records", number))]
        for shard, counts in executor(partial(_write_shards, connector, made.folder, tombstones), todo, workers):
            made.add(shard, counts)
        check_conservation(made.counts)
    finished = storage.read_manifest(folder)
    if finished is None:
        raise FileNotFoundError(f"{folder}: the manifest just written is gone; something else writes there")
    return finished


def settings(connector: Connector) -> dict[str, Any]:
    """The settings a parse may depend on: all but the source's name and where files lie on this machine."""
    values = {name: getattr(connector, name) for name in type(connector).model_fields}  # type: ignore[attr-defined]
    return {name: value for name, value in values.items() if name != "name" and not _holds_path(value)}


def _holds_path(value: Any) -> bool:
    return isinstance(value, Path) or (isinstance(value, tuple) and any(isinstance(one, Path) for one in value))


def _write_shards(
    connector: Connector,
    folder: Path,
    tombstones: Tombstones,
    todo: Sequence[tuple[int, pages.CurrentShard]],
    workers: int,
) -> Iterator[tuple[Shard, Counter[str]]]:
    """Write the shards of records for some shards of pages, each with its number; yields what was written."""
    chunks = (
        Chunk(number, part, tombstones) for number, shard in todo for part in _chunks(_standing(shard, tombstones))
    )
    results = _parse(connector, chunks, workers)
    for number, of_shard in groupby(results, key=lambda result: result[0]):
        yield from _write(folder, number, (parsed for _, chunk in of_shard for parsed in chunk))


def _name(table: str, number: int) -> str:
    return f"{table}-{number:05}.parquet"


def _standing(shard: pages.CurrentShard, tombstones: Tombstones) -> Iterator[Page]:
    return (page for page in shard.read() if not tombstones.has_url(page.url))


def _chunks(standing: Iterable[Page]) -> Iterator[tuple[Page, ...]]:
    """Pages in handfuls, an empty one last: a shard without standing pages has shards of records too."""
    chunk: list[Page] = []
    size = 0
    for page in standing:
        chunk.append(page)
        size += len(page.body)
        if len(chunk) == CHUNK_PAGES or size >= CHUNK_BYTES:
            yield tuple(chunk)
            chunk, size = [], 0
    if chunk:
        yield tuple(chunk)
    yield ()


def _parse(connector: Connector, chunks: Iterable[Chunk], workers: int) -> Iterator[tuple[int, list[Parsed]]]:
    """The shard's number and what its pages gave, in the order of the pages, whatever any of them does to a worker."""
    work = ((connector, chunk) for chunk in chunks)
    for (_, chunk), result in map_ordered(parse_chunk, work, workers=workers, deadline=DEADLINE, memory=MEMORY):
        if isinstance(result, BaseException):
            yield chunk.shard, list(_one_by_one(connector, chunk))
        else:
            yield chunk.shard, result


def parse_chunk(work: tuple[Connector, Chunk]) -> list[Parsed]:
    connector, chunk = work
    return [parse_page(connector, page, chunk.tombstones) for page in chunk.pages]


def _one_by_one(connector: Connector, chunk: Chunk) -> Iterator[Parsed]:
    """Again, each page by itself: a bad one costs only itself."""
    work = ((connector, replace(chunk, pages=(page,))) for page in chunk.pages)
    for (_, single), result in map_ordered(parse_chunk, work, workers=1, deadline=DEADLINE, memory=MEMORY):
        if isinstance(result, BaseException):
            yield _given_up(connector, single.pages[0], result)
        else:
            yield from result


def _given_up(connector: Connector, page: Page, error: BaseException) -> Parsed:
    """The page as a reject. The error's message may quote the page, so only its type is told."""
    if isinstance(error, DeadlineError):
        reason = "parse_timeout"
    elif isinstance(error, MemoryError):
        reason = "out_of_memory"
    else:
        reason = "parse_crashed"
    detail = "" if isinstance(error, DeadlineError | MemoryError | ProcessExpired) else type(error).__name__
    return Parsed(rejects=[reject(origin_of(connector, page), page.key, "page", reason, detail)])


def _write(folder: Path, number: int, results: Iterable[Parsed]) -> Iterator[tuple[Shard, Counter[str]]]:
    """The three shards of one shard of pages; the counts go with the last, which says that all three are there."""
    counts: Counter[str] = Counter()
    tables: dict[str, list[pa.RecordBatch]] = {"rejects": [], "pairs": [], "records": []}
    for parsed in results:
        counts.update(_count(parsed))
        for table, batches in tables.items():
            rows = getattr(parsed, table)
            if rows:
                batches.append(pa.RecordBatch.from_pylist(rows, SCHEMAS[table]))
    for table, batches in tables.items():
        shard = storage.write_table(folder / _name(table, number), batches, SCHEMAS[table])
        yield shard, counts if table == "records" else Counter()


def _count(parsed: Parsed) -> Counter[str]:
    counts = Counter(
        pages=1,
        pages_used=int(parsed.used > 0),
        documents=parsed.documents,
        documents_used=parsed.used,
        records=len(parsed.records),
        pairs=len(parsed.pairs),
    )
    for row in parsed.rejects:
        counts[f"{REJECTED[row['level']]}:{row['reason']}"] += 1
    return counts


def check_conservation(counts: Counter[str]) -> None:
    """What went in came out or was rejected with a reason. Raises ConservationError with the numbers."""
    for what, rejected in (("pages", REJECTED["page"]), ("documents", REJECTED["document"])):
        lost = sum(count for name, count in counts.items() if name.startswith(f"{rejected}:"))
        if counts[what] != counts[f"{what}_used"] + lost:
            raise ConservationError(f"{counts[what]} {what} in, {counts[f'{what}_used']} used, {lost} rejected")
