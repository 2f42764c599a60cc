"""Duplicates for certain: the true Jaccard similarity of shingle sets, component by candidate component.

Two records are near duplicates when their shingle sets (5 words, or 5 CJK characters; instruction, input and output
together) have Jaccard >= threshold. Where the answers are less than half of both texts, they must be alike too
(Jaccard >= ANSWERS): a long question with two short answers is two records, not one.
"""

from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numba import njit
from numpy.typing import NDArray

from pipelines.dedupe.components import Rows, agreeing, join, one_component, root
from pipelines.signals.minhash import jaccard, key_text, shingle_sets

ANSWERS = 0.5  # half of all shingles shared: two thirds of either answer
NEAR = pa.schema(
    [
        ("record_id", pa.string()),
        ("duplicate_id", pa.string()),
        ("similarity", pa.float32()),
        ("first", pa.int64()),
        ("second", pa.int64()),
    ]
)


class Sets(NamedTuple):
    """Sorted shingles of text i: values[offsets[i]:offsets[i + 1]]."""

    offsets: NDArray[np.int64]
    values: NDArray[np.uint32]


class Edges(NamedTuple):
    """Row first[k] is similar to row second[k]."""

    first: Rows
    second: Rows
    similarity: NDArray[np.float32]


class Evidence(NamedTuple):
    """What a comparison of two rows looks at. `wording` is equal where outputs are."""

    signatures: NDArray[np.uint32]
    pairs: Sets
    answers: Sets
    short: NDArray[np.bool_]
    wording: Rows


def near_duplicates(candidates: pa.Table, threshold: float, least: int) -> pa.Table:
    """Verified pairs that together join all duplicates among `candidates`: a spanning forest, not every pair.

    `candidates` is sorted by (component, record_id) and has columns n, record_id, component, instruction, input,
    output, pair_minhash. Returns record_id < duplicate_id, their similarity, and the row numbers of both.
    """
    component = candidates["component"].to_numpy()
    starts = np.append(np.flatnonzero(np.diff(component, prepend=-1)), component.size)
    first, second, similarity = _verify(starts, _evidence(candidates), threshold, least)
    ids, numbers = candidates["record_id"], candidates["n"]
    columns = [
        ids.take(first),
        ids.take(second),
        similarity,
        numbers.take(first),
        numbers.take(second),
    ]
    return pa.table(columns, schema=NEAR)


def _evidence(candidates: pa.Table) -> Evidence:
    output = candidates["output"]
    asked = pc.add(pc.utf8_length(candidates["instruction"]), pc.utf8_length(candidates["input"]))
    short = pc.less(pc.utf8_length(output), asked)
    return Evidence(
        candidates["pair_minhash"].combine_chunks().flatten().to_numpy().reshape(len(output), -1),
        Sets(*shingle_sets(key_text(candidates))),
        Sets(*shingle_sets(pc.if_else(short, output, ""))),
        short.to_numpy(),
        pc.dictionary_encode(output.combine_chunks()).indices.to_numpy().astype(np.int64),
    )


@njit(cache=True)
def _verify(starts: Rows, evidence: Evidence, threshold: float, least: int) -> Edges:
    """Component c is the rows from starts[c] up to starts[c + 1]; a forest has fewer edges than rows."""
    parent, found = np.arange(starts[-1]), 0
    edges = Edges(np.empty_like(parent), np.empty_like(parent), np.empty(parent.size, np.float32))
    for c in range(starts.size - 1):
        members = np.arange(starts[c], starts[c + 1])
        found = _join_duplicates(parent, members, evidence, (threshold, least), edges, found)
    return Edges(edges.first[:found], edges.second[:found], edges.similarity[:found])


@njit(cache=True)
def _join_duplicates(
    parent: Rows, members: Rows, evidence: Evidence, bars: tuple[float, int], edges: Edges, found: int
) -> int:
    for at, i in enumerate(members[:-1]):
        if one_component(parent, members[at:]):
            break
        for j in members[at + 1 :]:
            similarity = _similarity(evidence, i, j, bars[1]) if root(parent, i) != root(parent, j) else 0.0
            if similarity >= bars[0]:
                join(parent, i, j)
                edges.first[found], edges.second[found], edges.similarity[found] = i, j, similarity
                found += 1
    return found


@njit(cache=True)
def _similarity(evidence: Evidence, i: int, j: int, least: int) -> float:
    """Jaccard of two rows' pairs; 0 where signatures or answers rule a duplicate out."""
    if agreeing(evidence.signatures[i], evidence.signatures[j]) < least:
        return 0.0
    answers_differ = evidence.short[i] and evidence.short[j] and evidence.wording[i] != evidence.wording[j]
    if answers_differ and _jaccard(evidence.answers, i, j) < ANSWERS:
        return 0.0
    return _jaccard(evidence.pairs, i, j)


@njit(cache=True)
def _jaccard(sets: Sets, i: int, j: int) -> float:
    offsets, values = sets
    return jaccard(values[offsets[i] : offsets[i + 1]], values[offsets[j] : offsets[j + 1]])
