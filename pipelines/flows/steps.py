"""Stages in their order, timed and entered in the run log. Plain functions; Prefect calls the same ones.

A source that cannot be collected does not stop the others. The run goes on with the pages that stand from an
earlier run, or without the source when there are none, and fails at its end, naming it. Any other failure is a
fault and not the weather: the other sources finish their own stages, and nothing is published.
"""

import importlib
import logging
import resource
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from pipelines import storage, suppression
from pipelines.curate import policy
from pipelines.errors import WorkFailed, error_message
from pipelines.flows import nothing_kept
from pipelines.flows.stages import PER_SHARD, PER_SOURCE, STAGES, WITH_WORKERS, Stage
from pipelines.messages import Message, joined, tr
from pipelines.recipe import Recipe, RecipeError
from pipelines.storage import inputs, integrity, logs, pages, settling
from pipelines.storage.layout import OF_MODELS
from pipelines.workers.pool import ShardExecutor, run_locally
from schemas.manifest import Manifest

log = logging.getLogger("gristmill")
# by stage, those before it whose folders it reads
MADE_OF: dict[str, tuple[Stage, ...]] = {
    "normalise": ("collect",),
    "annotate": ("normalise",),
    "dedupe": ("normalise", "annotate"),
    "curate": ("normalise", "annotate", "dedupe"),
    "finetune": ("curate",),
    "prefer": ("curate", "finetune"),
    "evaluate": ("curate", "finetune"),
    "ablate": ("curate",),
}


@dataclass(frozen=True)
class Step:
    """One stage for one source, or for the recipe as a whole."""

    stage: Stage
    name: str


@dataclass(frozen=True)
class Outcome:
    """What came of a step. `failed` is the error's text, "" if there was none; small enough for Prefect to carry."""

    stage: Stage
    name: str
    seconds: float = 0.0
    skipped: bool = False
    failed: str = ""  # in English, a message where the outcome is this process's
    counts: dict[str, int] | None = None

    def __str__(self) -> str:
        done = Message("up to date") if self.skipped else Message("done in {seconds:.1f} s", seconds=self.seconds)
        return joined(": ", (f"{self.stage} {self.name}", self.failed or done))


class RunFailed(WorkFailed):
    """Its arguments are the outcomes that failed."""

    def __init__(self, *failed: Outcome) -> None:
        Exception.__init__(self, *failed)

    def __str__(self) -> str:
        return joined("\n", self.args)


def steps(recipe: Recipe, stage: Stage) -> list[Step]:
    """The steps of one stage: one for each source, or one for the recipe; none where it asks for no such thing."""
    if stage == "prefer":
        return [Step(stage, f"{recipe.name}.{recipe.preference.method}")] if recipe.preference else []
    names = recipe.source_names() if stage in PER_SOURCE else [recipe.name]
    return [Step(stage, name) for name in names]


def check_policy(recipe: Recipe, stages: Sequence[Stage]) -> None:
    """Find a policy that cannot be used now, not after an hour of collecting. Raises PolicyError."""
    if "curate" in stages:
        policy.load(recipe.policy)


def check_asked(recipe: Recipe, stages: Sequence[Stage]) -> None:
    """What a recipe does not ask for is left out, and told where stages were chosen; alone it is an error.

    Raises: RecipeError.
    """
    if "prefer" not in stages or recipe.preference is not None or tuple(stages) == STAGES:
        return
    if set(stages) == {"prefer"}:
        raise RecipeError(
            '{recipe}: asks for no preferences to be learnt; add [preference] with method = "dpo", "kto", "reward" or '
            '"rloo"',
            recipe=recipe.name,
        )
    log.info(tr("{recipe}: has no [preference], so prefer has nothing to do", recipe=recipe.name))


def new_run_id() -> str:
    """An id that no other run has, and that sorts by time."""
    return f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{uuid4().hex[:6]}"


def run_step(
    recipe: Recipe,
    step: Step,
    data: Path,
    *,
    workers: int = 1,
    run_id: str = "",
    executor: ShardExecutor = run_locally,
    again: bool = False,
) -> Outcome:
    """Do one step and log it. An error is in the outcome, not raised.

    `again`: what stands is thrown away first, if what it is made of is whole.
    """
    before = _keys(data, step)
    started_at, clock = datetime.now(UTC), time.monotonic()
    counts, skipped, failed = None, False, ""
    try:
        if again:
            check_inputs(recipe, step.stage, step.name, data)
            settling.discard(data, step.stage, step.name)
        manifest = _call(recipe, step, data, workers, executor)
        counts, skipped = manifest.counts, manifest.key in before and not again
    except Exception as error:
        log.debug("%s %s", step.stage, step.name, exc_info=True)
        failed = error_message(error)
    outcome = Outcome(step.stage, step.name, time.monotonic() - clock, skipped, failed, counts)
    try:
        logs.append(data / logs.RUNS, _log_entry(recipe, outcome, started_at, run_id or new_run_id(), workers))
    except OSError as error:  # what made the step fail comes first: a full disk does both
        outcome = replace(outcome, failed=outcome.failed or error_message(error))
    log.log(logging.ERROR if outcome.failed else logging.INFO, tr(str(outcome)))
    return outcome


