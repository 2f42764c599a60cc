"""Signals of repeated n-grams in prose, by the definitions of Gopher (Rae et al. 2021, table A1).

Where most words are characters of an unspaced script, an n-gram has n × 1.6 characters: a Chinese word has 1.6
characters on average, so one threshold serves both.
"""

from typing import Any

import numpy as np
import pyarrow as pa
from numba import njit

from pipelines.signals.text import (
    IS_UNSPACED,
    CharacterTables,
    Texts,
    Words,
    character_tables,
    split_words,
    texts_of,
    word_buffers,
)
from schemas.signal import Signal

MEASURES = (
    ("output_unique_words", "different words / words"),
    ("output_top_2gram", "share of characters in the commonest 2-gram, Gopher: ≤ 0.20"),
    ("output_top_3gram", "share of characters in the commonest 3-gram, Gopher: ≤ 0.18"),
    ("output_top_4gram", "share of characters in the commonest 4-gram, Gopher: ≤ 0.16"),
    ("output_repetition", "share of characters in repeated 5-grams, Gopher: ≤ 0.15"),
    ("output_dup_6gram", "share of characters in repeated 6-grams, Gopher: ≤ 0.14"),
    ("output_dup_7gram", "share of characters in repeated 7-grams, Gopher: ≤ 0.13"),
    ("output_dup_8gram", "share of characters in repeated 8-grams, Gopher: ≤ 0.12"),
    ("output_dup_9gram", "share of characters in repeated 9-grams, Gopher: ≤ 0.11"),
    ("output_dup_10gram", "share of characters in repeated 10-grams, Gopher: ≤ 0.10"),
)
_LONGEST_TOP = 4
_SPACED = np.arange(1, 11)
_UNSPACED = np.array([1, 3, 5, 6, 8, 10, 11, 13, 14, 16])  # the same × 1.6
_BASE = np.uint64(0x9E3779B97F4A7C15)


def output_repetition(table: pa.Table) -> pa.Array:
    """Return a struct per row with the fields MEASURES, shares from 0 to 1; null without words."""
    texts = texts_of(table["output_prose"])
    words = word_buffers(texts)
    out = np.full((texts.rows, len(MEASURES)), np.nan, np.float32)
    _measure(texts, character_tables(), words, hash_table(texts), out)
    return as_struct(out, [name for name, _ in MEASURES])


def hash_table(texts: Texts) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return an open hash table with a slot per byte of the longest text, or more: keys, stamps (0: free), counts."""
    size = 1 << int(2 * np.diff(texts.offsets).max(initial=1) + 1).bit_length()
    return np.empty(size, np.uint64), np.zeros(size, np.int64), np.empty(size, np.int32)


def as_struct(out: np.ndarray, names: list[str]) -> pa.Array:
    """Return a struct per row: one field per column of out, float32[rows, columns]; NaN (not measured) becomes null."""
    columns = np.ascontiguousarray(out.T)
    return pa.StructArray.from_arrays([pa.array(column, from_pandas=True) for column in columns], names)


@njit(cache=True, nogil=True)
def _measure(texts: Texts, tables: CharacterTables, words: Words, seen: tuple[Any, ...], out: np.ndarray) -> None:
    grams, ends = np.empty_like(words.hashes), np.zeros(len(words.hashes) + 1, np.int64)
    stamp = 0
    for row in range(len(out)):
        count = split_words(texts.data, texts.offsets[row], texts.offsets[row + 1], tables, words)
        grams[:count] = words.hashes[:count]
        unspaced, length = 0, 1
        for at in range(count):
            ends[at + 1] = ends[at] + words.chars[at]
            unspaced += (words.flags[at] & IS_UNSPACED) > 0
        mask = 1
        while mask < 2 * count:
            mask *= 2
        for column in range(out.shape[1] if count else 0):
            size = _UNSPACED[column] if 2 * unspaced > count else _SPACED[column]
            length = _lengthen_grams(grams, words.hashes, count, length, size)
            stamp += 1
            out[row, column] = _share(column, grams, ends, count, size, seen, (stamp, mask - 1))


@njit(cache=True, nogil=True)
def _lengthen_grams(grams: np.ndarray, hashes: np.ndarray, count: int, length: int, size: int) -> int:
    """Extend the hash at each word from `length` words to `size`; return the new length."""
    while length < size:
        for at in range(count - length):
            grams[at] = grams[at] * _BASE + hashes[at + length]
        length += 1
    return length


@njit(cache=True, nogil=True)
def _share(column, grams, ends, count, size, seen, epoch) -> float:  # type: ignore[no-untyped-def]
    if column == 0:
        share: float = _count_different(grams[:count], seen, epoch) / count
    elif column < _LONGEST_TOP:
        share = _commonest(grams, ends, count, size, seen, epoch) / ends[count]
    else:
        share = _repeated(grams, ends, count, size, seen, epoch) / ends[count]
    return share


@njit(cache=True, nogil=True)
def find_slot(key: np.uint64, seen: tuple[Any, ...], epoch: tuple[int, int]) -> np.int64:
    """Return the slot of `key` in `seen`, a `hash_table`, or the free slot where it belongs.

    `epoch` is the stamp of this use, and a power of two less one: the part of the table to use. Entries with another
    stamp count as free, so the table need not be cleared.
    """
    keys, stamps, _ = seen
    stamp, mask = epoch
    at = np.int64(key & np.uint64(mask))
    while stamps[at] == stamp and keys[at] != key:
        at = (at + 1) & mask
    return at


@njit(cache=True, nogil=True)
def _count_different(grams: np.ndarray, seen: tuple[Any, ...], epoch: tuple[int, int]) -> int:
    different = 0
    for gram in grams:
        slot = find_slot(gram, seen, epoch)
        different += seen[1][slot] != epoch[0]
        seen[0][slot], seen[1][slot] = gram, epoch[0]
    return different


@njit(cache=True, nogil=True)
def _commonest(grams, ends, count, size, seen, epoch) -> int:  # type: ignore[no-untyped-def]
    """Return the characters in all occurrences of the commonest gram; 0 when each occurs once."""
    most, chars = 1, 0
    for at in range(count - size + 1):
        slot = find_slot(grams[at], seen, epoch)
        if seen[1][slot] != epoch[0]:
            seen[0][slot], seen[1][slot], seen[2][slot] = grams[at], epoch[0], 0
        seen[2][slot] += 1
        if seen[2][slot] > most:
            most, chars = seen[2][slot], ends[at + size] - ends[at]
    result: int = min(most * chars, ends[count])  # occurrences may overlap
    return result


@njit(cache=True, nogil=True)
def _repeated(grams, ends, count, size, seen, epoch) -> int:  # type: ignore[no-untyped-def]
    """Return the characters in grams that occurred before; none is counted twice."""
    chars, at = 0, 0
    while at <= count - size:
        slot = find_slot(grams[at], seen, epoch)
        if seen[1][slot] == epoch[0]:
            chars += ends[at + size] - ends[at]
            at += size
        else:
            seen[0][slot], seen[1][slot] = grams[at], epoch[0]
            at += 1
    return chars


SIGNALS = tuple(Signal(name, pa.float32(), output_repetition, source) for name, source in MEASURES)
