"""The domain of a record: the one most of whose words occur, by the lists in domains.toml.

There are lists and no classifier, because no data at hand is labelled with domains in both languages. Classifiers
trained on sites about one subject learn how those sites write, and were right less often (DECISIONS.md).
"""

import tomllib
from functools import cache
from pathlib import Path

import numpy as np
import pyarrow as pa
from numba import njit

from pipelines.signals.text import (
    CharacterTables,
    Texts,
    Words,
    character_tables,
    hash_words,
    mix,
    split_words,
    texts_of,
    word_buffers,
)
from schemas.signal import Signal

GENERAL = "general"
MIN_SHARE = 0.3  # of the weights of all domains; a domain below it does not stand out
MAX_WORDS = 150  # words of a text that are read
FIELD_WEIGHTS = {
    "instruction_prose": 2.0,
    "input": 2.0,
    "output_prose": 1.0,
}  # an instruction says more about the domain
MAX_WORD_CHARACTERS = 4  # characters of a Chinese word
_BASE = np.uint64(0x9E3779B97F4A7C15)


@cache
def _lists() -> dict[str, dict[str, str]]:
    return tomllib.loads((Path(__file__).parent / "domains.toml").read_text())


@cache
def _table() -> tuple[np.ndarray, np.ndarray]:
    """Return an open hash table: keys uint64[size], 0 where free, and weights float32[size, domains]."""
    domains_of: dict[int, np.ndarray] = {}
    for domain, languages in enumerate(_lists().values()):
        for key in {key for words in languages.values() for word in words.split() for key in _keys(word)}:
            domains_of.setdefault(key, np.zeros(len(_lists()), np.float32))[domain] = 1
    size = 1 << (4 * len(domains_of)).bit_length()
    keys, weights = np.zeros(size, np.uint64), np.zeros((size, len(_lists())), np.float32)
    for key, domains in domains_of.items():
        at = key & (size - 1)
        while keys[at]:
            at = (at + 1) & (size - 1)
        keys[at], weights[at] = key, domains / domains.sum()
    return keys, weights


def _keys(word: str) -> list[int]:
    forms = [word, f"{word}s"] if word.isascii() else [word]
    return [int(_hash_sequence(hash_words(form))) for form in forms if len(hash_words(form)) <= MAX_WORD_CHARACTERS]


@njit(cache=True, nogil=True)
def _hash_sequence(hashes: np.ndarray) -> np.uint64:
    value = np.uint64(0)
    for word in hashes:
        value = value * _BASE + word
    return mix(value)


def domain(table: pa.Table) -> pa.Array:
    """Return the domain of each row, a name in domains.toml or GENERAL."""
    totals = np.zeros((table.num_rows, len(_lists())), np.float32)
    keys, weights = _table()
    for field, weight in FIELD_WEIGHTS.items():
        texts = texts_of(table[field])
        _add_weights(texts, character_tables(), word_buffers(texts), keys, weights * np.float32(weight), totals)
    names = np.array([*_lists(), GENERAL])
    best, whole = totals.max(axis=1, initial=0), totals.sum(axis=1)
    clear = (best > 0) & (best >= MIN_SHARE * whole)
    return pa.array(names[np.where(clear, totals.argmax(axis=1), len(names) - 1)].tolist())


@njit(cache=True, nogil=True)
def _add_weights(
    texts: Texts, tables: CharacterTables, words: Words, keys: np.ndarray, weights: np.ndarray, totals: np.ndarray
) -> None:
    for row in range(len(totals)):
        count = split_words(texts.data, texts.offsets[row], texts.offsets[row + 1], tables, words)
        for begin in range(min(count, MAX_WORDS)):
            for end in range(begin + 1, min(count, begin + MAX_WORD_CHARACTERS) + 1):
                totals[row] += weights[_find_slot(_hash_sequence(words.hashes[begin:end]), keys)]


@njit(cache=True, nogil=True)
def _find_slot(key: np.uint64, keys: np.ndarray) -> np.uint64:
    """Return the slot of `key`, or a free slot, whose weights are 0."""
    mask = np.uint64(len(keys) - 1)
    at = key & mask
    while keys[at] != 0 and keys[at] != key:
        at = (at + np.uint64(1)) & mask
    return at


SIGNALS = (Signal("domain", pa.string(), domain, "the list most of whose words occur, pipelines/signals/domains.toml"),)
