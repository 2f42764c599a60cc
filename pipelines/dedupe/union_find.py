"""Union-find (disjoint sets): which records are connected, directly or through others.

An element is the rank of a record, its place in the order of record_id. The root of a component is its smallest
element, so the smallest record_id names the component. `parent` is int64[elements] and starts as np.arange(elements).
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

Indices = NDArray[np.int64]


@njit(cache=True)
def find(parent: Indices, element: int) -> int:
    """Return the root of `element`. Paths are halved in place."""
    while parent[element] != element:
        parent[element] = parent[parent[element]]
        element = parent[element]
    return element


@njit(cache=True)
def union(parent: Indices, first: int, second: int) -> None:
    """Join the components of two elements in place."""
    first, second = find(parent, first), find(parent, second)
    parent[max(first, second)] = min(first, second)


@njit(cache=True)
def union_all(parent: Indices, first: Indices, second: Indices) -> None:
    """Join the components of first[i] and second[i], for every i, in place."""
    for i in range(first.size):
        union(parent, first[i], second[i])


@njit(cache=True)
def component_labels(parent: Indices) -> Indices:
    """Return int64[elements]: the root of each element."""
    out = np.empty_like(parent)
    for element in range(parent.size):
        out[element] = find(parent, element)
    return out
