"""Tokenising, compiled: UTF-8 text in Arrow buffers → hashes of words.

A word is a run of letters and digits; an apostrophe inside belongs to it. In scripts that are written without spaces
(Han, Kana, Thai, Lao, Khmer, Burmese) every character is a word. Case, full-width forms and traditional Chinese
characters are folded before a word is hashed.
"""

import unicodedata
from functools import cache
from typing import NamedTuple

import numpy as np
import opencc
import pyarrow as pa
import pyarrow.compute as pc
from numba import njit

from pipelines.signals.blocks import OVERREAD, absorb, absorb_character, find_runs, finish_hash, hash_run

SPACE, IGNORED, PUNCTUATION, SYMBOL, DIGIT, MARK, LOWER, UPPER, UNSPACED = range(9)
HAS_LETTER, IS_UNSPACED = 1, 2
_UNSPACED = ((0x0E00, 0x0EFF), (0x1000, 0x109F), (0x1780, 0x17FF), (0x2E80, 0x2FDF), (0x3005, 0x3007),
             (0x3041, 0x312F), (0x31A0, 0x31FF), (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF))  # fmt: skip
# marks of ordinary sentences; all others (#, *, |, {, emoji …) count as symbols
_SENTENCE_MARKS = frozenset(".,;:!?'\"()-–—…‘’“”«»¿¡。，、；：！？（）「」『』《》〈〉·・")
_CATEGORY = {"Z": SPACE, "C": IGNORED, "P": PUNCTUATION, "S": SYMBOL, "N": DIGIT, "M": MARK, "L": LOWER}


class Texts(NamedTuple):
    """UTF-8 texts: data[offsets[i]:offsets[i + 1]] are the bytes of text i; uint8[bytes] and int64[n + 1]."""

    data: np.ndarray
    offsets: np.ndarray

    @property
    def rows(self) -> int:
        """Return the count of texts."""
        return len(self.offsets) - 1


class CharacterTables(NamedTuple):
    """Per code point below 0x10000: its kind, uint8[0x10000], and the code point that it folds to, uint32[0x10000]."""

    kinds: np.ndarray
    folds: np.ndarray


class Words(NamedTuple):
    """Buffers for the words of one text: hash, length in characters, and flags of each; `edges`, `odd` for find_runs.

    hashes: uint64, chars: int32, flags: uint8 (HAS_LETTER, IS_UNSPACED), edges, odd: int64.
    """

    hashes: np.ndarray
    chars: np.ndarray
    flags: np.ndarray
    edges: np.ndarray
    odd: np.ndarray


def texts_of(column: pa.Array | pa.ChunkedArray) -> Texts:
    """Return the buffers of a string column, not copied where Arrow allows it; null counts as empty."""
    array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if isinstance(array, pa.ChunkedArray):
        array = pa.concat_arrays(array.chunks) if array.num_chunks else pa.array([], array.type)
    array = pc.fill_null(array, "") if array.null_count else array
    array = array.cast(pa.large_string())
    _, offsets, data = array.buffers()
    ends = np.frombuffer(offsets, np.int64)[array.offset : array.offset + len(array) + 1]
    characters = np.frombuffer(data or b"\0", np.uint8)
    characters.flags.writeable = (
        False  # as some of Arrow's buffers are; numba compiles a second kernel for writable arrays
    )
    return Texts(characters, ends if len(ends) else np.zeros(1, np.int64))


def to_arrow(texts: Texts) -> pa.Array:
    """Return the texts as an Arrow string column."""
    offsets = pa.py_buffer(texts.offsets.astype(np.int64))
    large = pa.Array.from_buffers(pa.large_string(), texts.rows, [None, offsets, pa.py_buffer(texts.data)])
    return large.cast(pa.string())


@cache
def character_tables() -> CharacterTables:
    """Return kinds and foldings by Unicode's categories, NFKC, and OpenCC's t2s."""
    chars = [chr(code) for code in range(0x10000)]
    folded = [_fold_character(char) for char in chars]
    simplified = opencc.OpenCC("t2s").convert("\n".join(folded[0x3400:0xA000])).split("\n")
    folded[0x3400:0xA000] = simplified
    folds = np.array([ord(char) for char in folded], np.uint32)
    kinds = np.array([_kind(char) for char in chars], np.uint8)
    return CharacterTables(kinds, folds)


def _fold_character(char: str) -> str:
    """Return the lower case and compatibility form (NFKC), where that is one character."""
    if char == "\u2019":
        return "'"
    plain = unicodedata.normalize("NFKC", char)
    plain = plain if len(plain) == 1 else char
    lower = plain.lower()
    return lower if len(lower) == 1 else plain


def _kind(char: str) -> int:
    code = ord(char)
    category = unicodedata.category(char)
    if char in "\t\n\v\f\r":
        return SPACE
    if category[0] in "LM" and any(low <= code <= high for low, high in _UNSPACED):
        return UNSPACED
    if 0xFF66 <= code <= 0xFF9D:  # half-width Kana
        return UNSPACED
    if 0xFE00 <= code <= 0xFE0F:  # variation selectors
        return IGNORED
    if category[0] == "P" and char not in _SENTENCE_MARKS:
        return SYMBOL
    return UPPER if category in ("Lu", "Lt") else _CATEGORY[category[0]]


def word_buffers(texts: Texts) -> Words:
    """Return buffers that are large enough for each of `texts`."""
    longest = int(np.diff(texts.offsets).max(initial=0)) + 1
    kinds = (np.uint64, np.int32, np.uint8, np.int64, np.int64)
    return Words(*(np.empty(longest + 1, kind) for kind in kinds))


