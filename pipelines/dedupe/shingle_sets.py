"""What candidates are compared by: read once from the shards of records, and kept in a scratch file.

Few records are candidates, and each shard is read by itself; so nothing has to be sorted by its text.
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

from pipelines.dedupe import scratch_files, shard_reader
from pipelines.dedupe.bodies import fill_sentences
from pipelines.dedupe.union_find import Indices
from pipelines.dedupe.values import fill_values
from pipelines.signals.exact import KEYS
from pipelines.signals.minhash import shingle_set
from pipelines.signals.text import (
    CharacterTables,
    Texts,
    Words,
    character_tables,
    mix,
    split_words,
    texts_of,
    word_buffers,
)
from pipelines.storage import filesystem

# What there is of each candidate, one after another: the sorted set of its key, that of its answer (only of a short
# one), the numbers and operators of its key (values.py), and the sentences of its answer (bodies.py).
KEY, ANSWER, VALUES, SENTENCES = range(4)
SECTIONS = 4


class ShingleSets(NamedTuple):
    """What n candidates are compared by, in memory.

    shingles: uint32, the SECTIONS of each candidate; they lie between consecutive `offsets`, int64[SECTIONS * n + 1].
    short_answer: bool[n], the answer has fewer words than the question. Only then there is answer_hash, uint64[n], a
    hash of its words in their order; otherwise 0.
    """

    shingles: NDArray[np.uint32]
    offsets: Indices
    short_answer: NDArray[np.bool_]
    answer_hash: NDArray[np.uint64]


@dataclass(frozen=True)
class ShingleFile:
    """What all n candidates are compared by, in `file`.

    bounds: int64[n, SECTIONS + 1]. Section s of candidate c is the uint32 values from bounds[c, s] to
    bounds[c, s + 1]. `short_answer` and `answer_hash` are as in ShingleSets.
    """

    file: Path
    bounds: NDArray[np.int64]
    short_answer: NDArray[np.bool_]
    answer_hash: NDArray[np.uint64]

    def read(self, candidates: Indices) -> ShingleSets:
        """Return the sets of these candidates, in this order; a candidate that was not written has empty sets."""
        bounds = self.bounds[candidates]
        offsets = np.append(0, np.cumsum(np.diff(bounds, axis=1).ravel()))
        shingles = np.empty(offsets[-1], np.uint32)
        view, ranges = shingles.view(np.uint8).data, zip(bounds.tolist(), offsets[::SECTIONS].tolist(), strict=False)
        # The file is not mapped: all that the system maps around a position counts as memory.
        with self.file.open("rb", buffering=0) as file:
            for (start, *_, end), at in ranges:
                os.preadv(file.fileno(), [view[4 * at : 4 * (at + end - start)]], 4 * start)
        return ShingleSets(shingles, offsets, self.short_answer[candidates], self.answer_hash[candidates])


def read_rows(paths: Sequence[Path], rows: Indices, key: str, workers: int) -> Iterator[ShingleSets]:
    """Yield the shingle sets of `rows` (sorted row numbers through all shards in `paths`), some thousand at a time."""
    first_rows = shard_reader.first_rows(paths)
    cuts = np.searchsorted(rows, first_rows)
    jobs = [(path, rows[a:b] - first) for path, first, a, b in zip(paths, first_rows, cuts, cuts[1:], strict=False)]
    yield from shard_reader.read_in_order(lambda job: _read_shard(*job, key), jobs, workers)


def write(batches: Iterable[ShingleSets], candidates: Indices, count: int, file: Path) -> ShingleFile:
    """Write the sets of `candidates`, in their order, to `file`; the others of `count` candidates get empty sets."""
    out = ShingleFile(
        file, np.zeros((count, SECTIONS + 1), np.int64), np.zeros(count, np.bool_), np.zeros(count, np.uint64)
    )
    done, written = 0, 0
    with scratch_files.create(file) as stream:
        for batch in batches:
            these = candidates[done : done + batch.short_answer.size]
            out.bounds[these, 0] = written + batch.offsets[:-1:SECTIONS]
            out.bounds[these, 1:] = written + batch.offsets[1:].reshape(-1, SECTIONS)
            out.short_answer[these], out.answer_hash[these] = batch.short_answer, batch.answer_hash
            scratch_files.append(stream, batch.shingles)
            done, written = done + these.size, written + batch.shingles.size
    return out


def _read_shard(path: Path, rows: Indices, key: str) -> Iterator[ShingleSets]:
    first = 0
    with filesystem.open_parquet(path) as shard:
        for batch in shard.iter_batches(shard_reader.BATCH_ROWS, columns=list(KEYS[key])) if rows.size else ():
            low, high = np.searchsorted(rows, (first, first + batch.num_rows))
            if low < high:
                yield compute(pa.table(batch), rows[low:high] - first, key)
            first += batch.num_rows


def compute(table: pa.Table, rows: Indices, key: str) -> ShingleSets:
    """Return what some rows of a table of records are compared by.

    The answer of a key without the output is empty, and so is the question of the key `output`.
    """
    fields = [table[field] for field in KEYS[key] if field != "output"] or [pa.repeat("", len(table))]
    output = table["output"] if "output" in KEYS[key] else pa.repeat("", len(table))
    question, answer = texts_of(pc.binary_join_element_wise(*fields, "\n", null_handling="replace")), texts_of(output)
    size = sum(int((texts.offsets[rows + 1] - texts.offsets[rows]).sum()) for texts in (question, answer))
    short_answer, answer_hash = np.empty(rows.size, np.bool_), np.zeros(rows.size, np.uint64)
    offsets = np.zeros(SECTIONS * rows.size + 1, np.int64)
    # n bytes hold at most n words or shingles, n / 2 slots of two values each, and n words and ends of sentences
    sets = ShingleSets(np.empty(4 * size + 2 * rows.size, np.uint32), offsets, short_answer, answer_hash)
    _fill(question, answer, character_tables(), (word_buffers(question), word_buffers(answer)), rows, sets)
    return sets._replace(shingles=sets.shingles[: sets.offsets[-1]])


@njit(cache=True, nogil=True)
def _fill(
    questions: Texts,
    answers: Texts,
    tables: CharacterTables,
    words: tuple[Words, Words],
    rows: Indices,
    sets: ShingleSets,
) -> None:
    used, longest = 0, len(words[0].hashes) + len(words[1].hashes)
    hashes, spare = np.empty(longest, np.uint64), np.empty(longest, np.uint32)
    for at, row in enumerate(rows):
        asked, told = _span(questions, row), _span(answers, row)
        question = split_words(questions.data, asked[0], asked[1], tables, words[0])
        answer = split_words(answers.data, told[0], told[1], tables, words[1])
        hashes[:question] = words[0].hashes[:question]
        hashes[question : question + answer] = words[1].hashes[:answer]
        used = sets.offsets[SECTIONS * at + 1] = used + shingle_set(
            hashes, question + answer, sets.shingles[used:], spare
        )
        sets.short_answer[at] = answer < question
        if sets.short_answer[at]:
            used += shingle_set(words[1].hashes, answer, sets.shingles[used:], spare)
            sets.answer_hash[at] = _hash_sequence(words[1].hashes[:answer])
        sets.offsets[SECTIONS * at + 2] = used
        count = fill_values(questions.data, asked[0], asked[1], tables, hashes, 0)
        count = fill_values(answers.data, told[0], told[1], tables, hashes, count)
        used = sets.offsets[SECTIONS * at + 3] = used + _put_values(hashes[:count], sets.shingles[used:])
        if told[0] < told[1]:
            used = fill_sentences(answers.data, told[0], told[1], tables, words[1], sets.shingles, used)
        else:
            used = fill_sentences(questions.data, asked[0], asked[1], tables, words[0], sets.shingles, used)
        sets.offsets[SECTIONS * at + 4] = used


@njit(cache=True, nogil=True)
def _span(texts: Texts, row: int) -> tuple[int, int]:
    return texts.offsets[row], texts.offsets[row + 1]


@njit(cache=True, nogil=True)
def _put_values(values: NDArray[np.uint64], out: NDArray[np.uint32]) -> int:
    """Write values, sorted, as two halves each; return how many numbers that are."""
    values.sort()
    for at, value in enumerate(values):
        out[2 * at], out[2 * at + 1] = np.uint32(value >> np.uint64(32)), np.uint32(value & np.uint64(0xFFFFFFFF))
    return 2 * len(values)


@njit(cache=True, nogil=True)
def _hash_sequence(hashes: NDArray[np.uint64]) -> np.uint64:
    value = np.uint64(len(hashes))
    for word in hashes:
        value = mix(value ^ word)
    return value
