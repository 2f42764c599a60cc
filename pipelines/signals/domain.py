"""What a record is about: the domain most of whose words occur, by the lists in domains.toml.

Lists, because nothing at hand is labelled with domains in both languages: classifiers trained on sites about one thing
learn how those sites write, and were right less often (DECISIONS.md).
"""

import tomllib
from functools import cache
from pathlib import Path

import numpy as np
import pyarrow as pa
from numba import njit

from pipelines.signals.text import Tables, Texts, Words, hash_words, mix, room, split_words, tables, texts_of
from schemas.signal import Signal

GENERAL = "general"
SHARE = 0.3  # of all words found, below which no domain stands out
READ = 150  # words of a text that are looked at
WEIGHTS = {"instruction_prose": 2.0, "input": 2.0, "output_prose": 1.0}  # what is asked says more than what is told
LONGEST = 4  # characters of a Chinese word
_BASE = np.uint64(0x9E3779B97F4A7C15)


@cache
def _lists() -> dict[str, dict[str, str]]:
    return tomllib.loads((Path(__file__).parent / "domains.toml").read_text())


@cache
def _table() -> tuple[np.ndarray, np.ndarray]:
    """An open hash table: keys uint64[size], 0 where free, and float32[size, domains]."""
    found: dict[int, np.ndarray] = {}
    for place, languages in enumerate(_lists().values()):
        for key in {key for words in languages.values() for word in words.split() for key in _keys(word)}:
            found.setdefault(key, np.zeros(len(_lists()), np.float32))[place] = 1
    size = 1 << (4 * len(found)).bit_length()
    keys, weights = np.zeros(size, np.uint64), np.zeros((size, len(_lists())), np.float32)
    for key, domains in found.items():
        at = key & (size - 1)
        while keys[at]:
            at = (at + 1) & (size - 1)
        keys[at], weights[at] = key, domains / domains.sum()
    return keys, weights


def _keys(word: str) -> list[int]:
    forms = [word, f"{word}s"] if word.isascii() else [word]
    return [int(_join(hash_words(form))) for form in forms if len(hash_words(form)) <= LONGEST]


@njit(cache=True, nogil=True)
def _join(hashes: np.ndarray) -> np.uint64:
    value = np.uint64(0)
    for word in hashes:
        value = value * _BASE + word
    return mix(value)


def domain(table: pa.Table) -> pa.Array:
    totals = np.zeros((table.num_rows, len(_lists())), np.float32)
    keys, weights = _table()
    for field, weight in WEIGHTS.items():
        texts = texts_of(table[field])
        _add(texts, tables(), room(texts), keys, weights * np.float32(weight), totals)
    names = np.array([*_lists(), GENERAL])
    best, whole = totals.max(axis=1, initial=0), totals.sum(axis=1)
    clear = (best > 0) & (best >= SHARE * whole)
    return pa.array(names[np.where(clear, totals.argmax(axis=1), len(names) - 1)].tolist())


@njit(cache=True, nogil=True)
def _add(texts: Texts, tables: Tables, words: Words, keys: np.ndarray, weights: np.ndarray, totals: np.ndarray) -> None:
    for row in range(len(totals)):
        count = split_words(texts.data, texts.offsets[row], texts.offsets[row + 1], tables, words)
        for begin in range(min(count, READ)):
            for end in range(begin + 1, min(count, begin + LONGEST) + 1):
                totals[row] += weights[_place(_join(words.hashes[begin:end]), keys)]


@njit(cache=True, nogil=True)
def _place(key: np.uint64, keys: np.ndarray) -> np.uint64:
    """Where `key` is in the table, or where it would be: there its weights are 0."""
    mask = np.uint64(len(keys) - 1)
    at = key & mask
    while keys[at] != 0 and keys[at] != key:
        at = (at + np.uint64(1)) & mask
    return at


SIGNALS = (Signal("domain", pa.string(), domain, "the list most of whose words occur, pipelines/signals/domains.toml"),)
