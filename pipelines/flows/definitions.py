"""The Prefect flows over the stages: schedules, run forms, retries, and what is shown of a run.

One task is one stage for one source, or for the recipe; its arguments and results are settings, names and counts.
With an engine, Dask or Ray, the shards of the stages that work by shard are done on the cluster (clusters.py); all else
is done on this machine, where the web client's memory and DuckDB are. Manifests decide what is done, so Prefect
caches and keeps nothing, and a task that a cluster does twice leaves the same bytes.
"""

import logging
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from pipelines.catalog import status
from pipelines.flows import automations, connection, nothing_kept, server, shown, steps, temporary_server
from pipelines.flows.clusters import Engine, Submit, executor_on, open_cluster
from pipelines.flows.stages import DOES, STAGES, Stage, deployment_name
from pipelines.flows.steps import Outcome, RunFailed, Step
from pipelines.recipe import FinetuneSettings, PreferenceSettings, Recipe, load
from pipelines.storage import filesystem, lease
from pipelines.workers.pool import ShardExecutor, run_locally

server.prepare()

from prefect import flow, runtime, serve, tags, task  # noqa: E402
from prefect.artifacts import (  # noqa: E402
    create_markdown_artifact,
    create_progress_artifact,
    create_table_artifact,
    update_progress_artifact,
)
from prefect.cache_policies import NO_CACHE  # noqa: E402
from prefect.client.orchestration import SyncPrefectClient, get_client  # noqa: E402
from prefect.events import emit_event  # noqa: E402
from prefect.exceptions import ObjectNotFound  # noqa: E402
from prefect.logging.handlers import APILogHandler  # noqa: E402
from prefect.schedules import Cron  # noqa: E402
from prefect.task_runners import ThreadPoolTaskRunner  # noqa: E402

LOG = logging.getLogger("gristmill")
if not LOG.level:  # under `gristmill up` nobody else has asked for more than warnings
    LOG.setLevel(logging.INFO)
if not any(isinstance(handler, APILogHandler) for handler in LOG.handlers):
    # a team's worker has imported Prefect, and set up its logs, before it comes here and hears of ours
    LOG.addHandler(APILogHandler())

Workers = Annotated[int, Field(ge=1)]
FinetuneOverride = FinetuneSettings | None
PreferenceOverride = PreferenceSettings | None
THREADS: Any = ThreadPoolTaskRunner(max_workers=8)


def _run_name() -> str:
    """What a run is called where runs are listed: the recipe, and the stages that were asked for."""
    told, flow_name = runtime.flow_run.parameters, runtime.flow_run.flow_name
    chosen = [stage for stage in STAGES if stage in told.get("stages", ())]
    does = DOES[flow_name] if flow_name != "mill" or chosen == [*STAGES] else _shortly(chosen)
    return f"{Path(told['recipe']).stem}: {does}"


def _shortly(stages: Sequence[str]) -> str:
    return stages[0] if len(stages) == 1 else f"{stages[0]} to {stages[-1]}" if stages else "nothing"


@task(task_run_name="{stage} {name}", cache_policy=NO_CACHE, persist_result=False)
def do_step(
    recipe: Recipe, stage: Stage, name: str, data: Path, workers: int, run_id: str, executor: ShardExecutor
) -> dict[str, Any]:
    """One stage for one source, or for the recipe."""
    outcome = steps.run_step(recipe, Step(stage, name), data, workers=workers, run_id=run_id, executor=executor)
    if outcome.failed:
        raise RunFailed(outcome)
    return asdict(outcome)


# Sites have bad minutes; the other stages fail the same way twice.
collect_source = do_step.with_options(name="collect_source", retries=1, retry_delay_seconds=10)


@flow(name="mill", flow_run_name=_run_name, task_runner=THREADS, persist_result=False)
def mill(  # noqa: PLR0913, PLR0917 (its arguments are the fields of the form)
    recipe: str,
    data: str = "data",
    stages: list[Stage] = list(STAGES),  # noqa: B006
    workers: Workers = 2,
    finetune: FinetuneOverride = None,
    policy: str = "",
    engine: Engine = "local",
    address: str = "",
) -> None:
    """The whole road: collect, normalise, annotate, dedupe, curate, finetune, prefer. What is up to date is skipped.

    Args:
        recipe: A bundled recipe's name, or the path of a TOML file.
        data: The folder that holds 1_pages to 7_evaluations, or an address such as s3://bucket/prefix.
        stages: Which stages to run; their order is fixed.
        workers: Processes of the stages that compute.
        finetune: Fine-tune with these settings; None: with the recipe's own.
        policy: A policy's name or path in place of the recipe's own.
        engine: Where shards are done: on this machine, or on a cluster of Dask or Ray.
        address: Of the cluster; empty: one of this machine, for the time of the run.
    """
    with open_cluster(engine, address, workers) as cluster:
        chosen = _with_finetune(load(recipe).with_policy(policy), finetune)
        _run(chosen, stages, data, workers, cluster)


