"""Small linear classifiers over hashed n-grams, one byte per weight, compiled (after Joulin et al. 2016).

The features of a text are its words and pairs of words; in scripts without spaces also three characters in a row, in
the others four letters in a row of a word with its edges. Words are those of pipelines/signals/text.py, so case and
traditional characters make no difference. The weights are in pipelines/signals/weights; tests/accuracy/train.py makes
them.
"""

from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numba import njit

from pipelines.signals.text import (
    DIGIT,
    IS_UNSPACED,
    UNSPACED,
    CharacterTables,
    Texts,
    Words,
    character_tables,
    decode,
    kind_of,
    mix,
    split_words,
    texts_of,
    word_buffers,
)

WEIGHTS = Path(__file__).parent / "weights"
MAX_WORDS, LETTERS = 3, 4  # the longest features
_BASE = np.uint64(0x9E3779B97F4A7C15)
_GRAM = np.uint64(0xFFFFFFFFFFFFFFFF >> (64 - 16 * LETTERS))


class Model(NamedTuple):
    """A score is bias + scale × the sum of the features' weights / √features.

    weights: int8[buckets, classes], buckets a power of two. scale, bias: float32[classes].
    """

    weights: np.ndarray
    scale: np.ndarray
    bias: np.ndarray


@cache
def load(name: str) -> Model:
    """Return the model in weights/<name>.npz.

    Raises:
        FileNotFoundError: there is none.
    """
    with np.load(WEIGHTS / f"{name}.npz") as arrays:
        return Model(arrays["weights"], arrays["scale"], arrays["bias"])


def scores(column: pa.Array | pa.ChunkedArray, model: Model, window: int = 0) -> np.ndarray:
    """Return float32[rows, classes]: the score before any softmax; NaN where there is no word.

    It is that of the whole text, or the highest of its windows of `window` bytes. Windows end between words.
    """
    texts = texts_of(column)
    out = np.full((texts.rows, len(model.bias)), np.nan, np.float32)
    _score(texts, character_tables(), word_buffers(texts), _feature_buffer(texts), model, window, out)
    return out


def features(column: pa.Array | pa.ChunkedArray, buckets: int) -> tuple[np.ndarray, np.ndarray]:
    """Return (offsets, ids), int64[n + 1] and uint32[m]: ids[offsets[i]:offsets[i + 1]] are the buckets of text i.

    `buckets` is a power of two.
    """
    texts = texts_of(column)
    buffer, words = _feature_buffer(texts), word_buffers(texts)
    offsets, ids = np.zeros(texts.rows + 1, np.int64), [np.zeros(0, np.uint32)]
    for row in range(texts.rows):
        used = _features(
            texts.data, texts.offsets[row], texts.offsets[row + 1], character_tables(), words, buckets - 1, buffer
        )
        ids.append(buffer[:used].copy())
        offsets[row + 1] = offsets[row] + used
    return offsets, np.concatenate(ids)


def _feature_buffer(texts: Texts) -> np.ndarray:
    return np.empty((MAX_WORDS + 2) * (int(np.diff(texts.offsets).max(initial=0)) + 1), np.uint32)


@njit(cache=True, nogil=True)
def _features(data, start, end, tables, words, mask, ids) -> int:  # type: ignore[no-untyped-def]
    """Fill `ids` with the features of data[start:end]; return their count."""
    count = split_words(data, start, end, tables, words)
    used = 0
    for at in range(count):
        value, unspaced = np.uint64(0), True
        for back in range(min(MAX_WORDS, at + 1)):
            unspaced = unspaced and (words.flags[at - back] & IS_UNSPACED) > 0
            if back == MAX_WORDS - 1 and not unspaced:
                break
            value = value * _BASE + words.hashes[at - back]
            ids[used] = mix(value) & np.uint64(mask)
            used += 1
    return _letters(data, start, end, tables, mask, ids, used)


@njit(cache=True, nogil=True)
def _letters(data, start, end, tables, mask, ids, used) -> int:  # type: ignore[no-untyped-def]
    """Append every LETTERS letters in a row, 16 bits each, to `ids`; the edge of a word counts as one letter, 1."""
    gram, length, at = np.uint64(1), 1, start
    while at <= end:
        code, kind = 32, 0
        if at < end:
            code, at = decode(data, at, end)
            kind = kind_of(code, tables.kinds)
        else:
            at += 1
        inside = DIGIT <= kind < UNSPACED and code < 0x10000
        if not inside and length == 1:
            continue
        gram = (gram << np.uint64(16) | np.uint64(tables.folds[code] if inside else 1)) & _GRAM
        length += 1
        if length >= LETTERS:
            ids[used] = mix(gram + _BASE) & np.uint64(mask)
            used += 1
        if not inside:
            gram, length = np.uint64(1), 1
    result: int = used
    return result


@njit(cache=True, nogil=True)
def _score(
    texts: Texts, tables: CharacterTables, words: Words, ids: np.ndarray, model: Model, window: int, out: np.ndarray
) -> None:
    mask = len(model.weights) - 1
    for row in range(len(out)):
        at, end = texts.offsets[row], texts.offsets[row + 1]
        while at < end:
            stop = _window_end(texts.data, at, end, window, tables) if window else end
            used = _features(texts.data, at, stop, tables, words, mask, ids)
            if used:
                _raise_scores(out[row], ids[:used], model)
            at = stop


@njit(cache=True, nogil=True)
def _window_end(data: np.ndarray, at: int, end: int, size: int, tables: CharacterTables) -> int:
    """Return where a window from `at` ends: after `size` bytes or more, before a character that is in no word."""
    stop = min(end, at + size)
    while stop < end:
        code, _ = decode(data, stop, end)
        if data[stop] & 0xC0 != 0x80 and not DIGIT <= kind_of(code, tables.kinds) < UNSPACED:
            return stop
        stop += 1
    return end


@njit(cache=True, nogil=True)
def _raise_scores(most: np.ndarray, ids: np.ndarray, model: Model) -> None:
    """Raise `most`, float32[classes], to the scores of a text with these features where those are higher."""
    for kind in range(len(most)):
        total = 0
        for feature in ids:
            total += model.weights[feature, kind]
        value = model.bias[kind] + model.scale[kind] * total / np.sqrt(len(ids))
        if not value <= most[kind]:  # also where `most` is NaN yet
            most[kind] = value
