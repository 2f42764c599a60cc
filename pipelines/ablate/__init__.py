"""Ablate: does curation help? → `7_evaluations/<recipe>/ablation-<snapshot version>/`, and the dataset's card.

The same model is trained on raw records, on what the policy keeps, and on other choices (arms.py): each arm for as many
steps and as many tokens, with several seeds, and tested on sites that are in none. torch is imported where it is used.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import mean
from typing import Any

from pipelines import catalog, finetune, storage
from pipelines.ablate import arms, drawing, report, summary, training
from pipelines.ablate.arms import Arms
from pipelines.ablate.drawing import Drawn
from pipelines.evaluate import cards, measuring, parts, work
from pipelines.evaluate.compared import Candidate
from pipelines.evaluate.measuring import Loaded
from pipelines.evaluate.work import Work
from pipelines.models import base
from pipelines.recipe import FinetuneSettings, Recipe
from pipelines.storage import filesystem
from pipelines.storage.layout import ABLATION

VERSION = 1
STAGE = "evaluate"  # whose folder it is
MODELS = ".arms"  # what is trained, until it is measured
Row = dict[str, Any]

log = logging.getLogger("gristmill")


@dataclass(frozen=True)
class Plan:
    """How much each arm is trained: `steps` of about `tokens` tokens, under each of `seeds` seeds; and on what it is
    tested: at most `records` records of `sites`, or of sites that are drawn. `without` are rules or signals.
    """

    steps: int = 32
    tokens: int = 1_024
    seeds: int = 3
    records: int = 100
    without: tuple[str, ...] = ()
    sites: tuple[str, ...] = ()


def run(recipe: Recipe, data: Path, plan: Plan) -> Path:
    """Train and test every arm of a recipe that has been run up to curate. Returns the folder of what was measured.

    The same is done once. After a kill the same command goes on: it loses a minute of a training, or a few records of a
    test. The caller holds the lock.

    Raises: RecipeError, PolicyError; Damaged.
    """
    base.require_train()
    snapshot = finetune.latest_snapshot(recipe, data)
    folder = storage.folder(data, STAGE, recipe.name) / f"{ABLATION}{snapshot.folder.name}"
    about: dict[str, Any] = {"stage": STAGE, "name": recipe.name, "version": VERSION, "params": _told(recipe, plan)}
    model = base.fingerprint(recipe.finetune.model, recipe.finetune.revision)
    about |= {"inputs": {"curated": snapshot.manifest.fingerprint, "model": model}}
    if storage.finished(folder, **about) is None:
        with storage.building(folder, **about) as builder:
            _ablate(recipe, data, plan, builder)
    report.write(snapshot.folder, snapshot.manifest, cards.results(folder))
    return folder


def discard(recipe: Recipe, data: Path) -> None:
    """Throw away the ablation of the latest snapshot, finished or not."""
    snapshot = finetune.latest_snapshot(recipe, data)
    folder = storage.folder(data, STAGE, recipe.name) / f"{ABLATION}{snapshot.folder.name}"
    for stale in (*folder.parent.glob(f".{folder.name}.*"), folder):
        filesystem.remove_folder(stale)


def _told(recipe: Recipe, plan: Plan) -> dict[str, Any]:
    settings = recipe.finetune.model_dump(mode="json", exclude={"report_to"})
    return {"plan": plan.__dict__ | {"without": list(plan.without), "sites": list(plan.sites)}, "finetune": settings}


def _ablate(recipe: Recipe, data: Path, plan: Plan, builder: storage.FolderBuilder) -> None:
    if not builder.has(cards.RESULTS):
        numbers = _measured(recipe, data, plan, builder)
        builder.text(cards.RESULTS, cards.as_json(numbers))
    parts.clear(builder)
    filesystem.remove_folder(builder.local_folder / MODELS)


def _measured(recipe: Recipe, data: Path, plan: Plan, builder: storage.FolderBuilder) -> dict[str, Any]:
    tokenizer = base.load_with_special_tokens(recipe.finetune, data)[1]
    with catalog.connect(data) as con:
        chosen = arms.choose(con, recipe, data, plan.without, plan.sites)
        read = partial(arms.rows, con)
        test = read(sorted(chosen.test, key=arms.by_hash)[: plan.records])
        drawn = {
            (arm, seed): drawing.draw(
                arms.draw(strata, seed), read, tokenizer, _settings(recipe, plan, seed), plan.steps * plan.tokens
            )
            for arm, strata in chosen.arms.items()
            for seed in range(1, plan.seeds + 1)
        }
    if not builder.has(parts.TABLE):
        parts.publish(builder, _rows(recipe, data, plan, _works(test, chosen), drawn, builder))
    return summary.of(parts.rows(builder)) | _about(recipe, plan, chosen, drawn, test)


def _settings(recipe: Recipe, plan: Plan, seed: int) -> FinetuneSettings:
    return training.settings_for(recipe.finetune, plan.steps, plan.tokens, seed)


def _works(test: Sequence[Row], chosen: Arms) -> list[Work]:
    starts = range(0, len(test), work.CHUNK)
    measure = partial(_losses, chosen.kept)
    return [Work("loss", n, test[start : start + work.CHUNK], measure) for n, start in enumerate(starts)]


def _losses(kept: frozenset[str], loaded: Loaded, records: Sequence[Row]) -> list[Row]:
    """Of each record, and whether the policy keeps it."""
    return [row | {"passed": row["record_id"] in kept} for row in measuring.losses(loaded, records)]


def _rows(
    recipe: Recipe,
    data: Path,
    plan: Plan,
    works: Sequence[Work],
    drawn: Mapping[tuple[str, int], Drawn],
    builder: storage.FolderBuilder,
) -> Iterator[Row]:
    """The base model and every arm under every seed, each trained when it is first asked for."""
    settings = _settings(recipe, plan, recipe.finetune.seed)
    untrained = Candidate(summary.BASE, lambda: base.load_with_special_tokens(settings, data)[:2])
    yield from work.of_one(untrained, settings, works, builder)
    for (arm, seed), examples in drawn.items():
        name, settings = f"{arm.replace(' ', '-')}-{seed}", _settings(recipe, plan, seed)
        folder = builder.local_folder / MODELS / name
        trained = Candidate(name, partial(training.train, examples, settings, folder, data))
        for row in work.of_one(trained, settings, works, builder):
            yield row | {"model": arm, "seed": seed}
        filesystem.remove_folder(folder)


def _about(
    recipe: Recipe, plan: Plan, chosen: Arms, drawn: Mapping[tuple[str, int], Drawn], test: Sequence[Row]
) -> dict[str, Any]:
    """What was trained and tested: of each arm how many records there are, how many were used, and tokens, by seed."""
    by_arm = {arm: [drawn[arm, seed] for seed in range(1, plan.seeds + 1)] for arm in chosen.arms}
    sizes = {
        arm: {
            "records": sum(map(len, chosen.arms[arm])),
            "used": round(mean(one.records for one in seeds)),
            "tokens": [one.tokens for one in seeds],
            "answers": round(mean(one.answers for one in seeds)),
        }
        for arm, seeds in by_arm.items()
    }
    tested = {"records": len(test), "kept_records": sum(row["record_id"] in chosen.kept for row in test)}
    told = {"model": base.published_name(recipe.finetune.model), "steps": plan.steps, "seeds": plan.seeds}
    return told | tested | {"tokens": plan.steps * plan.tokens, "sites": list(chosen.sites), "arms": sizes}
