"""Finds benchmark items in records. A hash table holds the 5-grams of all items; the 5-grams of records are looked up.

    contamination     share of the item's distinct 5-grams that the record has, scaled so that 0.8 is the threshold at
                      any length: an item of 50 words needs a share of 0.8, an item of 20 words a share of 1
    contamination_8   share of its 8-grams, and
    contamination_13  of its 13-grams, as other reports count them

The lengths, the threshold and the rule that a short answer (up to 3 words) must stand within 50 words of a match are
those of decon. Here a question that is found word for word needs no answer, since the steps to it may be long. Items
under 20 words are searched together with their answer. They are left out where that is still too short or has fewer
than 4 distinct words. A word is a run of letters and digits, or a Chinese character. Case, markup and punctuation do
not count.
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

NGRAM = 5
MIN_WORDS, LONG_WORDS, MIN_DISTINCT_WORDS = 20, 50, 4
THRESHOLD = 0.8  # a record with this score or more is contaminated
EVIDENCE_FROM = 0.5  # a record with this score or more is listed in the evidence
SHORT_ANSWER_WORDS, ANSWER_WINDOW = 3, 50
_BASE = np.uint64(0x9E3779B97F4A7C15)
_OLDEST = np.uint64(pow(int(_BASE), NGRAM, 1 << 64))


@dataclass(frozen=True)
class IndexedItem:
    """An item and the words to search: its question, with its answer where the question alone is too short.

    `question_words` is the number of words of the question. No n-gram crosses from question to answer, since records
    may have any text between the two.
    """

    item: Item
    text: str
    words: np.ndarray
    question_words: int

    def ngrams(self, size: int) -> np.ndarray:
        """Hashes of the distinct n-grams of `size` words, sorted: uint64[n]."""
        return np.unique(np.concatenate([_ngrams(part, size) for part in np.split(self.words, [self.question_words])]))

    @cached_property
    def required(self) -> float:
        """The share of 5-grams that means contamination: 1 up to 20 words, 0.8 from 50 words on, linear between."""
        length = min(1.0, max(0.0, (len(self.words) - MIN_WORDS) / (LONG_WORDS - MIN_WORDS)))
        return 1 - length * (1 - THRESHOLD)


@dataclass(frozen=True)
class Index:
    """A hash table with open addressing, from n-grams to the items that have them.

    `keys[slot]` is the hash of an n-gram (0: free) and `numbers[slot]` its number. The items with n-gram g are
    `owners[starts[g]:starts[g + 1]]`. `sizes[i]` counts the distinct n-grams of item i.
    """

    items: tuple[IndexedItem, ...]
    keys: np.ndarray
    numbers: np.ndarray
    starts: np.ndarray
    owners: np.ndarray
    sizes: np.ndarray


def build_index(items: Iterable[Item]) -> Index:
    """An index of the items that are long enough. A shorter one would match ordinary speech."""
    indexed = tuple(long_item for item in items if (long_item := _indexed_item(item)))
    sets = [item.ngrams(NGRAM) for item in indexed]
    sizes = np.array([len(ngrams) for ngrams in sets], np.int32)
    all_ngrams = np.concatenate([*sets, np.empty(0, np.uint64)])
    owners = np.repeat(np.arange(len(sets), dtype=np.int32), sizes)
    order = np.argsort(all_ngrams, kind="stable")
    distinct, starts = np.unique(all_ngrams[order], return_index=True)
    slots = 1 << max(4, int(4 * len(distinct)).bit_length())
    keys, numbers = np.zeros(slots, np.uint64), np.zeros(slots, np.int32)
    _fill(distinct, keys, numbers)
    return Index(indexed, keys, numbers, np.append(starts, len(owners)), owners[order], sizes)


def _indexed_item(item: Item) -> IndexedItem | None:
    for text in (item.question, f"{item.question}\n{item.answer}"):
        words = hash_words(text)
        if len(words) >= MIN_WORDS and len(np.unique(words)) >= MIN_DISTINCT_WORDS:
            return IndexedItem(item, text, words, len(hash_words(item.question)))
    return None


def _ngrams(words: np.ndarray, size: int) -> np.ndarray:
    """Hashes of all n-grams of `size` words: uint64[max(0, n - size + 1)]."""
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
def _fill(ngrams: np.ndarray, keys: np.ndarray, numbers: np.ndarray) -> None:
    mask = np.uint64(len(keys) - 1)
    for number in range(len(ngrams)):
        slot = ngrams[number] >> np.uint64(8) & mask
        while keys[slot]:
            slot = (slot + np.uint64(1)) & mask
        keys[slot], numbers[slot] = ngrams[number], number


@njit(cache=True, nogil=True)
def _search(
    texts: Texts,
    tables: CharacterTables,
    words: Words,
    index: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray],
    found: np.ndarray,
) -> int:
    """Write (row, item) to `found` for every row that has at least half of an item's n-grams.

    Returns their number, which may be larger than `found`. The rest is then lost, and the caller has to call again.
    """
    keys, numbers, starts, owners, sizes = index
    mask, used = np.uint64(len(keys) - 1), 0
    last_row = np.full(len(starts), -1, np.int64)
    counts, touched = np.zeros(len(sizes), np.int32), np.empty(len(sizes), np.int32)
    for row in range(len(texts.offsets) - 1):
        count = split_words(texts.data, texts.offsets[row], texts.offsets[row + 1], tables, words)
        value, hits = np.uint64(0), 0
        for at in range(count):
            value = value * _BASE + words.hashes[at]
            if at >= NGRAM:
                value -= _OLDEST * words.hashes[at - NGRAM]
            if at < NGRAM - 1:
                continue
            ngram = mix(value) | np.uint64(1)
            slot = ngram >> np.uint64(8) & mask
            while keys[slot] and keys[slot] != ngram:
                slot = (slot + np.uint64(1)) & mask
            if keys[slot]:
                hits = _count(numbers[slot], row, last_row, (starts, owners), (counts, touched), hits)
        for k in range(hits):
            item = touched[k]
            if 2 * counts[item] >= sizes[item]:
                found[min(used, len(found) - 1), 0], found[min(used, len(found) - 1), 1] = row, item
                used += 1
            counts[item] = 0
    return used


@njit(cache=True, nogil=True)
def _count(
    ngram: int,
    row: int,
    last_row: np.ndarray,
    owned: tuple[np.ndarray, np.ndarray],
    counted: tuple[np.ndarray, np.ndarray],
    hits: int,
) -> int:
    """Count an n-gram of the row, once, for each item that has it. Returns the number of items in `touched`."""
    if last_row[ngram] == row:
        return hits
    last_row[ngram] = row
    (starts, owners), (counts, touched) = owned, counted
    for k in range(starts[ngram], starts[ngram + 1]):
        item = owners[k]
        if counts[item] == 0:
            touched[hits] = item
            hits += 1
        counts[item] += 1
    return hits


def find_candidates(texts: pa.Array, index: Index) -> np.ndarray:
    """(row, item) for each text that has half of an item's n-grams: int64[n, 2], in the order of the rows."""
    kernel_texts, arrays = texts_of(texts), (index.keys, index.numbers, index.starts, index.owners, index.sizes)
    found = np.zeros((1024, 2), np.int64)
    while (used := _search(kernel_texts, character_tables(), word_buffers(kernel_texts), arrays, found)) > len(found):
        found = np.zeros((2 * used, 2), np.int64)
    return found[:used]


