"""The models that are compared: the latest of a recipe, its base, and the version before it."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from pipelines import storage
from pipelines.evaluate.measuring import Loaded
from pipelines.finetune import TRAIN, Snapshot
from pipelines.models import base
from pipelines.recipe import FinetuneSettings, Recipe, RecipeError
from pipelines.storage import filesystem, integrity, layout, shard_cache
from schemas.manifest import Manifest

BASE, PREVIOUS, TUNED = "base", "previous", "tuned"
METRICS = "metrics.json"


@dataclass(frozen=True)
class Candidate:
    """A model by the name that it has in the rows, and how it is loaded: model and tokenizer."""

    name: str
    load: Callable[[], tuple[Any, Any]]


@dataclass(frozen=True)
class Compared:
    """The folder and manifest of the latest model, and those of the version before it, if there is one."""

    folder: Path
    manifest: Manifest
    earlier: tuple[Path, Manifest] | None
    data: Path

    @property
    def settings(self) -> FinetuneSettings:
        """Those that the latest model was trained with; all models are measured on what they make of the rows."""
        return FinetuneSettings.model_validate(self.manifest.params)

    def fingerprints(self) -> dict[str, str]:
        """What an evaluation depends on."""
        found = {"model": self.manifest.fingerprint, "base": self.manifest.inputs["model"]}
        return found | ({"previous": self.earlier[1].fingerprint} if self.earlier else {})

    def candidates(self) -> Iterator[Candidate]:
        """The models, each loaded when it is asked for."""
        yield Candidate(BASE, self._base)
        if self.earlier:
            yield Candidate(PREVIOUS, partial(_load, *self.earlier, self.data))
        yield Candidate(TUNED, partial(_load, self.folder, self.manifest, self.data))

    def _base(self) -> tuple[Any, Any]:
        return base.load_with_special_tokens(self.settings, self.data)[:2]

    def metrics(self) -> dict[str, Any]:
        """The `metrics.json` of the latest model."""
        return _metrics(self.folder, self.manifest)

    def trained_on(self) -> list[dict[str, str]]:
        """Recipe, version and fingerprint of the snapshot of each model but the base."""
        models = [(self.folder, self.manifest), *([self.earlier] if self.earlier else [])]
        return [_metrics(*one)["snapshot"] for one in models]


def find(recipe: Recipe, data: Path) -> Compared:
    """The models of a recipe. Raises: RecipeError when there is none, Damaged when one is not what was written."""
    models = storage.folder(data, "finetune", recipe.name)
    folder = storage.latest(models)
    manifest = storage.read_manifest(folder)
    if manifest is None:
        raise RecipeError(
            "{recipe}: no model to evaluate; run `gristmill stage finetune {recipe}` first", recipe=recipe.name
        )
    for before in reversed(layout.versions(models)):
        is_earlier = layout.version_number(before) < layout.version_number(folder)
        if is_earlier and (earlier := storage.read_manifest(before)):
            return Compared(folder, manifest, (before, earlier), data)
    return Compared(folder, manifest, None, data)


def loaded(candidate: Candidate, settings: FinetuneSettings) -> Loaded:
    """The model of a candidate, ready to be measured."""
    model, tokenizer = candidate.load()
    return Loaded(base.on_device(model), tokenizer, base.within_context(settings, model))


def _load(folder: Path, manifest: Manifest, data: Path) -> tuple[Any, Any]:
    with shard_cache.local_copy_of(folder, manifest) as near:
        return base.load(str(near), data)


def _metrics(folder: Path, manifest: Manifest) -> dict[str, Any]:
    integrity.check((folder / shard.path, shard) for shard in manifest.shards if shard.path == METRICS)
    found: dict[str, Any] = json.loads((folder / METRICS).read_text())
    return found


def seen(compared: Compared, snapshot: Snapshot) -> tuple[set[str], int]:
    """The ids of records that a model was trained on, though the snapshot may hold them out now; and of how many
    models this cannot be told any more, because the snapshot that they were trained on is gone.
    """
    ids, unknown = set[str](), 0
    for told in compared.trained_on():
        folder = storage.folder(compared.data, "curate", told["recipe"]) / told["version"]
        manifest = storage.read_manifest(folder)
        unknown += manifest is None
        if manifest and manifest.fingerprint != snapshot.manifest.fingerprint:
            for path, shard in storage.tables(folder, manifest, TRAIN):
                integrity.check([(path, shard)])
                ids.update(filesystem.open_parquet(path).read(columns=["record_id"])["record_id"].to_pylist())
    return ids, unknown
