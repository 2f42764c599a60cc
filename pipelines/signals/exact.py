"""Which texts are equal but for what nobody sees: hashes of the folded text.

Folded are case, full-width and other compatibility forms, traditional Chinese characters; a run of white space counts
as one space, at the ends as none; invisible characters count nothing. Punctuation and markup do count here: `C` and
`C++` are two things. (Words, which MinHash compares, are taken without them: pipelines/signals/text.py.)
"""

from itertools import chain, pairwise

import numpy as np
import pyarrow as pa
import xxhash
from numba import njit

from pipelines.signals.blocks import fold_block
from pipelines.signals.text import IGNORED, SPACE, Tables, Texts, decode, kind_of, tables, texts_of
from schemas.signal import Signal

# What two records may be compared by. An instruction without its input asks nothing yet.
KEYS = {
    "pair": ("instruction", "input", "output"),
    "output": ("output",),
    "instruction": ("instruction", "input"),
}
PIECE = 1_024
BETWEEN = 31  # the unit separator stands in no folded text
_BLANK = 32


@njit(cache=True, nogil=True)
def _normalise(fields: tuple[Texts, ...], tables: Tables, out: np.ndarray, offsets: np.ndarray) -> None:
    """`out[offsets[i]:offsets[i + 1]]` becomes the folded texts of row i in UTF-8, with BETWEEN them."""
    used = 0
    for row in range(len(offsets) - 1):
        for at, texts in enumerate(fields):
            if at:
                out[used] = BETWEEN
                used += 1
            used = _normalise_one(texts.data, texts.offsets[row], texts.offsets[row + 1], tables, out, used)
        offsets[row + 1] = used


@njit(cache=True, nogil=True)
def _normalise_one(data: np.ndarray, at: int, end: int, tables: Tables, out: np.ndarray, used: int) -> int:
    begin = used
    while at < end:
        plain = False
        if at + 64 <= end:
            blanks, odd = fold_block(data, at, out, used)
            after_blank = used == begin or out[used - 1] == _BLANK
            plain = not odd and not blanks & (blanks << np.uint64(1) | np.uint64(after_blank))
        if plain:
            at, used = at + 64, used + 64
        else:
            at, used = _normalise_some(data, (at, min(at + 64, end), end), tables, out, (begin, used))
    return used - int(used > begin and out[used - 1] == _BLANK)


@njit(cache=True, nogil=True)
def _normalise_some(
    data: np.ndarray, span: tuple[int, int, int], tables: Tables, out: np.ndarray, written: tuple[int, int]
) -> tuple[int, int]:
    """Character by character from span[0] to span[1] or a little farther, within span[2]."""
    at, stop, end = span
    begin, used = written
    while at < stop:
        code, at = decode(data, at, end)
        kind = kind_of(code, tables.kinds)
        if kind == SPACE and used > begin and out[used - 1] != _BLANK:
            out[used] = _BLANK
            used += 1
        if kind not in (SPACE, IGNORED):
            used = _encode(int(tables.folds[code]) if code < 0x10000 else code, out, used)
    return at, used


@njit(cache=True, nogil=True)
def _encode(code: int, out: np.ndarray, used: int) -> int:
    """UTF-8."""
    if code < 0x80:
        out[used] = code
        return used + 1
    if code < 0x800:
        out[used], out[used + 1] = 0xC0 | code >> 6, 0x80 | code & 63
        return used + 2
    if code < 0x10000:
        out[used], out[used + 1], out[used + 2] = 0xE0 | code >> 12, 0x80 | code >> 6 & 63, 0x80 | code & 63
        return used + 3
    out[used], out[used + 1] = 0xF0 | code >> 18, 0x80 | code >> 12 & 63
    out[used + 2], out[used + 3] = 0x80 | code >> 6 & 63, 0x80 | code & 63
    return used + 4


def normalised(table: pa.Table, key: str) -> list[memoryview]:
    """The folded texts of a key in UTF-8, with BETWEEN its fields."""
    fields = tuple(texts_of(table[field]) for field in KEYS[key])
    # a folded character is at most a byte longer than the two or more that it was; a broken end becomes U+FFFD
    size = sum(int(texts.offsets[-1] - texts.offsets[0]) for texts in fields)
    out = np.empty(3 * size // 2 + 4 * len(fields) * len(table) + 64, np.uint8)
    offsets = np.zeros(len(table) + 1, np.int64)
    _normalise(fields, tables(), out, offsets)
    return [out.data[a:b] for a, b in pairwise(offsets.tolist())]


def pieces(table: pa.Table) -> list[pa.Table]:
    """PIECE rows at a time, at least one: texts that are read again while they are in the cache take half the time."""
    return [table.slice(at, PIECE) for at in range(0, max(1, len(table)), PIECE)]


def _hashed(table: pa.Table, key: str) -> pa.Array:
    folded = chain.from_iterable(normalised(part, key) for part in pieces(table))
    return pa.array([xxhash.xxh3_128_hexdigest(text) for text in folded], pa.string())


def pair_hash(table: pa.Table) -> pa.Array:
    return _hashed(table, "pair")


def output_hash(table: pa.Table) -> pa.Array:
    return _hashed(table, "output")


def instruction_hash(table: pa.Table) -> pa.Array:
    return _hashed(table, "instruction")


_EXACT = "xxh3-128 of the folded text with white space collapsed; equal hashes are exact duplicates"
SIGNALS = (
    Signal("pair_hash", pa.string(), pair_hash, _EXACT, 2),
    Signal("output_hash", pa.string(), output_hash, _EXACT, 2),
    Signal("instruction_hash", pa.string(), instruction_hash, _EXACT),
)
