"""Shards are read on several threads, and their rows come out in order.

Row n is the n-th row of all shards, counted through one shard after another.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import numpy as np

from pipelines.storage import filesystem

BATCH_ROWS = 4_096  # rows of a shard that are decoded at a time
Item = TypeVar("Item")
Result = TypeVar("Result")


def first_rows(paths: Sequence[Path]) -> np.ndarray:
    """Return int64[len(paths) + 1]: the number of each shard's first row, then the count of all rows."""
    return np.append(0, np.cumsum([filesystem.open_parquet(path).metadata.num_rows for path in paths], dtype=np.int64))


def read_in_order(read: Callable[[Item], Iterator[Result]], items: Iterable[Item], workers: int) -> Iterator[Result]:
    """Yield what `read` yields for each item, in the order of `items`, from `workers` threads.

    The results of at most `workers` items are in memory at once.
    """
    with ThreadPoolExecutor(workers) as pool:
        pending: deque[Future[list[Result]]] = deque()
        for item in items:
            pending.append(pool.submit(lambda one: list(read(one)), item))
            if len(pending) >= workers:
                yield from pending.popleft().result()
        while pending:
            yield from pending.popleft().result()
