"""Which records hold an item of a benchmark: five-word runs of all items in one table, and every record run past it.

    contamination     share of the item's different 5-grams that the record has, scaled so that 0.8 is the bound at any
                      length: an item of 50 words counts from 0.8 on, one of 20 words only when all of it is there
    contamination_8   share of its 8-grams        contamination_13  of its 13-grams, as other reports count them

The lengths, the bound, and that a short answer (3 words or fewer) must stand within 50 words of a match, are those of
decon; here a question found word for word needs no answer, since the way to it may be long. Items under 20 words are
looked for together with their answer, and left out where that is too short as well, or has fewer than 4 different
words. A word is a run of letters and digits, in Chinese a character; case, markup and punctuation make no difference.
"""

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
from numba import njit

from pipelines.curate.benchmarks import Item
from pipelines.signals.privacy import redact
from pipelines.signals.text import (
    CharacterTables,
    Texts,
    Words,
    character_tables,
    count_words,
    hash_words,
    mix,
    split_words,
    texts_of,
    word_buffers,
)
from schemas.verdict import CONTAMINATED

GRAM = 5
LEAST_WORDS, SURE_WORDS, LEAST_DIFFERENT = 20, 50, 4
BOUND, SHOWN = 0.8, 0.5  # from what score a rule may speak of contamination; from what score it is in the evidence
SHORT_ANSWER, WINDOW = 3, 50
_BASE = np.uint64(0x9E3779B97F4A7C15)
_OLDEST = np.uint64(pow(int(_BASE), GRAM, 1 << 64))


@dataclass(frozen=True)
class Wanted:
    """What is looked for: the item's question, with its answer where the question is too short by itself. No gram goes
    over from one to the other: there, people put what they like."""

    item: Item
    text: str
    words: np.ndarray
    asked: int

    def grams(self, size: int) -> np.ndarray:
        """The different ones, sorted."""
        return np.unique(np.concatenate([_grams(part, size) for part in np.split(self.words, [self.asked])]))

    @cached_property
    def required(self) -> float:
        """Share of 5-grams from which the item counts: 1 up to 20 words, 0.8 from 50 on, linear between."""
        over = min(1.0, max(0.0, (len(self.words) - LEAST_WORDS) / (SURE_WORDS - LEAST_WORDS)))
        return 1 - over * (1 - BOUND)


@dataclass(frozen=True)
class Index:
    """Open addressing: `keys[slot]` is a gram (0: free), `grams[slot]` its number; the items with gram g are
    `owners[starts[g]:starts[g + 1]]`, and `sizes[i]` counts the different grams of item i."""

    wanted: tuple[Wanted, ...]
    keys: np.ndarray
    grams: np.ndarray
    starts: np.ndarray
    owners: np.ndarray
    sizes: np.ndarray


def index(items: Iterable[Item]) -> Index:
    """Of the items that are long enough to be told from ordinary speech."""
    wanted = tuple(found for item in items if (found := _wanted(item)))
    sets = [one.grams(GRAM) for one in wanted]
    sizes = np.array([len(grams) for grams in sets], np.int32)
    all_grams = np.concatenate([*sets, np.empty(0, np.uint64)])
    owners = np.repeat(np.arange(len(sets), dtype=np.int32), sizes)
    order = np.argsort(all_grams, kind="stable")
    different, starts = np.unique(all_grams[order], return_index=True)
    slots = 1 << max(4, int(4 * len(different)).bit_length())
    keys, numbers = np.zeros(slots, np.uint64), np.zeros(slots, np.int32)
    _fill(different, keys, numbers)
    return Index(wanted, keys, numbers, np.append(starts, len(owners)), owners[order], sizes)


def _wanted(item: Item) -> Wanted | None:
    for text in (item.question, f"{item.question}\n{item.answer}"):
        words = hash_words(text)
        if len(words) >= LEAST_WORDS and len(np.unique(words)) >= LEAST_DIFFERENT:
            return Wanted(item, text, words, len(hash_words(item.question)))
    return None


def _grams(words: np.ndarray, size: int) -> np.ndarray:
    """Hashes of all runs of `size` words: uint64[max(0, n - size + 1)]."""
    out = np.empty(max(0, len(words) - size + 1), np.uint64)
    _hash_runs(words, size, out)
    return out


@njit(cache=True, nogil=True)
def _hash_runs(words: np.ndarray, size: int, out: np.ndarray) -> None:
    for at in range(len(out)):
        value = np.uint64(0)
        for k in range(size):
            value = value * _BASE + words[at + k]
        out[at] = mix(value) | np.uint64(1)


@njit(cache=True, nogil=True)
def _fill(grams: np.ndarray, keys: np.ndarray, numbers: np.ndarray) -> None:
    last = np.uint64(len(keys) - 1)
    for number in range(len(grams)):
        slot = grams[number] >> np.uint64(8) & last
        while keys[slot]:
            slot = (slot + np.uint64(1)) & last
        keys[slot], numbers[slot] = grams[number], number


