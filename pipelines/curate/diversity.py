"""Facility location (Wei, Iyer, Bilmes 2015 for data selection): chooses points so that every point has one near it.

The choice is greedy, which reaches 1 - 1/e of the best sum of similarities (Nemhauser 1978), and lazy (Minoux 1978).
All pairs of n points are too many, so neighbours form cells, and each cell gets a share of the budget. Similarities are
dot products of unit vectors quantised to int8. These and their sums are whole numbers, so no library, number of threads
or processor changes which record is chosen.
"""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
from numba import njit

SCALE = 127
MAX_CELL = 2_048  # points; their similarities take 16 MB


def facility_location(points: np.ndarray, costs: np.ndarray, first: int, budget: int) -> tuple[np.ndarray, np.ndarray]:
    """Choose points within a budget.

    `points` is int8[n, d] from `quantise`, `costs` int64[n] of at least 1. The first `first` points are always chosen.
    Then comes the point that adds most to the sum of similarities, the earlier of two equal ones, as long as the sum of
    costs is within `budget`; a point that does not fit is skipped. Points of zeros come last, in their order.
    Returns bool[n], the chosen points, and float[n], the cosine of each point with the nearest chosen point of its
    cell, at least 0. O(n (MAX_CELL + log n)).
    """
    chosen, cosine = np.arange(len(points)) < first, np.zeros(len(points))
    measured = points.any(axis=1)
    open_costs = np.where(measured & ~chosen, costs, 0)
    available = max(0, budget - int(costs[:first].sum()))
    to_spend, total = min(available, int(open_costs.sum())), max(1, int(open_costs.sum()))
    seen = spent = 0
    for cell in _cells(points, np.flatnonzero(measured)):
        seen += int(open_costs[cell].sum())
        similar = _similarities(points[cell])
        chosen[cell], nearest = _choose_greedily(similar, costs[cell], chosen[cell], seen * to_spend // total - spent)
        spent += int(open_costs[cell][chosen[cell]].sum())
        cosine[cell] = np.minimum(nearest / SCALE**2, 1)
    zeros = np.flatnonzero(~measured & ~chosen)
    chosen[zeros[np.cumsum(costs[zeros]) <= available - spent]] = True
    return chosen, cosine


def quantise(vectors: pa.FixedSizeListArray) -> np.ndarray:
    """Unit vectors times SCALE, rounded: int8[n, d]; zeros where there is no vector."""
    width = vectors.type.list_size
    flat = np.asarray(vectors.fill_null([0.0] * width).flatten(), np.float64).reshape(-1, width)
    flat = np.nan_to_num(flat)
    length = np.sqrt((flat**2).sum(axis=1, keepdims=True))
    return np.rint(SCALE * flat / np.where(length > 0, length, 1)).astype(np.int8)


def _cells(points: np.ndarray, members: np.ndarray) -> Iterator[np.ndarray]:
    """Cells of at most MAX_CELL neighbours: indices into `points`.

    A cell is halved along the line from a point far from its centre to the point farthest from that one.
    """
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
    """The member with the smallest dot product with `direction`."""
    return int(members[np.argmin(_project(points, members, direction))])


@njit(cache=True, nogil=True)
def _project(points: np.ndarray, members: np.ndarray, direction: np.ndarray) -> np.ndarray:
    """The dot product of each member with `direction`, as int64."""
    out = np.zeros(len(members), np.int64)
    for row in range(len(members)):
        for k in range(len(direction)):
            out[row] += points[members[row], k] * direction[k]
    return out


def _similarities(points: np.ndarray) -> np.ndarray:
    """Dot products of all pairs, negative ones as 0: float32[n, n].

    They are whole numbers below 2^24, which float32 adds exactly in any order.
    """
    floats = points.astype(np.float32)
    similarities: np.ndarray = np.maximum(floats @ floats.T, 0)
    return similarities


@njit(cache=True, nogil=True)
def _choose_greedily(
    similar: np.ndarray, costs: np.ndarray, chosen: np.ndarray, budget: int
) -> tuple[np.ndarray, np.ndarray]:
    """The points chosen before and more within `budget`, and each point's similarity to the nearest chosen one."""
    chosen, nearest = chosen.copy(), np.zeros(len(similar), np.float32)
    for point in np.flatnonzero(chosen):
        nearest = np.maximum(nearest, similar[point])
    bound = np.where(chosen, -1, len(similar) * SCALE**2 * 2)  # upper bound of a point's gain, as gains only fall
    bound[costs > budget] = -1
    while bound.max() >= 0:
        point = np.argmax(bound)
        gain = _gain(similar[point], nearest)
        if gain < bound[point]:
            bound[point] = gain
            continue
        chosen[point], bound[point], budget = True, -1, budget - costs[point]
        bound[costs > budget] = -1
        nearest = np.maximum(nearest, similar[point])
    return chosen, nearest


@njit(cache=True, nogil=True)
def _gain(similar: np.ndarray, nearest: np.ndarray) -> int:
    """How much the sum of similarities grows with a point: `similar` are its similarities to all others."""
    total = np.int64(0)
    for other in range(len(similar)):
        total += np.int64(max(similar[other] - nearest[other], np.float32(0)))
    return int(total)
