"""Signals of readability and lexical diversity.

Flesch reading ease (Flesch 1948) is 206.835 - 1.015 × words per sentence - 84.6 × syllables per word. A syllable is a
group of vowels; a silent final e is left out. It is calibrated on English, so it is null where most words are not
Latin. No formula for Chinese is agreed on; sentence length serves both. MATTR (Covington and McFall 2010) is the mean
share of different words in every WINDOW words in a row; unlike type/token it does not fall with length.
"""

from typing import Any

import numpy as np
import pyarrow as pa
from numba import njit

from pipelines.signals.repetition import as_struct, find_slot, hash_table
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

WINDOW = 50  # words
MIN_WORDS = 10  # a shorter text is not measured
MEASURES = (
    (
        "output_reading_ease",
        "Flesch 1948: 90 a child, 60 plain English, 30 a scholar; null: not Latin, or under ten words",
    ),
    ("output_sentence_words", "words, or characters of Chinese, per sentence"),
    ("output_type_token", "MATTR of 50 words, Covington and McFall 2010; null: under ten words"),
)


def output_reading(table: pa.Table) -> pa.Array:
    """Return a struct per row with the fields MEASURES; null where there is too little text."""
    texts = texts_of(table["output_prose"])
    out = np.full((texts.rows, len(MEASURES)), np.nan, np.float32)
    _measure(texts, character_tables(), word_buffers(texts), hash_table(texts), out)
    return as_struct(out, [name for name, _ in MEASURES])


@njit(cache=True, nogil=True)
def _measure(texts: Texts, tables: CharacterTables, words: Words, seen: tuple[Any, ...], out: np.ndarray) -> None:
    for row in range(len(out)):
        start, end = texts.offsets[row], texts.offsets[row + 1]
        count = split_words(texts.data, start, end, tables, words)
        if count < MIN_WORDS:
            continue
        syllables, latin, sentences = _count(texts.data, start, end)
        unspaced = ((words.flags[:count] & IS_UNSPACED) > 0).sum()
        sentences = max(1, sentences)
        if 2 * latin > count and 10 * unspaced < count:
            out[row, 0] = 206.835 - 1.015 * count / sentences - 84.6 * syllables / latin
        out[row, 1] = count / sentences
        out[row, 2] = _mattr(words.hashes[:count], seen, row + 1)


@njit(cache=True, nogil=True)
def _count(data: np.ndarray, start: int, end: int) -> tuple[int, int, int]:
    """Return counts: syllables and words of Latin letters, and sentences. The end of a line ends a sentence too."""
    syllables, latin, sentences = 0, 0, 0
    groups, last, said = 0, 0, False
    for at in range(start, end + 1):
        byte = int(data[at]) if at < end else 10
        letter = byte | 32
        if 97 <= letter <= 122:
            groups += _vowel(letter) and not _vowel(last)
            last, said = letter, True
            continue
        if last:
            syllables += max(1, groups - (last == 101 and groups > 1))
            latin += 1
            groups, last = 0, 0
        said = said or byte >= 0xE4  # Han begins with E4 and above
        full = byte in (10, 33, 63) or (byte == 46 and (at + 1 >= end or data[at + 1] in (10, 32, 34, 41, 42)))
        if said and (full or (byte == 0xE3 and at + 2 < end and data[at + 1] == 0x80 and data[at + 2] == 0x82)):
            sentences, said = sentences + 1, False
    return syllables, latin, sentences


@njit(cache=True, nogil=True)
def _vowel(letter: int) -> bool:
    return letter in (97, 101, 105, 111, 117, 121)


@njit(cache=True, nogil=True)
def _mattr(hashes: np.ndarray, seen: tuple[Any, ...], stamp: int) -> float:
    """Return the MATTR. `seen` counts the words of the sliding window; a word that left it keeps its slot, with 0."""
    keys, stamps, counts = seen
    mask = 1
    while mask < 2 * len(hashes):
        mask *= 2
    window, different, total = min(WINDOW, len(hashes)), 0, 0
    for at in range(len(hashes)):
        slot = find_slot(hashes[at], seen, (stamp, mask - 1))
        if stamps[slot] != stamp:
            keys[slot], stamps[slot], counts[slot] = hashes[at], stamp, 0
        different += counts[slot] == 0
        counts[slot] += 1
        if at >= window:
            left = find_slot(hashes[at - window], seen, (stamp, mask - 1))
            counts[left] -= 1
            different -= counts[left] == 0
        total += different if at >= window - 1 else 0
    return total / window / (len(hashes) - window + 1)


SIGNALS = tuple(Signal(name, pa.float32(), output_reading, source) for name, source in MEASURES)
