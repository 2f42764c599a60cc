"""Text → pieces of words → one vector, compiled: how the embedding of pipelines/models/multilingual.py is computed.

A piece is a string of a vocabulary, with the logarithm of its frequency. A text is cut into those pieces whose sum is
highest (unigram segmentation, Kudo 2018; the search is Viterbi's). Vectors of pieces are whole numbers, so the order of
adding changes no bit.
"""

import unicodedata
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numba import njit

SPACE = "▁"
UNKNOWN = 0  # the piece for a character that no piece begins with
_SEED, _PRIME = np.uint64(0xCBF29CE484222325), np.uint64(0x100000001B3)  # FNV-1a
_MIX = np.uint64(0x9E3779B97F4A7C15)


class Vocabulary(NamedTuple):
    """A hash table of all beginnings of pieces, with open addressing.

    hashes: uint64[2^k], 0 where a slot is free; pieces: int32[2^k], -1 where the beginning is no piece itself;
    scores: float32[pieces + 1], the last one that of an unknown character: the lowest less 10.
    """

    hashes: np.ndarray
    pieces: np.ndarray
    scores: np.ndarray


def vocabulary(pieces: Sequence[str], scores: Sequence[float]) -> Vocabulary:
    """The table of these pieces."""
    known: dict[int, int] = {}
    for number, piece in enumerate(pieces):
        value = int(_SEED)
        for byte in piece.encode():
            value = (value ^ byte) * int(_PRIME) & 0xFFFFFFFFFFFFFFFF
            known.setdefault(value, -1)
        known[value] = number
    bits = max(4, (2 * len(known)).bit_length())
    hashes, numbers = np.zeros(1 << bits, np.uint64), np.full(1 << bits, -1, np.int32)
    _fill(hashes, numbers, np.array(list(known), np.uint64), np.array(list(known.values()), np.int32))
    return Vocabulary(hashes, numbers, np.array([*scores, min(scores) - 10], np.float32))


def prepared(text: str) -> bytes:
    """The text as pieces are sought in it: compatible forms folded (NFKC), one mark for any run of blanks."""
    plain = unicodedata.normalize("NFKC", text.encode("utf-8", "replace").decode())
    words = plain.split()
    return (SPACE + SPACE.join(words)).encode() if words else b""


def sums(texts: Sequence[str], words: Vocabulary, vectors: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The sum of the vectors of each text's pieces, int64[texts, dimensions], and how many pieces, how many unknown.

    `vectors` is int8[pieces, dimensions]; both counts are int64[texts].
    """
    read = [prepared(text) for text in texts]
    ends = np.cumsum([0, *map(len, read)])
    data = np.frombuffer(b"".join(read) or b"\0", np.uint8)
    longest = int(np.diff(ends).max(initial=0)) + 1
    best, before = np.empty(longest, np.float64), np.empty((longest, 2), np.int32)
    out = np.zeros((len(read), vectors.shape[1]), np.int64)
    counts, unknown = np.zeros(len(read), np.int64), np.zeros(len(read), np.int64)
    for row in range(len(read)):
        counts[row] = _segment(data[ends[row] : ends[row + 1]], words, best, before)
        unknown[row] = _add(before, counts[row], vectors, out[row])
    return out, counts, unknown


@njit(cache=True, nogil=True)
def _slot(value: np.uint64, hashes: np.ndarray) -> int:
    """Where a hash lies, or the free slot where it would."""
    mask = np.uint64(len(hashes) - 1)
    at = (value * _MIX >> np.uint64(32)) & mask
    while hashes[at] != 0 and hashes[at] != value:
        at = (at + np.uint64(1)) & mask
    return int(at)


@njit(cache=True, nogil=True)
def _fill(hashes: np.ndarray, numbers: np.ndarray, known: np.ndarray, pieces: np.ndarray) -> None:
    for at in range(len(known)):
        slot = _slot(known[at], hashes)
        hashes[slot], numbers[slot] = known[at], pieces[at]


@njit(cache=True, nogil=True)
def _segment(text: np.ndarray, words: Vocabulary, best: np.ndarray, before: np.ndarray) -> int:
    """Write the pieces of the text to before[:count, 0], the last first, and return their count.

    best[i] is the highest score of the first i bytes; before[i] the piece that ends there, and where it begins.
    """
    unknown = words.scores[-1]
    best[: len(text) + 1] = -np.inf
    best[0] = 0.0
    at = 0
    while at < len(text):
        width = _width(text, at)
        _reach(text, at, words, best, before)
        if best[at + width] == -np.inf or best[at] + unknown > best[at + width]:
            best[at + width] = best[at] + unknown
            before[at + width, 0], before[at + width, 1] = UNKNOWN, at
        at += width
    return _trace(len(text), before)


@njit(cache=True, nogil=True)
def _reach(text: np.ndarray, at: int, words: Vocabulary, best: np.ndarray, before: np.ndarray) -> None:
    """Try every piece that begins at `at`."""
    value = _SEED
    for end in range(at, len(text)):
        value = (value ^ np.uint64(text[end])) * _PRIME
        slot = _slot(value, words.hashes)
        if words.hashes[slot] == 0:
            return
        piece = words.pieces[slot]
        if piece >= 0 and best[at] + words.scores[piece] > best[end + 1]:
            best[end + 1] = best[at] + words.scores[piece]
            before[end + 1, 0], before[end + 1, 1] = piece, at


@njit(cache=True, nogil=True)
def _trace(length: int, before: np.ndarray) -> int:
    """Move the pieces of the best way to the front."""
    chosen, count, end = np.empty(length, np.int32), 0, length
    while end > 0:
        chosen[count], end = before[end, 0], before[end, 1]
        count += 1
    before[:count, 0] = chosen[:count]
    return count


@njit(cache=True, nogil=True)
def _width(text: np.ndarray, at: int) -> int:
    """Bytes of the character at `at`."""
    end = at + 1
    while end < len(text) and text[end] & 0xC0 == 0x80:
        end += 1
    return end - at


@njit(cache=True, nogil=True)
def _add(before: np.ndarray, count: int, vectors: np.ndarray, out: np.ndarray) -> int:
    """Add the vectors of the pieces to `out`; return how many pieces are unknown."""
    unknown = 0
    for at in range(count):
        piece = vectors[before[at, 0]]
        for k in range(len(out)):
            out[k] += piece[k]
        unknown += before[at, 0] == UNKNOWN
    return unknown
