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

from pipelines import storage
from pipelines.dedupe import compared, sql, tables
from pipelines.dedupe.compared import Compared
from pipelines.dedupe.components import join_all, labels
from pipelines.dedupe.near import BATCH, Numbered, Work, near_duplicates
from pipelines.dedupe.outliers import pair_outliers
from pipelines.dedupe.semantic import semantic_duplicates
from pipelines.dedupe.tables import Found
from pipelines.dedupe.verify import Edges
from pipelines.recipe import DedupeSettings, Recipe
from pipelines.storage import duck, filesystem, inputs
from schemas.cluster import CLUSTER, EDGE
from schemas.manifest import Manifest

VERSION = 3
MEMORY = "256MB"  # for DuckDB, which takes a fifth longer than with 1 GB; of 10^7 records the arrays beside it are 1 GB


def run(recipe: Recipe, data: Path, workers: int = 1) -> Manifest:
    """Cluster all records of the recipe. Raises RecipeError where an earlier stage is missing."""
    folder = storage.folder(data, "dedupe", recipe.name)
    read = inputs.load_inputs(recipe, data)
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
        duck.spilling_duckdb(folder, workers, MEMORY) as (con, scratch),
    ):
        con.execute(sql.members(read.paths, recipe.dedupe.key))
        _check(con, read.paths)
        con.execute(sql.CHECKED)
        work = Work(con, scratch, tuple(read.paths["records"]), tuple(read.paths["signals"]), workers)
        found, now = _find(work, recipe.dedupe, before)
        ids = _ids(con)
        made.table("clusters-00000.parquet", tables.clusters(ids, found), CLUSTER)
        made.table("edges-00000.parquet", tables.edges(ids, found), EDGE)
        compared.write(made, now)
        made.counts.update(tables.counts(found))
    return storage.finished(folder, **about)  # type: ignore[return-value]


def _check(con: duckdb.DuckDBPyConnection, paths: Mapping[str, list[Path]]) -> None:
    """Row by row and shard by shard signals must be those of the records."""
    given, signed = (
        [filesystem.open_parquet(path).metadata.num_rows for path in paths[name]] for name in ("records", "signals")
    )
    ((unsigned,),) = con.sql(sql.UNSIGNED).fetchall()
    if given != signed or unsigned:
        raise ValueError(f"{unsigned} of {sum(given)} records are without signals: annotate and normalise disagree")


def _ids(con: duckdb.DuckDBPyConnection) -> pa.Array:
    """Of all ranks, in one array: it is asked for places anywhere in it."""
    found = (batch["record_id"].cast(pa.large_string()) for batch in con.sql(sql.IDS).to_arrow_reader(BATCH))
    return pa.concat_arrays([pa.array([], pa.large_string()), *found])


def _find(work: Work, settings: DedupeSettings, before: Compared) -> tuple[Found, Compared]:
    rank, same_key, hashed = (np.asarray(column) for column in work.con.sql(sql.NUMBERS).fetchnumpy().values())
    parent, copies = np.arange(rank.size), rank != same_key
    near, now = near_duplicates(work, settings, Numbered(rank, same_key, hashed), parent, before)
    join_all(parent, rank, same_key)
    edges = {"exact": Edges(same_key[copies], rank[copies], np.ones(copies.sum(), np.float32)), "near": near}
    if settings.semantic:
        edges["semantic"] = semantic_duplicates(work, settings.semantic, rank, parent)
    cluster = labels(parent)
    join_all(parent, rank, np.asarray(work.con.sql(sql.PAGES).fetchnumpy()["same_page"]))
    unknown = np.full(rank.size, np.nan, np.float32)
    outlier = pair_outliers(work.con, rank, cluster[rank] == rank) if settings.semantic else unknown
    return Found(cluster, labels(parent), outlier, edges), now
