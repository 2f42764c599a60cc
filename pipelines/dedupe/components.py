"""Which of many are joined, directly or by way of others: union-find over rows, in the order of their record_id.

The root of a component is its first row, and so its smallest record_id.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

Rows = NDArray[np.int64]


@njit(cache=True)
def root(parent: Rows, row: int) -> int:
    while parent[row] != row:
        parent[row] = parent[parent[row]]
        row = parent[row]
    return row


@njit(cache=True)
def join(parent: Rows, first: int, second: int) -> None:
    first, second = root(parent, first), root(parent, second)
    parent[max(first, second)] = min(first, second)


@njit(cache=True)
def join_all(parent: Rows, first: Rows, second: Rows) -> None:
    """Join first[i] with second[i] for every i."""
    for i in range(first.size):
        join(parent, first[i], second[i])


@njit(cache=True)
def labels(parent: Rows) -> Rows:
    """The first row of each row's component."""
    out = np.empty_like(parent)
    for row in range(parent.size):
        out[row] = root(parent, row)
    return out
