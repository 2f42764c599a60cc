"""What a stage over a whole recipe reads: the finished shards of its sources, and a DuckDB that may spill."""

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from pipelines import storage
from pipelines.recipe import Recipe, RecipeError
from pipelines.storage import shard_cache
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
    def _held(self) -> shard_cache.Copies:
        return shard_cache.copies([shard for listed in self.shards.values() for shard in listed])


def load_inputs(recipe: Recipe, data: Path, *, clusters: bool = False) -> Inputs:
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
