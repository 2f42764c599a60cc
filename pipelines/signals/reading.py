"""How hard prose is to read, and how rich its words are.

Flesch reading ease (Flesch 1948): 206.835 - 1.015 × words per sentence - 84.6 × syllables per word, with a group of
vowels for a syllable and without a silent final e; calibrated on English, so null where most words are not Latin. There
is no such formula for Chinese that is agreed on: sentence length serves both. MATTR (Covington and McFall 2010): the
mean share of different words in every WINDOW words in a row, which unlike type/token does not fall with length.
"""

import numpy as np
import pyarrow as pa
from numba import njit

from pipelines.signals.repetition import as_struct, find_slot, seen_table
from pipelines.signals.text import IS_UNSPACED, Tables, Texts, Words, room, split_words, tables, texts_of
from schemas.signal import Signal

WINDOW = 50  # words
LEAST = 10  # words below which nothing is measured
MEASURES = (
    (
        "output_reading_ease",
        "Flesch 1948: 90 a child, 60 plain English, 30 a scholar; null: not Latin, or under ten words",
    ),
    ("output_sentence_words", "words, or characters of Chinese, per sentence"),
    ("output_type_token", "MATTR of 50 words, Covington and McFall 2010; null: under ten words"),
)


def output_reading(table: pa.Table) -> pa.Array:
    texts = texts_of(table["output_prose"])
    made = np.full((texts.rows, len(MEASURES)), np.nan, np.float32)
    _measure(texts, tables(), room(texts), seen_table(texts), made)
    return as_struct(made, [name for name, _ in MEASURES])


@njit(cache=True, nogil=True)
def _measure(texts: Texts, tables: Tables, words: Words, seen: tuple, made: np.ndarray) -> None:
    for row in range(len(made)):
        start, end = texts.offsets[row], texts.offsets[row + 1]
        count = split_words(texts.data, start, end, tables, words)
        if count < LEAST:
            continue
        syllables, latin, sentences = _count(texts.data, start, end)
        unspaced = ((words.flags[:count] & IS_UNSPACED) > 0).sum()
        sentences = max(1, sentences)
        if 2 * latin > count and 10 * unspaced < count:
            made[row, 0] = 206.835 - 1.015 * count / sentences - 84.6 * syllables / latin
        made[row, 1] = count / sentences
        made[row, 2] = _mattr(words.hashes[:count], seen, row + 1)


@njit(cache=True, nogil=True)
def _count(data: np.ndarray, start: int, end: int) -> tuple[int, int, int]:
    """Syllables and words of Latin letters, and sentences; a line that ends without a full stop ends one too."""
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
def _mattr(hashes: np.ndarray, seen: tuple, stamp: int) -> float:
    """`seen` counts each word in the window as it slides; a word that has left it keeps its slot, with a count of 0."""
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
