"""A recipe's models: which there are, what training and evaluating them has left, and what they were made from."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines import storage
from pipelines.evaluate import report, written
from pipelines.finetune import gain
from pipelines.messages import Message, card_name
from pipelines.storage import integrity, layout
from pipelines.storage.layout import REWARD
from schemas.manifest import Manifest, by_reason

METRICS = "metrics.json"
Numbers = Mapping[str, Any]


@dataclass(frozen=True)
class Model:
    """One version: `name` is `recipe/version`, or `recipe.method/version` of what learnt pairs."""

    name: str
    folder: Path
    manifest: Manifest
    numbers: Numbers

    @property
    def answers(self) -> bool:
        """Whether it can be asked; reward models only score."""
        return not self.manifest.name.endswith(REWARD)

    @property
    def start(self) -> str:
        """The model of the data folder that training began with, by its name; "" for the base model."""
        return str(self.manifest.params.get("start", ""))

    def card(self) -> str:
        """The model's card in the reader's language; the English one where an earlier release wrote no other."""
        found = self.folder / card_name()
        return (found if found.exists() else self.folder / "README.md").read_text("utf-8")


def listed(recipe: str, data: Path) -> list[Model]:
    """The recipe's models, those of finetune first, and of each kind the latest version first.

    Raises: Damaged where one is not what was written.
    """
    of_recipe = storage.folder(data, "finetune", recipe)
    kinds = [of_recipe, *sorted(of_recipe.parent.glob(f"{recipe}.*"))]
    versions = [folder for kind in kinds for folder in sorted(layout.versions(kind), key=_of_kind(kind))]
    return [model for folder in versions if (model := _model(folder))]


def steps_done(recipe: str, data: Path) -> int:
    """How far the training of a model is that is under way: the step of its newest checkpoint, or 0."""
    kept = storage.folder(data, "finetune", recipe).glob(".v*/.checkpoints/checkpoint-*")
    return max((int(folder.name.rpartition("-")[2]) for folder in kept), default=0)


def _of_kind(kind: Path) -> Any:
    latest = storage.latest(kind).name
    return lambda folder: (folder.name != latest, -layout.version_number(folder))


def _model(folder: Path) -> Model | None:
    manifest = storage.read_manifest(folder)
    if manifest is None or not (folder / METRICS).exists():
        return None
    integrity.check((folder / shard.path, shard) for shard in manifest.shards if shard.path == METRICS)
    numbers: Numbers = json.loads((folder / METRICS).read_text("utf-8"))
    return Model(f"{folder.parent.name}/{folder.name}", folder, manifest, numbers)


def says(model: Model) -> Message:
    """What training has changed, in a sentence; "" of what learnt pairs, whose card has other numbers."""
    return gain.sentence(model.numbers) if "." not in model.manifest.name else Message("")


def evaluation(model: Model, data: Path) -> Numbers:
    """What `gristmill evaluate` has measured of a model, with what a judge said; {} without any. Raises: Damaged."""
    folder = storage.folder(data, "evaluate", model.manifest.name) / model.folder.name
    manifest = storage.read_manifest(folder)
    is_of_it = manifest is not None and manifest.inputs.get("model") == model.manifest.fingerprint
    return report.results(folder) if is_of_it else {}


def evaluation_text(numbers: Numbers) -> str:
    """The numbers of an evaluation in Markdown and the reader's language: tables by source, use and test."""
    return report.section(numbers)


def prompts() -> dict[str, str]:
    """The texts of the prompts that an evaluation asks, by their names in the view `evaluations`."""
    return {one.name: one.text for one in written.prompts()}


def rules(model: Model, data: Path) -> dict[str, int]:
    """How many records each rule took out of what the model has learnt; {} where that snapshot is gone."""
    told = model.numbers["snapshot"]
    manifest = storage.read_manifest(storage.folder(data, "curate", told["recipe"]) / told["version"])
    return by_reason(manifest.counts, "broken") if manifest else {}
