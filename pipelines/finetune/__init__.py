"""Stage 6: a snapshot → 6_models/<recipe>/<version>/, a folder that transformers, vLLM and `gristmill serve` read.

torch and its libraries are imported where they are used, so that importing this stage is cheap.
"""

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines import storage
from pipelines.finetune import reports
from pipelines.messages import Message, tr
from pipelines.models import base
from pipelines.recipe import FinetuneSettings, Recipe, RecipeError
from pipelines.storage import filesystem, inputs, integrity, layout
from pipelines.workers.progress import track
from schemas.manifest import Manifest

if TYPE_CHECKING:
    from pipelines.finetune.evaluate import EvaluationSet

# 3: a card in Chinese; 4: its curve too, batches by tokens, long answers cut, instruction and input joined by a line;
# 5: the split `test` is not measured on
VERSION = 5
STAGE = "finetune"
CHECKPOINTS, EXAMPLES, CARD = ".checkpoints", ".checkpoints/examples", "README.md"
REPORTS = "tensorboard"
# `test` is read by `evaluate` alone: what training has looked at, and may have ended by, shows too good a loss
TRAIN, HELD_OUT, TEST = "train", "validation", "test"
COLUMNS = [
    *("record_id", "instruction", "input", "output", "history", "system", "tools", "reasoning", "tool_calls"),
    *("task", "language", "source", "licence"),
]

log = logging.getLogger("gristmill")


@dataclass(frozen=True)
class Snapshot:
    """The curated data that a model is trained on."""

    folder: Path
    manifest: Manifest

    def rows(self, *splits: str) -> Iterator[dict[str, Any]]:
        """The rows of some splits, in order, with the columns COLUMNS."""
        for name in (name for split in splits for name in self.manifest.tables(split)):
            for batch in filesystem.open_parquet(self.folder / name).iter_batches(1_000, columns=COLUMNS):
                yield from batch.to_pylist()

    def count(self, split: str) -> int:
        """The number of its rows."""
        names = set(self.manifest.tables(split))
        return sum(shard.rows for shard in self.manifest.shards if shard.path in names)

    def describe(self) -> dict[str, str]:
        """What the model card says of it: recipe, version and fingerprint."""
        return {
            "recipe": self.manifest.name,
            "version": self.folder.name,
            "fingerprint": self.manifest.fingerprint,
        }


def run(recipe: Recipe, data: Path) -> Manifest:
    """Fine-tune on the recipe's latest snapshot. Returns the model's manifest.

    The same snapshot, base model and settings are trained once. After a kill, the same command goes on from the last
    complete checkpoint. A warning is logged when training learnt nothing.

    Raises: RecipeError when the extra `train`, the snapshot or the base model is missing, or no row can be trained on.
    Damaged when the snapshot is.
    """
    base.require_train()
    reports.require(recipe.finetune)
    snapshot = latest_snapshot(recipe, data)
    settings = recipe.finetune
    identity: dict[str, Any] = {
        "stage": STAGE,
        "name": recipe.name,
        "version": VERSION,
        "params": settings.model_dump(mode="json", exclude={"report_to"}),
        "inputs": {
            "curated": snapshot.manifest.fingerprint,
            "model": base.fingerprint(settings.model, settings.revision),
        },
    }
    folder, made = version_of(storage.folder(data, STAGE, recipe.name), identity)
    if made:
        return made
    with storage.becoming_latest(folder), storage.building(folder, **identity) as building:
        if not building.has(CARD):  # which is written last
            _train(recipe, snapshot, data, building)
        remove_checkpoints(building)
    return storage.read_manifest(folder)  # type: ignore[return-value]


def version_of(models: Path, identity: Mapping[str, Any]) -> tuple[Path, Manifest | None]:
    """The version with this key, which becomes the latest, and its manifest; else the next one's folder and None."""
    following = layout.next_version(models)
    for folder in (*layout.versions(models), following):
        finished = storage.finished(folder, **identity)
        if finished:
            storage.point_latest(folder)
            return folder, finished
    return following, None


def remove_checkpoints(building: storage.FolderBuilder) -> None:
    """Delete what training has left, now that the model is in its place."""
    filesystem.remove_folder(building.local_folder / CHECKPOINTS)


