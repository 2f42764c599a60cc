"""Duplicates in meaning: records whose embeddings have a cosine of recipe.dedupe.semantic or more, and equal numbers.

Off unless the recipe sets it. What has no embedding (pipelines/signals/embedding.py) is left out; so two records that
differ in a number, which a mean of word vectors hardly sees. Candidates share a bucket of signed random projections
(Charikar 2002): two vectors at an angle a lie on the same side of a plane with a probability of 1 - a / pi.
All sums are of whole numbers, so that no order of adding changes a bit.
"""

import math
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from pipelines.dedupe import sql
from pipelines.dedupe.bands import MISS, WINDOW, cut, grouped
from pipelines.dedupe.components import Rows, join, labels, root
from pipelines.dedupe.near import BATCH, Work
from pipelines.dedupe.verify import Edges
from pipelines.signals.embedding import DIMENSIONS

SCALE = 8_192  # float16 numbers up to 1 as whole ones; the cosine is off by 0.0005 at most
TABLES = 64  # at most, each of one number per record
SEED = 20_261_124


class Meant(NamedTuple):
    """Of each member of some buckets: its row, its embedding, the hash of its numbers."""

    rows: Rows
    vectors: NDArray[np.int16]
    numbers: NDArray[np.uint64]


def choose(cosine: float) -> tuple[int, int]:
    """(tables, planes): the most planes to a table that miss a pair at `cosine` with probability at most MISS."""
    same = 1 - math.acos(cosine) / math.pi
    for planes in range(24, 1, -1):
        hit = same**planes
        tables = math.ceil(math.log(MISS) / math.log1p(-hit)) if hit < 1 else 1
        if tables <= TABLES:
            return tables, planes
    return TABLES, 1


def semantic_duplicates(work: Work, cosine: float, rank: Rows, parent: Rows) -> Edges:
    """Join in `parent`, whose rows are ranks, what means the same; who is joined already is not compared."""
    rows, numbers = _spill(work, rank)
    order = np.argsort(rows)
    found = [Edges(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.float32))]
    tables, planes = choose(cosine)
    for table in range(tables if rows.size else 0):
        hashes = _sides(work, rows.size, table, planes)[order]
        for members, starts in cut(grouped(hashes), labels(parent)[rows[order]]):
            places = order[members]
            meant = Meant(rows[places], _vectors(work, rows.size)[places], numbers[places])
            found.append(_join_alike(parent, starts, meant, cosine))
    return Edges(*(np.concatenate(column) for column in zip(*found, strict=True)))


def _spill(work: Work, rank: Rows) -> tuple[Rows, NDArray[np.uint64]]:
    """Write the vectors as whole numbers; return ranks and hashes of the numbers in the text, in that order."""
    rows, numbers = [np.empty(0, np.int64)], [np.empty(0, np.uint64)]
    with (work.scratch / "vectors").open("wb") as file:
        for batch in work.con.sql(sql.EMBEDDINGS).to_arrow_reader(BATCH):
            rows.append(rank[batch["n"].to_numpy()])
            numbers.append(batch["pair_numbers"].to_numpy())
            made = batch["pair_embedding"].flatten().to_numpy(zero_copy_only=False).reshape(-1, DIMENSIONS)
            file.write(np.round(made.astype(np.float32) * SCALE).astype(np.int16).tobytes())
    return np.concatenate(rows), np.concatenate(numbers)


def _vectors(work: Work, count: int) -> NDArray[np.int16]:
    """Mapped anew each time, so that pages already used do not count as memory."""
    return np.memmap(work.scratch / "vectors", np.int16, "r", shape=(count, DIMENSIONS))


def _sides(work: Work, count: int, table: int, planes: int) -> NDArray[np.uint64]:
    """On which side of each of the table's planes every vector lies, a bit each."""
    # the legacy generator's stream never changes; coefficients of -1 and 1 keep float32 sums exact
    normals = np.random.RandomState(SEED + table).randint(0, 2, (DIMENSIONS, planes)).astype(np.float32) * 2 - 1
    bits = np.uint64(1) << np.arange(planes, dtype=np.uint64)
    vectors, out = _vectors(work, count), np.empty(count, np.uint64)
    for start in range(0, count, BATCH):
        above = vectors[start : start + BATCH].astype(np.float32) @ normals >= 0
        out[start : start + BATCH] = (above * bits).sum(axis=1, dtype=np.uint64)
    return out


@njit(cache=True)
def _join_alike(parent: Rows, starts: Rows, meant: Meant, cosine: float) -> Edges:
    """As join_near does: with the first of the bucket, and with those in the WINDOW before."""
    rows, found = meant.rows, 0
    edges = Edges(np.empty_like(rows), np.empty_like(rows), np.empty(rows.size, np.float32))
    for b in range(starts.size - 1):
        for i in range(starts[b] + 1, starts[b + 1]):
            found = _join_one(parent, (starts[b], i), meant, cosine, edges, found)
    return Edges(edges.first[:found].copy(), edges.second[:found].copy(), edges.similarity[:found].copy())


@njit(cache=True)
def _join_one(parent: Rows, span: tuple[int, int], meant: Meant, cosine: float, edges: Edges, found: int) -> int:
    rows, (low, i) = meant.rows, span
    for place in range(max(low, i - WINDOW - 1), i):
        j = low if place == max(low, i - WINDOW - 1) else place
        if meant.numbers[i] != meant.numbers[j] or root(parent, rows[i]) == root(parent, rows[j]):
            continue
        similarity = _cosine(meant.vectors[i], meant.vectors[j])
        if similarity >= cosine:
            join(parent, rows[i], rows[j])
            edges.first[found], edges.second[found], edges.similarity[found] = rows[j], rows[i], similarity
            found += 1
    return found


@njit(cache=True)
def _cosine(one: NDArray[np.int16], other: NDArray[np.int16]) -> float:
    both, left, right = 0, 0, 0
    for k in range(one.size):
        a, b = int(one[k]), int(other[k])
        both, left, right = both + a * b, left + a * a, right + b * b
    return float(both / np.sqrt(float(left) * float(right)))
