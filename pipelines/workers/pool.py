"""Worker processes that can be killed: an item that hangs or crashes fails alone.

Shards may also be processed by a cluster: a stage passes its shards to a `ShardExecutor`, which is `run_locally`
unless the run has an engine (see flows/clusters.py).
"""

import multiprocessing
import resource
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import TimeoutError as DeadlineError
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Protocol, TypeVar

from pebble import ProcessExpired, ProcessPool

from pipelines.errors import WorkFailed
from pipelines.messages import Message

Item = TypeVar("Item")
Result = TypeVar("Result")

# Times its deadline that an item may take by the clock, for one that waits without working. It is far off, so that no
# busy machine decides what can be read.
WALL_CLOCK_FACTOR = 120

TRIES = 2  # pools that break in a row, without a result, before it is given up: one may lose its only worker by chance

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


def do_shards(work: Callable[[Sequence[Any], int], Iterable[Result]], items: Sequence[Any]) -> list[Result]:
    """The results of some items, on a cluster's worker.

    Dask starts its workers as daemons, which may not have children: a page is parsed in a process that can be killed.
    Python knows it by this flag alone. The children of a worker that dies end by themselves.
    """
    multiprocessing.current_process()._config["daemon"] = False  # type: ignore[attr-defined]
    return list(work(items, 1))


def limit_memory(room: int, work: object = None) -> None:
    """Limit this process to `room` bytes of address space beyond what it has, and forbid core files.

    It has imported `work`, which is an argument for that reason alone, and the script that was started: what these
    take, and PyTorch takes gigabytes, is not taken from the items.
    """
    limit = _taken() + room
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _taken() -> int:
    """Bytes of address space so far; 0 where the system does not say."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    except OSError:
        return 0


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
    the worker is killed, and the result is a DeadlineError. `memory` is in bytes per worker, beyond what `work`
    takes by being imported. Only a few items are in flight, so `items` may be endless.

    Raises: WorkFailed where workers end before they have an item: no item is to blame for it.
    """
    schedule = partial(_schedule, work, deadline)
    todo, unfinished, broken = iter(items), deque[Item](), 0
    while broken < TRIES:
        try:
            for result in _in_order(_pool(work, workers, memory), schedule, todo, unfinished, 4 * workers):
                yield unfinished.popleft(), result
                broken = 0
            return
        except BrokenProcessPool:
            broken += 1
    raise _broken()


def _in_order(
    pool: ProcessPool, schedule: Callable[..., Any], todo: Iterator[Item], unfinished: deque[Item], ahead: int
) -> Iterator[Any]:
    """The result of the first of `unfinished` again and again; items of `todo` are added to it, some `ahead`."""
    with pool:
        futures = deque(schedule(pool, item) for item in unfinished)
        for item in todo:
            unfinished.append(item)
            futures.append(schedule(pool, item))
            if len(futures) > ahead:
                yield _wait(futures.popleft())
        while futures:
            yield _wait(futures.popleft())


@contextmanager
def shared(work: Callable[[Item], Result], workers: int) -> Iterator[Callable[[Iterable[Item]], Iterable[Result]]]:
    """A function that maps `work`, which must not fail, over items in their order; all its calls share the processes.

    They start with the first item; with one worker there is none but this one. Only a few items are in flight.
    """
    if workers == 1:
        yield partial(map, work)
        return
    with _pool(work, workers, None) as processes:
        yield partial(_in_flight, partial(processes.schedule, work), 2 * workers)


def _in_flight(schedule: Callable[..., Any], ahead: int, items: Iterable[Item]) -> Iterator[Any]:
    futures: deque[Any] = deque()
    for item in items:
        futures.append(schedule(args=(item,)))
        if len(futures) > ahead:
            yield futures.popleft().result()
    while futures:
        yield futures.popleft().result()


@contextmanager
def isolated(
    work: Callable[[Item], Result], *, deadline: float, memory: int
) -> Iterator[Callable[[Item], Result | BaseException]]:
    """A function that calls `work` in one process of its own, which starts with the first call and may die.

    It returns the exception of a failed call. `deadline` and `memory` are as for `map_ordered`, and so is WorkFailed.
    """
    pools: list[ProcessPool] = []

    def call(item: Item) -> Result | BaseException:
        for _ in range(TRIES):
            if not pools:
                pools.append(_pool(work, 1, memory))
            try:
                return _wait(_schedule(work, deadline, pools[0], item))  # type: ignore[no-any-return]
            except BrokenProcessPool:
                _end(pools.pop())
        raise _broken()

    try:
        yield call
    finally:
        for started in pools:
            _end(started)


def _pool(work: Callable[[Any], Any], workers: int, memory: int | None) -> ProcessPool:
    # The server that processes are forked from imports what the first pool of this process works with, once for all of
    # them. Later pools do not change what it has imported, and their processes import what else they need.
    CONTEXT.set_forkserver_preload(["__main__", _module(work)])
    limits: dict[str, Any] = {"initializer": limit_memory, "initargs": (memory, work)} if memory else {}
    pool = ProcessPool(max_workers=workers, context=CONTEXT, **limits)
    manager = getattr(getattr(pool, "_pool_manager", None), "worker_manager", None)  # Pebble's own, and no promise
    if manager is not None:
        _stop_before_closing(manager)
    return pool


def _stop_before_closing(processes: Any) -> None:
    """Pebble removes the locks first: a process that is still starting then would print a traceback on stderr."""
    close = processes.close_channels

    def stop_and_close() -> None:
        processes.force_stop_workers()
        close()

    processes.close_channels = stop_and_close


def _module(work: Callable[[Any], Any]) -> str:
    """The module that has to be imported for `work`, which may be partial."""
    while isinstance(work, partial):
        work = work.func
    return work.__module__


def _end(pool: ProcessPool) -> None:
    pool.close()  # type: ignore[no-untyped-call]
    pool.join()


def _schedule(work: Callable[[Item], Result], deadline: float | None, pool: ProcessPool, item: Item) -> Any:
    """The future of `work(item)`."""
    try:
        if not deadline:
            return pool.schedule(work, args=(item,))
        return pool.schedule(_with_cpu_limit, args=(work, deadline, item), timeout=WALL_CLOCK_FACTOR * deadline)
    except RuntimeError as error:  # it has broken since the last item
        raise BrokenProcessPool from error


def _broken() -> WorkFailed:
    cure = Message("stderr may say why; see to that or make room in memory, then give the same command again")
    return WorkFailed("worker processes end before they begin to work; {cure}", cure=cure)


def _with_cpu_limit(work: Callable[[Item], Result], deadline: float, item: Item) -> Result:
    """Call `work`. The system kills this process by SIGPROF after `deadline` seconds, also inside native code."""
    signal.setitimer(signal.ITIMER_PROF, deadline)
    try:
        return work(item)
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def _wait(future: Any) -> Any:
    """What came of it, if need be an exception. Raises: BrokenProcessPool, which no item is to blame for."""
    try:
        return future.result()
    except BrokenProcessPool:
        raise
    except ProcessExpired as error:
        return DeadlineError() if error.exitcode == -signal.SIGPROF else error
    except Exception as error:
        return error
