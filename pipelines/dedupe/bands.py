"""Locality-sensitive hashing: a signature is cut into bands, and who shares a band's hash shares a bucket.

Leskovec, Rajaraman, Ullman, Mining of Massive Datasets, 3.4. Of all bands as many are in memory as there are workers.
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

from pipelines.dedupe.components import Rows

PLACES = 128  # of a signature
MISS = 1e-4  # chance that a pair exactly at the threshold shares no bucket
UNLUCKY = 1e-6  # chance that such a pair agrees in fewer places than `least_agreeing`
CHUNK = 1 << 13  # bucket members whose signatures and shingles are looked at at once
WINDOW = 128  # a member is compared with the first of its bucket and as many before it: larger buckets are stars


@dataclass(frozen=True)
class Bands:
    count: int
    rows: int


class Signed(NamedTuple):
    """Some rows, the lowest byte of each of the PLACES of their signatures, and the hashes of each of their bands.

    The bytes of unlike places are equal once in 256 times, which rules out hardly fewer pairs, and no true one.
    """

    rows: Rows
    bytes: NDArray[np.uint8]
    hashes: NDArray[np.uint64]


class Buckets(NamedTuple):
    """Bucket b is members[starts[b]:starts[b + 1]], in the order of record_id."""

    members: Rows
    starts: Rows


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


def sign(rows: Rows, signatures: NDArray[np.uint32], bands: Bands) -> Signed:
    return Signed(rows, signatures.astype(np.uint8), _hashes(signatures, bands.count, bands.rows))


def spill(parts: Iterable[Signed], scratch: Path, bands: Bands) -> Rows:
    """Write bytes, and each band's hashes, to files in `scratch`; return the rows in that order."""
    rows = [np.empty(0, np.int64)]
    with ExitStack() as stack:
        names = ["bytes", *(f"band-{band}" for band in range(bands.count))]
        files = [stack.enter_context((scratch / name).open("wb")) for name in names]
        for part in parts:
            rows.append(part.rows)
            for values, file in zip([part.bytes, *part.hashes], files, strict=True):
                file.write(values.data)
    return np.concatenate(rows)


def pick(scratch: Path, bands: Bands, places: Rows, workers: int) -> NDArray[np.uint8]:
    """Of what `spill` has written return the bytes at `places`, in this order, and keep each band's buckets of them."""
    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(lambda band: _group(scratch, band, places), range(bands.count)))
    order, out = np.argsort(places), np.empty((places.size, PLACES), np.uint8)
    ascending = places[order]
    with (scratch / "bytes").open("rb") as file:
        for start in range(0, int(ascending[-1]) + 1 if places.size else 0, CHUNK):
            block = np.fromfile(file, np.uint8, CHUNK * PLACES).reshape(-1, PLACES)
            here = slice(*np.searchsorted(ascending, (start, start + CHUNK)))
            out[order[here]] = block[ascending[here] - start]
    return out


def _group(scratch: Path, band: int, places: Rows) -> None:
    path = scratch / f"band-{band}"
    members, starts = grouped(np.fromfile(path, np.uint64)[places])
    members.tofile(path)
    starts.tofile(scratch / f"starts-{band}")


@njit(cache=True, nogil=True)
def _hashes(signatures: NDArray[np.uint32], count: int, rows: int) -> NDArray[np.uint64]:
    """uint64[band, signature]: multiply and fold, as splitmix64 does."""
    out = np.empty((count, len(signatures)), np.uint64)
    for at in range(len(signatures)):
        for band in range(count):
            mixed = np.uint64(0x9E3779B97F4A7C15)
            for k in range(band * rows, (band + 1) * rows):
                mixed = (mixed ^ np.uint64(signatures[at, k])) * np.uint64(0xBF58476D1CE4E5B9)
                mixed ^= mixed >> np.uint64(29)
            out[band, at] = mixed
    return out


def sharing(scratch: Path, bands: Bands, count: int, workers: int) -> NDArray[np.bool_]:
    """Which of the `count` places written share a bucket with another."""
    found = np.zeros(count, np.bool_)
    with ThreadPoolExecutor(workers) as pool:
        for places in pool.map(lambda band: _sharing(scratch / f"band-{band}"), range(bands.count)):
            found[places] = True
    return found


def _sharing(band: Path) -> Rows:
    hashes = np.fromfile(band, np.uint64)
    likely = np.flatnonzero(_crowded(hashes, 8 << hashes.size.bit_length()))
    order = likely[np.argsort(hashes[likely])]
    same = np.diff(hashes[order]) == 0
    return np.concatenate([order[1:][same], order[:-1][same]])


@njit(cache=True, nogil=True)
def _crowded(hashes: NDArray[np.uint64], slots: int) -> NDArray[np.bool_]:
    """Which hashes fall into a slot with others: all that are equal to another, and a few more. Saves most sorting."""
    taken = np.zeros(slots, np.uint8)
    for value in hashes:
        slot = value & np.uint64(slots - 1)
        taken[slot] = min(taken[slot] + 1, 2)
    crowded = np.empty(len(hashes), np.bool_)
    for at, value in enumerate(hashes):
        crowded[at] = taken[value & np.uint64(slots - 1)] > 1
    return crowded


def buckets(scratch: Path, bands: Bands, components: Callable[[], Rows]) -> Iterator[Buckets]:
    """Band by band those buckets that hold members of different `components`, as these are by then, some at a time.

    A member m is the m-th of those picked.
    """
    for band in range(bands.count):
        members, starts = (np.fromfile(scratch / f"{name}-{band}", np.int64) for name in ("band", "starts"))
        yield from cut(Buckets(members, starts), components())


def grouped(hashes: NDArray[np.uint64]) -> Buckets:
    """Buckets of equal hashes, of two members and more."""
    order = np.argsort(hashes, kind="stable")
    ends = np.flatnonzero(np.append(np.diff(hashes[order]) != 0, True)[: order.size]) + 1
    starts = np.append(0, ends[:-1])[: ends.size]
    shared = ends - starts > 1
    return _gather(order, starts[shared], ends[shared])


def cut(buckets: Buckets, component: Rows) -> Iterator[Buckets]:
    """The buckets of more than one component, about CHUNK members at a time."""
    members, starts, ends = buckets.members, buckets.starts[:-1], buckets.starts[1:]
    if not members.size:
        return
    alone = np.minimum.reduceat(component[members], starts) == np.maximum.reduceat(component[members], starts)
    starts, ends = starts[~alone], ends[~alone]
    large = ends - starts > CHUNK
    for start, end in zip(starts[large], ends[large], strict=True):
        yield from _pieces(members[start:end])
    starts, ends = starts[~large], ends[~large]
    while starts.size:
        take = max(1, int(np.searchsorted(np.cumsum(ends - starts), CHUNK, side="right")))
        yield _gather(members, starts[:take], ends[:take])
        starts, ends = starts[take:], ends[take:]


def _pieces(members: Rows) -> Iterator[Buckets]:
    """A bucket too large for a chunk goes in pieces; each repeats its first member and the WINDOW before the piece."""
    for at in range(0, members.size, CHUNK):
        piece = np.append(members[:1], members[max(1, at - WINDOW) : at + CHUNK])
        yield Buckets(piece, np.array([0, piece.size]))


def _gather(order: Rows, starts: Rows, ends: Rows) -> Buckets:
    sizes = ends - starts
    offsets = np.append(0, np.cumsum(sizes))
    places = np.arange(offsets[-1]) + np.repeat(starts - offsets[:-1], sizes)
    return Buckets(order[places], offsets)
