"""Hashes of the folded text, for exact duplicates: texts that are equal but for differences that nobody sees.

Folding maps case, full-width and other compatibility forms, and traditional Chinese characters. A run of white space
becomes one space, and none at the ends; invisible characters are removed. Punctuation and markup stay: `C` and `C++`
are two things. (MinHash compares words, which leave them out: pipelines/signals/text.py.)
"""

from itertools import chain, pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import xxhash
from numba import njit

from pipelines.signals.blocks import fold_block
from pipelines.signals.text import IGNORED, SPACE, CharacterTables, Texts, character_tables, decode, kind_of, texts_of
from schemas.signal import Signal

# The fields that two records are compared by. An instruction without its input asks nothing yet.
KEYS = {
    "pair": ("instruction", "input", "output"),
    "output": ("output",),
    "instruction": ("instruction", "input"),
}
# What an answer depends on besides: two records with another context are no duplicates, whatever they say.
CONTEXT = ["system", "tools", "history"]
BATCH_ROWS = 1_024
FIELD_SEPARATOR = 31  # the unit separator occurs in no folded text
_BLANK = 32


@njit(cache=True, nogil=True)
def _fold_rows(fields: tuple[Texts, ...], tables: CharacterTables, out: np.ndarray, offsets: np.ndarray) -> None:
    """Fill out[offsets[i]:offsets[i + 1]] with the folded fields of row i in UTF-8, with FIELD_SEPARATOR between."""
    used = 0
    for row in range(len(offsets) - 1):
        for at, texts in enumerate(fields):
            if at:
                out[used] = FIELD_SEPARATOR
                used += 1
            used = _fold_text(texts.data, texts.offsets[row], texts.offsets[row + 1], tables, out, used)
        offsets[row + 1] = used


@njit(cache=True, nogil=True)
def _fold_text(data: np.ndarray, at: int, end: int, tables: CharacterTables, out: np.ndarray, used: int) -> int:
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
            at, used = _fold_characters(data, (at, min(at + 64, end), end), tables, out, (begin, used))
    return used - int(used > begin and out[used - 1] == _BLANK)


@njit(cache=True, nogil=True)
def _fold_characters(
    data: np.ndarray, span: tuple[int, int, int], tables: CharacterTables, out: np.ndarray, written: tuple[int, int]
) -> tuple[int, int]:
    """Fold character by character from span[0] to span[1] or a little farther, but not past span[2].

    `written` is where the text begins in `out`, and where the next byte goes. Returns the positions in data and `out`.
    """
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
    """Write a code point in UTF-8 to out[used:]; return where the next byte goes."""
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


def fold_key(table: pa.Table, key: str) -> list[memoryview]:
    """Return the folded text of a key (KEYS) per row, in UTF-8, with FIELD_SEPARATOR between its fields."""
    return _fold(tuple(texts_of(table[field]) for field in KEYS[key]))


def _fold(fields: tuple[Texts, ...]) -> list[memoryview]:
    # a folded character is at most one byte longer than its two or more; a broken end becomes U+FFFD
    size = sum(int(texts.offsets[-1] - texts.offsets[0]) for texts in fields)
    out = np.empty(3 * size // 2 + 4 * len(fields) * fields[0].rows + 64, np.uint8)
    offsets = np.zeros(fields[0].rows + 1, np.int64)
    _fold_rows(fields, character_tables(), out, offsets)
    return [out.data[a:b] for a, b in pairwise(offsets.tolist())]


def batches(table: pa.Table) -> list[pa.Table]:
    """Return BATCH_ROWS rows at a time, at least one batch.

    A text that is read again while it is in the processor's cache takes half the time.
    """
    return [table.slice(at, BATCH_ROWS) for at in range(0, max(1, len(table)), BATCH_ROWS)]


def _hash_key(table: pa.Table, key: str) -> pa.Array:
    folded = chain.from_iterable(fold_key(part, key) for part in batches(table))
    return pa.array([xxhash.xxh3_128_hexdigest(text) for text in folded], pa.string())


def pair_hash(table: pa.Table) -> pa.Array:
    """Return the hash of the key `pair` per row: 32 hexadecimal digits."""
    return _hash_key(table, "pair")


def output_hash(table: pa.Table) -> pa.Array:
    """Return the hash of the key `output` per row: 32 hexadecimal digits."""
    return _hash_key(table, "output")


def instruction_hash(table: pa.Table) -> pa.Array:
    """Return the hash of the key `instruction` (with the input) per row: 32 hexadecimal digits."""
    return _hash_key(table, "instruction")


def contexts(table: pa.Table) -> np.ndarray:
    """Return uint64 per row: a hash of what stands before the question (CONTEXT), folded; 0 where there is nothing."""
    said = pc.greater(pc.list_value_length(table["history"]), 0)
    for field in ("system", "tools"):
        said = pc.or_kleene(said, pc.not_equal(table[field], ""))
    rows = np.flatnonzero(said.to_numpy(zero_copy_only=False) == True)  # noqa: E712
    out = np.zeros(len(table), np.uint64)
    for start in range(0, rows.size, BATCH_ROWS):
        some = rows[start : start + BATCH_ROWS]
        texts = [_context(row) for row in table.select(CONTEXT).take(some).to_pylist()]
        hashes = map(xxhash.xxh3_64_intdigest, _fold((texts_of(pa.array(texts, pa.string())),)))
        out[some] = [value or 1 for value in hashes]
    return out


def _context(row: dict[str, Any]) -> str:
    turns = [[turn["role"], turn["content"], turn["tool_calls"]] for turn in row["history"] or []]
    return "\n".join(text or "" for text in [row["system"], row["tools"], *chain.from_iterable(turns)])


def pair_context(table: pa.Table) -> pa.Array:
    """Return `contexts` as a column."""
    return pa.array(contexts(table))


_EXACT = "xxh3-128 of the folded text with white space collapsed; equal hashes are exact duplicates"
SIGNALS = (
    Signal("pair_hash", pa.string(), pair_hash, _EXACT, 2),
    Signal("output_hash", pa.string(), output_hash, _EXACT, 2),
    Signal("instruction_hash", pa.string(), instruction_hash, _EXACT),
    Signal("pair_context", pa.uint64(), pair_context, "xxh3-64 of system prompt, tools and history; 0 for none"),
)
