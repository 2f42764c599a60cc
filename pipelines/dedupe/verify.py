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
from pipelines.dedupe.compared import MOST, Compared, known
from pipelines.dedupe.components import Rows, join, root
from pipelines.dedupe.evidence import Told

ANSWERS = 0.5  # half of all shingles shared: two thirds of either answer


class Edges(NamedTuple):
    """Row first[k] is similar to row second[k], which comes after it."""

    first: Rows
    second: Rows
    similarity: NDArray[np.float32]

    @classmethod
    def none(cls) -> "Edges":
        return cls(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.float32))


class Bars(NamedTuple):
    """The Jaccard similarity of duplicates, and the places in which their signatures agree at least."""

    threshold: float
    least: int


class Members(NamedTuple):
    """What is known of each member of some buckets: its number among the candidates, its row, the hash of its key, the
    bytes of its signature."""

    candidates: Rows
    rows: Rows
    hashed: NDArray[np.uint64]
    bytes: NDArray[np.uint8]


class Given(NamedTuple):
    """Members of some buckets and what their texts say, what the last run has compared, and when two are alike.

    Nothing is told of members of whom all is known.
    """

    members: Members
    told: Told
    before: Compared
    bars: Bars


class Room(NamedTuple):
    """For what is found, and how many edges and comparisons that is."""

    edges: Edges
    compared: Compared
    counts: Rows


@njit(cache=True)
def join_near(parent: Rows, starts: Rows, given: Given) -> tuple[Edges, Compared]:
    """Join in `parent` the duplicates in each bucket; the edges span all that this call has joined, and what was
    compared for it is told too. Bucket b is the members from starts[b] up to starts[b + 1].
    """
    rows, most = given.members.rows, given.members.rows.size * MOST
    edges = Edges(np.empty_like(rows), np.empty_like(rows), np.empty(rows.size, np.float32))
    compared = Compared(np.empty(most, np.uint64), np.empty(most, np.uint64), np.empty(most, np.float64))
    found = Room(edges, compared, np.zeros(2, np.int64))
    for b in range(starts.size - 1):
        for i in range(starts[b] + 1, starts[b + 1]):
            _join_one(parent, starts[b], i, given, found)
    n, m = found.counts  # copied, or all of the room would be kept
    return (
        Edges(edges.first[:n].copy(), edges.second[:n].copy(), edges.similarity[:n].copy()),
        Compared(compared.one[:m].copy(), compared.other[:m].copy(), compared.similarity[:m].copy()),
    )


@njit(cache=True)
def _join_one(parent: Rows, low: int, i: int, given: Given, found: Room) -> None:
    """Compare member i with the first of its bucket, and with those in the WINDOW before it."""
    rows, hashed, compared = given.members.rows, given.members.hashed, 0
    for place in range(max(low, i - WINDOW - 1), i):
        j = low if place == max(low, i - WINDOW - 1) else place
        if root(parent, rows[i]) == root(parent, rows[j]) or _differ(given.members.bytes, i, j, given.bars):
            continue
        similarity = known(given.before, hashed[i], hashed[j])
        if similarity < 0:
            similarity = _similarity(given.told, i, j, given.bars.threshold)
        if compared < MOST:
            _keep(found, hashed[i], hashed[j], similarity)
            compared += 1
        if similarity >= given.bars.threshold:
            _join(parent, rows[j], rows[i], similarity, found)


@njit(cache=True)
def _keep(found: Room, left: np.uint64, right: np.uint64, similarity: float) -> None:
    compared, at = found.compared, found.counts[1]
    compared.one[at], compared.other[at], compared.similarity[at] = min(left, right), max(left, right), similarity
    found.counts[1] += 1


@njit(cache=True)
def _join(parent: Rows, first: int, second: int, similarity: float, found: Room) -> None:
    join(parent, first, second)
    edges, at = found.edges, found.counts[0]
    edges.first[at], edges.second[at], edges.similarity[at] = first, second, similarity
    found.counts[0] += 1


@njit(cache=True)
def mark_unknown(
    joined: Rows, starts: Rows, members: Members, before: Compared, bars: Bars, unknown: NDArray[np.bool_]
) -> None:
    """Mark the candidates whose texts join_near may ask for; join those known to be alike in `joined`.

    This joins no more than join_near will have joined by then, and so meets every pair that join_near meets.
    """
    for b in range(starts.size - 1):
        for i in range(starts[b] + 1, starts[b + 1]):
            for place in range(max(starts[b], i - WINDOW - 1), i):
                j = starts[b] if place == max(starts[b], i - WINDOW - 1) else place
                _mark_one(joined, i, j, members, before, bars, unknown)


@njit(cache=True)
def _mark_one(
    joined: Rows, i: int, j: int, members: Members, before: Compared, bars: Bars, unknown: NDArray[np.bool_]
) -> None:
    one, other = members.candidates[i], members.candidates[j]
    if (unknown[one] and unknown[other]) or root(joined, one) == root(joined, other):
        return
    if _differ(members.bytes, i, j, bars):
        return
    similarity = known(before, members.hashed[i], members.hashed[j])
    if similarity < 0:
        unknown[one] = unknown[other] = True
    elif similarity >= bars.threshold:
        join(joined, one, other)


@njit(cache=True)
def _differ(signed: NDArray[np.uint8], i: int, j: int, bars: Bars) -> bool:
    """Do they agree in too few places to be alike?"""
    count = 0
    for k in range(signed.shape[1]):
        count += signed[i, k] == signed[j, k]
    return count < bars.least


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
