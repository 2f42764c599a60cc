"""The stage: a source's current pages → `2_records/<source>`.

Each shard of pages becomes shards of records (`records-<shard>-<part>`) as large as the recipe says, so that the stages
after it have work for every worker, and one shard each of pairs and of rejects.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import TimeoutError as DeadlineError
from dataclasses import dataclass, replace
from functools import partial
from itertools import groupby, islice
from pathlib import Path
from typing import Any

import pyarrow as pa
from pebble import ProcessExpired

from connectors.base import Connector
from pipelines import storage, suppression
from pipelines.messages import Message
from pipelines.normalise import languages
from pipelines.normalise.parse import PageResult, origin_of, parse_page, reject_row
from pipelines.recipe import Recipe, ShardSettings
from pipelines.storage import pages
from pipelines.suppression import Tombstones
from pipelines.workers.pool import ShardExecutor, map_ordered, run_locally
from schemas.manifest import Manifest, Shard
from schemas.page import Page
from schemas.record import PAIR, RECORD, REJECT

VERSION = 19  # 19: sections that follow are counted; manuals lose no short lines, names in words are authors
DEADLINE = 5.0  # seconds for one page; a chunk that needs more is tried again page by page, so chunks are small
MEMORY = 1 << 29  # bytes of address space per worker; what it imports takes as much again
CHUNK_PAGES = 8
CHUNK_BYTES = 1 << 18
SITE_PAGES = 50  # pages of a source that tell its language
REST = {"pairs": PAIR, "rejects": REJECT}  # tables of which each shard of pages has one shard
# level of a reject → the counter of the manifest, followed by `:<reason>`
REJECT_COUNTERS = {"page": "rejected", "document": "rejected_document", "part": "rejected_part"}


class ConservationError(Exception):
    """A page or document was neither used nor rejected. This is a defect of the program, never of the input."""


@dataclass(frozen=True)
class Chunk:
    """Some pages of the shard with the number `shard`, in order, and what must not come back of them.

    `site_language` is what most pages of the source are in, "" where that is unknown.
    """

    shard: int
    pages: tuple[Page, ...]
    tombstones: Tombstones = suppression.NO_TOMBSTONES
    site_language: str = ""


def run(recipe: Recipe, source: str, data: Path, workers: int = 1, executor: ShardExecutor = run_locally) -> Manifest:
    """Make the records of `source` from its current pages. Returns the manifest; nothing is made when nothing changed.

    `workers` is a number of processes. The shards depend neither on it nor on `executor`.

    Raises: RecipeError for an unknown source. ConservationError when a page or document was lost. FileNotFoundError
    when something else removes the manifest.
    """
    connector = recipe.source(source)
    current = pages.current_pages(data, source)
    folder = storage.folder(data, "normalise", source)
    identity: dict[str, Any] = {
        "stage": "normalise",
        "name": source,
        "version": VERSION,
        "params": parse_settings(connector) | _shard_settings(recipe.shards),
        "inputs": {"pages": current.fingerprint},
    }
    finished = storage.finished(folder, **identity)
    if finished:
        return finished
    with storage.building(folder, **identity) as building:
        tombstones = suppression.load(data).for_pages
        shards = enumerate(current.shards)
        missing = [(number, shard) for number, shard in shards if not building.has(_last_shard(number))]
        first_pages = islice((page for shard in current.shards for page in shard.read()), SITE_PAGES)
        language = languages.site_language(page.body for page in first_pages)
        write = partial(_write_shards, connector, building.folder, tombstones, language, recipe.shards)
        for shard, counts in executor(write, missing, workers):
            building.add(shard, counts)
        check_conservation(building.counts)
    manifest = storage.read_manifest(folder)
    if manifest is None:
        raise FileNotFoundError(
            Message("{folder}: the manifest just written is gone; something else writes there", folder=folder)
        )
    return manifest


def parse_settings(connector: Connector) -> dict[str, Any]:
    """The settings of a connector that its `parse` may depend on: all but its name and the paths of this machine."""
    values = {name: getattr(connector, name) for name in type(connector).model_fields}  # type: ignore[attr-defined]
    return {name: value for name, value in values.items() if name != "name" and not _holds_path(value)}


def _shard_settings(shards: ShardSettings) -> dict[str, Any]:
    """What decides the sizes of shards, where it is not the default: a recipe that says nothing keeps its key."""
    return {} if shards == ShardSettings() else {"shards": shards.model_dump()}


def _holds_path(value: Any) -> bool:
    return isinstance(value, Path) or (isinstance(value, tuple) and any(isinstance(one, Path) for one in value))


def _write_shards(
    connector: Connector,
    folder: Path,
    tombstones: Tombstones,
    site_language: str,
    size: ShardSettings,
    numbered: Sequence[tuple[int, pages.CurrentShard]],
    workers: int,
) -> Iterator[tuple[Shard, Counter[str]]]:
    """Write the shards of records for some shards of pages, each with its number. Yields each with its counts."""
    chunks = (
        Chunk(number, part, tombstones, site_language)
        for number, shard in numbered
        for part in _chunks(_unsuppressed(shard, tombstones))
    )
    results = _parse(connector, chunks, workers)
    for number, of_shard in groupby(results, key=lambda result: result[0]):
        yield from _write_tables(folder, number, size, (result for _, chunk in of_shard for result in chunk))


def _last_shard(number: int) -> str:
    """The shard that is written last for a shard of pages, and shows that the others are there."""
    return f"rejects-{number:05}.parquet"


def _unsuppressed(shard: pages.CurrentShard, tombstones: Tombstones) -> Iterator[Page]:
    return (page for page in shard.read() if not tombstones.has_url(page.url))


def _chunks(shard_pages: Iterable[Page]) -> Iterator[tuple[Page, ...]]:
    """The pages of a shard in small groups.

    The last group is empty, so that a shard without pages has shards of records too.
    """
    chunk: list[Page] = []
    size = 0
    for page in shard_pages:
        chunk.append(page)
        size += len(page.body)
        if len(chunk) == CHUNK_PAGES or size >= CHUNK_BYTES:
            yield tuple(chunk)
            chunk, size = [], 0
    if chunk:
        yield tuple(chunk)
    yield ()


def _parse(connector: Connector, chunks: Iterable[Chunk], workers: int) -> Iterator[tuple[int, list[PageResult]]]:
    """The shard's number and the results of its pages, in the order of the pages.

    A page that kills a worker is a reject.
    """
    work = ((connector, chunk) for chunk in chunks)
    for (_, chunk), result in map_ordered(parse_chunk, work, workers=workers, deadline=DEADLINE, memory=MEMORY):
        if isinstance(result, BaseException):
            yield chunk.shard, list(_parse_one_by_one(connector, chunk))
        else:
            yield chunk.shard, result


def parse_chunk(work: tuple[Connector, Chunk]) -> list[PageResult]:
    """One result for each page of a chunk. This is what a worker runs."""
    connector, chunk = work
    return [parse_page(connector, page, chunk.tombstones, chunk.site_language) for page in chunk.pages]


def _parse_one_by_one(connector: Connector, chunk: Chunk) -> Iterator[PageResult]:
    """Each page in a worker by itself, after one of them has failed: only that one becomes a reject."""
    work = ((connector, replace(chunk, pages=(page,))) for page in chunk.pages)
    for (_, single), result in map_ordered(parse_chunk, work, workers=1, deadline=DEADLINE, memory=MEMORY):
        if isinstance(result, BaseException):
            yield _failed_page(connector, single.pages[0], result)
        else:
            yield from result


def _failed_page(connector: Connector, page: Page, error: BaseException) -> PageResult:
    """A page that could not be parsed, as a reject. It names the error's type only: the message may quote the page."""
    if isinstance(error, DeadlineError):
        reason = "parse_timeout"
    elif isinstance(error, MemoryError):
        reason = "out_of_memory"
    else:
        reason = "parse_crashed"
    detail = "" if isinstance(error, DeadlineError | MemoryError | ProcessExpired) else type(error).__name__
    return PageResult(rejects=[reject_row(origin_of(connector, page), page.key, "page", reason, detail)])