def check_inputs(recipe: Recipe, stage: str, name: str, data: Path) -> None:
    """What stands is thrown away only for something that can be made. Raises: Damaged, RecipeError."""
    suppression.load(data)  # without the whole list of what is forgotten nothing is
    for before in MADE_OF.get(stage, ()):
        of_recipe = recipe.source_names() if before in PER_SOURCE else [recipe.name]
        for one in [name] if stage in PER_SOURCE else of_recipe:
            found = list(storage.manifests(data, _standing(data, before, one)))
            if not found and before not in OF_MODELS:
                inputs.finished(data, before, one, recipe)  # which says what to run
            integrity.check((folder / shard.path, shard) for folder, made in found for shard in made.shards)


def _standing(data: Path, stage: Stage, name: str) -> str:
    """Where what the next stage reads lies, below the data folder."""
    version = f"/{storage.latest(storage.folder(data, stage, name)).name}" if stage in settling.VERSIONED else ""
    return f"{storage.FOLDERS[stage]}/{name}{version}"


def _call(recipe: Recipe, step: Step, data: Path, workers: int, executor: ShardExecutor) -> Manifest:
    module: Any = importlib.import_module(f"pipelines.{step.stage}")
    what = [step.name] if step.stage in PER_SOURCE else []
    how: dict[str, Any] = {"workers": workers} if step.stage in WITH_WORKERS else {}
    how |= {"executor": executor} if step.stage in PER_SHARD else {}
    manifest: Manifest = module.run(recipe, *what, data=data, **how)
    return manifest


def _keys(data: Path, step: Step) -> set[str]:
    """The keys of what stands. A damaged manifest stands for nothing here; the stage says what is to be done."""
    below = f"{storage.FOLDERS[step.stage]}/{step.name}"
    return {manifest.key for _, manifest in storage.manifests(data, below, on_damage=log.debug)}


def _log_entry(recipe: Recipe, outcome: Outcome, started_at: datetime, run_id: str, workers: int) -> dict[str, Any]:
    usage = (resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    entry = asdict(outcome) | {"run_id": run_id, "recipe": recipe.name, "started_at": started_at.isoformat()}
    del entry["counts"]
    entry["workers"] = workers if outcome.stage in WITH_WORKERS else 1
    return entry | {"seconds": round(outcome.seconds, 3), "peak_mb": round(max(usage) / 1024, 1)}


# Does the steps of one stage, in any order, and gives an outcome for each.
Many = Callable[[Recipe, Sequence[Step]], list[Outcome]]


def run_recipe(recipe: Recipe, stages: Sequence[Stage], data: Path, many: Many) -> list[Outcome]:
    """The stages in their order; `many` does the steps of one stage. Raises RunFailed at the end if any failed.

    Sources of which nothing is kept are named at the end, also where the run fails.
    """
    check_asked(recipe, stages)
    try:
        return _run_stages(recipe, stages, data, many)
    finally:
        nothing_kept.warn(recipe, data)


def _run_stages(recipe: Recipe, stages: Sequence[Stage], data: Path, many: Many) -> list[Outcome]:
    outcomes: list[Outcome] = []
    for stage in (stage for stage in STAGES if stage in stages):
        if stage not in PER_SOURCE and any(o.failed and o.stage != "collect" for o in outcomes):
            break
        recipe = _without_empty(recipe, outcomes, data)
        todo = steps(recipe, stage)
        outcomes += many(recipe, todo) if todo else []
    failed = [outcome for outcome in outcomes if outcome.failed]
    if failed:
        raise RunFailed(*failed)
    return outcomes


def _without_empty(recipe: Recipe, outcomes: Sequence[Outcome], data: Path) -> Recipe:
    """Leave out the sources that failed to be collected and of which no batch stands. One without pages, of a dead
    site, stays and is told in the card. Raises RunFailed where no source has a page."""
    failed = {outcome.name for outcome in outcomes if outcome.stage == "collect" and outcome.failed}
    left = tuple(source for source in recipe.sources if source.name not in failed or pages.batches(data, source.name))
    if failed and not any(has_pages(data, source.name) for source in left):
        raise RunFailed(*(outcome for outcome in outcomes if outcome.failed))
    return recipe.model_copy(update={"sources": left})


def has_pages(data: Path, source: str) -> bool:
    """Whether any run has collected a page of the source."""
    return any(manifest.counts.get("pages") for _, manifest in pages.batches(data, source))
