"""MinHash signatures of whole pairs (Broder 1997), compiled: from text to signature without Python strings.

A shingle is five words in a row, hashed to 32 bits; pipelines/signals/text.py defines a word (case, markup, punctuation
and traditional characters make no difference). The permutations are those of datasketch 2's `affine32` scheme with its
default seed, so a signature loads into
`datasketch.MinHash(hashvalues=np.frombuffer(signature, np.uint32), scheme=SCHEME)`.
"""

from functools import cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numba import njit

from pipelines.signals.exact import KEYS, batches
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

SHINGLE_WORDS = 5
PERMUTATIONS = 128
SCHEME = "affine32"
SIGNATURE = pa.binary(4 * PERMUTATIONS)  # uint32, least byte first: read three times as fast as a list
# With fewer different shingles, one changed word changes the Jaccard similarity by more than 0.4, and unrelated short
# questions look alike. Such texts have exact duplicates only.
MIN_SHINGLES = 16
_BASE = np.uint64(0x9E3779B97F4A7C15)
_OLDEST_FACTOR = np.uint64(pow(int(_BASE), SHINGLE_WORDS, 1 << 64))


def shingles(text: str) -> np.ndarray:
    """Return the different shingles of `text`, sorted: uint32[n]; empty if there are fewer than MIN_SHINGLES."""
    words = hash_words(text)
    out, spare = np.empty(len(words) + 1, np.uint32), np.empty(len(words) + 1, np.uint32)
    return out[: shingle_set(words, len(words), out, spare)]


def signatures(texts: pa.Array | pa.ChunkedArray) -> tuple[np.ndarray, np.ndarray]:
    """Return uint32[n, PERMUTATIONS], and bool[n]: false where a text has too few different shingles (MIN_SHINGLES)."""
    buffers = texts_of(texts)
    out = np.full((buffers.rows, PERMUTATIONS), 0xFFFFFFFF, np.uint32)
    valid = np.zeros(buffers.rows, np.bool_)
    _signatures(buffers, character_tables(), word_buffers(buffers), *_permutations(), out, valid)
    return out, valid


@cache
def _permutations() -> tuple[np.ndarray, np.ndarray]:
    from datasketch import MinHash  # imports scipy: 46 MB, needed for signatures only

    multiply, add = MinHash(PERMUTATIONS, scheme=SCHEME).permutations
    return multiply, add


@njit(cache=True, nogil=True)
def _hash_shingles(hashes: np.ndarray, count: int, out: np.ndarray) -> int:
    """Fill `out` with the hashes of all shingles, by a rolling polynomial cut to 32 bits; return their count."""
    rolling = np.uint64(0)
    for at in range(count):
        rolling = rolling * _BASE + hashes[at]
        if at >= SHINGLE_WORDS:
            rolling -= _OLDEST_FACTOR * hashes[at - SHINGLE_WORDS]
        if at >= SHINGLE_WORDS - 1:
            out[at - SHINGLE_WORDS + 1] = np.uint32(mix(rolling) >> np.uint64(32))
    return max(0, count - SHINGLE_WORDS + 1)


@njit(cache=True, nogil=True)
def _sort_unique(values: np.ndarray, spare: np.ndarray) -> int:
    """Sort `values` and move the different ones to the front; return their count. `spare` is a buffer of equal size.

    This is a radix sort by digits of eight bits. A comparison sort takes five times as long for a text of 200 words.
    """
    positions, one, other = np.zeros((4, 256), np.int64), values, spare
    for value in values:
        for digit in range(4):
            positions[digit, value >> np.uint32(8 * digit) & np.uint32(255)] += 1
    for digit in range(4):
        _exclusive_sum(positions[digit])
        for value in one[: len(values)]:
            byte = value >> np.uint32(8 * digit) & np.uint32(255)
            other[positions[digit, byte]] = value
            positions[digit, byte] += 1
        one, other = other, one
    return _drop_repeats(values)


@njit(cache=True, nogil=True)
def _exclusive_sum(counts: np.ndarray) -> None:
    """Replace each count by the sum of those before it."""
    total = 0
    for at, count in enumerate(counts):
        counts[at], total = total, total + count


