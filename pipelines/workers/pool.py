"""Work spread over processes that can be killed: a hang or a crash costs one item, never its neighbours.

Shards may also be spread over a cluster: a stage hands its shards to a `ShardExecutor`, which is
`run_locally` unless the run has an engine (see flows/definitions.py).
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

Item = TypeVar("Item")
Result = TypeVar("Result")

# Times its deadline that an item may take by the clock, for one that waits without working. It is far off, so that no
# busy machine decides what can be read.
PATIENCE = 120

# forkserver: a fork of a process with Arrow's and DuckDB's threads may deadlock
CONTEXT = multiprocessing.get_context("forkserver")


class ShardExecutor(Protocol):
    """Has `work(some of the items, workers)` done for all of the items; yields what it yields, in their order."""

    def __call__(
        self, work: Callable[[Sequence[Any], int], Iterable[Result]], items: Sequence[Any], workers: int
    ) -> Iterable[Result]: ...


def run_locally(
    work: Callable[[Sequence[Any], int], Iterable[Result]], items: Sequence[Any], workers: int
) -> Iterable[Result]:
    """All in one call, on this machine."""
    return work(items, workers)


def limit_memory(limit: int) -> None:
    """At most `limit` bytes of address space for this worker, and no core files."""
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
    """`(item, result)` in the order of `items`; a failed item gives the exception in place of its result.

    `deadline` is in seconds of work per item, after which its worker is killed (DeadlineError): of processor time, or
    a busy machine would decide what can be read. `memory` is in bytes per worker. Only a few items are in flight, so
    `items` may be endless.
    """
    if multiprocessing.current_process().daemon:
        raise RuntimeError(
            "this Dask worker may not start processes; start it with DASK_DISTRIBUTED__WORKER__DAEMON=False"
        )
    bounded = partial(_within, work, deadline) if deadline else work
    patience = PATIENCE * deadline if deadline else None
    limits = {"initializer": limit_memory, "initargs": (memory,)} if memory else {}
    with ProcessPool(max_workers=workers, context=CONTEXT, **limits) as pool:  # type: ignore[arg-type]
        pending: list[tuple[Item, object]] = []
        for item in items:
            pending.append((item, pool.schedule(bounded, args=(item,), timeout=patience)))
            if len(pending) > 4 * workers:
                yield _wait(*pending.pop(0))
        while pending:
            yield _wait(*pending.pop(0))


@contextmanager
def guarded(
    work: Callable[[Item], Result], *, deadline: float, memory: int
) -> Iterator[Callable[[Item], Result | BaseException]]:
    """`work` as a function that is called in one process beside this one, which may die; it starts when needed."""
    limits = {"initializer": limit_memory, "initargs": (memory,)}
    bounded = partial(_within, work, deadline)
    pool: list[ProcessPool] = []

    def call(item: Item) -> Result | BaseException:
        if not pool:
            pool.append(ProcessPool(max_workers=1, context=CONTEXT, **limits))  # type: ignore[arg-type]
        return _wait(item, pool[0].schedule(bounded, args=(item,), timeout=PATIENCE * deadline))[1]

    try:
        yield call
    finally:
        for one in pool:
            one.close()
            one.join()


def _within(work: Callable[[Item], Result], deadline: float, item: Item) -> Result:
    """The system ends this process by SIGPROF once it has worked for so long, whatever code it is in."""
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
