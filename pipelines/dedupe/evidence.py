"""What a comparison of two candidates looks at, read once from the shards they lie in and kept on disk.

Candidates are few among the records, and each shard is read alone: nothing has to be sorted by its text.
"""

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numba import njit
from numpy.typing import NDArray

from pipelines.dedupe import shards
from pipelines.dedupe.components import Rows
from pipelines.signals.exact import KEYS
from pipelines.signals.minhash import shingle_set
from pipelines.signals.text import Tables, Texts, Words, mix, room, split_words, tables, texts_of
from pipelines.storage import filesystem


class Told(NamedTuple):
    """Of some candidates, in order: shingles of the key and of the answer by turns, cut at `offsets`.

    `short`: the answer has fewer words than what was asked. `wording` is equal where the words of short answers are.
    """

    values: NDArray[np.uint32]
    offsets: Rows
    short: NDArray[np.bool_]
    wording: NDArray[np.uint64]


@dataclass(frozen=True)
class Evidence:
    """Candidate c's shingles are in the file: of its key from bounds[c, 0] to bounds[c, 1], of its answer from there to
    bounds[c, 2]. `short` and `wording` are as in Told."""

    file: Path
    bounds: NDArray[np.int64]
    short: NDArray[np.bool_]
    wording: NDArray[np.uint64]

    def of(self, members: Rows) -> Told:
        """What is told of these candidates, in this order."""
        bounds = self.bounds[members]
        offsets = np.append(0, np.cumsum(np.diff(bounds, axis=1).ravel()))
        values = np.empty(offsets[-1], np.uint32)
        view, places = values.view(np.uint8).data, zip(bounds.tolist(), offsets[::2].tolist(), strict=False)
        # not mapped, since all that the system maps around a place counts as memory
        with self.file.open("rb", buffering=0) as file:
            for (start, _, end), at in places:
                os.preadv(file.fileno(), [view[4 * at : 4 * (at + end - start)]], 4 * start)
        return Told(values, offsets, self.short[members], self.wording[members])


def gather(paths: Sequence[Path], wanted: Rows, key: str, workers: int) -> Iterator[Told]:
    """What is told of the rows `wanted`, sorted numbers through all of `paths`, some at a time."""
    firsts = shards.firsts(paths)
    cuts = np.searchsorted(wanted, firsts)
    work = [(path, wanted[a:b] - first) for path, first, a, b in zip(paths, firsts, cuts, cuts[1:], strict=False)]
    yield from shards.in_order(lambda one: _read(*one, key), work, workers)


def keep(told: Iterable[Told], candidates: Rows, count: int, file: Path) -> Evidence:
    """Write what is told of `candidates`, in their order, to `file`; of the others of `count` nothing is told."""
    kept = Evidence(file, np.zeros((count, 3), np.int64), np.zeros(count, np.bool_), np.zeros(count, np.uint64))
    done, written = 0, 0
    with file.open("wb") as out:
        for part in told:
            these = candidates[done : done + part.short.size]
            kept.bounds[these, 0] = written + part.offsets[:-1:2]
            kept.bounds[these, 1:] = written + part.offsets[1:].reshape(-1, 2)
            kept.short[these], kept.wording[these] = part.short, part.wording
            out.write(part.values.data)
            done, written = done + these.size, written + part.values.size
    return kept


def _read(path: Path, rows: Rows, key: str) -> Iterator[Told]:
    """The rows of one shard, some thousand at a time."""
    first = 0
    with filesystem.open_parquet(path) as shard:
        for batch in shard.iter_batches(shards.READ, columns=list(KEYS[key])) if rows.size else ():
            low, high = np.searchsorted(rows, (first, first + batch.num_rows))
            if low < high:
                yield tell(pa.table(batch), rows[low:high] - first, key)
            first += batch.num_rows


def tell(table: pa.Table, rows: Rows, key: str) -> Told:
    """Of some rows. A key of which the output is no part has no answer; one that is only the output, no question."""
    asked = [table[field] for field in KEYS[key] if field != "output"] or [pa.repeat("", len(table))]
    answers = table["output"] if "output" in KEYS[key] else pa.repeat("", len(table))
    question, answer = texts_of(pc.binary_join_element_wise(*asked, "\n", null_handling="replace")), texts_of(answers)
    size = sum(int((texts.offsets[rows + 1] - texts.offsets[rows]).sum()) for texts in (question, answer, answer))
    short, wording = np.empty(rows.size, np.bool_), np.zeros(rows.size, np.uint64)
    told = Told(np.empty(size, np.uint32), np.zeros(2 * rows.size + 1, np.int64), short, wording)
    _tell(question, answer, tables(), (room(question), room(answer)), rows, told)
    return told._replace(values=told.values[: told.offsets[-1]])


@njit(cache=True, nogil=True)
def _tell(asked: Texts, answers: Texts, tables: Tables, words: tuple[Words, Words], rows: Rows, told: Told) -> None:
    used, most = 0, len(words[0].hashes) + len(words[1].hashes)
    hashes, spare = np.empty(most, np.uint64), np.empty(most, np.uint32)
    for at, row in enumerate(rows):
        question = split_words(asked.data, asked.offsets[row], asked.offsets[row + 1], tables, words[0])
        answer = split_words(answers.data, answers.offsets[row], answers.offsets[row + 1], tables, words[1])
        hashes[:question] = words[0].hashes[:question]
        hashes[question : question + answer] = words[1].hashes[:answer]
        used = told.offsets[2 * at + 1] = used + shingle_set(hashes, question + answer, told.values[used:], spare)
        told.short[at] = answer < question
        if told.short[at]:
            used += shingle_set(words[1].hashes, answer, told.values[used:], spare)
            told.wording[at] = _wording(words[1].hashes[:answer])
        told.offsets[2 * at + 2] = used


@njit(cache=True, nogil=True)
def _wording(hashes: NDArray[np.uint64]) -> np.uint64:
    value = np.uint64(len(hashes))
    for word in hashes:
        value = mix(value ^ word)
    return value