def latest_snapshot(recipe: Recipe, data: Path) -> Snapshot:
    """The recipe's latest snapshot. Raises: RecipeError when there is none, Damaged when it is not what was written."""
    folder = storage.latest(storage.folder(data, "curate", recipe.name))
    manifest = storage.read_manifest(folder)
    if manifest is None:
        raise RecipeError("{recipe}: no snapshot to train on; run `gristmill stage curate` first", recipe=recipe.name)
    splits = (TRAIN, HELD_OUT, TEST)
    paths = [folder / name for split in splits for name in manifest.tables(split)]
    integrity.check(table for split in splits for table in storage.tables(folder, manifest, split))
    cure = Message("run `{command}` for a new one", command=f"gristmill run {recipe.name}")
    inputs.check_columns(paths, COLUMNS, Message("a snapshot"), cure)
    return Snapshot(folder, manifest)


def _train(recipe: Recipe, snapshot: Snapshot, data: Path, building: storage.FolderBuilder) -> None:
    """Evaluate the base model, train it, evaluate it again; leave model, adapter, metrics and card in the folder."""
    from pipelines.finetune import card, comparison, examples, gain, languages, train
    from pipelines.finetune.evaluate import evaluate

    model, tokenizer, new_token_ids = base.load_with_special_tokens(recipe.finetune, data)
    settings = base.within_context(recipe.finetune, model)
    tokenised = track(snapshot.rows(TRAIN), "finetune: tokenise", snapshot.count(TRAIN))
    rows, counts = examples.training(tokenised, tokenizer, settings, building.local_folder / EXAMPLES)
    evaluated = _evaluation_set(snapshot, tokenizer, settings)
    held_out = len(evaluated.rows) * evaluated.held_out
    log.info(tr("finetune: {examples} examples, {held_out} held out", examples=counts["trained"], held_out=held_out))
    before = evaluate(model, tokenizer, evaluated, settings.batch_tokens, "before")
    where = train.Where(recipe.name, building.local_folder / CHECKPOINTS, reports_of(recipe.name, data, building))
    checkpoint = train.train(model, tokenizer, rows, new_token_ids, settings, where, evaluated.rows)
    del model  # two of them need not fit into memory
    model = train.load_checkpoint(base.load_with_special_tokens(settings, data)[0], settings, checkpoint)
    after = evaluate(model, tokenizer, evaluated, settings.batch_tokens, "after")
    compared = comparison.compare(evaluated, before, after, languages.frequencies(snapshot.rows(TRAIN)))
    metrics = card.metrics(settings, snapshot.describe(), counts, checkpoint, compared)
    says = tr("finetune: {says}", says=gain.sentence(metrics))
    log.log(logging.INFO if gain.is_learnt(metrics) else logging.WARNING, says)
    adopt(model, tokenizer, settings, building)
    card.write(metrics, snapshot.rows(TRAIN), building)


def reports_of(name: str, data: Path, building: storage.FolderBuilder) -> Path:
    """Where TensorBoard finds the numbers of a run."""
    version = building.folder.name.strip(".").partition(".")[0]
    return filesystem.local_folder(data) / REPORTS / name / version


def _evaluation_set(snapshot: Snapshot, tokenizer: Any, settings: FinetuneSettings) -> "EvaluationSet":
    """Held-out rows; where none fits, the first of those that are trained on."""
    from pipelines.finetune import examples
    from pipelines.finetune.evaluate import EvaluationSet

    if held_out := examples.held_out(snapshot.rows(HELD_OUT), tokenizer, settings):
        asked = examples.questions(snapshot.rows(HELD_OUT), tokenizer, settings)
        return EvaluationSet(held_out, asked, held_out=True)
    return EvaluationSet(examples.first(snapshot.rows(TRAIN), tokenizer, settings), [], held_out=False)


def adopt(model: Any, tokenizer: Any, settings: FinetuneSettings, building: storage.FolderBuilder) -> None:
    """Write model and tokenizer into the folder. Libraries write under temporary names, which a kill would leave."""
    from pipelines.finetune import train

    saved = building.local_folder / CHECKPOINTS / "saved"
    filesystem.remove_folder(saved)
    with filesystem.written_by_library(saved):
        train.save(model, tokenizer, settings, saved)
    for path in sorted(path for path in saved.rglob("*") if path.is_file()):
        building.adopt(path.relative_to(saved).as_posix(), saved)