@flow(name="collect", flow_run_name=_run_name, task_runner=THREADS, persist_result=False)
def collect(recipe: str, data: str = "data", sources: list[str] = []) -> None:  # noqa: B006
    """Fetch what is new in the sources, several at once.

    Args:
        recipe: A bundled recipe's name, or the path of a TOML file.
        data: The folder that holds 1_pages to 7_evaluations, or an address such as s3://bucket/prefix.
        sources: Names of sources; none: all of the recipe.
    """
    _run(_only(load(recipe), sources), ["collect"], data, workers=1)


@flow(name="curate", flow_run_name=_run_name, task_runner=THREADS, persist_result=False)
def curate(
    recipe: str,
    data: str = "data",
    workers: Workers = 2,
    policy: str = "",
    engine: Engine = "local",
    address: str = "",
) -> None:
    """From the pages at hand to a published snapshot: normalise, annotate, dedupe, curate.

    Args:
        recipe: A bundled recipe's name, or the path of a TOML file.
        data: The folder that holds 1_pages to 7_evaluations, or an address such as s3://bucket/prefix.
        workers: Processes of the stages that compute.
        policy: A policy's name or path in place of the recipe's own.
        engine: Where shards are done: on this machine, or on a cluster of Dask or Ray.
        address: Of the cluster; empty: one of this machine, for the time of the run.
    """
    with open_cluster(engine, address, workers) as cluster:
        _run(load(recipe).with_policy(policy), ["normalise", "annotate", "dedupe", "curate"], data, workers, cluster)


@flow(name="finetune", flow_run_name=_run_name, task_runner=THREADS, persist_result=False)
def finetune(recipe: str, data: str = "data", settings: FinetuneOverride = None) -> None:
    """Fine-tune a model on the recipe's latest snapshot.

    Args:
        recipe: A bundled recipe's name, or the path of a TOML file.
        data: The folder that holds 1_pages to 7_evaluations, or an address such as s3://bucket/prefix.
        settings: Fine-tune with these; None: with the recipe's own.
    """
    _run(_with_finetune(load(recipe), settings), ["finetune"], data, workers=1)


@flow(name="prefer", flow_run_name=_run_name, task_runner=THREADS, persist_result=False)
def prefer(recipe: str, data: str = "data", settings: PreferenceOverride = None) -> None:
    """Learn from the pairs of the recipe's latest snapshot, beginning with its latest fine-tuned model.

    Args:
        recipe: A bundled recipe's name, or the path of a TOML file.
        data: The folder that holds 1_pages to 6_models, or an address such as s3://bucket/prefix.
        settings: Learn with these; None: with the recipe's own.
    """
    chosen = load(recipe)
    _run(chosen.model_copy(update={"preference": settings}) if settings else chosen, ["prefer"], data, workers=1)


def run_mill(
    recipe: str,
    data: Path,
    stages: list[Stage],
    workers: int = 2,
    engine: Engine = "local",
    address: str = "",
    policy: str = "",
) -> None:
    """The flow `mill` from a command. Raises WorkFailed where the Prefect server that is set does not answer."""
    connection.check()
    if not connection.api():
        temporary_server.start()
    with tags("gristmill", load(recipe).name):
        mill(recipe, str(data), stages, workers, None, policy, engine, address)


FLOWS = (mill, collect, curate, finetune, prefer)


def _with_finetune(recipe: Recipe, settings: FinetuneSettings | None) -> Recipe:
    return recipe.model_copy(update={"finetune": settings}) if settings else recipe


def _only(recipe: Recipe, names: Sequence[str]) -> Recipe:
    return recipe.model_copy(update={"sources": tuple(map(recipe.source, names))}) if names else recipe


def _run(recipe: Recipe, stages: Sequence[Stage], address: str, workers: int, cluster: Submit | None = None) -> None:
    steps.check_policy(recipe, stages)
    data = filesystem.resolve(address)
    data = data.absolute() if cluster else data  # its workers may have been started in another folder
    total = sum(len(steps.steps(recipe, stage)) for stage in stages)
    with lease.lock_data(data):
        bar = create_progress_artifact(0.0, key=_key("progress", recipe), description=f"{total} steps")
        try:
            steps.run_recipe(recipe, stages, data, partial(_run_steps, data, workers, cluster, Progress(bar, total)))
        finally:
            _show(recipe, data)


