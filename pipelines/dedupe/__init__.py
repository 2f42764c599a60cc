"""Stage 4: records and their signatures → 4_clusters/<recipe>/: which records are duplicates of each other.

    key       what is compared (recipe: dedupe.key): the pair (instruction, input and output), the output alone, or the
              instruction with its input
    exact     equal hash of the key (annotate; pipelines/signals/exact.py says what is folded)
    near      a shared bucket of the MinHash signature → similar signatures → true Jaccard of the key at
              recipe.dedupe.threshold
    semantic  cosine of the embeddings at recipe.dedupe.semantic, if that is set (semantic_duplicates.py)
    cluster   connected components of all these; a text too short for a signature has exact duplicates only
              (fewer than 16 different shingles, that is some 20 words or Chinese characters)
    group     clusters joined by common pages: what a split must not separate
    outlier   the distance of a record from its source, where there are embeddings (outliers.py)

The same answer to another question is a duplicate only if the pair as a whole is near, and never under another system
prompt, with other tools or after other messages, but for the key `output`. A near duplicate of a near
duplicate is in the cluster. The result does not depend on the order of rows, the number of workers or the number of
sources: all work goes in the order of record_id, and the smallest record_id names a cluster.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from pipelines import storage
from pipelines.dedupe import clustering, similarity_cache, sql
from pipelines.dedupe.clustering import Clustering
from pipelines.dedupe.near_duplicates import RowKeys, Workspace, find_near_duplicates
from pipelines.dedupe.outliers import pair_outliers
from pipelines.dedupe.semantic_duplicates import find_semantic_duplicates
from pipelines.dedupe.similarity_cache import SimilarityCache
from pipelines.dedupe.union_find import component_labels, union_all
from pipelines.dedupe.verify import Edges
from pipelines.messages import Message
from pipelines.recipe import Recipe
from pipelines.storage import duck, filesystem, inputs
from pipelines.workers import kernels
from schemas.cluster import CLUSTER, EDGE
from schemas.manifest import Manifest

VERSION = 5
MEMORY = "256MB"  # for DuckDB, which takes a fifth longer than with 1 GB; of 10^7 records the arrays beside it are 1 GB


def run(recipe: Recipe, data: Path, workers: int = 1) -> Manifest:
    """Cluster all records of the recipe, or return what stands when neither they nor the settings have changed.

    Raises:
        RecipeError: an earlier stage is missing, or its signals are of an earlier release.
        ValueError: the signals are not those of the records.
    """
    folder = storage.folder(data, "dedupe", recipe.name)
    read = inputs.load_inputs(recipe, data)
    about: dict[str, Any] = {
        "stage": "dedupe",
        "name": recipe.name,
        "version": VERSION,
        "params": _params(recipe),
        "inputs": read.fingerprints,
    }
    if done := storage.finished(folder, **about):
        return done
    old_cache = similarity_cache.load(folder, storage.last_manifest(folder), VERSION, about["params"])
    with (
        storage.building(folder, **about, resume=False) as builder,
        duck.spilling_duckdb(folder, workers, MEMORY) as (con, scratch),
        kernels.announced(),
    ):
        cure = f"run `gristmill stage annotate {recipe.name}` first"
        inputs.check_columns(read.paths["signals"], ["pair_context"], "signals", cure)
        con.execute(sql.create_members(read.paths, recipe.dedupe.key))
        _check_signals(con, read.paths)
        con.execute(sql.DROP_RANKED)
        workspace = Workspace(con, scratch, tuple(read.paths["records"]), tuple(read.paths["signals"]), workers)
        result, new_cache = _cluster(workspace, recipe, old_cache)
        record_ids = _read_record_ids(con)
        builder.table("clusters-00000.parquet", clustering.cluster_rows(record_ids, result), CLUSTER)
        builder.table("edges-00000.parquet", clustering.edge_table(record_ids, result), EDGE)
        similarity_cache.write(builder, new_cache)
        builder.counts.update(clustering.counts(result))
    return storage.finished(folder, **about)  # type: ignore[return-value]


def _params(recipe: Recipe) -> dict[str, Any]:
    """The settings for the key of the folder; one that a release added is left out where it changes nothing."""
    settings = recipe.dedupe.model_dump(exclude={"translations"} if recipe.dedupe.translations else set())
    return settings | ({"outliers": True} if recipe.embedding and not recipe.dedupe.semantic else {})


def _check_signals(con: duckdb.DuckDBPyConnection, paths: Mapping[str, list[Path]]) -> None:
    """Row by row and shard by shard, the signals must be those of the records."""
    records, signals = (
        [filesystem.open_parquet(path).metadata.num_rows for path in paths[name]] for name in ("records", "signals")
    )
    ((mismatched,),) = con.sql(sql.COUNT_MISMATCHED).fetchall()
    if records != signals or mismatched:
        raise ValueError(
            Message(
                "{mismatched} of {records} records are without signals: annotate and normalise disagree",
                mismatched=mismatched,
                records=sum(records),
            )
        )


def _read_record_ids(con: duckdb.DuckDBPyConnection) -> pa.Array:
    """Return the record_ids by rank in one array, since `take` asks for any of them."""
    batches = con.sql(sql.RECORD_IDS).to_arrow_reader(sql.BATCH_ROWS)
    columns = (batch["record_id"].cast(pa.large_string()) for batch in batches)
    return pa.concat_arrays([pa.array([], pa.large_string()), *columns])


def _cluster(workspace: Workspace, recipe: Recipe, old_cache: SimilarityCache) -> tuple[Clustering, SimilarityCache]:
    settings = recipe.dedupe
    rank, same_key, key_hash = (np.asarray(column) for column in workspace.con.sql(sql.ROW_KEYS).fetchnumpy().values())
    parent, copies = np.arange(rank.size), rank != same_key
    near, new_cache = find_near_duplicates(workspace, settings, RowKeys(rank, same_key, key_hash), parent, old_cache)
    union_all(parent, rank, same_key)
    edges = {"exact": Edges(same_key[copies], rank[copies], np.ones(copies.sum(), np.float32)), "near": near}
    if settings.semantic:
        embedded = sql.embeddings(settings.translations)
        edges["semantic"] = find_semantic_duplicates(workspace, embedded, settings.semantic, rank, parent)
    cluster = component_labels(parent)
    union_all(parent, rank, np.asarray(workspace.con.sql(sql.PAGES).fetchnumpy()["same_page"]))
    outlier = np.full(rank.size, np.nan, np.float32)
    if recipe.embedding:
        outlier = pair_outliers(workspace.con, rank, cluster[rank] == rank)
    return Clustering(cluster, component_labels(parent), outlier, edges), new_cache