@njit(cache=True, nogil=True)
def _drop_repeats(values: np.ndarray) -> int:
    kept = 0
    for value in values:
        if kept == 0 or value != values[kept - 1]:
            values[kept] = value
            kept += 1
    return kept


@njit(cache=True, nogil=True)
def shingle_set(words: np.ndarray, count: int, out: np.ndarray, spare: np.ndarray) -> int:
    """Fill `out` with the different shingles of the first `count` word hashes, sorted; return their count.

    The count is 0 if there are fewer than MIN_SHINGLES. `spare` is a buffer as large as `out`.
    """
    count = _hash_shingles(words, count, out)
    kept = _sort_unique(out[:count], spare) if count >= MIN_SHINGLES else 0
    return kept if kept >= MIN_SHINGLES else 0


@njit(cache=True, nogil=True)
def _signatures(
    texts: Texts,
    tables: CharacterTables,
    words: Words,
    multiply: np.ndarray,
    add: np.ndarray,
    out: np.ndarray,
    valid: np.ndarray,
) -> None:
    hashes, seen = np.empty(len(words.hashes), np.uint32), np.empty(MIN_SHINGLES, np.uint32)
    for row in range(len(out)):
        count = split_words(texts.data, texts.offsets[row], texts.offsets[row + 1], tables, words)
        count = _hash_shingles(words.hashes, count, hashes)
        valid[row] = count >= MIN_SHINGLES and _has_min_shingles(hashes[:count], seen)
        if valid[row]:
            _permute(hashes[:count], multiply, add, out[row])


@njit(cache=True, nogil=True)
def _has_min_shingles(hashes: np.ndarray, seen: np.ndarray) -> bool:
    """Are there MIN_SHINGLES different hashes? `seen` is a buffer for so many."""
    found = 0
    for value in hashes:
        if value not in seen[:found]:
            seen[found] = value
            found += 1
        if found == MIN_SHINGLES:
            return True
    return False


@njit(cache=True, nogil=True)
def _permute(hashes: np.ndarray, multiply: np.ndarray, add: np.ndarray, signature: np.ndarray) -> None:
    """Lower `signature` to the least value of each permutation a * fmix32(h) + b mod 2^32 (datasketch's affine32)."""
    last = len(hashes) - 1
    for at in range(0, len(hashes), 4):  # four at a time: permutations are read from memory a quarter as often
        one, two = _fmix32(hashes[at]), _fmix32(hashes[min(at + 1, last)])
        three, four = _fmix32(hashes[min(at + 2, last)]), _fmix32(hashes[min(at + 3, last)])
        for k in range(PERMUTATIONS):
            left = min(np.uint32(multiply[k] * one + add[k]), np.uint32(multiply[k] * two + add[k]))
            right = min(np.uint32(multiply[k] * three + add[k]), np.uint32(multiply[k] * four + add[k]))
            signature[k] = min(signature[k], min(left, right))


@njit(cache=True, nogil=True)
def _fmix32(value: np.uint32) -> np.uint32:
    """MurmurHash3's 32-bit finaliser; each cast takes the product modulo 2^32."""
    value = np.uint32((value ^ (value >> np.uint32(16))) * np.uint32(0x85EBCA6B))
    value = np.uint32((value ^ (value >> np.uint32(13))) * np.uint32(0xC2B2AE35))
    return np.uint32(value ^ (value >> np.uint32(16)))


def key_text(table: pa.Table, key: str = "pair") -> pa.ChunkedArray:
    """Return the text that two records are compared by: the fields of `key` (KEYS) one after another."""
    return pc.binary_join_element_wise(*(table[field] for field in KEYS[key]), "\n", null_handling="replace")


def pair_minhash(table: pa.Table) -> pa.Array:
    """Return the signature of the pair per row, SIGNATURE; null where it has fewer than MIN_SHINGLES shingles."""
    parts = [signatures(key_text(part)) for part in batches(table)]
    out, valid = (np.concatenate(column) for column in zip(*parts, strict=True))
    present = pa.array(valid).buffers()[1]
    return pa.Array.from_buffers(SIGNATURE, len(out), [present, pa.py_buffer(out)])


SIGNALS = (Signal("pair_minhash", SIGNATURE, pair_minhash, "Broder 1997; 5-word shingles, datasketch's affine32", 3),)
