"""Prefect's coat over the stages: schedules, run forms, retries, and what is shown of a run.

One task is one stage for one source, or for the recipe; its arguments and results are settings, names and counts.
Manifests decide what is done, so Prefect caches and keeps nothing.
"""

import logging
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from pipelines import place, run, server, status, storage
from pipelines.recipe import FinetuneSettings, Recipe, RecipeError, load
from pipelines.run import STAGES, Outcome, RunFailed, Stage, Step

server.prepare()

from prefect import flow, runtime, serve, task  # noqa: E402
from prefect.artifacts import (  # noqa: E402
    create_link_artifact,
    create_markdown_artifact,
    create_progress_artifact,
    create_table_artifact,
    update_progress_artifact,
)
from prefect.cache_policies import NO_CACHE  # noqa: E402
from prefect.context import FlowRunContext  # noqa: E402
from prefect.schedules import Cron  # noqa: E402
from prefect.task_runners import TaskRunner, ThreadPoolTaskRunner  # noqa: E402

if not logging.getLogger("gristmill").level:  # under `gristmill up` nobody else has asked for more than warnings
    logging.getLogger("gristmill").setLevel(logging.INFO)

Engine = Literal["local", "dask", "ray"]
Workers = Annotated[int, Field(ge=1)]
Baking = FinetuneSettings | None


@task(task_run_name="{stage} {name}", cache_policy=NO_CACHE, persist_result=False)
def do_step(recipe: Recipe, stage: Stage, name: str, data: Path, workers: int, run_id: str) -> dict[str, Any]:
    """One stage for one source, or for the recipe."""
    outcome = run.run_step(recipe, Step(stage, name), data, workers=workers, run_id=run_id)
    if outcome.failed:
        raise RunFailed(outcome)
    return asdict(outcome)


# Sites have bad minutes; the other stages fail the same way twice.
collect_source = do_step.with_options(name="collect_source", retries=1, retry_delay_seconds=10)


@flow(name="mill", persist_result=False)
def mill(
    recipe: str,
    data: str = "data",
    stages: list[Stage] = list(STAGES),  # noqa: B006
    workers: Workers = 2,
    finetune: Baking = None,
) -> None:
    """The whole road: collect, normalise, annotate, dedupe, curate, finetune. What is up to date is skipped.

    Args:
        recipe: A bundled recipe's name, or the path of a TOML file.
        data: The folder that holds 1_pages to 6_models, or an address such as s3://bucket/prefix.
        stages: Which stages to run; their order is fixed.
        workers: Processes of the stages that compute.
        finetune: Fine-tune with these settings; None: with the recipe's own.
    """
    _mill(_with_baking(load(recipe), finetune), stages, data, workers)


@flow(name="collect", persist_result=False)
def collect(recipe: str, data: str = "data", sources: list[str] = []) -> None:  # noqa: B006
    """Fetch what is new in the sources, several at once.

    Args:
        recipe: A bundled recipe's name, or the path of a TOML file.
        data: The folder that holds 1_pages to 6_models, or an address such as s3://bucket/prefix.
        sources: Names of sources; none: all of the recipe.
    """
    _mill(_only(load(recipe), sources), ["collect"], data, workers=1)


@flow(name="curate", persist_result=False)
def curate(recipe: str, data: str = "data", workers: Workers = 2, policy: str = "") -> None:
    """From the pages at hand to a published snapshot: normalise, annotate, dedupe, curate.

    Args:
        recipe: A bundled recipe's name, or the path of a TOML file.
        data: The folder that holds 1_pages to 6_models, or an address such as s3://bucket/prefix.
        workers: Processes of the stages that compute.
        policy: A policy's name or path in place of the recipe's own.
    """
    loaded = load(recipe)
    chosen = loaded.model_copy(update={"policy": policy}) if policy else loaded
    _mill(chosen, ["normalise", "annotate", "dedupe", "curate"], data, workers)


@flow(name="finetune", persist_result=False)
def finetune(recipe: str, data: str = "data", settings: Baking = None) -> None:
    """Bake a model from the recipe's latest snapshot.

    Args:
        recipe: A bundled recipe's name, or the path of a TOML file.
        data: The folder that holds 1_pages to 6_models, or an address such as s3://bucket/prefix.
        settings: Fine-tune with these; None: with the recipe's own.
    """
    _mill(_with_baking(load(recipe), settings), ["finetune"], data, workers=1)


FLOWS = (mill, collect, curate, finetune)


def _with_baking(recipe: Recipe, settings: FinetuneSettings | None) -> Recipe:
    return recipe.model_copy(update={"finetune": settings}) if settings else recipe


