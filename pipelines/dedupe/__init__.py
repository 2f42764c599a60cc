"""Stage 4: records and their signatures → 4_clusters/<recipe>/: which records say the same.

    exact     equal pair_hash (annotate: instruction, input and output, normalised)
    near      share a band of the signature → signatures agree → true Jaccard at recipe.dedupe.threshold
    cluster   connected components of both; a text too short for a signature has exact duplicates only
    group     clusters joined by common pages: what must not be torn apart by a split

The same answer to another question is no duplicate unless the pair as a whole is near. A near duplicate of a near
duplicate is in the cluster. Nothing depends on the order of rows, the number of workers or the number of sources:
labels are the smallest record_id, and edges are found in the order of record_id.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from pipelines import inputs, place, storage
from pipelines.dedupe import bands, sql
from pipelines.dedupe.components import Rows, join_all, labels
from pipelines.dedupe.verify import NEAR, near_duplicates
from pipelines.pool import map_ordered
from pipelines.progress import track
from pipelines.recipe import Recipe
from schemas.cluster import CLUSTER, EDGE
from schemas.manifest import Manifest

VERSION = 1
BATCH = 8_192  # rows that come out of DuckDB, and candidates verified, at a time


def run(recipe: Recipe, data: Path, workers: int = 1) -> Manifest:
    """Cluster all records of the recipe. Raises RecipeError where an earlier stage is missing."""
    folder = storage.folder(data, "dedupe", recipe.name)
    read = inputs.of(recipe, data)
    about: dict[str, Any] = {
        "stage": "dedupe",
        "name": recipe.name,
        "version": VERSION,
        "params": {"threshold": recipe.dedupe.threshold},
        "inputs": read.fingerprints,
    }
    if done := storage.finished(folder, **about):
        return done
    with storage.building(folder, **about, resume=False) as made:
        with inputs.spilling_duckdb(folder, workers) as (con, scratch):
            con.execute(sql.members(read.paths))
            _cluster(con, scratch, recipe.dedupe.threshold, workers)
            made.table("clusters-00000.parquet", con.sql(sql.CLUSTERS).to_arrow_reader(), CLUSTER)
            made.table("edges-00000.parquet", con.sql(sql.EDGES).to_arrow_reader(), EDGE)
            made.counts.update(con.sql(sql.COUNTS).to_arrow_table().to_pylist()[0])
        _check(made.counts, read.paths["records"])
    return storage.finished(folder, **about)  # type: ignore[return-value]


def _check(counts: Mapping[str, int], records: list[Path]) -> None:
    given = sum(place.parquet(path).metadata.num_rows for path in records)
    if counts["records"] != given:
        raise ValueError(f"{given} records but {counts['records']} with signals: annotate and normalise disagree")


def _cluster(con: duckdb.DuckDBPyConnection, scratch: Path, threshold: float, workers: int) -> None:
    """Leave in DuckDB the tables `near` (verified pairs) and `label` (n, cluster, grp: a row number each)."""
    member = con.sql("SELECT n, same_pair, same_page FROM member ORDER BY n").to_arrow_table()
    numbers, pair, page = (member[name].to_numpy() for name in ("n", "same_pair", "same_page"))
    candidate, cluster = numbers.copy(), numbers.copy()
    cut = bands.choose(threshold)
    rows = bands.spill(con.sql(sql.SIGNATURES).to_arrow_reader(BATCH), scratch, cut)
    bands.join_candidates(candidate, rows, scratch, cut, threshold)
    near = _verified(con, labels(candidate), threshold, workers)
    join_all(cluster, numbers, pair)
    join_all(cluster, near["first"].to_numpy(), near["second"].to_numpy())
    group = cluster.copy()
    join_all(group, numbers, page)
    _keep(con, "near", near)
    _keep(con, "label", pa.table({"n": numbers, "cluster": labels(cluster), "grp": labels(group)}))


def _verified(con: duckdb.DuckDBPyConnection, component: Rows, threshold: float, workers: int) -> pa.Table:
    numbers = np.flatnonzero(np.bincount(component)[component] > 1) if component.size else component
    _keep(con, "candidate", pa.table({"n": numbers, "component": component[numbers]}))
    verify = partial(near_duplicates, threshold=threshold, least=bands.least_agreeing(threshold))
    reader = con.sql(sql.CANDIDATES).to_arrow_reader(BATCH)
    chunks = track(_chunks(reader), "dedupe")
    found = map(verify, chunks) if workers == 1 else _spread(verify, chunks, workers)
    return pa.concat_tables([NEAR.empty_table(), *found])


def _spread(verify: Callable[[pa.Table], pa.Table], chunks: Iterable[pa.Table], workers: int) -> Iterator[pa.Table]:
    for _, found in map_ordered(verify, chunks, workers=workers):
        if isinstance(found, BaseException):
            raise found
        yield found


def _keep(con: duckdb.DuckDBPyConnection, name: str, table: pa.Table) -> None:
    con.register("given", table)
    con.execute(f"CREATE TEMP TABLE {name} AS SELECT * FROM given")
    con.unregister("given")


def _chunks(batches: pa.RecordBatchReader) -> Iterator[pa.Table]:
    """Whole components, about BATCH rows at a time."""
    pending = batches.schema.empty_table()
    for batch in batches:
        pending = pa.concat_tables([pending, pa.Table.from_batches([batch])])
        component = pending["component"].to_numpy()
        whole = int(np.searchsorted(component, component[-1])) if len(pending) else 0
        if whole:
            yield pending.slice(0, whole)
            pending = pending.slice(whole)
    if len(pending):
        yield pending
