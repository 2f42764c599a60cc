"""Facility location (Wei, Iyer, Bilmes 2015 for choosing data): of n points, some so that each point has one near it.

Chosen greedily, which reaches 1 - 1/e of the best sum of similarities (Nemhauser 1978), and lazily (Minoux 1978). All
pairs of n points are too many: neighbours make a cell, and every cell gives its share. Similarities are products of
unit vectors rounded to eighths of bits (int8), whole numbers as are their sums: no rounding of a library's, no thread
and no processor changes which record is chosen.
"""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
from numba import njit

SCALE = 127
MAX_CELL = 2_048  # points at most: their similarities are 16 MB


def facility_location(points: np.ndarray, costs: np.ndarray, first: int, budget: int) -> tuple[np.ndarray, np.ndarray]:
    """bool[n], who is chosen; float[n], the cosine of each with the nearest chosen one in its cell, at least 0.

    Of `unit` points the first `first` are chosen as they are; then always the one that most others gain by, the earlier
    of two, as long as the sum of `costs` (int64[n], 1 and more) is within the budget; one that does not fit is passed
    over. Those of zeros come last, in their order. O(n (CELL + log n)).
    """
    chosen, cosine = np.arange(len(points)) < first, np.zeros(len(points))
    measured = points.any(axis=1)
    price = np.where(measured & ~chosen, costs, 0)
    left = max(0, budget - int(costs[:first].sum()))
    wanted, whole = min(left, int(price.sum())), max(1, int(price.sum()))
    seen = spent = 0
    for cell in _cells(points, np.flatnonzero(measured)):
        seen += int(price[cell].sum())
        similar = _similarities(points[cell])
        chosen[cell], nearest = _choose_greedily(similar, costs[cell], chosen[cell], seen * wanted // whole - spent)
        spent += int(price[cell][chosen[cell]].sum())
        cosine[cell] = np.minimum(nearest / SCALE**2, 1)
    last = np.flatnonzero(~measured & ~chosen)
    chosen[last[np.cumsum(costs[last]) <= left - spent]] = True
    return chosen, cosine


def quantise(vectors: pa.FixedSizeListArray) -> np.ndarray:
    """int8[n, d]; zeros where there is no vector."""
    width = vectors.type.list_size
    flat = np.asarray(vectors.fill_null([0.0] * width).flatten(), np.float64).reshape(-1, width)
    flat = np.nan_to_num(flat)
    length = np.sqrt((flat**2).sum(axis=1, keepdims=True))
    return np.rint(SCALE * flat / np.where(length > 0, length, 1)).astype(np.int8)


def _cells(points: np.ndarray, members: np.ndarray) -> Iterator[np.ndarray]:
    """Halves of halves, each cut in the middle between a point far from the centre and the one farthest from that."""
    if len(members) <= MAX_CELL:
        yield np.sort(members)
        return
    far = _farthest(points, members, points[members].sum(axis=0, dtype=np.int64))
    other = _farthest(points, members, points[far].astype(np.int64))
    order = np.argsort(_project(points, members, points[far].astype(np.int64) - points[other]), kind="stable")
    half = len(members) // 2
    yield from _cells(points, np.sort(members[order[:half]]))
    yield from _cells(points, np.sort(members[order[half:]]))


def _farthest(points: np.ndarray, members: np.ndarray, direction: np.ndarray) -> int:
    return int(members[np.argmin(_project(points, members, direction))])


@njit(cache=True, nogil=True)
def _project(points: np.ndarray, members: np.ndarray, direction: np.ndarray) -> np.ndarray:
    out = np.zeros(len(members), np.int64)
    for at in range(len(members)):
        for k in range(len(direction)):
            out[at] += points[members[at], k] * direction[k]
    return out


def _similarities(points: np.ndarray) -> np.ndarray:
    """float32[n, n]: whole numbers below 2^24, which add up exactly in any order; what points away is not similar."""
    wide = points.astype(np.float32)
    return np.maximum(wide @ wide.T, 0)


@njit(cache=True, nogil=True)
def _choose_greedily(similar: np.ndarray, costs: np.ndarray, chosen: np.ndarray, share: int) -> tuple[np.ndarray, np.ndarray]:
    """Those chosen already and more for `share`, and the similarity of each to the nearest of all chosen."""
    chosen, nearest = chosen.copy(), np.zeros(len(similar), np.float32)
    for at in np.flatnonzero(chosen):
        nearest = np.maximum(nearest, similar[at])
    bound = np.where(chosen, -1, len(similar) * SCALE**2 * 2)  # what a point can gain, at most: gains only fall
    bound[costs > share] = -1
    while bound.max() >= 0:
        at = np.argmax(bound)
        gain = _gain(similar[at], nearest)
        if gain < bound[at]:
            bound[at] = gain
            continue
        chosen[at], bound[at], share = True, -1, share - costs[at]
        bound[costs > share] = -1
        nearest = np.maximum(nearest, similar[at])
    return chosen, nearest


@njit(cache=True, nogil=True)
def _gain(similar: np.ndarray, nearest: np.ndarray) -> int:
    total = np.int64(0)
    for other in range(len(similar)):
        total += np.int64(max(similar[other] - nearest[other], np.float32(0)))
    return int(total)
