"""Stage 4: records and their signatures → 4_clusters/<recipe>/: which records say the same.

    key       what is compared (recipe: dedupe.key): the pair (instruction, input and output), the output alone, or the
              instruction with its input
    exact     equal hash of the key (annotate; pipelines/signals/exact.py says what is folded)
    near      share a band of the signature → signatures agree → true Jaccard of the key at recipe.dedupe.threshold
    semantic  close in meaning by recipe.dedupe.semantic, if that is set (pipelines/dedupe/semantic.py)
    cluster   connected components of all these; a text too short for a signature has exact duplicates only
              (fewer than 16 different shingles, that is some 20 words or Chinese characters)
    group     clusters joined by common pages: what must not be torn apart by a split
    outlier   how little a record means what its source is about, where embeddings are (pipelines/dedupe/outliers.py)

The same answer to another question is no duplicate unless the pair as a whole is near. A near duplicate of a near
duplicate is in the cluster. Nothing depends on the order of rows, the number of workers or the number of sources:
all is done in the order of record_id, and the smallest record_id names a cluster.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from pipelines import inputs, place, storage
from pipelines.dedupe import compared, sql
from pipelines.dedupe.compared import Compared
from pipelines.dedupe.components import join_all, labels
from pipelines.dedupe.near import Numbered, Work, near_duplicates
from pipelines.dedupe.outliers import NONE, pair_outliers
from pipelines.dedupe.semantic import semantic_duplicates
from pipelines.recipe import DedupeSettings, Recipe
from schemas.cluster import CLUSTER, EDGE
from schemas.manifest import Manifest

VERSION = 3
MEMORY = "512MB"  # for DuckDB; of 10^7 records the arrays beside it take 800 MB


def run(recipe: Recipe, data: Path, workers: int = 1) -> Manifest:
    """Cluster all records of the recipe. Raises RecipeError where an earlier stage is missing."""
    folder = storage.folder(data, "dedupe", recipe.name)
    read = inputs.of(recipe, data)
    about: dict[str, Any] = {
        "stage": "dedupe",
        "name": recipe.name,
        "version": VERSION,
        "params": recipe.dedupe.model_dump(),
        "inputs": read.fingerprints,
    }
    if done := storage.finished(folder, **about):
        return done
    before = compared.of(folder, storage.read_manifest(folder), VERSION, about["params"])
    with (
        storage.building(folder, **about, resume=False) as made,
        inputs.spilling_duckdb(folder, workers, MEMORY) as (con, scratch),
    ):
        con.execute(sql.members(read.paths, recipe.dedupe.key))
        _check(con, read.paths)
        work = Work(con, scratch, tuple(read.paths["records"]), tuple(read.paths["signals"]), workers)
        compared.write(made, _cluster(work, recipe.dedupe, before))
        made.table("clusters-00000.parquet", con.sql(sql.CLUSTERS).to_arrow_reader(), CLUSTER)
        made.table("edges-00000.parquet", con.sql(sql.EDGES).to_arrow_reader(), EDGE)
        made.counts.update(con.sql(sql.COUNTS).to_arrow_table().to_pylist()[0])
    return storage.finished(folder, **about)  # type: ignore[return-value]


def _check(con: duckdb.DuckDBPyConnection, paths: Mapping[str, list[Path]]) -> None:
    """Row by row and shard by shard signals must be those of the records."""
    given, signed = ([place.parquet(path).metadata.num_rows for path in paths[name]] for name in ("records", "signals"))
    ((unsigned,),) = con.sql(sql.UNSIGNED).fetchall()
    con.execute("DROP TABLE ranked")
    if given != signed or unsigned:
        raise ValueError(f"{unsigned} of {sum(given)} records are without signals: annotate and normalise disagree")


def _cluster(work: Work, settings: DedupeSettings, before: Compared) -> Compared:
    """Leave in DuckDB the tables `near` (verified pairs), `label` (cluster and group of each rank), `outlier`."""
    member = work.con.sql(sql.NUMBERS).to_arrow_table()
    rank, same_key, same_page, hashed = (column.to_numpy() for column in member.columns[1:])
    cluster = np.arange(rank.size)
    edges, now = near_duplicates(work, settings, Numbered(rank, same_key, hashed), cluster, before)
    found = {"near": edges}
    join_all(cluster, rank, same_key)
    if settings.semantic:
        found["semantic"] = semantic_duplicates(work, settings.semantic, rank, cluster)
    parts = [
        pa.table({**edges._asdict(), "method": pa.array([how] * edges.first.size, pa.string())})
        for how, edges in found.items()
    ]
    _keep(work.con, "near", pa.concat_tables(parts))
    group = cluster.copy()
    join_all(group, rank, same_page)
    size = np.bincount(labels(cluster), minlength=rank.size).astype(np.int32)
    label = {"cluster": labels(cluster), "grp": labels(group), "size": size[labels(cluster)]}
    _keep(work.con, "label", pa.table({"rank": np.arange(rank.size), **label}))
    _keep(work.con, "outlier", pair_outliers(work.con, rank) if settings.semantic else NONE)
    return now


def _keep(con: duckdb.DuckDBPyConnection, name: str, table: pa.Table) -> None:
    con.register("given", table)
    con.execute(f"CREATE TEMP TABLE {name} AS SELECT * FROM given")
    con.unregister("given")
