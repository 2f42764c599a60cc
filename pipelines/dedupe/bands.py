"""Locality-sensitive hashing: a signature is cut into bands; records with an equal band hash share a bucket.

Source: Leskovec, Rajaraman, Ullman, Mining of Massive Datasets, 3.4. Two records that share a bucket are a candidate
pair. Band hashes lie in a scratch folder, one file per band; as many bands are in memory as there are workers.
"""

import math
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from pipelines.dedupe import scratch_files
from pipelines.dedupe.union_find import Indices
from pipelines.signals.minhash import PERMUTATIONS

MAX_MISSED = 1e-4  # probability that a pair exactly at the threshold shares no bucket
MAX_REJECTED = 1e-6  # probability that such a pair has fewer equal values than `min_equal_values`
CHUNK = 1 << 13  # bucket members that are compared at a time
WINDOW = 128  # a member is compared with the first of its bucket and so many before it: a hot bucket becomes a star


@dataclass(frozen=True)
class Bands:
    """`count` bands of `rows` signature values each."""

    count: int
    rows: int


class SignatureBatch(NamedTuple):
    """Some rows, the lowest byte of every value of their signatures, and the hash of every band.

    rows: int64[n], low_bytes: uint8[n, PERMUTATIONS], band_hashes: uint64[bands, n]. Bytes of different values are
    equal once in 256 times; so they reject slightly fewer pairs than whole values, and never a true pair.
    """

    rows: Indices
    low_bytes: NDArray[np.uint8]
    band_hashes: NDArray[np.uint64]


class Buckets(NamedTuple):
    """Bucket b is members[starts[b]:starts[b + 1]], in the order of record_id."""

    members: Indices
    starts: Indices


