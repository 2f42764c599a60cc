"""How little a record has to do with its source: 1 - cosine of its embedding with the centre of the source's others.

A page about something else or in another tongue, boilerplate, a list of hashes. Of its source and not of the recipe:
a recipe may mill coffee and quantum computing. The centre counts a cluster of duplicates once, at its first member,
lest a banner on every page be what the source is about; and not the record itself, of which a small source consists.
All sums are of whole numbers, so that no order of adding changes a bit.

Neighbours say less, whatever their number: what does not belong comes in clumps (a hundred logs, a chapter in German)
whose members are each other's neighbours. Measured in tests/accuracy/test_outliers.py.
"""

from collections.abc import Iterator
from typing import NamedTuple

import duckdb
import numpy as np
from numpy.typing import NDArray

from pipelines.dedupe.components import Rows
from pipelines.signals.embedding import DIMENSIONS

SCALE = 8_192  # as in semantic.py
BATCH = 8_192

_SOURCES = """
SELECT dense_rank() OVER (ORDER BY source) - 1 AS source
FROM member JOIN record USING (record_id) ORDER BY n
"""
_EMBEDDINGS = "SELECT n, pair_embedding::FLOAT[256] AS pair_embedding FROM signal WHERE pair_embedding IS NOT NULL"


class Batch(NamedTuple):
    """Of some records: the row, the source, whether it is counted in its centre, the embedding in whole numbers."""

    rows: Rows
    source: Rows
    counted: NDArray[np.bool_]
    vectors: NDArray[np.int64]


def pair_outliers(con: duckdb.DuckDBPyConnection, rank: Rows, counted: NDArray[np.bool_]) -> NDArray[np.float32]:
    """float32 by rank, 0 to 2, over the tables of sql.py; `counted[n]`: row n, of rank[n], is the first of its cluster.

    NaN for what has no embedding, and for a record that is alone in its source.
    """
    source = con.sql(_SOURCES).to_arrow_table()["source"].to_numpy()
    centres = np.zeros((int(source.max(initial=-1)) + 1, DIMENSIONS), np.int64)
    for batch in _batches(con, source, counted):
        for one in np.unique(batch.source):
            centres[one] += batch.vectors[batch.counted & (batch.source == one)].sum(axis=0)
    squares = np.array([float(sum(int(part) ** 2 for part in centre)) for centre in centres])  # may exceed 64 bits
    told = np.full(rank.size, np.nan, np.float32)
    for batch in _batches(con, source, counted):
        told[rank[batch.rows]] = _distance(batch, centres, squares)
    return told


def _batches(con: duckdb.DuckDBPyConnection, source: Rows, counted: NDArray[np.bool_]) -> Iterator[Batch]:
    for batch in con.sql(_EMBEDDINGS).to_arrow_reader(BATCH):
        made = batch["pair_embedding"].flatten().to_numpy(zero_copy_only=False).reshape(-1, DIMENSIONS)
        rows = batch["n"].to_numpy()
        yield Batch(rows, source[rows], counted[rows], np.rint(made * SCALE).astype(np.int64))


def _distance(batch: Batch, centres: NDArray[np.int64], squares: NDArray[np.float64]) -> NDArray[np.float64]:
    """float64 per record; NaN where nothing but the record is in its centre. `squares` are the centres' lengths'."""
    own = np.einsum("rd,rd->r", batch.vectors, batch.vectors)
    with_all = np.einsum("rd,rd->r", batch.vectors, centres[batch.source])
    itself = np.where(batch.counted, own, 0)
    length = np.sqrt(own * (squares[batch.source] - 2.0 * np.where(batch.counted, with_all, 0) + itself))
    return 1 - np.divide(with_all - itself, length, out=np.full(own.size, np.nan), where=length > 0)