def find_evidence(batch: pa.RecordBatch, index: Index) -> pa.Table:
    """Rows of CONTAMINATED for a batch with `record_id` and `text`. The quoted texts of records are redacted."""
    rows: list[dict[str, Any]] = []
    for row, item in sorted(map(tuple, find_candidates(batch["text"], index).tolist())):
        result = compare(batch["text"][row].as_py(), index.items[item])
        if result["contamination"] >= EVIDENCE_FROM:
            rows.append({"record_id": batch["record_id"][row].as_py(), **result})
    return pa.Table.from_pylist(rows, schema=CONTAMINATED)


def compare(text: str, indexed: IndexedItem) -> dict[str, Any]:
    """A row of CONTAMINATED, without record_id, for the text of one record and one item."""
    words, item = hash_words(text), indexed.item
    share = {size: _share(words, indexed.ngrams(size), size) for size in (NGRAM, 8, 13)}
    first, last = _span(words, indexed.words)
    answered = _has_answer(words, item.answer, first, last)
    score = share[NGRAM] if share[NGRAM] >= indexed.required else share[NGRAM] * THRESHOLD / indexed.required
    if answered is False and share[NGRAM] < 1 and len(hash_words(item.answer)) <= SHORT_ANSWER_WORDS:
        score = min(score, EVIDENCE_FROM)
    return {
        "benchmark": item.benchmark,
        "item": item.name,
        "contamination": score,
        "contamination_8": share[8],
        "contamination_13": share[13],
        "answer_found": answered,
        "record_text": redact(_excerpt(text, first, last)),
        "item_text": _excerpt(indexed.text, *_span(indexed.words, words)),
    }


def _share(words: np.ndarray, ngrams: np.ndarray, size: int) -> float:
    return float(np.isin(ngrams, _ngrams(words, size)).mean()) if len(ngrams) else 0.0


def _span(words: np.ndarray, other: np.ndarray) -> tuple[int, int]:
    """First and last word of the span with most n-grams of `other`. The span is not longer than `other`."""
    hits = np.flatnonzero(np.isin(_ngrams(words, NGRAM), _ngrams(other, NGRAM)))
    if not len(hits):
        return 0, 0
    ends = np.searchsorted(hits, hits + max(1, len(other) - NGRAM), side="right")
    best = int(np.argmax(ends - np.arange(len(hits))))
    return int(hits[best]), int(hits[ends[best] - 1]) + NGRAM - 1


def _has_answer(words: np.ndarray, answer: str, first: int, last: int) -> bool | None:
    """Whether the record has the answer: a short one near the match or at the end of the record, a long one anywhere.

    None where the item has no answer.
    """
    answer_words = hash_words(answer)
    if not len(answer_words):
        return None
    if len(answer_words) >= NGRAM:
        return _share(words, np.unique(_ngrams(answer_words, NGRAM)), NGRAM) >= THRESHOLD
    near = (
        words[max(0, first - ANSWER_WINDOW) : first],
        words[last + 1 : last + 1 + ANSWER_WINDOW],
        words[last + 1 :][-ANSWER_WINDOW:],
    )
    whole = _ngrams(answer_words, len(answer_words))
    return any(_share(part, whole, len(answer_words)) > 0 for part in near)


def _excerpt(text: str, first: int, last: int) -> str:
    """The text from word `first` to word `last`. The kernel only counts words, so the ends are bisected."""

    def end_of(count: int) -> int:
        return bisect_left(range(len(text) + 1), count, key=lambda end: count_words(pa.array([text[:end]]))[0].as_py())

    start, end = max(0, end_of(first + 1) - 1), end_of(last + 2)
    return text[start : end - 1 if end <= len(text) else end].strip()