def _only(recipe: Recipe, names: Sequence[str]) -> Recipe:
    return recipe.model_copy(update={"sources": tuple(map(recipe.source, names))}) if names else recipe


def _mill(recipe: Recipe, stages: Sequence[Stage], address: str, workers: int) -> None:
    run.check_policy(recipe, stages)
    data = place.at(address)
    total = sum(len(run.steps(recipe, stage)) for stage in stages)
    with run.working_in(data):
        bar = create_progress_artifact(0.0, key=_key("progress", recipe), description=f"{total} steps")
        try:
            run.run_recipe(recipe, stages, data, partial(_many, data, workers, Progress(bar, total)))
        finally:
            _show(recipe, data)


class Progress:
    """The progress artifact of a run, moved on after each step."""

    def __init__(self, artifact: UUID | Any, total: int) -> None:
        self.artifact, self.total, self.done = artifact, total, 0

    def step(self) -> None:
        self.done += 1
        update_progress_artifact(self.artifact, min(100.0, 100 * self.done / self.total))


def _many(data: Path, workers: int, progress: Progress, recipe: Recipe, steps: Sequence[Step]) -> list[Outcome]:
    """Sources are collected side by side, and so is everything on a cluster; here the rest shares the cores in turn."""
    run_id = str(runtime.flow_run.id)
    together = steps[0].stage == "collect" or not _is_local()
    futures, outcomes = [], []
    for step in steps:
        work = collect_source if step.stage == "collect" else do_step
        future = work.submit(recipe, step.stage, step.name, data, workers, run_id)
        futures.append((step, future))
        if not together:
            future.wait()
    for step, future in futures:
        result = future.result(raise_on_failure=False)
        outcomes.append(_outcome(step, result))
        progress.step()
    return outcomes


def _is_local() -> bool:

    context = FlowRunContext.get()
    return context is None or isinstance(context.task_runner, ThreadPoolTaskRunner)


def _outcome(step: Step, result: Any) -> Outcome:
    if isinstance(result, dict):
        return Outcome(**result)
    if isinstance(result, RunFailed):
        return result.args[0]
    return Outcome(step.stage, step.name, failed=f"{type(result).__name__}: {result}")


def _show(recipe: Recipe, data: Path) -> None:
    """The funnel, the dataset card and the way to the dashboard, on the run's page."""
    rows = [asdict(row) for row in status.funnel(data, [*recipe.source_names(), recipe.name])]
    create_table_artifact(rows, key=_key("funnel", recipe), description="What went in, what went on, and what did not")
    card = storage.latest(storage.folder(data, "curate", recipe.name)) / "README.md"
    with suppress(FileNotFoundError):
        create_markdown_artifact(card.read_text(), key=_key("card", recipe), description="Dataset card")
    if dashboard := server.running().get("dashboard"):
        create_link_artifact(dashboard, "dashboard", key=_key("dashboard", recipe), description="Look at the records")


def _key(what: str, recipe: Recipe) -> str:
    return f"{what}-{recipe.name.replace('_', '-')}"


def runner(engine: Engine) -> TaskRunner[Any]:
    """Threads of this process, or a local cluster of Dask or Ray. Raises RecipeError if that is not installed."""
    if engine == "local":
        return ThreadPoolTaskRunner(max_workers=8)
    try:
        if engine == "dask":
            from prefect_dask import DaskTaskRunner

            return DaskTaskRunner()
        from prefect_ray import RayTaskRunner

        return RayTaskRunner()
    except ModuleNotFoundError as error:
        cure = f"pip install 'gristmill[{engine}]'"
        raise RecipeError(f"--engine {engine}: prefect-{engine} is not installed; {cure}") from error


def serve_recipes(recipes: Sequence[str], data: str) -> None:
    """Serve every flow of every recipe until told to stop. One run at a time: they share the data folder."""
    deployments = [_deployment(one, name, data) for name in recipes for one in FLOWS]
    serve(*deployments, limit=1, print_starting_message=False)


def _deployment(one: Any, name: str, data: str) -> Any:
    recipe, file = load(name), Path(name)
    when = recipe.schedule if one is mill else None
    return one.to_deployment(
        name=recipe.name,
        schedule=Cron(when.cron, timezone=when.timezone) if when else None,
        parameters={"recipe": str(file.absolute()) if file.is_file() else name, "data": data},
        tags=["gristmill", recipe.name],
        description=(one.description or "").split("\n\nArgs:")[0],
    )


if __name__ == "__main__":
    serve_recipes(sys.argv[2:], sys.argv[1])
