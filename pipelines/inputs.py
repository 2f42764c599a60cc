"""What a stage over a whole recipe reads: the finished shards of its sources, and a DuckDB that may spill."""

import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from pipelines import place, storage
from pipelines.catalog import open_duckdb
from pipelines.recipe import Recipe, RecipeError
from schemas.manifest import Manifest

PREFIXES = {"normalise": ("records", "pairs"), "annotate": ("signals",), "dedupe": ("clusters", "edges")}


@dataclass(frozen=True)
class Inputs:
    """Fingerprints by stage and name, for the stage's key; the Parquet files by table; what normalise counted."""

    fingerprints: dict[str, str]
    paths: dict[str, list[Path]]
    counts: Counter[str]


def of(recipe: Recipe, data: Path, *, clusters: bool = False) -> Inputs:
    """Records and signals of every source, and with `clusters` the recipe's own. Raises RecipeError."""
    wanted = [(stage, name) for stage in ("normalise", "annotate") for name in recipe.source_names()]
    wanted += [("dedupe", recipe.name)] if clusters else []
    found = {(stage, name): _finished(data, stage, name, recipe) for stage, name in wanted}
    paths: dict[str, list[Path]] = {prefix: [] for prefixes in PREFIXES.values() for prefix in prefixes}
    for (stage, name), manifest in found.items():
        folder = storage.folder(data, stage, name)
        for prefix in PREFIXES[stage]:
            paths[prefix] += [folder / shard for shard in manifest.tables(prefix)]
    fingerprints = {f"{stage}/{name}": manifest.fingerprint for (stage, name), manifest in found.items()}
    counts = Counter[str]()
    for (stage, _), manifest in found.items():
        counts.update(manifest.counts if stage == "normalise" else {})
    return Inputs(fingerprints, paths, counts)


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
    """DuckDB within `memory`, and a scratch folder near where `folder` will be."""
    place.make(folder.parent)
    near = place.nearby(folder)
    with (
        tempfile.TemporaryDirectory(dir=near.parent, prefix=f".{near.name}.") as scratch,
        open_duckdb(folder, memory) as con,
    ):
        con.execute(f"SET temp_directory = '{scratch}/spill'; SET threads = {workers}; SET TimeZone = 'UTC'")
        yield con, Path(scratch)