def _write_tables(
    folder: Path, number: int, size: ShardSettings, results: Iterable[PageResult]
) -> Iterator[tuple[Shard, Counter[str]]]:
    """Write the shards of one shard of pages: records as they come, then pairs, then rejects.

    The counts go with the last one, which shows that all are there.
    """
    counts: Counter[str] = Counter()
    rest: dict[str, list[pa.RecordBatch]] = {table: [] for table in REST}
    for part, batches in enumerate(_parts(_records(results, counts, rest), size)):
        name = f"records-{number:05}-{part:05}.parquet"
        yield storage.write_table(folder / name, batches, RECORD), Counter()
    yield storage.write_table(folder / f"pairs-{number:05}.parquet", rest["pairs"], PAIR), Counter()
    yield storage.write_table(folder / _last_shard(number), rest["rejects"], REJECT), counts


def _records(
    results: Iterable[PageResult], counts: Counter[str], rest: dict[str, list[pa.RecordBatch]]
) -> Iterator[pa.RecordBatch]:
    """The records of each page; on the way all is counted, and the other rows are gathered in `rest`."""
    for result in results:
        counts.update(_count(result))
        for table, batches in rest.items():
            if rows := getattr(result, table):
                batches.append(pa.RecordBatch.from_pylist(rows, REST[table]))
        if result.records:
            yield pa.RecordBatch.from_pylist(result.records, RECORD)


def _parts(batches: Iterable[pa.RecordBatch], size: ShardSettings) -> Iterator[list[pa.RecordBatch]]:
    """The batches of each shard; where there are none, of one shard without rows. A page's records stay together."""
    part: list[pa.RecordBatch] = []
    rows = held = parts = 0
    for batch in batches:
        part.append(batch)
        rows, held = rows + batch.num_rows, held + batch.nbytes
        if rows >= size.rows or held >= size.megabytes << 20:
            yield part
            part, rows, held, parts = [], 0, 0, parts + 1
    if part or not parts:
        yield part


def _count(result: PageResult) -> Counter[str]:
    counts = Counter(
        pages=1,
        pages_used=int(result.documents_used > 0),
        documents=result.documents,
        documents_used=result.documents_used,
        posts=result.posts,
        records=len(result.records),
        pairs=len(result.pairs),
    )
    for row in result.rejects:
        if row["level"] in REJECT_COUNTERS:
            counts[f"{REJECT_COUNTERS[row['level']]}:{row['reason']}"] += 1
        if row["level"] == "column":
            counts[f"{row['reason']}:{row['key']}"] += 1
    counts.update({f"holes:{kind}": count for kind, count in result.holes.items()})
    return counts


def check_conservation(counts: Counter[str]) -> None:
    """Check that every page and document was used or rejected with a reason. `counts` are those of a manifest.

    Raises: ConservationError with the numbers.
    """
    for what, rejected in (("pages", REJECT_COUNTERS["page"]), ("documents", REJECT_COUNTERS["document"])):
        lost = sum(count for name, count in counts.items() if name.startswith(f"{rejected}:"))
        if counts[what] != counts[f"{what}_used"] + lost:
            raise ConservationError(f"{counts[what]} {what} in, {counts[f'{what}_used']} used, {lost} rejected")
