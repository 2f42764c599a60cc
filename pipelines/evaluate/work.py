"""What an evaluation is made of: rows or prompts of one test, a few at a time, and what measures them."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, partial
from hashlib import sha256
from heapq import nsmallest
from itertools import groupby
from typing import Any

from pipelines import storage
from pipelines.evaluate import compared, measuring, parts
from pipelines.evaluate.compared import Candidate, Compared
from pipelines.evaluate.measuring import Loaded
from pipelines.evaluate.written import Prompt
from pipelines.finetune import TEST, Snapshot
from pipelines.recipe import FinetuneSettings
from pipelines.storage import filesystem, integrity
from pipelines.workers.progress import track
from schemas.verdict import PUBLISHED_PAIR

CHUNK = 16  # records or pairs of a part
BATCH = 8  # prompts that are answered together
Row = dict[str, Any]


@dataclass(frozen=True)
class Work:
    """A part of one test."""

    test: str
    number: int
    of: Sequence[Any]
    measure: Callable[[Loaded, Sequence[Any]], list[Row]]


def losses(snapshot: Snapshot, without: set[str], records: int) -> Iterator[Work]:
    """Rows of the split `test`, at most `records`, those of the smallest hashes; none whose id is in `without`."""
    held_out = (row for row in snapshot.rows(TEST) if row["record_id"] not in without)
    yield from _chunks("loss", sample(held_out, "record_id", records), CHUNK, measuring.losses)


def pairs(snapshot: Snapshot, records: int) -> Iterator[Work]:
    """Pairs of the split `test`, at most `records`."""
    yield from _chunks("pair", sample(_held_out_pairs(snapshot), "pair_id", records), CHUNK, measuring.pairs)


def _held_out_pairs(snapshot: Snapshot) -> Iterator[Row]:
    for path, shard in storage.tables(snapshot.folder, snapshot.manifest, "pairs"):
        integrity.check([(path, shard)])
        for batch in filesystem.open_parquet(path).iter_batches(1_000, columns=PUBLISHED_PAIR.names):
            yield from (row for row in batch.to_pylist() if row["split"] == TEST)


def prompts(asked: Iterable[Prompt]) -> Iterator[Work]:
    """The prompts of each test, in their order."""
    for test, of_test in groupby(asked, lambda one: one.test):
        yield from _chunks(test, list(of_test), BATCH, measuring.prompts)


def sample(rows: Iterable[Row], key: str, count: int) -> list[Row]:
    """By the hash of the id: spread over pages, and the same ones each time."""
    return nsmallest(count, rows, key=lambda row: sha256(row[key].encode()).digest())


def _chunks(
    test: str, rows: Sequence[Any], size: int, measure: Callable[[Loaded, Sequence[Any]], list[Row]]
) -> Iterator[Work]:
    for number, start in enumerate(range(0, len(rows), size)):
        yield Work(test, number, rows[start : start + size], measure)


def measured(found: Compared, works: Sequence[Work], builder: storage.FolderBuilder) -> Iterator[Row]:
    """The rows of every model. What an interrupted run has measured is not measured again."""
    for candidate in found.candidates():
        yield from of_one(candidate, found.settings, works, builder)


def of_one(
    candidate: Candidate, settings: FinetuneSettings, works: Sequence[Work], builder: storage.FolderBuilder
) -> Iterator[Row]:
    """The rows of one model, which is loaded when the first part has to be measured."""
    model = cache(lambda: compared.loaded(candidate, settings))
    for work in track(works, f"evaluate: {candidate.name}", len(works)):
        told = {"test": work.test, "model": candidate.name}
        make = partial(_measure, work, model)
        for row in parts.done(builder, f"{work.test}-{candidate.name}-{work.number:05d}", make):
            yield told | row


def _measure(work: Work, model: Callable[[], Loaded]) -> list[Row]:
    return work.measure(model(), work.of)
