"""Clusters of Dask and Ray, opened by Prefect's runners. Shards reach their workers as plain functions.

As a task of Prefect's, each shard would make its worker start a Prefect server and ask it.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from functools import partial
from typing import Any, Literal

from pipelines.recipe import RecipeError
from pipelines.workers.pool import ShardExecutor, do_shards
from pipelines.workers.progress import track

Engine = Literal["local", "dask", "ray"]
Work = Callable[[Sequence[Any], int], Iterable[Any]]
# Sends a batch of items; what it returns is called for the results, and waits for them.
Submit = Callable[[Work, Sequence[Any]], Callable[[], list[Any]]]
BATCHES = 1_000  # at most, of a step: a scheduler that knows a million tasks is slow
RETRIES = 3  # of a batch whose worker died


@contextmanager
def open_cluster(engine: Engine, address: str, workers: int) -> Iterator[Submit | None]:
    """The cluster at `address`, or one of this machine for the time of the block; None: no engine.

    Raises: RecipeError.
    """
    with runner(engine, address, workers) or nullcontext() as opened:
        if opened is None:
            yield None
        else:
            yield partial(_submit_to_dask, opened.client) if engine == "dask" else _submit_to_ray


def runner(engine: Engine, address: str, workers: int) -> Any:
    """Prefect's runner, not started yet; None: no engine. Raises RecipeError."""
    if engine == "local":
        if address:
            raise RecipeError("--address {address}: of what? add --engine dask or --engine ray", address=address)
        return None
    try:
        return _dask(address, workers) if engine == "dask" else _ray(address, workers)
    except ModuleNotFoundError as error:
        cure = f"pip install 'gristmill[{engine}]'"
        raise RecipeError(
            "--engine {engine}: prefect-{engine} is not installed; {cure}", engine=engine, cure=cure
        ) from error


def _dask(address: str, workers: int) -> Any:
    from prefect_dask.task_runners import DaskTaskRunner

    local = {"n_workers": workers, "threads_per_worker": 1, "host": "127.0.0.1", "dashboard_address": "127.0.0.1:0"}
    return DaskTaskRunner(**({"address": address} if address else {"cluster_kwargs": local}))


def _ray(address: str, workers: int) -> Any:
    if not address:
        # read when Ray is imported: with 0 it listens on loopback only, on every system
        os.environ.setdefault("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "0")
    from prefect_ray.task_runners import RayTaskRunner

    local = {"num_cpus": workers, "include_dashboard": False}
    return RayTaskRunner(**({"address": address} if address else {"init_kwargs": local}))


def _submit_to_dask(client: Any, work: Work, items: Sequence[Any]) -> Callable[[], list[Any]]:
    return client.submit(do_shards, work, items, pure=False, retries=RETRIES).result  # type: ignore[no-any-return]


def _submit_to_ray(work: Work, items: Sequence[Any]) -> Callable[[], list[Any]]:
    import ray

    return partial(ray.get, ray.remote(max_retries=RETRIES)(do_shards).remote(work, items))


def executor_on(submit: Submit, what: str) -> ShardExecutor:
    """Spreads the shards of a step over a cluster; how many are done at a time is the cluster's business."""
    return partial(_spread, submit, what)


def _spread(submit: Submit, what: str, work: Work, items: Sequence[Any], _: int) -> Iterator[Any]:
    size = -(-len(items) // BATCHES) or 1
    results = [submit(work, items[start : start + size]) for start in range(0, len(items), size)]
    for result in track(results, what, len(results)):
        yield from result()
