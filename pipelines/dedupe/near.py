"""Near duplicates: bands of the signatures tell who shares a bucket, and who does is compared for certain."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from pipelines.dedupe import bands, evidence, sql
from pipelines.dedupe.components import Rows
from pipelines.dedupe.verify import Bars, Edges, Members, join_near
from pipelines.progress import track
from pipelines.recipe import DedupeSettings
from pipelines.signals.minhash import key_text, signatures

BATCH = 8_192  # rows that come out of DuckDB at a time


@dataclass(frozen=True)
class Work:
    """What a search works with: the tables of sql.py, a folder to spill to, the shards of records, processor cores."""

    con: duckdb.DuckDBPyConnection
    scratch: Path
    records: tuple[Path, ...]
    workers: int


def near_duplicates(work: Work, settings: DedupeSettings, rank: Rows, parent: Rows) -> Edges:
    """Join near duplicates in `parent`, whose rows are ranks; rank[n] is that of row n through all shards."""
    choice = bands.choose(settings.threshold)
    written = bands.spill(_signed(work.con, settings.key), work.scratch, choice)
    places = np.flatnonzero(bands.sharing(work.scratch, choice, written.size))
    places = places[np.argsort(rank[written[places]])]
    numbers = written[places]
    kept = evidence.gather(work.records, np.sort(numbers), settings.key, work.scratch / "shingles", work.workers)
    candidate = np.searchsorted(np.sort(numbers), numbers)
    bars = Bars(settings.threshold, bands.least_agreeing(settings.threshold))
    found = [Edges(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.float32))]
    for members, starts in track(bands.buckets(work.scratch, choice, places, rank[numbers], parent), "dedupe"):
        # mapped anew each time, so that pages already used do not count as memory
        signed = np.memmap(work.scratch / "signatures", np.uint32, "r", shape=(written.size, bands.PLACES))
        known = Members(rank[numbers[members]], signed[places[members]], kept.of(candidate[members]))
        found.append(join_near(parent, starts, known, bars))
    return Edges(*(np.concatenate(column) for column in zip(*found, strict=True)))


def _signed(con: duckdb.DuckDBPyConnection, key: str) -> Iterator[tuple[pa.Array, NDArray[np.uint32]]]:
    """Row numbers and signatures: of whole pairs as annotate left them, of parts made here."""
    if key == "pair":
        for batch in con.sql(sql.SIGNATURES).to_arrow_reader(BATCH):
            yield batch["n"], batch["pair_minhash"].flatten().to_numpy().reshape(-1, bands.PLACES)
        return
    for batch in con.sql(sql.TEXTS).to_arrow_reader(BATCH):
        made, valid = signatures(key_text(pa.Table.from_batches([batch]), key))
        yield pc.filter(batch["n"], pa.array(valid)), made[valid]