@njit(cache=True, nogil=True)
def decode(data: np.ndarray, at: int, end: int) -> tuple[int, int]:
    """Return the code point at `at` and where the next begins. Broken UTF-8 never reads past `end`."""
    byte = int(data[at])
    if byte < 0x80:
        return byte, at + 1
    if byte < 0xE0 and at + 1 < end:
        return (byte & 31) << 6 | int(data[at + 1] & 63), at + 2
    if byte < 0xF0 and at + 2 < end:
        return (byte & 15) << 12 | int(data[at + 1] & 63) << 6 | int(data[at + 2] & 63), at + 3
    if at + 3 < end:
        high = (byte & 7) << 18 | int(data[at + 1] & 63) << 12
        return high | int(data[at + 2] & 63) << 6 | int(data[at + 3] & 63), at + 4
    return 0xFFFD, end


@njit(cache=True, nogil=True)
def kind_of(code: int, kinds: np.ndarray) -> int:
    """Return the kind of a code point: SPACE … UNSPACED."""
    if code < 0x10000:
        return int(kinds[code])
    if 0x20000 <= code < 0x33480:  # the further Han planes
        return UNSPACED
    return SYMBOL if 0x1F000 <= code < 0x20000 else LOWER


@njit(cache=True, nogil=True)
def mix(value: np.uint64) -> np.uint64:
    """Return MurmurHash3's 64-bit finaliser of `value`."""
    value ^= value >> np.uint64(33)
    value *= np.uint64(0xFF51AFD7ED558CCD)
    value ^= value >> np.uint64(33)
    value *= np.uint64(0xC4CEB9FE1A85EC53)
    return value ^ (value >> np.uint64(33))


@njit(cache=True, nogil=True)
def split_words(data: np.ndarray, start: int, end: int, tables: CharacterTables, words: Words) -> int:
    """Fill `words` with the words of data[start:end]; return their count.

    A text near the end of the buffer goes a slower way, with the same result.
    """
    if end + OVERREAD > len(data):
        return _split_slowly(data, start, end, tables, words, 0)
    count, odd = 0, 0
    for run in range(find_runs(data, start, end, words.edges, words.odd)):
        at, stop = words.edges[2 * run], words.edges[2 * run + 1]
        while words.odd[odd] < at:
            odd += 1
        if words.odd[odd] < stop:
            count = _split_slowly(data, at, stop, tables, words, count)
        else:
            value, lettered = hash_run(data, at, stop - at)
            count = _append_word(value, stop - at, int(lettered), words, count)
    return count


@njit(cache=True, nogil=True)
def _split_slowly(data: np.ndarray, start: int, end: int, tables: CharacterTables, words: Words, count: int) -> int:
    """Append the words of any text, character by character, to `count` words; return the new count."""
    chars, flags, plain, at = 0, 0, 0, start
    value, lane = np.uint64(0), np.uint64(0)
    while at < end:
        here = at
        code, at = decode(data, at, end)
        kind, folded = kind_of(code, tables.kinds), np.uint64(_fold_code(code, tables))
        if kind == UNSPACED and not chars:  # the common case where it occurs at all
            count = _append_word(absorb(value, folded), 1, HAS_LETTER | IS_UNSPACED, words, count)
            continue
        if chars and not DIGIT <= kind < UNSPACED:
            if kind == IGNORED or _is_inner_apostrophe(data, here, end, code, tables):
                continue
            count = _append_word(finish_hash(value, lane, plain), chars, flags, words, count)
            chars, flags, plain, value, lane = 0, 0, 0, np.uint64(0), np.uint64(0)
            at = here if kind == UNSPACED else at
        elif kind >= DIGIT:
            value, lane = absorb_character(value, lane, folded, plain, chars)
            chars, plain = chars + 1, plain + int(folded < np.uint64(0x80))
            flags |= kind >= LOWER
    return _append_word(finish_hash(value, lane, plain), chars, flags, words, count) if chars else count


@njit(cache=True, nogil=True)
def _append_word(value: np.uint64, chars: int, flags: int, words: Words, count: int) -> int:
    words.hashes[count], words.chars[count], words.flags[count] = value, chars, flags
    return count + 1


@njit(cache=True, nogil=True)
def _fold_code(code: int, tables: CharacterTables) -> int:
    return int(tables.folds[code]) if code < 0x10000 else code


@njit(cache=True, nogil=True)
def _is_inner_apostrophe(data: np.ndarray, at: int, end: int, code: int, tables: CharacterTables) -> bool:
    """Is this an apostrophe between letters? It does not end a word."""
    if code not in (0x27, 0x2019):
        return False
    following = at + (1 if code == 0x27 else 3)
    if following >= end:
        return False
    code, _ = decode(data, following, end)
    kind = kind_of(code, tables.kinds)
    return kind in (LOWER, UPPER)


@njit(cache=True, nogil=True)
def _count_words(texts: Texts, tables: CharacterTables, words: Words) -> np.ndarray:
    counts = np.empty(len(texts.offsets) - 1, np.int32)
    for row in range(len(counts)):
        counts[row] = split_words(texts.data, texts.offsets[row], texts.offsets[row + 1], tables, words)
    return counts


def count_words(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    """Return int32 per text: the count of its words."""
    texts = texts_of(column)
    return pa.array(_count_words(texts, character_tables(), word_buffers(texts)))


def hash_words(text: str) -> np.ndarray:
    """Return uint64[n]: the hashes of the words of one text, in order."""
    texts = texts_of(pa.array([text]))
    words = word_buffers(texts)
    count = split_words(texts.data, texts.offsets[0], texts.offsets[1], character_tables(), words)
    return words.hashes[:count]
