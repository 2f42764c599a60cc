"""What a stage over a whole recipe reads: the finished shards of its sources, and a DuckDB that may spill."""

import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import duckdb

from pipelines import near, place, storage
from pipelines.catalog import open_duckdb
from pipelines.recipe import Recipe, RecipeError
from schemas.manifest import Manifest, Shard

PREFIXES = {"normalise": ("records", "pairs"), "annotate": ("signals",), "dedupe": ("clusters", "edges")}


@dataclass(frozen=True)
class Inputs:
    """Fingerprints by stage and name, for the stage's key; shards by table; what normalise counted."""

    fingerprints: dict[str, str]
    shards: dict[str, list[tuple[Path, Shard]]]
    counts: Counter[str]

    @cached_property
    def paths(self) -> dict[str, list[Path]]:
        """The Parquet files by table; of a store copies on this machine, which stay as long as this object is there."""
        copied = iter(self._held.paths)
        return {table: [next(copied) for _ in listed] for table, listed in self.shards.items()}

    @cached_property
    def _held(self) -> near.Copies:
        return near.copies([shard for listed in self.shards.values() for shard in listed])


def of(recipe: Recipe, data: Path, *, clusters: bool = False) -> Inputs:
    """Records and signals of every source, and with `clusters` the recipe's own. Raises RecipeError."""
    wanted = [(stage, name) for stage in ("normalise", "annotate") for name in recipe.source_names()]
    wanted += [("dedupe", recipe.name)] if clusters else []
    found = {(stage, name): _finished(data, stage, name, recipe) for stage, name in wanted}
    shards: dict[str, list[tuple[Path, Shard]]] = {prefix: [] for of_stage in PREFIXES.values() for prefix in of_stage}
    for (stage, name), manifest in found.items():
        for prefix in PREFIXES[stage]:
            shards[prefix] += storage.tables(storage.folder(data, stage, name), manifest, prefix)
    fingerprints = {f"{stage}/{name}": manifest.fingerprint for (stage, name), manifest in found.items()}
    counts = Counter[str]()
    for (stage, _), manifest in found.items():
        counts.update(manifest.counts if stage == "normalise" else {})
    return Inputs(fingerprints, shards, counts)


def _finished(data: Path, stage: str, name: str, recipe: Recipe) -> Manifest:
    folder = storage.folder(data, stage, name)
    manifest = storage.read_manifest(folder)
    if manifest is None:
        raise RecipeError(f"{folder}: nothing finished here; run `gristmill stage {stage} {recipe.name}` first")
    return manifest


@contextmanager
def spilling_duckdb(
    folder: Path, workers: int, memory: str = "1GB"
) -> Iterator[tuple[duckdb.DuckDBPyConnection, Path]]:
    """DuckDB within `memory`, and a scratch folder near where `folder` will be: what a killed run left there goes."""
    place.make(folder.parent)
    here = place.nearby(folder)
    scratch = here.parent / f".{here.name}.scratch"
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    try:
        with open_duckdb(folder, memory) as con:
            con.execute(f"SET temp_directory = '{scratch}/spill'; SET threads = {workers}; SET TimeZone = 'UTC'")
            yield con, scratch
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