@njit(cache=True, nogil=True)
def _search(
    texts: Texts,
    tables: CharacterTables,
    words: Words,
    index: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray],
    found: np.ndarray,
) -> int:
    """Enter (row, item) where a row has at least half of the item's grams, as far as there is room in `found`; returns
    how many there are."""
    keys, numbers, starts, owners, sizes = index
    last, used = np.uint64(len(keys) - 1), 0
    seen = np.full(len(starts), -1, np.int64)
    counts, touched = np.zeros(len(sizes), np.int32), np.empty(len(sizes), np.int32)
    for row in range(len(texts.offsets) - 1):
        count = split_words(texts.data, texts.offsets[row], texts.offsets[row + 1], tables, words)
        value, hit = np.uint64(0), 0
        for at in range(count):
            value = value * _BASE + words.hashes[at]
            if at >= GRAM:
                value -= _OLDEST * words.hashes[at - GRAM]
            if at < GRAM - 1:
                continue
            gram = mix(value) | np.uint64(1)
            slot = gram >> np.uint64(8) & last
            while keys[slot] and keys[slot] != gram:
                slot = (slot + np.uint64(1)) & last
            if keys[slot]:
                hit = _count(numbers[slot], row, seen, (starts, owners), (counts, touched), hit)
        for k in range(hit):
            item = touched[k]
            if 2 * counts[item] >= sizes[item]:
                found[min(used, len(found) - 1), 0], found[min(used, len(found) - 1), 1] = row, item
                used += 1
            counts[item] = 0
    return used


@njit(cache=True, nogil=True)
def _count(
    gram: int,
    row: int,
    seen: np.ndarray,
    owned: tuple[np.ndarray, np.ndarray],
    counted: tuple[np.ndarray, np.ndarray],
    hit: int,
) -> int:
    """One more different gram of the row, for each item that has it; `hit` items have been touched."""
    if seen[gram] == row:
        return hit
    seen[gram] = row
    (starts, owners), (counts, touched) = owned, counted
    for at in range(starts[gram], starts[gram + 1]):
        item = owners[at]
        if counts[item] == 0:
            touched[hit] = item
            hit += 1
        counts[item] += 1
    return hit


def candidates(texts: pa.Array, known: Index) -> np.ndarray:
    """(row, item) for each text that has half of an item: int64[n, 2], in the order of the rows."""
    held, arrays = texts_of(texts), (known.keys, known.grams, known.starts, known.owners, known.sizes)
    found = np.zeros((1024, 2), np.int64)
    while (used := _search(held, character_tables(), word_buffers(held), arrays, found)) > len(found):
        found = np.zeros((2 * used, 2), np.int64)
    return found[:used]


def evidence(batch: pa.RecordBatch, known: Index) -> pa.Table:
    """Rows of CONTAMINATED for a batch of `record_id` and `text`; spans are redacted."""
    rows: list[dict[str, Any]] = []
    for row, item in sorted(map(tuple, candidates(batch["text"], known).tolist())):
        found = compare(batch["text"][row].as_py(), known.wanted[item])
        rows += [{"record_id": batch["record_id"][row].as_py(), **found}] if found["contamination"] >= SHOWN else []
    return pa.Table.from_pylist(rows, schema=CONTAMINATED)


def compare(text: str, wanted: Wanted) -> dict[str, Any]:
    """One record beside one item."""
    words, item = hash_words(text), wanted.item
    share = {size: _share(words, wanted.grams(size), size) for size in (GRAM, 8, 13)}
    first, last = _span(words, wanted.words)
    answered = _answered(words, item.answer, first, last)
    score = share[GRAM] if share[GRAM] >= wanted.required else share[GRAM] * BOUND / wanted.required
    if answered is False and share[GRAM] < 1 and len(hash_words(item.answer)) <= SHORT_ANSWER:
        score = min(score, SHOWN)
    return {
        "benchmark": item.benchmark,
        "item": item.name,
        "contamination": score,
        "contamination_8": share[8],
        "contamination_13": share[13],
        "answer_found": answered,
        "record_text": redact(_cut(text, first, last)),
        "item_text": _cut(wanted.text, *_span(wanted.words, words)),
    }


def _share(words: np.ndarray, grams: np.ndarray, size: int) -> float:
    return float(np.isin(grams, _grams(words, size)).mean()) if len(grams) else 0.0


def _span(words: np.ndarray, other: np.ndarray) -> tuple[int, int]:
    """First and last word of the stretch, no longer than `other`, with the most of its grams."""
    hits = np.flatnonzero(np.isin(_grams(words, GRAM), _grams(other, GRAM)))
    if not len(hits):
        return 0, 0
    ends = np.searchsorted(hits, hits + max(1, len(other) - GRAM), side="right")
    best = int(np.argmax(ends - np.arange(len(hits))))
    return int(hits[best]), int(hits[ends[best] - 1]) + GRAM - 1


def _answered(words: np.ndarray, answer: str, first: int, last: int) -> bool | None:
    """Whether a short answer stands near the match or where the record ends; a long one, wherever it stands."""
    wanted = hash_words(answer)
    if not len(wanted):
        return None
    if len(wanted) >= GRAM:
        return _share(words, np.unique(_grams(wanted, GRAM)), GRAM) >= BOUND
    near = words[max(0, first - WINDOW) : first], words[last + 1 : last + 1 + WINDOW], words[last + 1 :][-WINDOW:]
    whole = _grams(wanted, len(wanted))
    return any(_share(part, whole, len(wanted)) > 0 for part in near)


def _cut(text: str, first: int, last: int) -> str:
    """The text from one word to another. Words are counted, not found: the kernel alone knows what a word is."""

    def until(count: int) -> int:
        return bisect_left(range(len(text) + 1), count, key=lambda end: count_words(pa.array([text[:end]]))[0].as_py())

    start, end = max(0, until(first + 1) - 1), until(last + 2)
    return text[start : end - 1 if end <= len(text) else end].strip()
