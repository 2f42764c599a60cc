"""Which of many are joined, directly or by way of others: union-find over row numbers, and the pairs to try.

A pair whose two members are joined already is never compared: the components stay the same, and a bucket of a
thousand copies costs a thousand comparisons rather than half a million.
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
    """The smallest row number of each row's component."""
    out = np.empty_like(parent)
    for row in range(parent.size):
        out[row] = root(parent, row)
    return out


@njit(cache=True)
def agreeing(first: NDArray[np.uint32], second: NDArray[np.uint32]) -> int:
    count = 0
    for k in range(first.size):
        count += first[k] == second[k]
    return count


@njit(cache=True)
def one_component(parent: Rows, members: Rows) -> bool:
    together = True
    for i in range(1, members.size):
        together = together and root(parent, members[i]) == root(parent, members[0])
    return together


@njit(cache=True)
def join_buckets(parent: Rows, members: Rows, starts: Rows, signatures: NDArray[np.uint32], least: int) -> None:
    """Join members of the same bucket whose signatures agree in at least `least` places.

    Bucket b is members[starts[b]:starts[b + 1]]; signatures[i] belongs to members[i].
    """
    for b in range(starts.size - 1):
        low, high = starts[b], starts[b + 1]
        _join_bucket(parent, members[low:high], signatures[low:high], least)


@njit(cache=True)
def _join_bucket(parent: Rows, members: Rows, signatures: NDArray[np.uint32], least: int) -> None:
    for i in range(members.size - 1):
        if one_component(parent, members[i:]):
            break
        for j in range(i + 1, members.size):
            apart = root(parent, members[i]) != root(parent, members[j])
            if apart and agreeing(signatures[i], signatures[j]) >= least:
                join(parent, members[i], members[j])
