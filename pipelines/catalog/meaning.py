"""A map of what records say: their embeddings in the two directions in which they differ most.

The directions are the first two principal components (Pearson 1901) of a sample, which is the same each time: that of
the least hashes of ids. They are lines through the embeddings, so dots that lie apart on the map are apart; dots that
lie together may still differ in the directions that it leaves out.
"""

from dataclasses import dataclass

import duckdb
import numpy as np
from numpy.typing import NDArray

EMBEDDING = "pair_embedding"
MOST = 3_000  # dots: more would lie on one another, and a browser has to draw them
LEAST = 3  # records that a map needs

_OF_RECIPE = f"FROM signals JOIN verdicts USING (record_id) WHERE recipe = $recipe AND {EMBEDDING} IS NOT NULL"
_COUNT = f"SELECT count(*) {_OF_RECIPE}"
# the ids first: embeddings that are sorted with them would be held in memory, a gigabyte for each million
_IDS = f"SELECT record_id {_OF_RECIPE} ORDER BY hash(record_id), record_id LIMIT {MOST}"
_VECTORS = f"""
SELECT {EMBEDDING} FROM signals WHERE record_id IN (SELECT unnest($ids)) ORDER BY list_position($ids, record_id)"""
_WITHIN = f"""
SELECT record_id FROM (
  SELECT record_id,
    list_inner_product({EMBEDDING}, $across::FLOAT[]) - $left AS x,
    list_inner_product({EMBEDDING}, $up::FLOAT[]) - $low AS y
  {_OF_RECIPE}
)
WHERE x BETWEEN $x0 AND $x1 AND y BETWEEN $y0 AND $y1
ORDER BY record_id"""

Box = tuple[float, float, float, float]  # from and to across, from and to upwards


@dataclass(frozen=True)
class Map:
    """The dots, by `ids`, at `places` (float64[dots, 2]). `records` are all that have an embedding, `share` is how much
    of the differences between the dots the two `axes` (float64[2, dimensions]) hold; `middle` is their mean."""

    ids: list[str]
    places: NDArray[np.float64]
    records: int
    share: float
    axes: NDArray[np.float64]
    middle: NDArray[np.float64]


def draw(con: duckdb.DuckDBPyConnection, recipe: str) -> Map | None:
    """The map of a recipe's records, by the users' views; None where too few have an embedding."""
    if EMBEDDING not in con.sql("SELECT * FROM signals LIMIT 0").columns:
        return None
    ids = [name for (name,) in con.execute(_IDS, {"recipe": recipe}).fetchall()]
    if len(ids) < LEAST:
        return None
    vectors = np.array([vector for (vector,) in con.execute(_VECTORS, {"ids": ids}).fetchall()], np.float64)
    ((records,),) = con.execute(_COUNT, {"recipe": recipe}).fetchall()
    middle = vectors.mean(axis=0)
    axes, share = principal(vectors - middle)
    return Map(ids, (vectors - middle) @ axes.T, records, share, axes, middle)


def principal(centred: NDArray[np.float64]) -> tuple[NDArray[np.float64], float]:
    """The two directions of the most variance, and its share of all. The largest part of each points upwards, so that
    no two machines mirror the map."""
    values, directions = np.linalg.eigh(centred.T @ centred)
    axes = directions.T[::-1][:2]
    largest = np.take_along_axis(axes, np.abs(axes).argmax(axis=1, keepdims=True), axis=1)
    total = values.sum()
    return axes * np.sign(largest), float(values[-2:].sum() / total) if total > 0 else 1.0


def within(con: duckdb.DuckDBPyConnection, recipe: str, drawn: Map, box: Box) -> list[str]:
    """The ids of all records in an area of the map, those too that are no dots."""
    (across, up), (left, low) = drawn.axes, drawn.axes @ drawn.middle
    values = {"recipe": recipe, "across": across.tolist(), "up": up.tolist(), "left": float(left), "low": float(low)}
    return [
        name
        for (name,) in con.execute(_WITHIN, values | dict(zip(("x0", "x1", "y0", "y1"), box, strict=True))).fetchall()
    ]
