"""Shards read on several threads, and told in their order. Row n is the n-th of all shards, one after another."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import numpy as np

from pipelines.storage import filesystem

READ = 4_096  # rows of a shard that are decoded at a time
Item = TypeVar("Item")
Result = TypeVar("Result")


def firsts(paths: Sequence[Path]) -> np.ndarray:
    """int64[paths + 1]: the number of each shard's first row, and of all rows."""
    return np.append(0, np.cumsum([filesystem.open_parquet(path).metadata.num_rows for path in paths], dtype=np.int64))


def in_order(read: Callable[[Item], Iterator[Result]], items: Iterable[Item], workers: int) -> Iterator[Result]:
    """What `read` yields for each of `items`, in their order; no more than `workers` of them are in memory."""
    with ThreadPoolExecutor(workers) as pool:
        pending: deque[Future[list[Result]]] = deque()
        for item in items:
            pending.append(pool.submit(_all, read, item))
            if len(pending) >= workers:
                yield from pending.popleft().result()
        while pending:
            yield from pending.popleft().result()


def _all(read: Callable[[Item], Iterator[Result]], item: Item) -> list[Result]:
    return list(read(item))
