"""Stage 7, if the recipe has [preference]: pairs and a fine-tuned model → 6_models/<recipe>.<method>/<version>/.

DPO and KTO leave a model that answers, a reward model one that judges answers (InstructGPT's second step), RLOO one
that was trained to write what that judge likes (its third). Each begins with the recipe's latest fine-tuned model, or
with the base model where there is none.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines import finetune, storage
from pipelines.finetune import CHECKPOINTS, EXAMPLES, Snapshot, reports
from pipelines.messages import tr
from pipelines.models import base
from pipelines.recipe import FinetuneSettings, PreferenceSettings, Recipe
from pipelines.storage import shard_cache
from pipelines.storage.layout import REWARD
from schemas.manifest import Manifest

VERSION = 1
STAGE = "prefer"
CARD = "README.md"
RATES = {"lora": 1e-4, "full": 1e-5}

log = logging.getLogger("gristmill")


@dataclass(frozen=True)
class Start:
    """The model that training begins with: its name for people, and what it depends on.

    `folder`: where it lies in the data folder; None: it is the base model. `settings` name it where it is loaded.
    """

    name: str
    fingerprint: str
    folder: Path | None
    settings: FinetuneSettings


@dataclass(frozen=True)
class Work:
    """What a run is about. `settings` are those of fine-tuning, with what `wanted` changes in them."""

    recipe: Recipe
    wanted: PreferenceSettings
    settings: FinetuneSettings
    snapshot: Snapshot
    start: Start
    data: Path

    @property
    def name(self) -> str:
        """As the folder of its versions is called."""
        return f"{self.recipe.name}.{self.wanted.method}"


def run(recipe: Recipe, data: Path) -> Manifest:
    """Learn from the pairs of the recipe's latest snapshot. Returns the manifest of what was made.

    The same snapshot, model and settings are trained once. After a kill, the same command goes on from the last
    complete checkpoint. A warning is logged when training learnt nothing. RLOO needs a reward model of the same
    snapshot: where there is none it is trained first, with the same settings.

    Raises: RecipeError when the extra `train`, the snapshot or a model is missing, or no pair can be learnt. Damaged
    when one of them is.
    """
    base.require_train()
    wanted = recipe.preference
    assert wanted  # or there is no such step
    reports.require(recipe.finetune)
    snapshot = finetune.latest_snapshot(recipe, data)
    if wanted.method == "rloo" and not _judge(recipe, snapshot, data):
        run(recipe.model_copy(update={"preference": wanted.model_copy(update={"method": "reward"})}), data)
    with _started(recipe, data) as start:
        return _made(Work(recipe, wanted, _settings(start, wanted), snapshot, start, data))


def _judge(recipe: Recipe, snapshot: Snapshot, data: Path) -> Path | None:
    """The recipe's latest reward model, if it has learnt this snapshot."""
    folder = storage.latest(storage.folder(data, STAGE, f"{recipe.name}{REWARD}"))
    manifest = storage.last_manifest(folder)
    return folder if manifest and manifest.inputs.get("curated") == snapshot.manifest.fingerprint else None


@contextmanager
def _started(recipe: Recipe, data: Path) -> Iterator[Start]:
    """The recipe's latest fine-tuned model, on this machine, or else the base model."""
    folder = storage.latest(storage.folder(data, finetune.STAGE, recipe.name))
    manifest, settings = storage.read_manifest(folder), recipe.finetune
    if manifest is None:
        name = base.published_name(settings.model)
        log.info(tr("prefer: {recipe} has no fine-tuned model; begins with {model}", recipe=recipe.name, model=name))
        yield Start(name, base.fingerprint(settings.model, settings.revision), None, settings)
        return
    with shard_cache.local_copy_of(folder, manifest) as local:
        found = settings.model_copy(update={"model": str(local), "revision": ""})
        yield Start(f"{recipe.name}/{folder.name}", manifest.fingerprint, folder, found)


def _settings(start: Start, wanted: PreferenceSettings) -> FinetuneSettings:
    settings = start.settings
    changed = {name: getattr(wanted, name) for name in ("epochs", "max_steps", "max_seconds")}
    changed |= {"learning_rate": wanted.learning_rate or RATES[settings.method], "learn": "last"}
    return settings.model_copy(update=changed | {"patience": 0, "evaluate_every": 0})


def _made(work: Work) -> Manifest:
    recipe, wanted = work.recipe, work.wanted
    judge = _judge(recipe, work.snapshot, work.data) if wanted.method == "rloo" else None
    identity: dict[str, Any] = {
        "stage": STAGE,
        "name": work.name,
        "version": VERSION,
        "params": {
            "preference": wanted.model_dump(mode="json"),
            "finetune": recipe.finetune.model_dump(mode="json", exclude={"report_to"}),
            "start": work.start.name if work.start.folder else "",
        },
        "inputs": {"curated": work.snapshot.manifest.fingerprint, "model": work.start.fingerprint},
    }
    if judge:
        identity["inputs"]["reward"] = storage.read_manifest(judge).fingerprint  # type: ignore[union-attr]
        identity["params"]["reward"] = f"{judge.parent.name}/{judge.name}"
    folder, made = finetune.version_of(storage.folder(work.data, STAGE, work.name), identity)
    if made:
        return made
    with storage.becoming_latest(folder), storage.building(folder, **identity) as building:
        if not building.has(CARD):  # which is written last
            _train(work, judge, building)
        finetune.remove_checkpoints(building)
    return storage.read_manifest(folder)  # type: ignore[return-value]


def _train(work: Work, judge: Path | None, building: storage.FolderBuilder) -> None:
    """Measure the model before, train, measure again; leave model, metrics and cards in the folder."""
    from pipelines.finetune import train
    from pipelines.prefer import card, learning, measure, rloo

    where = train.Where(
        work.name, building.local_folder / CHECKPOINTS, finetune.reports_of(work.name, work.data, building), STAGE
    )
    kept, of_what = building.local_folder / EXAMPLES, rloo if judge else measure
    learnt = rloo.learn(work, where, kept, judge) if judge else learning.learn(work, where, kept)
    numbers = card.metrics(work, learnt)
    says, is_learnt = of_what.sentence(numbers), of_what.is_learnt(numbers)
    numbers["is_learnt"] = is_learnt  # `serve` takes no judge unasked that has learnt nothing
    log.log(logging.INFO if is_learnt else logging.WARNING, tr("prefer: {says}", says=says))
    named = work.settings.model_copy(update={"model": work.start.name})  # as the adapter says what it is for
    finetune.adopt(learnt.model, learnt.tokenizer, named, building)
    card.write(work, numbers, says, is_learnt, building)
