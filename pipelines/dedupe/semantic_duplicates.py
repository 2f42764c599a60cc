"""Semantic duplicates: records whose embeddings have a cosine of recipe.dedupe.semantic or more, and equal numbers.

The search is off unless the recipe sets it. A record without an embedding (pipelines/signals/embedding.py) is left
out. Two records with different numbers are no duplicates: a mean of word vectors hardly sees numbers. Candidate pairs
share a bucket of signed random projections (Charikar 2002): two vectors at an angle a lie on the same side of a random
plane with a probability of 1 - a / pi. All sums are of integers, so the order of adding changes no bit.
"""

import math
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from pipelines.dedupe import scratch_files, sql
from pipelines.dedupe.bands import MAX_MISSED, WINDOW, group_by_hash, split_buckets
from pipelines.dedupe.near_duplicates import Workspace
from pipelines.dedupe.union_find import Indices, component_labels, find, union
from pipelines.dedupe.verify import Edges
from pipelines.signals.embedding import DIMENSIONS

SCALE = 8_192  # float16 values up to 1 become integers; the cosine is off by 0.0005 at most
MAX_TABLES = 64  # hash tables; each takes one number per record
SEED = 20_261_124


class EmbeddedMembers(NamedTuple):
    """The members of some buckets: rank, embedding, hash of the numbers in the text.

    ranks: int64[n], vectors: int16[n, DIMENSIONS], numbers: uint64[n].
    """

    ranks: Indices
    vectors: NDArray[np.int16]
    numbers: NDArray[np.uint64]


def choose_tables(cosine: float) -> tuple[int, int]:
    """Return (tables, planes): the most planes per table that miss a pair at `cosine` with at most MAX_MISSED."""
    same_side = 1 - math.acos(cosine) / math.pi
    for planes in range(24, 1, -1):
        hit = same_side**planes
        tables = math.ceil(math.log(MAX_MISSED) / math.log1p(-hit)) if hit < 1 else 1
        if tables <= MAX_TABLES:
            return tables, planes
    return MAX_TABLES, 1


def find_semantic_duplicates(
    workspace: Workspace, embeddings: str, cosine: float, rank: Indices, parent: Indices
) -> Edges:
    """Join semantic duplicates in `parent`, a union-find over ranks; `rank` is the rank of each row, int64[rows].

    `embeddings` is a query of sql.py. Returns the verified edges. A pair in one component is not compared.
    """
    ranks, numbers = _write_vectors(workspace, embeddings, rank)
    order = np.argsort(ranks)
    edges = [Edges.empty()]
    tables, planes = choose_tables(cosine)
    for table in range(tables if ranks.size else 0):
        hashes = _project(workspace, ranks.size, table, planes)[order]
        for members, starts in split_buckets(group_by_hash(hashes), component_labels(parent)[ranks[order]]):
            positions = order[members]
            vectors = _map_vectors(workspace, ranks.size)[positions]
            edges.append(
                _join_similar(parent, starts, EmbeddedMembers(ranks[positions], vectors, numbers[positions]), cosine)
            )
    return Edges(*(np.concatenate(column) for column in zip(*edges, strict=True)))


def _write_vectors(workspace: Workspace, embeddings: str, rank: Indices) -> tuple[Indices, NDArray[np.uint64]]:
    """Write the embeddings as integers to the scratch folder; return ranks and hashes of numbers in that order."""
    ranks, numbers = [np.empty(0, np.int64)], [np.empty(0, np.uint64)]
    with scratch_files.create(workspace.scratch / "vectors") as file:
        for batch in workspace.con.sql(embeddings).to_arrow_reader(sql.BATCH_ROWS):
            ranks.append(rank[batch["n"].to_numpy()])
            numbers.append(batch["alike"].to_numpy())
            vectors = batch["pair_embedding"].flatten().to_numpy(zero_copy_only=False).reshape(-1, DIMENSIONS)
            scratch_files.append(file, np.round(vectors.astype(np.float32) * SCALE).astype(np.int16))
    return np.concatenate(ranks), np.concatenate(numbers)


def _map_vectors(workspace: Workspace, count: int) -> NDArray[np.int16]:
    """Map the file anew each time, so that pages that were used do not count as memory."""
    return np.memmap(workspace.scratch / "vectors", np.int16, "r", shape=(count, DIMENSIONS))


def _project(workspace: Workspace, count: int, table: int, planes: int) -> NDArray[np.uint64]:
    """Return uint64[count]: a bit per plane of the table, set where the vector lies on its upper side."""
    # the legacy generator's stream never changes; coefficients of -1 and 1 keep float32 sums exact
    normals = np.random.RandomState(SEED + table).randint(0, 2, (DIMENSIONS, planes)).astype(np.float32) * 2 - 1
    bits = np.uint64(1) << np.arange(planes, dtype=np.uint64)
    vectors, out = _map_vectors(workspace, count), np.empty(count, np.uint64)
    for start in range(0, count, sql.BATCH_ROWS):
        above = vectors[start : start + sql.BATCH_ROWS].astype(np.float32) @ normals >= 0
        out[start : start + sql.BATCH_ROWS] = (above * bits).sum(axis=1, dtype=np.uint64)
    return out


@njit(cache=True)
def _join_similar(parent: Indices, starts: Indices, members: EmbeddedMembers, cosine: float) -> Edges:
    """Join as `join_near` does: with the first of the bucket, and with the WINDOW before."""
    ranks, found = members.ranks, 0
    edges = Edges(np.empty_like(ranks), np.empty_like(ranks), np.empty(ranks.size, np.float32))
    for b in range(starts.size - 1):
        for i in range(starts[b] + 1, starts[b + 1]):
            found = _join_member(parent, (starts[b], i), members, cosine, edges, found)
    return Edges(edges.first[:found].copy(), edges.second[:found].copy(), edges.similarity[:found].copy())


@njit(cache=True)
def _join_member(
    parent: Indices, span: tuple[int, int], members: EmbeddedMembers, cosine: float, edges: Edges, found: int
) -> int:
    ranks, (start, i) = members.ranks, span
    for at in range(max(start, i - WINDOW - 1), i):
        j = start if at == max(start, i - WINDOW - 1) else at
        if members.numbers[i] != members.numbers[j] or find(parent, ranks[i]) == find(parent, ranks[j]):
            continue
        similarity = _cosine(members.vectors[i], members.vectors[j])
        if similarity >= cosine:
            union(parent, ranks[i], ranks[j])
            edges.first[found], edges.second[found], edges.similarity[found] = ranks[j], ranks[i], similarity
            found += 1
    return found


@njit(cache=True)
def _cosine(one: NDArray[np.int16], other: NDArray[np.int16]) -> float:
    product, left, right = 0, 0, 0
    for k in range(one.size):
        a, b = int(one[k]), int(other[k])
        product, left, right = product + a * b, left + a * a, right + b * b
    return float(product / np.sqrt(float(left) * float(right)))
