"""Outliers: 1 - cosine of a record's embedding with the centroid of all others of its source.

An outlier is a page about something else or in another language, boilerplate, or a list of hashes. It is measured in
its source and not in its recipe: a recipe may mill coffee and quantum computing. The centroid counts a cluster of
duplicates once, at its first member; else a banner on every page would be the centroid. The record itself is left out,
because a small source consists of it. All sums are of integers, so the order of adding changes no bit.

The distance to neighbours says less, however many are asked: outliers come in groups (a hundred logs, a chapter in
German), whose members are each other's neighbours. Both are measured in tests/accuracy/test_outliers.py.
"""

from collections.abc import Iterator
from typing import NamedTuple

import duckdb
import numpy as np
from numpy.typing import NDArray

from pipelines.dedupe import sql
from pipelines.dedupe.semantic_duplicates import SCALE
from pipelines.dedupe.union_find import Indices
from pipelines.signals.embedding import DIMENSIONS

_SOURCES = """
SELECT dense_rank() OVER (ORDER BY source) - 1 AS source
FROM member JOIN record USING (record_id) ORDER BY n
"""
_EMBEDDINGS = "SELECT n, pair_embedding::FLOAT[256] AS pair_embedding FROM signal WHERE pair_embedding IS NOT NULL"


class EmbeddingBatch(NamedTuple):
    """Some records: row, number of the source, whether the record counts in the centroid, embedding as integers.

    rows, source: int64[n], counted: bool[n], vectors: int64[n, DIMENSIONS].
    """

    rows: Indices
    source: Indices
    counted: NDArray[np.bool_]
    vectors: NDArray[np.int64]


def pair_outliers(con: duckdb.DuckDBPyConnection, rank: Indices, counted: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Return the distance of each record from its source, float32[records] by rank, from 0 to 2.

    `con` has the tables of sql.py. `rank` is the rank of each row; counted[n] says whether row n is the first of its
    cluster. NaN: the record has no embedding, or is alone in its source.
    """
    source = con.sql(_SOURCES).to_arrow_table()["source"].to_numpy()
    centroids = np.zeros((int(source.max(initial=-1)) + 1, DIMENSIONS), np.int64)
    for batch in _read_batches(con, source, counted):
        for one in np.unique(batch.source):
            centroids[one] += batch.vectors[batch.counted & (batch.source == one)].sum(axis=0)
    squares = np.array([float(sum(int(value) ** 2 for value in row)) for row in centroids])  # may exceed 64 bits
    distances = np.full(rank.size, np.nan, np.float32)
    for batch in _read_batches(con, source, counted):
        distances[rank[batch.rows]] = _distance(batch, centroids, squares)
    return distances


def _read_batches(
    con: duckdb.DuckDBPyConnection, source: Indices, counted: NDArray[np.bool_]
) -> Iterator[EmbeddingBatch]:
    for batch in con.sql(_EMBEDDINGS).to_arrow_reader(sql.BATCH_ROWS):
        vectors = batch["pair_embedding"].flatten().to_numpy(zero_copy_only=False).reshape(-1, DIMENSIONS)
        rows = batch["n"].to_numpy()
        yield EmbeddingBatch(rows, source[rows], counted[rows], np.rint(vectors * SCALE).astype(np.int64))


def _distance(batch: EmbeddingBatch, centroids: NDArray[np.int64], squares: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return float64[n]; NaN where the centroid holds nothing but the record. `squares` are |centroid|²."""
    own = np.einsum("rd,rd->r", batch.vectors, batch.vectors)
    with_all = np.einsum("rd,rd->r", batch.vectors, centroids[batch.source])
    itself = np.where(batch.counted, own, 0)
    length = np.sqrt(own * (squares[batch.source] - 2.0 * np.where(batch.counted, with_all, 0) + itself))
    similarity: np.ndarray = np.divide(with_all - itself, length, out=np.full(own.size, np.nan), where=length > 0)
    return 1 - similarity
