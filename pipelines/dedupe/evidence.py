"""What a comparison of two candidates looks at, read once from the shards they lie in and kept on disk.

Candidates are few among the records, and each shard is read alone: nothing has to be sorted by its text.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import xxhash
from numpy.typing import NDArray

from pipelines import place
from pipelines.dedupe.components import Rows
from pipelines.signals.exact import KEYS
from pipelines.signals.minhash import key_text, shingle_sets

READ = 4_096  # rows of a shard in memory at a time


class Told(NamedTuple):
    """Of some candidates, in order: shingles of the key and of the answer by turns, cut at `offsets`."""

    values: NDArray[np.uint32]
    offsets: Rows
    short: NDArray[np.bool_]
    wording: NDArray[np.uint64]


@dataclass(frozen=True)
class Evidence:
    """Candidate c's sets are shingles[offsets[2c]:offsets[2c + 1]] (key) and up to offsets[2c + 2] (answer).

    `short`: the answer is shorter than what was asked. `wording` is equal where outputs are.
    """

    file: Path
    offsets: Rows
    short: NDArray[np.bool_]
    wording: NDArray[np.uint64]

    def of(self, rows: Rows) -> Told:
        """What is told of these candidates, in this order."""
        # mapped anew each time, so that pages already used do not count as memory
        values = (
            np.memmap(self.file, np.uint32, "r").view(np.ndarray)
            if self.file.stat().st_size
            else np.empty(0, np.uint32)
        )
        starts, ends = self.offsets[2 * rows], self.offsets[2 * rows + 2]
        taken = [values[start:end] for start, end in zip(starts, ends, strict=True)]
        lengths = np.stack([self.offsets[2 * rows + 1] - starts, ends - self.offsets[2 * rows + 1]], axis=1)
        offsets = np.append(0, np.cumsum(lengths.ravel()))
        return Told(np.concatenate([*taken, np.empty(0, np.uint32)]), offsets, self.short[rows], self.wording[rows])


def gather(paths: Sequence[Path], candidates: Rows, key: str, file: Path, workers: int) -> Evidence:
    """Read the texts of `candidates`, sorted row numbers through all of `paths`, and keep their shingles in `file`."""
    firsts = np.append(0, np.cumsum([place.parquet(path).metadata.num_rows for path in paths]))
    cuts = np.searchsorted(candidates, firsts)
    work = [(path, candidates[a:b] - first) for path, a, b, first in zip(paths, cuts, cuts[1:], firsts, strict=False)]
    offsets, short, wording = [np.zeros(1, np.int64)], [np.empty(0, np.bool_)], [np.empty(0, np.uint64)]
    with file.open("wb") as out, ThreadPoolExecutor(workers) as pool:
        for start in range(0, len(work), workers):  # no more of it in memory at a time
            parts = pool.map(lambda one: list(_read(one[0], one[1], key)), work[start : start + workers])
            for told in chain.from_iterable(parts):
                out.write(told.values.tobytes())
                offsets.append(offsets[-1][-1] + told.offsets[1:])
                short.append(told.short)
                wording.append(told.wording)
    return Evidence(file, np.concatenate(offsets), np.concatenate(short), np.concatenate(wording))


def _read(path: Path, rows: Rows, key: str) -> Iterator[Told]:
    """The rows of one shard, some thousand at a time."""
    first = 0
    with place.parquet(path) as shard:
        for batch in shard.iter_batches(READ, columns=list(KEYS["pair"])) if rows.size else ():
            low, high = np.searchsorted(rows, (first, first + batch.num_rows))
            if low < high:
                yield tell(pa.Table.from_batches([batch.take(pa.array(rows[low:high] - first))]), key)
            first += batch.num_rows


def tell(table: pa.Table, key: str) -> Told:
    """Only a whole pair has an answer that may be short beside its question."""
    output = pc.fill_null(table["output"], "")
    asked = pc.add(*(pc.utf8_length(pc.fill_null(table[field], "")) for field in ("instruction", "input")))
    short = pc.less(pc.utf8_length(output), asked if key == "pair" else 0)
    sets = [shingle_sets(key_text(table, key)), shingle_sets(pc.if_else(short, output, ""))]
    lengths = np.stack([np.diff(offsets) for offsets, _ in sets], axis=1)
    values = np.empty(lengths.sum(), np.uint32)
    turn = np.repeat(np.tile([True, False], len(table)), lengths.ravel())
    values[turn], values[~turn] = sets[0][1], sets[1][1]
    wording = np.array([xxhash.xxh3_64_intdigest(text.encode()) for text in output.to_pylist()], np.uint64)
    return Told(values, np.append(0, np.cumsum(lengths.ravel())), short.to_numpy(), wording)
