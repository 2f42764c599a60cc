"""Worker processes that can be killed: an item that hangs or crashes fails alone.

Shards may also be processed by a cluster: a stage passes its shards to a `ShardExecutor`, which is `run_locally`
unless the run has an engine (see flows/definitions.py).
"""

import multiprocessing
import resource
import signal
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import TimeoutError as DeadlineError
from contextlib import contextmanager
from functools import partial
from typing import Any, Protocol, TypeVar

from pebble import ProcessExpired, ProcessPool

from pipelines.messages import Message

Item = TypeVar("Item")
Result = TypeVar("Result")

# Times its deadline that an item may take by the clock, for one that waits without working. It is far off, so that no
# busy machine decides what can be read.
WALL_CLOCK_FACTOR = 120

# forkserver, because a fork of a process with the threads of Arrow and DuckDB may deadlock
CONTEXT = multiprocessing.get_context("forkserver")


class ShardExecutor(Protocol):
    """Calls `work(items, workers)` on parts of the items, and yields all its results in the order of the items."""

    def __call__(
        self, work: Callable[[Sequence[Any], int], Iterable[Result]], items: Sequence[Any], workers: int
    ) -> Iterable[Result]: ...


def run_locally(
    work: Callable[[Sequence[Any], int], Iterable[Result]], items: Sequence[Any], workers: int
) -> Iterable[Result]:
    """The `ShardExecutor` of this machine: one call with all items."""
    return work(items, workers)


def limit_memory(limit: int) -> None:
    """Limit this process to `limit` bytes of address space, and forbid core files."""
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def map_ordered(
    work: Callable[[Item], Result],
    items: Iterable[Item],
    *,
    workers: int,
    deadline: float | None = None,
    memory: int | None = None,
) -> Iterator[tuple[Item, Result | BaseException]]:
    """Yields `(item, result)` in the order of `items`. A failed item has its exception in place of the result.

    `deadline` is in seconds of processor time per item, so that a busy machine does not change the results; after it
    the worker is killed, and the result is a DeadlineError. `memory` is in bytes per worker. Only a few items are in
    flight, so `items` may be endless.

    Raises: RuntimeError in a daemonic process, which may not start others.
    """
    if multiprocessing.current_process().daemon:
        raise RuntimeError(
            Message("this Dask worker may not start processes; start it with DASK_DISTRIBUTED__WORKER__DAEMON=False")
        )
    bounded = partial(_with_cpu_limit, work, deadline) if deadline else work
    timeout = WALL_CLOCK_FACTOR * deadline if deadline else None
    limits = {"initializer": limit_memory, "initargs": (memory,)} if memory else {}
    with ProcessPool(max_workers=workers, context=CONTEXT, **limits) as pool:  # type: ignore[arg-type]
        pending: list[tuple[Item, object]] = []
        for item in items:
            pending.append((item, pool.schedule(bounded, args=(item,), timeout=timeout)))
            if len(pending) > 4 * workers:
                yield _wait(*pending.pop(0))
        while pending:
            yield _wait(*pending.pop(0))


@contextmanager
def isolated(
    work: Callable[[Item], Result], *, deadline: float, memory: int
) -> Iterator[Callable[[Item], Result | BaseException]]:
    """A function that calls `work` in one process of its own, which starts with the first call and may die.

    It returns the exception of a failed call. `deadline` is in seconds of processor time, `memory` in bytes.
    """
    limits = {"initializer": limit_memory, "initargs": (memory,)}
    bounded = partial(_with_cpu_limit, work, deadline)
    pool: list[ProcessPool] = []

    def call(item: Item) -> Result | BaseException:
        if not pool:
            pool.append(ProcessPool(max_workers=1, context=CONTEXT, **limits))  # type: ignore[arg-type]
        return _wait(item, pool[0].schedule(bounded, args=(item,), timeout=WALL_CLOCK_FACTOR * deadline))[1]

    try:
        yield call
    finally:
        for started in pool:
            started.close()  # type: ignore[no-untyped-call]
            started.join()


def _with_cpu_limit(work: Callable[[Item], Result], deadline: float, item: Item) -> Result:
    """Call `work`. The system kills this process by SIGPROF after `deadline` seconds, also inside native code."""
    signal.setitimer(signal.ITIMER_PROF, deadline)
    try:
        return work(item)
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def _wait(item: Item, future: object) -> tuple[Item, Result | BaseException]:
    try:
        return item, future.result()  # type: ignore[attr-defined]
    except ProcessExpired as error:
        return item, DeadlineError() if error.exitcode == -signal.SIGPROF else error
    except Exception as error:
        return item, error
