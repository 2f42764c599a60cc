"""Locality-sensitive hashing: a signature is cut into bands, and who shares a band's hash shares a bucket.

Leskovec, Rajaraman, Ullman, Mining of Massive Datasets, 3.4. One band is in memory at a time: 16 bytes per record.
"""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipelines.dedupe.components import Rows, join_buckets, labels

PLACES = 128  # of a signature
MISS = 1e-4  # chance that a pair exactly at the threshold shares no bucket
UNLUCKY = 1e-6  # chance that such a pair agrees in fewer places than `least_agreeing`
CHUNK = 1 << 16  # bucket members whose signatures are in memory at once: 32 MB


@dataclass(frozen=True)
class Bands:
    count: int
    rows: int


def choose(threshold: float) -> Bands:
    """The most selective bands that miss a pair at `threshold` with probability at most MISS (0.8: 25 of 5)."""
    fits = [rows for rows in range(1, 17) if (1 - threshold**rows) ** (PLACES // rows) <= MISS]
    rows = max(fits, default=1)
    return Bands(PLACES // rows, rows)


def least_agreeing(threshold: float) -> int:
    """Places in which signatures of sets at `threshold` agree, but for UNLUCKY: each place agrees with P = Jaccard."""
    unlucky = 0.0
    for places in range(PLACES + 1):
        unlucky += math.comb(PLACES, places) * threshold**places * (1 - threshold) ** (PLACES - places)
        if unlucky > UNLUCKY:
            return places
    return PLACES


def spill(batches: Iterable[pa.RecordBatch], scratch: Path, bands: Bands) -> Rows:
    """Write the signatures, and each band's hashes, to files in `scratch`; return the row numbers in that order.

    Batches have columns n (int64) and pair_minhash (list<uint32>[128], not null).
    """
    rows = [np.empty(0, np.int64)]
    paths = [scratch / f"band-{band}" for band in range(bands.count)]
    files = [path.open("wb") for path in [scratch / "signatures", *paths]]
    for batch in batches:
        rows.append(batch["n"].to_numpy())
        signatures = batch["pair_minhash"].flatten().to_numpy().reshape(-1, PLACES)
        files[0].write(signatures.astype(np.uint32, copy=False).tobytes())
        for band, file in enumerate(files[1:]):
            file.write(_hashes(signatures[:, band * bands.rows : (band + 1) * bands.rows]).tobytes())
    for file in files:
        file.close()
    return np.concatenate(rows)


def _hashes(columns: NDArray[np.uint32]) -> NDArray[np.uint64]:
    """One 64-bit hash per row: multiply and fold, as splitmix64 does."""
    mixed = np.full(len(columns), 0x9E3779B97F4A7C15, np.uint64)
    for column in columns.T:
        mixed = (mixed ^ column) * np.uint64(0xBF58476D1CE4E5B9)
        mixed ^= mixed >> np.uint64(29)
    return mixed


def join_candidates(parent: Rows, rows: Rows, scratch: Path, bands: Bands, threshold: float) -> None:
    """Join in `parent` every two rows that share a bucket and whose signatures do not rule out `threshold`."""
    if not rows.size:
        return
    least = least_agreeing(threshold)
    for band in range(bands.count):
        hashes = np.fromfile(scratch / f"band-{band}", np.uint64)
        for members, starts in _buckets(hashes, labels(parent)[rows]):
            # mapped anew each time, so that pages already used do not count as memory
            signatures = np.memmap(scratch / "signatures", np.uint32, "r", shape=(rows.size, PLACES))[members]
            join_buckets(parent, rows[members], starts, signatures, least)


def _buckets(hashes: NDArray[np.uint64], component: Rows) -> Iterator[tuple[Rows, Rows]]:
    """Chunks of (members, starts) over the buckets that could still join something."""
    order = np.argsort(hashes, kind="stable")
    ends = np.flatnonzero(np.append(np.diff(hashes[order]) != 0, True)) + 1
    starts = np.append(0, ends[:-1])
    alone = np.minimum.reduceat(component[order], starts) == np.maximum.reduceat(component[order], starts)
    starts, ends = starts[~alone], ends[~alone]
    while starts.size:
        take = max(1, int(np.searchsorted(np.cumsum(ends - starts), CHUNK, side="right")))
        yield _gather(order, starts[:take], ends[:take])
        starts, ends = starts[take:], ends[take:]


def _gather(order: Rows, starts: Rows, ends: Rows) -> tuple[Rows, Rows]:
    sizes = ends - starts
    offsets = np.append(0, np.cumsum(sizes))
    places = np.arange(offsets[-1]) + np.repeat(starts - offsets[:-1], sizes)
    return order[places], offsets
