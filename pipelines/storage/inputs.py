"""The inputs of a stage that works on a whole recipe: the finished shards of all its sources."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from pipelines import storage
from pipelines.recipe import Recipe, RecipeError
from pipelines.storage import filesystem, shard_cache
from schemas.manifest import Manifest, Shard

PREFIXES = {"normalise": ("records", "pairs"), "annotate": ("signals",), "dedupe": ("clusters", "edges")}


@dataclass(frozen=True)
class Inputs:
    """Fingerprints by `stage/name`, a part of the stage's key; shards by table; the counts of normalise by source.

    `models` are those of the recipe that measured records: signal, model, label, licence.
    """

    fingerprints: dict[str, str]
    shards: dict[str, list[tuple[Path, Shard]]]
    counts: dict[str, dict[str, int]]
    models: tuple[tuple[str, ...], ...] = ()

    @cached_property
    def paths(self) -> dict[str, list[Path]]:
        """The Parquet files by table, compared with their hashes.

        Of an object store they are copies, which stay as long as this object exists. Raises: Damaged.
        """
        copied = iter(self._copies.paths)
        return {table: [next(copied) for _ in shards] for table, shards in self.shards.items()}

    @cached_property
    def _copies(self) -> shard_cache.LocalCopies:
        return shard_cache.local_copies([shard for shards in self.shards.values() for shard in shards])


def load_inputs(recipe: Recipe, data: Path, *, clusters: bool = False) -> Inputs:
    """The records and signals of every source of the recipe, and with `clusters` the recipe's clusters.

    Raises: RecipeError where a stage before has not finished.
    """
    wanted = [(stage, name) for stage in ("normalise", "annotate") for name in recipe.source_names()]
    wanted += [("dedupe", recipe.name)] if clusters else []
    manifests = {(stage, name): finished(data, stage, name, recipe) for stage, name in wanted}
    shards: dict[str, list[tuple[Path, Shard]]] = {prefix: [] for of_stage in PREFIXES.values() for prefix in of_stage}
    for (stage, name), manifest in manifests.items():
        for prefix in PREFIXES[stage]:
            shards[prefix] += storage.tables(storage.folder(data, stage, name), manifest, prefix)
    fingerprints = {f"{stage}/{name}": manifest.fingerprint for (stage, name), manifest in manifests.items()}
    counts = {name: manifest.counts for (stage, name), manifest in manifests.items() if stage == "normalise"}
    models = {tuple(model) for manifest in manifests.values() for model in manifest.params.get("models", ())}
    return Inputs(fingerprints, shards, counts, tuple(sorted(models)))


def check_columns(paths: Iterable[Path], columns: Iterable[str], what: str, cure: str) -> None:
    """Raises: RecipeError where one of the tables lacks a column, since another release has made it."""
    wanted = set(columns)
    for path in paths:
        with filesystem.open_parquet(path) as file:
            if not wanted <= set(file.schema_arrow.names):
                raise RecipeError(
                    "{path}: {what} of another release, with other columns; {cure}", path=path, what=what, cure=cure
                )


def finished(data: Path, stage: str, name: str, recipe: Recipe) -> Manifest:
    """What a stage has made for a source or recipe. Raises: RecipeError where it has not finished."""
    folder = storage.folder(data, stage, name)
    manifest = storage.read_manifest(folder)
    if manifest is None:
        raise RecipeError(
            "{folder}: nothing finished here; run `gristmill stage {stage} {recipe}` first",
            folder=folder,
            stage=stage,
            recipe=recipe.name,
        )
    return manifest
