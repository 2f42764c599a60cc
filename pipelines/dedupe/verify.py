"""Verification: the true Jaccard similarity of the shingle sets of candidate pairs.

Two records are near duplicates when the shingle sets of their keys (5 words, or 5 characters of Chinese or Japanese)
have a Jaccard similarity of the threshold or more. Where both answers are shorter than their questions, the answers
must be similar too (Jaccard >= MIN_ANSWER_SIMILARITY): a long question with two short answers is two records. Nor are
they duplicates where a number, an operator or a sign is another one (values.py), or where only a long footer or
heading is the same (bodies.py).

A pair in one component is not compared, so a bucket of a thousand copies costs a thousand comparisons.
"""

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from pipelines.dedupe.bands import WINDOW
from pipelines.dedupe.bodies import bodies_differ
from pipelines.dedupe.shingle_sets import ANSWER, KEY, SECTIONS, SENTENCES, VALUES, ShingleSets
from pipelines.dedupe.similarity_cache import MAX_CACHED_PER_MEMBER, SimilarityCache, lookup
from pipelines.dedupe.union_find import Indices, find, union
from pipelines.dedupe.values import values_differ

MIN_ANSWER_SIMILARITY = 0.5  # half of all shingles shared: two thirds of either answer


class Edges(NamedTuple):
    """Verified duplicates: rank first[k] < rank second[k], and their similarity. All arrays have the shape [edges]."""

    first: Indices
    second: Indices
    similarity: NDArray[np.float32]

    @classmethod
    def empty(cls) -> "Edges":
        """Return no edges."""
        return cls(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.float32))


class Thresholds(NamedTuple):
    """The least Jaccard similarity of duplicates, and the least count of equal values in their signatures."""

    jaccard: float
    equal_values: int


class BucketMembers(NamedTuple):
    """The members of some buckets: candidate number, rank, hash of the key, low bytes of the signature.

    All arrays have the shape [members]; low_bytes is uint8[members, PERMUTATIONS].
    """

    candidates: Indices
    ranks: Indices
    key_hashes: NDArray[np.uint64]
    low_bytes: NDArray[np.uint8]


class Comparison(NamedTuple):
    """All that is needed to compare the members of some buckets.

    The shingle sets of a member whose pairs are all in the cache may be empty.
    """

    members: BucketMembers
    shingles: ShingleSets
    cache: SimilarityCache
    thresholds: Thresholds


class Results(NamedTuple):
    """Buffers for edges and compared pairs; `counts` says how many of each are filled."""

    edges: Edges
    compared: SimilarityCache
    counts: Indices


@njit(cache=True)
def join_near(parent: Indices, starts: Indices, comparison: Comparison) -> tuple[Edges, SimilarityCache]:
    """Join the near duplicates of each bucket in `parent`, a union-find over ranks.

    Bucket b is the members from starts[b] up to starts[b + 1]. Returns the edges that span all components joined by
    this call, and the pairs to be cached.
    """
    ranks, most = comparison.members.ranks, comparison.members.ranks.size * MAX_CACHED_PER_MEMBER
    edges = Edges(np.empty_like(ranks), np.empty_like(ranks), np.empty(ranks.size, np.float32))
    compared = SimilarityCache(np.empty(most, np.uint64), np.empty(most, np.uint64), np.empty(most, np.float64))
    results = Results(edges, compared, np.zeros(2, np.int64))
    for b in range(starts.size - 1):
        for i in range(starts[b] + 1, starts[b + 1]):
            _join_member(parent, starts[b], i, comparison, results)
    n, m = results.counts  # the slices are copied, or the whole buffers would stay in memory
    return (
        Edges(edges.first[:n].copy(), edges.second[:n].copy(), edges.similarity[:n].copy()),
        SimilarityCache(compared.one[:m].copy(), compared.other[:m].copy(), compared.similarity[:m].copy()),
    )


@njit(cache=True)
def _join_member(parent: Indices, start: int, i: int, comparison: Comparison, results: Results) -> None:
    """Compare member i with the first of its bucket, and with the WINDOW before it."""
    ranks, key_hashes, cached = comparison.members.ranks, comparison.members.key_hashes, 0
    threshold = comparison.thresholds.jaccard
    for at in range(max(start, i - WINDOW - 1), i):
        j = start if at == max(start, i - WINDOW - 1) else at
        if find(parent, ranks[i]) == find(parent, ranks[j]):
            continue
        if _signatures_differ(comparison.members.low_bytes, i, j, comparison.thresholds):
            continue
        similarity = lookup(comparison.cache, key_hashes[i], key_hashes[j])
        if similarity < 0:
            similarity = _similarity(comparison.shingles, i, j, threshold)
        if cached < MAX_CACHED_PER_MEMBER:
            _add_compared(results, key_hashes[i], key_hashes[j], similarity)
            cached += 1
        if similarity >= threshold:
            union(parent, ranks[j], ranks[i])
            _add_edge(results, ranks[j], ranks[i], similarity)