class Progress:
    """The progress artifact of a run, moved on after each step."""

    def __init__(self, artifact: UUID | Any, total: int) -> None:
        self.artifact, self.total, self.done = artifact, total, 0

    def step(self) -> None:
        self.done += 1
        update_progress_artifact(self.artifact, min(100.0, 100 * self.done / self.total))


def _run_steps(
    data: Path, workers: int, cluster: Submit | None, progress: Progress, recipe: Recipe, steps: Sequence[Step]
) -> list[Outcome]:
    """Sources are collected side by side, and so is everything on a cluster; here the rest shares the cores in turn."""
    run_id = str(runtime.flow_run.id)
    together = steps[0].stage == "collect" or cluster is not None
    futures, outcomes = [], []
    for step in steps:
        work = collect_source if step.stage == "collect" else do_step
        executor = _executor(cluster, step)
        future = work.submit(recipe, step.stage, step.name, data, workers, run_id, executor)
        futures.append((step, future))
        if not together:
            future.wait()
    for step, future in futures:
        result = future.result(raise_on_failure=False)
        outcomes.append(_outcome(step, result))
        progress.step()
    return outcomes


def _executor(cluster: Submit | None, step: Step) -> ShardExecutor:
    return executor_on(cluster, f"{step.stage} {step.name}") if cluster else run_locally


def _outcome(step: Step, result: Any) -> Outcome:
    if isinstance(result, dict):
        return Outcome(**result)
    if isinstance(result, RunFailed):
        failed: Outcome = result.args[0]
        return failed
    return Outcome(step.stage, step.name, failed=f"{type(result).__name__}: {result}")


def _show(recipe: Recipe, data: Path) -> None:
    """The funnel, the dataset card and the way to the dashboard, on the run's page."""
    funnel = status.funnel(data, [*recipe.source_names(), recipe.name])
    rows = [{name: value for name, value in asdict(row).items() if name != "counts"} for row in funnel]
    create_table_artifact(rows, key=_key("funnel", recipe), description="What went in, what went on, and what did not")
    folder = shown.snapshot(recipe, data)
    with suppress(FileNotFoundError):
        create_markdown_artifact(shown.card(folder), key=_key("card", recipe), description="Dataset card")
    there = server.find()
    is_there = (folder / "README.md").exists()
    text = shown.where_next(recipe, there.get("dashboard", ""), there.get("ui", ""), data, is_there)
    create_markdown_artifact(text, key=_key("next", recipe), description="What to look at next")
    for found in nothing_kept.find(recipe, data):
        about = {"prefect.resource.id": f"gristmill.source.{recipe.name}.{found.source}"}
        told = {"recipe": recipe.name, "source": found.source, "says": str(found.says)}
        emit_event(automations.NOTHING_KEPT, about | {"prefect.resource.name": found.source}, payload=told)


def _key(what: str, recipe: Recipe) -> str:
    return f"{what}-{recipe.name.replace('_', '-')}"


def serve_recipes(recipes: Sequence[str], data: str) -> None:
    """Serve every flow of every recipe until told to stop. One run at a time: they share the data folder."""
    automations.watch()
    forget_older([load(name).name for name in recipes])
    deployments = [_deployment(one, name, data) for name in recipes for one in FLOWS]
    serve(*deployments, limit=1, print_starting_message=False)


def forget_older(recipes: Sequence[str]) -> None:
    """Deployments of earlier releases were called as the recipe is. Nobody waits for what their schedules ask for."""
    with get_client(sync_client=True) as client:
        for name in (f"{one.name}/{recipe}" for one in FLOWS for recipe in recipes):
            _forget(client, name)


def _forget(client: SyncPrefectClient, name: str) -> None:
    """Take away a deployment of ours that no work pool has."""
    with suppress(ObjectNotFound):
        found = client.read_deployment_by_name(name)
        if found.work_pool_name is None and "gristmill" in found.tags:
            client.delete_deployment(found.id)


def _deployment(one: Any, name: str, data: str) -> Any:
    recipe, file = load(name), Path(name)
    when = recipe.schedule if one is mill else None
    return one.to_deployment(
        name=deployment_name(recipe.name, one.name),
        schedule=Cron(when.cron, timezone=when.timezone) if when else None,
        parameters={"recipe": str(file.absolute()) if file.is_file() else name, "data": data},
        tags=["gristmill", recipe.name, DOES[one.name]],
        description=(one.description or "").split("\n\nArgs:")[0],
    )


if __name__ == "__main__":
    serve_recipes(sys.argv[2:], sys.argv[1])
