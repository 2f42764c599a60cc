"""Duplicates for certain: the true Jaccard similarity of the shingle sets of who shares a bucket.

Two records are near duplicates when their shingle sets (5 words, or 5 CJK characters, of what the recipe's key names)
have Jaccard >= threshold. Where whole pairs are compared and the answers are less than half of both texts, they must
be alike too (Jaccard >= ANSWERS): a long question with two short answers is two records, not one.

Who is joined already is never compared again, so that a bucket of a thousand copies costs a thousand comparisons.
"""

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from pipelines.dedupe.bands import WINDOW
from pipelines.dedupe.components import Rows, join, root
from pipelines.dedupe.evidence import Told

ANSWERS = 0.5  # half of all shingles shared: two thirds of either answer


class Edges(NamedTuple):
    """Row first[k] is similar to row second[k], which comes after it."""

    first: Rows
    second: Rows
    similarity: NDArray[np.float32]


class Bars(NamedTuple):
    """The Jaccard similarity of duplicates, and the places in which their signatures agree at least."""

    threshold: float
    least: int


class Members(NamedTuple):
    """What is known of each member of some buckets: its row, its signature, its shingles."""

    rows: Rows
    signatures: NDArray[np.uint32]
    told: Told


@njit(cache=True)
def join_near(parent: Rows, starts: Rows, members: Members, bars: Bars) -> Edges:
    """Join in `parent` the duplicates in each bucket; what is returned spans all that this call has joined.

    Bucket b is the members from starts[b] up to starts[b + 1].
    """
    rows, found = members.rows, 0
    edges = Edges(np.empty_like(rows), np.empty_like(rows), np.empty(rows.size, np.float32))
    for b in range(starts.size - 1):
        for i in range(starts[b] + 1, starts[b + 1]):
            found = _join_one(parent, (starts[b], i), members, bars, edges, found)
    return Edges(edges.first[:found], edges.second[:found], edges.similarity[:found])


@njit(cache=True)
def _join_one(parent: Rows, span: tuple[int, int], members: Members, bars: Bars, edges: Edges, found: int) -> int:
    """Compare member span[1] with the first of its bucket, span[0], and with those in the WINDOW before it."""
    rows, (low, i) = members.rows, span
    for place in range(max(low, i - WINDOW - 1), i):
        j = low if place == max(low, i - WINDOW - 1) else place
        if root(parent, rows[i]) == root(parent, rows[j]) or _agreeing(members.signatures, i, j) < bars.least:
            continue
        similarity = _similarity(members.told, i, j, bars.threshold)
        if similarity >= bars.threshold:
            join(parent, rows[i], rows[j])
            edges.first[found], edges.second[found], edges.similarity[found] = rows[j], rows[i], similarity
            found += 1
    return found


@njit(cache=True)
def _agreeing(signatures: NDArray[np.uint32], i: int, j: int) -> int:
    count = 0
    for k in range(signatures.shape[1]):
        count += signatures[i, k] == signatures[j, k]
    return count


@njit(cache=True)
def _similarity(told: Told, i: int, j: int, threshold: float) -> float:
    """Jaccard of two members' keys; 0 where it is below the threshold or their answers rule a duplicate out."""
    answers_differ = told.short[i] and told.short[j] and told.wording[i] != told.wording[j]
    if answers_differ and _jaccard(told, 2 * i + 1, 2 * j + 1, ANSWERS) < ANSWERS:
        return 0.0
    return _jaccard(told, 2 * i, 2 * j, threshold)


@njit(cache=True)
def _jaccard(told: Told, one: int, other: int, threshold: float) -> float:
    """Of two sorted sets; 0 as soon as it must come out below `threshold`."""
    i, end, j, until = told.offsets[one], told.offsets[one + 1], told.offsets[other], told.offsets[other + 1]
    size = end - i + until - j
    # all but twice what must be common for common / (size - common) >= threshold, and one for rounding
    apart, allowed = 0, size - 2 * threshold / (1 + threshold) * size + 1
    while i < end and j < until and apart <= allowed:
        left, right = told.values[i], told.values[j]
        i, j, apart = i + (left <= right), j + (right <= left), apart + (left != right)
    apart += end - i + until - j
    return (size - apart) / (size + apart) if size and apart <= allowed else 0.0
