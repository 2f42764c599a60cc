"""MinHash signatures of whole pairs (Broder 1997), compiled: text in, signature out, no Python strings between.

A shingle is five words in a row (pipelines/signals/text.py says what a word is: case, markup, punctuation and
traditional characters make no difference), hashed to 32 bits. The permutations are those of datasketch 2's
`affine32` scheme with its default seed, so that a signature loads into
`datasketch.MinHash(hashvalues=np.frombuffer(signature, np.uint32), scheme=SCHEME)`.
"""

from functools import cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numba import njit

from pipelines.signals.exact import KEYS, pieces
from pipelines.signals.text import Tables, Texts, Words, hash_words, mix, room, split_words, tables, texts_of
from schemas.signal import Signal

SHINGLE = 5
PERMUTATIONS = 128
SCHEME = "affine32"
SIGNATURE = pa.binary(4 * PERMUTATIONS)  # uint32, least byte first: read three times as fast as a list
# Below this many different shingles one changed word moves the Jaccard similarity by more than 0.4 and unrelated
# short questions look alike: such texts are compared exactly only.
MIN_SHINGLES = 16
_BASE = np.uint64(0x9E3779B97F4A7C15)
_OLDEST = np.uint64(pow(int(_BASE), SHINGLE, 1 << 64))


def shingles(text: str) -> np.ndarray:
    """The different shingles of `text`, sorted: uint32[n]; empty when there are fewer than MIN_SHINGLES."""
    words = hash_words(text)
    out, spare = np.empty(len(words) + 1, np.uint32), np.empty(len(words) + 1, np.uint32)
    return out[: shingle_set(words, len(words), out, spare)]


def signatures(texts: pa.Array | pa.ChunkedArray) -> tuple[np.ndarray, np.ndarray]:
    """uint32[n, PERMUTATIONS], and bool[n]: false where a text is too short to be compared by similarity."""
    held = texts_of(texts)
    made = np.full((held.rows, PERMUTATIONS), 0xFFFFFFFF, np.uint32)
    valid = np.zeros(held.rows, np.bool_)
    _signatures(held, tables(), room(held), *_permutations(), made, valid)
    return made, valid


@cache
def _permutations() -> tuple[np.ndarray, np.ndarray]:
    from datasketch import MinHash  # with scipy, 46 MB that only who signs needs

    multiply, add = MinHash(PERMUTATIONS, scheme=SCHEME).permutations
    return multiply, add


@njit(cache=True, nogil=True)
def _shingle(hashes: np.ndarray, count: int, out: np.ndarray) -> int:
    """Hash every run of SHINGLE words by a rolling polynomial, mixed and cut to 32 bits."""
    rolling = np.uint64(0)
    for at in range(count):
        rolling = rolling * _BASE + hashes[at]
        if at >= SHINGLE:
            rolling -= _OLDEST * hashes[at - SHINGLE]
        if at >= SHINGLE - 1:
            out[at - SHINGLE + 1] = np.uint32(mix(rolling) >> np.uint64(32))
    return max(0, count - SHINGLE + 1)


@njit(cache=True, nogil=True)
def _unique(values: np.ndarray, spare: np.ndarray) -> int:
    """Sort `values` and move the different ones to the front; returns how many there are.

    By digits of eight bits, the least first: a comparing sort takes five times as long for a text of 200 words.
    """
    places, one, other = np.zeros((4, 256), np.int64), values, spare
    for value in values:
        for digit in range(4):
            places[digit, value >> np.uint32(8 * digit) & np.uint32(255)] += 1
    for digit in range(4):
        _starts(places[digit])
        for value in one[: len(values)]:
            here = value >> np.uint32(8 * digit) & np.uint32(255)
            other[places[digit, here]] = value
            places[digit, here] += 1
        one, other = other, one
    return _different(values)


@njit(cache=True, nogil=True)
def _starts(counts: np.ndarray) -> None:
    """Counts become the sums of those before."""
    total = 0
    for at, count in enumerate(counts):
        counts[at], total = total, total + count


@njit(cache=True, nogil=True)
def _different(values: np.ndarray) -> int:
    kept = 0
    for value in values:
        if kept == 0 or value != values[kept - 1]:
            values[kept] = value
            kept += 1
    return kept


@njit(cache=True, nogil=True)
def shingle_set(words: np.ndarray, count: int, out: np.ndarray, spare: np.ndarray) -> int:
    """Fill `out` with the different shingles of the first `count` words, sorted; none where they are too few."""
    count = _shingle(words, count, out)
    kept = _unique(out[:count], spare) if count >= MIN_SHINGLES else 0
    return kept if kept >= MIN_SHINGLES else 0


@njit(cache=True, nogil=True)
def _signatures(
    texts: Texts,
    tables: Tables,
    words: Words,
    multiply: np.ndarray,
    add: np.ndarray,
    made: np.ndarray,
    valid: np.ndarray,
) -> None:
    hashes, seen = np.empty(len(words.hashes), np.uint32), np.empty(MIN_SHINGLES, np.uint32)
    for row in range(len(made)):
        count = split_words(texts.data, texts.offsets[row], texts.offsets[row + 1], tables, words)
        count = _shingle(words.hashes, count, hashes)
        valid[row] = count >= MIN_SHINGLES and _enough(hashes[:count], seen)
        if valid[row]:
            _permute(hashes[:count], multiply, add, made[row])


@njit(cache=True, nogil=True)
def _enough(hashes: np.ndarray, seen: np.ndarray) -> bool:
    """Are there MIN_SHINGLES different ones, as many as `seen` has room for?"""
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
    """The least value of each permutation a * fmix32(h) + b mod 2^32 (datasketch's affine32)."""
    last = len(hashes) - 1
    for at in range(0, len(hashes), 4):  # four at a time: the permutations are read from memory a quarter as often
        one, two = _mix32(hashes[at]), _mix32(hashes[min(at + 1, last)])
        three, four = _mix32(hashes[min(at + 2, last)]), _mix32(hashes[min(at + 3, last)])
        for k in range(PERMUTATIONS):
            left = min(np.uint32(multiply[k] * one + add[k]), np.uint32(multiply[k] * two + add[k]))
            right = min(np.uint32(multiply[k] * three + add[k]), np.uint32(multiply[k] * four + add[k]))
            signature[k] = min(signature[k], min(left, right))


@njit(cache=True, nogil=True)
def _mix32(value: np.uint32) -> np.uint32:
    """MurmurHash3's 32-bit finaliser; each cast takes the product modulo 2^32."""
    value = np.uint32((value ^ (value >> np.uint32(16))) * np.uint32(0x85EBCA6B))
    value = np.uint32((value ^ (value >> np.uint32(13))) * np.uint32(0xC2B2AE35))
    return np.uint32(value ^ (value >> np.uint32(16)))


def key_text(table: pa.Table, key: str = "pair") -> pa.ChunkedArray:
    """What two records are compared by (KEYS): the fields one after another."""
    return pc.binary_join_element_wise(*(table[field] for field in KEYS[key]), "\n", null_handling="replace")


def pair_minhash(table: pa.Table) -> pa.Array:
    parts = [signatures(key_text(part)) for part in pieces(table)]
    made, valid = (np.concatenate(column) for column in zip(*parts, strict=True))
    present = pa.array(valid).buffers()[1]
    return pa.Array.from_buffers(SIGNATURE, len(made), [present, pa.py_buffer(made)])


SIGNALS = (Signal("pair_minhash", SIGNATURE, pair_minhash, "Broder 1997; 5-word shingles, datasketch's affine32", 3),)
