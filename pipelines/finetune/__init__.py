"""Stage 6: a snapshot → 6_models/<recipe>/<version>/, a folder that transformers, vLLM and `gristmill serve` read.

Everything heavy is imported where it is used, so that importing this stage costs nothing.
"""

import logging
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines import storage
from pipelines.models import base
from pipelines.recipe import FinetuneSettings, Recipe, RecipeError
from pipelines.storage import filesystem
from schemas.manifest import Manifest

VERSION = 1
STAGE = "finetune"
CHECKPOINTS, CARD = ".checkpoints", "README.md"
COLUMNS = ["record_id", "instruction", "input", "output", "history", "task", "language", "licence"]

log = logging.getLogger("gristmill")


@dataclass(frozen=True)
class Snapshot:
    """The curated data a model is trained on."""

    folder: Path
    manifest: Manifest

    def rows(self, split: str) -> Iterator[dict[str, Any]]:
        for name in self.manifest.tables(split):
            for batch in filesystem.open_parquet(self.folder / name).iter_batches(1_000, columns=COLUMNS):
                yield from batch.to_pylist()

    def describe(self) -> dict[str, str]:
        return {
            "recipe": self.manifest.name,
            "version": self.folder.name,
            "fingerprint": self.manifest.fingerprint,
        }


def run(recipe: Recipe, data: Path) -> Manifest:
    """Fine-tune on the recipe's latest snapshot; returns the model's manifest. Raises RecipeError with the cure.

    The same snapshot, base model and settings are trained once. Killed, the same command goes on from the last
    complete checkpoint.
    """
    base.require_train()
    snapshot = _latest(recipe, data)
    settings = recipe.finetune
    inputs = {"curated": snapshot.manifest.fingerprint, "model": base.fingerprint(settings.model)}
    what: dict[str, Any] = {
        "stage": STAGE,
        "name": recipe.name,
        "version": VERSION,
        "params": settings.model_dump(mode="json"),
        "inputs": inputs,
    }
    models = storage.folder(data, STAGE, recipe.name)
    versions = sorted(int(path.name[1:]) for path in models.glob("v[0-9]*"))
    following = models / f"v{max(versions, default=0) + 1}"
    for folder in [*(models / f"v{version}" for version in versions), following]:
        made = storage.finished(folder, **what)
        if made:
            storage.point_latest(folder)
            return made
    with storage.building(following, **what) as building:
        if not building.has(CARD):  # which is written last
            _bake(recipe, snapshot, data, building)
        shutil.rmtree(building.local_folder / CHECKPOINTS, ignore_errors=True)
    storage.point_latest(following)
    return storage.read_manifest(following)  # type: ignore[return-value]


def _latest(recipe: Recipe, data: Path) -> Snapshot:
    folder = storage.latest(storage.folder(data, "curate", recipe.name))
    manifest = storage.read_manifest(folder)
    if manifest is None:
        raise RecipeError(f"{recipe.name}: no snapshot to train on; run `gristmill stage curate` first")
    return Snapshot(folder, manifest)


def _bake(recipe: Recipe, snapshot: Snapshot, data: Path, building: storage.FolderBuilder) -> None:
    """Measure, train, measure again, and leave model, adapter, numbers and card in the folder."""
    from pipelines.finetune import card, examples, train

    settings = recipe.finetune
    model, tokenizer, new = base.load_marked(settings, data)
    rows, counts = examples.training(snapshot.rows("train"), tokenizer, settings)
    held = examples.held_out(snapshot.rows("validation"), tokenizer, settings)
    log.info("finetune: %d examples, %d held out", len(rows), len(held))
    before = _measure(model, tokenizer, held, settings)
    checkpoint = train.train(model, tokenizer, rows, new, settings, building.local_folder / CHECKPOINTS)
    del model  # two of them need not fit into memory
    model = train.trained(base.load_marked(settings, data)[0], settings, checkpoint)
    after = _measure(model, tokenizer, held, settings)
    numbers = card.metrics(settings, snapshot.describe(), counts, checkpoint, held, (before, after))
    train.save(model, tokenizer, base.published_name(settings.model), building.local_folder)
    for path in sorted([*building.local_folder.glob("[!.]*"), *(building.local_folder / train.ADAPTER).glob("[!.]*")]):
        if path.is_file():
            building.adopt(path.relative_to(building.local_folder).as_posix())
    card.write(numbers, snapshot.rows("train"), building)


def _measure(model: Any, tokenizer: Any, held: list[Any], settings: FinetuneSettings) -> tuple[Any, list[str]]:
    from pipelines.finetune import evaluate

    loss = evaluate.held_out_loss(model, held, settings.batch_size)
    return loss, evaluate.answers(model, tokenizer, evaluate.samples(held))
