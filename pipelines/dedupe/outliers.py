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
import pyarrow as pa
from numpy.typing import NDArray

from pipelines.dedupe.components import Rows
from pipelines.signals.embedding import DIMENSIONS

SCALE = 8_192  # as in semantic.py
BATCH = 8_192
NONE = pa.schema([("rank", pa.int64()), ("pair_outlier", pa.float32())]).empty_table()

_OWNERS = """
SELECT dense_rank() OVER (ORDER BY source) - 1 AS source, rank = cluster AS counted
FROM member JOIN label USING (rank) JOIN record USING (record_id) ORDER BY n
"""
_EMBEDDINGS = "SELECT n, pair_embedding::FLOAT[256] AS pair_embedding FROM signal WHERE pair_embedding IS NOT NULL"


class Batch(NamedTuple):
    """Of some records: the row, the source, whether it is counted in its centre, the embedding in whole numbers."""

    rows: Rows
    source: Rows
    counted: NDArray[np.bool_]
    vectors: NDArray[np.int64]


def pair_outliers(con: duckdb.DuckDBPyConnection, rank: Rows) -> pa.Table:
    """`rank` and `pair_outlier` (float32, 0 to 2) over the tables of sql.py and `label`; rank[n] is that of row n.

    Null for a record that is alone in its source.
    """
    owners = con.sql(_OWNERS).to_arrow_table()
    source, counted = owners["source"].to_numpy(), owners["counted"].to_numpy()
    centres = np.zeros((int(source.max(initial=-1)) + 1, DIMENSIONS), np.int64)
    for batch in _batches(con, source, counted):
        for one in np.unique(batch.source):
            centres[one] += batch.vectors[batch.counted & (batch.source == one)].sum(axis=0)
    squares = np.array([float(sum(int(part) ** 2 for part in centre)) for centre in centres])  # may exceed 64 bits
    rows, told = [np.empty(0, np.int64)], [np.empty(0)]
    for batch in _batches(con, source, counted):
        rows.append(rank[batch.rows])
        told.append(_distance(batch, centres, squares))
    value = pa.array(np.concatenate(told), pa.float32(), from_pandas=True)  # NaN is null
    return pa.table({"rank": np.concatenate(rows), "pair_outlier": value})


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