@njit(cache=True)
def _add_compared(results: Results, left: np.uint64, right: np.uint64, similarity: float) -> None:
    compared, at = results.compared, results.counts[1]
    compared.one[at], compared.other[at], compared.similarity[at] = min(left, right), max(left, right), similarity
    results.counts[1] += 1


@njit(cache=True)
def _add_edge(results: Results, first: int, second: int, similarity: float) -> None:
    edges, at = results.edges, results.counts[0]
    edges.first[at], edges.second[at], edges.similarity[at] = first, second, similarity
    results.counts[0] += 1


@njit(cache=True)
def mark_uncached(
    joined: Indices,
    starts: Indices,
    members: BucketMembers,
    cache: SimilarityCache,
    thresholds: Thresholds,
    uncached: NDArray[np.bool_],
) -> None:
    """Mark in `uncached`, bool[candidates], the candidates whose shingle sets `join_near` may need.

    `joined` is a union-find over candidates, in which pairs that the cache holds as duplicates are joined. This joins
    no more than `join_near` will have joined by then, and so meets every pair that `join_near` meets.
    """
    for b in range(starts.size - 1):
        for i in range(starts[b] + 1, starts[b + 1]):
            for at in range(max(starts[b], i - WINDOW - 1), i):
                j = starts[b] if at == max(starts[b], i - WINDOW - 1) else at
                _mark_pair(joined, i, j, members, cache, thresholds, uncached)


@njit(cache=True)
def _mark_pair(
    joined: Indices,
    i: int,
    j: int,
    members: BucketMembers,
    cache: SimilarityCache,
    thresholds: Thresholds,
    uncached: NDArray[np.bool_],
) -> None:
    one, other = members.candidates[i], members.candidates[j]
    if (uncached[one] and uncached[other]) or find(joined, one) == find(joined, other):
        return
    if _signatures_differ(members.low_bytes, i, j, thresholds):
        return
    similarity = lookup(cache, members.key_hashes[i], members.key_hashes[j])
    if similarity < 0:
        uncached[one] = uncached[other] = True
    elif similarity >= thresholds.jaccard:
        union(joined, one, other)


@njit(cache=True)
def _signatures_differ(low_bytes: NDArray[np.uint8], i: int, j: int, thresholds: Thresholds) -> bool:
    """Are too few values of the two signatures equal for a pair of duplicates?"""
    count = 0
    for k in range(low_bytes.shape[1]):
        count += low_bytes[i, k] == low_bytes[j, k]
    return count < thresholds.equal_values


@njit(cache=True)
def _similarity(sets: ShingleSets, i: int, j: int, threshold: float) -> float:
    """Return the Jaccard of two members' keys; 0 if it is below the threshold, or their words are near but no more."""
    short = sets.short_answer[i] and sets.short_answer[j] and sets.answer_hash[i] != sets.answer_hash[j]
    if short and _jaccard(sets, (i, j, ANSWER), MIN_ANSWER_SIMILARITY) < MIN_ANSWER_SIMILARITY:
        return 0.0
    similarity = _jaccard(sets, (i, j, KEY), threshold)
    if similarity < threshold or similarity == 0:
        return 0.0
    if values_differ(_section(sets, i, VALUES), _section(sets, j, VALUES)):
        return 0.0
    return 0.0 if bodies_differ(_section(sets, i, SENTENCES), _section(sets, j, SENTENCES)) else similarity


@njit(cache=True)
def _section(sets: ShingleSets, member: int, section: int) -> NDArray[np.uint32]:
    at = SECTIONS * member + section
    return sets.shingles[sets.offsets[at] : sets.offsets[at + 1]]


@njit(cache=True)
def _jaccard(sets: ShingleSets, pair: tuple[int, int, int], threshold: float) -> float:
    """Return the Jaccard of a section of two members, sorted sets; 0 as soon as it must come out below `threshold`."""
    one, other = SECTIONS * pair[0] + pair[2], SECTIONS * pair[1] + pair[2]
    i, end, j, until = sets.offsets[one], sets.offsets[one + 1], sets.offsets[other], sets.offsets[other + 1]
    size = end - i + until - j
    # Jaccard = common / (size - common) >= threshold allows so many values that are in one set only; 1 for rounding
    different, allowed = 0, size - 2 * threshold / (1 + threshold) * size + 1
    while i < end and j < until and different <= allowed:
        left, right = sets.shingles[i], sets.shingles[j]
        i, j, different = i + (left <= right), j + (right <= left), different + (left != right)
    different += end - i + until - j
    return (size - different) / (size + different) if size and different <= allowed else 0.0