def choose_bands(threshold: float) -> Bands:
    """Return the most selective bands that miss a pair at `threshold` (Jaccard) with at most MAX_MISSED.

    For 0.8 these are 25 bands of 5 rows.
    """
    fits = [rows for rows in range(1, 17) if (1 - threshold**rows) ** (PERMUTATIONS // rows) <= MAX_MISSED]
    rows = max(fits, default=1)
    return Bands(PERMUTATIONS // rows, rows)


def min_equal_values(threshold: float) -> int:
    """Return how many signature values of a pair at `threshold` are equal at least, but for MAX_REJECTED.

    Each value is equal with a probability of the Jaccard similarity, so the count has a binomial distribution.
    """
    rejected = 0.0
    for count in range(PERMUTATIONS + 1):
        rejected += math.comb(PERMUTATIONS, count) * threshold**count * (1 - threshold) ** (PERMUTATIONS - count)
        if rejected > MAX_REJECTED:
            return count
    return PERMUTATIONS


def hash_bands(rows: Indices, signatures: NDArray[np.uint32], bands: Bands) -> SignatureBatch:
    """Return the low bytes and band hashes of `signatures`, uint32[n, PERMUTATIONS], which belong to `rows`."""
    return SignatureBatch(rows, signatures.astype(np.uint8), _band_hashes(signatures, bands.count, bands.rows))


def write_signatures(batches: Iterable[SignatureBatch], scratch: Path, bands: Bands) -> Indices:
    """Write low bytes and band hashes to one file each in `scratch`; return the rows in the order of the files."""
    rows = [np.empty(0, np.int64)]
    with ExitStack() as stack:
        names = ["bytes", *(f"band-{band}" for band in range(bands.count))]
        files = [stack.enter_context(scratch_files.create(scratch / name)) for name in names]
        for batch in batches:
            rows.append(batch.rows)
            for values, file in zip([batch.low_bytes, *batch.band_hashes], files, strict=True):
                scratch_files.append(file, values)
    return np.concatenate(rows)


def find_candidates(scratch: Path, bands: Bands, count: int, workers: int) -> NDArray[np.bool_]:
    """Return bool[count]: which positions in the files of `write_signatures` share a bucket with another."""
    found = np.zeros(count, np.bool_)
    with ThreadPoolExecutor(workers) as pool:
        for positions in pool.map(lambda band: _sharing_a_bucket(scratch / f"band-{band}"), range(bands.count)):
            found[positions] = True
    return found


def write_buckets(scratch: Path, bands: Bands, positions: Indices, workers: int) -> NDArray[np.uint8]:
    """Replace the band hashes in `scratch` by the buckets of the candidates at `positions`, numbered in that order.

    Returns the low bytes of the candidates, uint8[positions, PERMUTATIONS].
    """
    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(lambda band: _write_buckets_of(scratch, band, positions), range(bands.count)))
    order, out = np.argsort(positions), np.empty((positions.size, PERMUTATIONS), np.uint8)
    ascending = positions[order]
    with (scratch / "bytes").open("rb") as file:
        for start in range(0, int(ascending[-1]) + 1 if positions.size else 0, CHUNK):
            block = np.frombuffer(file.read(CHUNK * PERMUTATIONS), np.uint8).reshape(-1, PERMUTATIONS)
            span = slice(*np.searchsorted(ascending, (start, start + CHUNK)))
            out[order[span]] = block[ascending[span] - start]
    return out


def read_buckets(scratch: Path, bands: Bands, labels: Callable[[], Indices]) -> Iterator[Buckets]:
    """Yield the buckets of `write_buckets`, band by band, about CHUNK members at a time.

    `labels` is asked before each band for the component label of every candidate, int64[candidates]. A bucket whose
    members are all in one component is left out.
    """
    for band in range(bands.count):
        members, starts = (scratch_files.read(scratch / f"{name}-{band}", np.int64) for name in ("band", "starts"))
        yield from split_buckets(Buckets(members, starts), labels())


def group_by_hash(hashes: NDArray[np.uint64]) -> Buckets:
    """Return the buckets of equal hashes that have two members or more; a member is an index into `hashes`."""
    order = np.argsort(hashes, kind="stable")
    ends = np.flatnonzero(np.append(np.diff(hashes[order]) != 0, True)[: order.size]) + 1
    starts = np.append(0, ends[:-1])[: ends.size]
    shared = ends - starts > 1
    return _take_ranges(order, starts[shared], ends[shared])


def split_buckets(buckets: Buckets, labels: Indices) -> Iterator[Buckets]:
    """Yield the buckets that hold members of more than one component, about CHUNK members at a time.

    `labels` is the component label of each member number, int64[members].
    """
    members, starts, ends = buckets.members, buckets.starts[:-1], buckets.starts[1:]
    if not members.size:
        return
    joined = np.minimum.reduceat(labels[members], starts) == np.maximum.reduceat(labels[members], starts)
    starts, ends = starts[~joined], ends[~joined]
    hot = ends - starts > CHUNK
    for start, end in zip(starts[hot], ends[hot], strict=True):
        yield from _split_hot_bucket(members[start:end])
    starts, ends = starts[~hot], ends[~hot]
    while starts.size:
        take = max(1, int(np.searchsorted(np.cumsum(ends - starts), CHUNK, side="right")))
        yield _take_ranges(members, starts[:take], ends[:take])
        starts, ends = starts[take:], ends[take:]


def _split_hot_bucket(members: Indices) -> Iterator[Buckets]:
    """Yield a bucket larger than CHUNK in pieces; each repeats the first member and the WINDOW before the piece."""
    for at in range(0, members.size, CHUNK):
        piece = np.append(members[:1], members[max(1, at - WINDOW) : at + CHUNK])
        yield Buckets(piece, np.array([0, piece.size]))


def _take_ranges(order: Indices, starts: Indices, ends: Indices) -> Buckets:
    sizes = ends - starts
    offsets = np.append(0, np.cumsum(sizes))
    positions = np.arange(offsets[-1]) + np.repeat(starts - offsets[:-1], sizes)
    return Buckets(order[positions], offsets)


def _write_buckets_of(scratch: Path, band: int, positions: Indices) -> None:
    path = scratch / f"band-{band}"
    members, starts = group_by_hash(scratch_files.read(path, np.uint64)[positions])
    scratch_files.write(path, members)
    scratch_files.write(scratch / f"starts-{band}", starts)


def _sharing_a_bucket(path: Path) -> Indices:
    hashes = scratch_files.read(path, np.uint64)
    likely = np.flatnonzero(_may_be_shared(hashes, 8 << hashes.size.bit_length()))
    order = likely[np.argsort(hashes[likely])]
    equal = np.diff(hashes[order]) == 0
    return np.concatenate([order[1:][equal], order[:-1][equal]])


@njit(cache=True, nogil=True)
def _band_hashes(signatures: NDArray[np.uint32], count: int, rows: int) -> NDArray[np.uint64]:
    """Return uint64[bands, signatures], by the multiply and fold of splitmix64."""
    out = np.empty((count, len(signatures)), np.uint64)
    for at in range(len(signatures)):
        for band in range(count):
            value = np.uint64(0x9E3779B97F4A7C15)
            for k in range(band * rows, (band + 1) * rows):
                value = (value ^ np.uint64(signatures[at, k])) * np.uint64(0xBF58476D1CE4E5B9)
                value ^= value >> np.uint64(29)
            out[band, at] = value
    return out


@njit(cache=True, nogil=True)
def _may_be_shared(hashes: NDArray[np.uint64], slots: int) -> NDArray[np.bool_]:
    """Return bool[hashes]: true for every hash that is equal to another, and for a few more. It saves most sorting.

    Hashes are counted in `slots` slots, a power of two; a slot with two or more is shared.
    """
    counts = np.zeros(slots, np.uint8)
    for value in hashes:
        slot = value & np.uint64(slots - 1)
        counts[slot] = min(counts[slot] + 1, 2)
    shared = np.empty(len(hashes), np.bool_)
    for at, value in enumerate(hashes):
        shared[at] = counts[value & np.uint64(slots - 1)] > 1
    return shared
