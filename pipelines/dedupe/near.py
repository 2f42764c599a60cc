"""Near duplicates: bands of the signatures tell who shares a bucket, and who does is compared for certain.

sign      signatures and their bands' hashes, shard by shard → files of the scratch folder
share     who shares a bucket with another is a candidate: few are
plan      which candidates meet one who is like them by the signature, and were not compared before
read      the texts of these alone
compare   bucket by bucket, by true Jaccard or by what the last run found
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipelines.dedupe import bands, evidence, shards
from pipelines.dedupe.bands import Bands
from pipelines.dedupe.compared import Compared, gathered
from pipelines.dedupe.components import Rows, labels
from pipelines.dedupe.evidence import Evidence
from pipelines.dedupe.verify import Bars, Edges, Given, Members, join_near, mark_unknown
from pipelines.recipe import DedupeSettings
from pipelines.signals.exact import KEYS
from pipelines.signals.minhash import key_text, signatures
from pipelines.storage import filesystem
from pipelines.workers.progress import track

BATCH = 8_192  # rows that come out of DuckDB at a time


@dataclass(frozen=True)
class Work:
    """What a search works with: the tables of sql.py, a folder to spill to, the shards of records and of their signals
    (row by row the same), processor cores."""

    con: duckdb.DuckDBPyConnection
    scratch: Path
    records: tuple[Path, ...]
    signals: tuple[Path, ...]
    workers: int


@dataclass(frozen=True)
class Numbered:
    """Of row n through all shards: its rank by record_id, the first rank with an equal key, a hash of the key."""

    rank: Rows
    same_key: Rows
    hashed: NDArray[np.uint64]


@dataclass(frozen=True)
class Candidates:
    """Who shares a bucket, in the order of rank: row n, rank, hash of the key, bytes of the signature."""

    numbers: Rows
    rank: Rows
    hashed: NDArray[np.uint64]
    bytes: NDArray[np.uint8]

    def of(self, members: Rows) -> Members:
        return Members(members, self.rank[members], self.hashed[members], self.bytes[members])


def near_duplicates(
    work: Work, settings: DedupeSettings, rows: Numbered, parent: Rows, before: Compared
) -> tuple[Edges, Compared]:
    """Join near duplicates in `parent`, whose rows are ranks; what was compared, or is known from `before`."""
    choice = bands.choose(settings.threshold)
    bars = Bars(settings.threshold, bands.least_agreeing(settings.threshold))
    candidates = _candidates(work, choice, rows, settings.key)
    told = _told(work, candidates, _unknown(work, choice, candidates, before, bars), settings.key)
    found, compared = [Edges.none()], [Compared.none()]
    different = bands.buckets(work.scratch, choice, lambda: labels(parent)[candidates.rank])
    for members, starts in track(different, "dedupe"):
        given = Given(candidates.of(members), told.of(members), before, bars)
        edges, these = join_near(parent, starts, given)
        found.append(edges)
        compared.append(these)
    return Edges(*(np.concatenate(column) for column in zip(*found, strict=True))), gathered(compared)


def _candidates(work: Work, choice: Bands, rows: Numbered, key: str) -> Candidates:
    written = bands.spill(_signed(work, choice, rows, key), work.scratch, choice)
    places = np.flatnonzero(bands.sharing(work.scratch, choice, written.size, work.workers))
    places = places[np.argsort(rows.rank[written[places]])]
    numbers = written[places]
    picked = bands.pick(work.scratch, choice, places, work.workers)
    return Candidates(numbers, rows.rank[numbers], rows.hashed[numbers], picked)


def _unknown(work: Work, choice: Bands, candidates: Candidates, before: Compared, bars: Bars) -> Rows:
    """Those whose texts have to be read."""
    joined, unknown = np.arange(candidates.rank.size), np.zeros(candidates.rank.size, np.bool_)
    for members, starts in bands.buckets(work.scratch, choice, lambda: np.where(unknown, -1, labels(joined))):
        mark_unknown(joined, starts, candidates.of(members), before, bars, unknown)
    return np.flatnonzero(unknown)


def _told(work: Work, candidates: Candidates, wanted: Rows, key: str) -> Evidence:
    wanted = wanted[np.argsort(candidates.numbers[wanted])]
    told = evidence.gather(work.records, candidates.numbers[wanted], key, work.workers)
    return evidence.keep(told, wanted, candidates.numbers.size, work.scratch / "shingles")


def _signed(work: Work, choice: Bands, rows: Numbered, key: str) -> Iterator[bands.Signed]:
    """Signatures of whole pairs as annotate left them, of parts made here; one of equal keys stands for all."""
    paths = work.signals if key == "pair" else work.records
    stands = rows.rank == rows.same_key

    def read(shard: tuple[Path, int]) -> Iterator[bands.Signed]:
        path, first = shard
        columns = ["pair_minhash"] if key == "pair" else [*KEYS[key]]
        with filesystem.open_parquet(path) as file:
            for batch in file.iter_batches(shards.READ, columns=columns):
                numbers = np.arange(first, first + batch.num_rows)
                made, valid = _kept(batch) if key == "pair" else signatures(key_text(pa.table(batch), key))
                valid &= stands[numbers]
                yield bands.sign(numbers[valid], made[valid], choice)
                first += batch.num_rows

    yield from shards.in_order(read, zip(paths, shards.firsts(paths), strict=False), work.workers)


def _kept(batch: pa.RecordBatch) -> tuple[NDArray[np.uint32], NDArray[np.bool_]]:
    """Signatures out of their column, and where there is one."""
    column = batch.column(0).fill_null(b"\0" * 4 * bands.PLACES)
    made = np.frombuffer(column.buffers()[1], np.uint32)[column.offset * bands.PLACES :]
    return made.reshape(-1, bands.PLACES)[: len(column)], batch.column(0).is_valid().to_numpy(zero_copy_only=False)
