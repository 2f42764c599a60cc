"""k-center greedy (Gonzalez 1985; Sener and Savarese 2018 for choosing data): of n points, k that lie far apart.

Distances are between unit vectors rounded to eighths of bits (int8), so that they are whole numbers: no rounding of a
library's, no thread and no processor changes which record is chosen.
"""

import numpy as np
import pyarrow as pa
from numba import njit

SCALE = 127


def k_center(column: pa.ChunkedArray, first: int, size: int) -> tuple[np.ndarray, np.ndarray]:
    """bool[n], who is chosen; float[n], the distance of each to the nearest chosen one (0 to 2; 0 where unmeasured).

    The first `first` points are chosen as they are, and the best (the first in order) in any case; then always the
    one farthest from all chosen, the earlier of two. Those without a vector come last, in their order. O(n k).
    """
    points = _unit(column)
    chosen = np.zeros(len(points), np.bool_)
    nearest = np.full(len(points), np.iinfo(np.int64).max)
    measured = ~np.asarray(column.combine_chunks().is_null())
    nearest[~measured] = -1
    _choose(points, nearest, chosen, max(1, first), size)
    return chosen, np.sqrt(np.clip(nearest, 0, None)) / SCALE


def _unit(column: pa.ChunkedArray) -> np.ndarray:
    """int8[n, d]; zeros where there is no vector."""
    width = column.type.list_size
    array = column.combine_chunks()
    array = pa.concat_arrays(array.chunks) if isinstance(array, pa.ChunkedArray) else array
    flat = np.asarray(array.fill_null([0.0] * width).flatten(), np.float64).reshape(-1, width)
    flat = np.nan_to_num(flat)
    length = np.sqrt((flat**2).sum(axis=1, keepdims=True))
    return np.rint(SCALE * flat / np.where(length > 0, length, 1)).astype(np.int8)


@njit(cache=True, nogil=True)
def _choose(points: np.ndarray, nearest: np.ndarray, chosen: np.ndarray, first: int, size: int) -> None:
    for number in range(min(size, len(points))):
        at = number if number < first else _farthest(nearest, chosen)
        chosen[at] = True
        for other in range(len(points)):
            if nearest[other] > 0:
                nearest[other] = min(nearest[other], _squared(points[at], points[other]))


@njit(cache=True, nogil=True)
def _farthest(nearest: np.ndarray, chosen: np.ndarray) -> int:
    best, at = np.int64(-2), 0
    for other in range(len(nearest)):
        if not chosen[other] and nearest[other] > best:
            best, at = nearest[other], other
    return at


@njit(cache=True, nogil=True)
def _squared(one: np.ndarray, other: np.ndarray) -> int:
    total = 0
    for k in range(len(one)):
        gap = int(one[k]) - int(other[k])
        total += gap * gap
    return int(total)
