"""Signals of characters, words and lines of prose, by the definitions of Gopher, C4 and FineWeb.

Gopher: Rae et al. 2021, table A1. C4: Raffel et al. 2020, section 2.2. FineWeb: Penedo et al. 2024. The
thresholds named here are theirs for web pages; the policy sets those for records. Null: no text to measure.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
from numba import njit

from pipelines.signals.repetition import as_struct, find_slot, hash_table
from pipelines.signals.text import (
    DIGIT,
    HAS_LETTER,
    IS_UNSPACED,
    MARK,
    SPACE,
    SYMBOL,
    UPPER,
    CharacterTables,
    Texts,
    Words,
    character_tables,
    decode,
    hash_words,
    kind_of,
    mix,
    split_words,
    texts_of,
    word_buffers,
)
from schemas.signal import Signal

CHARACTERS = (
    ("output_alpha_share", "letters / characters that are not white space"),
    ("output_digit_share", "digits / characters that are not white space; NeMo: ≤ 0.15"),
    ("output_upper_share", "upper-case letters / letters"),
    ("output_symbol_share", "neither letter, digit nor sentence punctuation / characters that are not white space"),
    ("output_space_share", "white space / characters; NeMo: ≤ 0.25"),
    ("output_sentences", "ends of sentences; C4: ≥ 5"),
    ("output_curly_brackets", "{ and }; C4: 0"),
    ("output_hash_marks", "# per word; Gopher: ≤ 0.1"),
    ("output_ellipses", "… or ... per word; Gopher: ≤ 0.1"),
    ("output_newline_ratio", "newlines per word; FineWeb: ≤ 0.3"),
    ("output_mean_word", "mean length of the words of spaced scripts; Gopher: 3 to 10"),
    ("output_longest_word", "characters; C4: ≤ 1000"),
    ("output_letter_words", "share of words with a letter; Gopher: ≥ 0.8"),
    ("output_stop_words", "how many of eight common words occur, English or Chinese; Gopher: ≥ 2"),
)
LINES = (
    ("output_dup_lines", "share of lines seen before; Gopher: ≤ 0.30"),
    ("output_dup_line_chars", "share of characters in lines seen before; Gopher: ≤ 0.20, FineWeb: ≤ 0.01"),
    ("output_dup_paragraphs", "share of paragraphs seen before; Gopher: ≤ 0.30"),
    ("output_dup_paragraph_chars", "share of characters in paragraphs seen before; Gopher: ≤ 0.20"),
    ("output_bullet_lines", "share of lines that begin with a bullet; Gopher: ≤ 0.90"),
    ("output_ellipsis_lines", "share of lines that end in an ellipsis; Gopher: ≤ 0.30"),
    ("output_terminal_lines", "share of lines that end in terminal punctuation; C4, FineWeb: ≥ 0.12"),
    ("output_short_lines", "share of lines of at most 30 characters; FineWeb: ≤ 0.67"),
)
COUNTS = ("output_sentences", "output_curly_brackets", "output_longest_word", "output_stop_words")
SHORT_LINE = 30  # characters
BULLET, ELLIPSIS, TERMINAL = 1, 2, 4  # flags of a line
_ELLIPSIS, _NEWLINE = 0x2026, 10
_BASE = np.uint64(0x9E3779B97F4A7C15)
_CLOSERS = np.array([ord(char) for char in "*_`)]）】〕"])  # may follow the mark that ends a sentence
_TERMINAL = np.array([ord(char) for char in ".!?\"'。！？”’」』"])
_BULLETS = np.array([ord(char) for char in "•‣▶◀◦■□▪▫–●-*+"])


def output_characters(table: pa.Table) -> pa.Array:
    """Return a struct per row with the fields CHARACTERS; null where there is nothing to measure."""
    texts = texts_of(table["output_prose"])
    stops = np.array([hash_words("the be to of and that have with"), hash_words("的是了在和不有我")])
    out = np.full((texts.rows, len(CHARACTERS)), np.nan, np.float32)
    _characters(texts, character_tables(), word_buffers(texts), stops, out)
    return as_struct(out, [name for name, _ in CHARACTERS])


def output_lines(table: pa.Table) -> pa.Array:
    """Return a struct per row with the fields LINES; null where there is nothing to measure."""
    texts = texts_of(table["output_prose"])
    out = np.full((texts.rows, len(LINES)), np.nan, np.float32)
    _lines(texts, word_buffers(texts), word_buffers(texts), hash_table(texts), out)
    return as_struct(out, [name for name, _ in LINES])


@njit(cache=True, nogil=True)
def _characters(texts: Texts, tables: CharacterTables, words: Words, stops: np.ndarray, out: np.ndarray) -> None:
    kinds = np.zeros(9, np.int64)
    for row in range(len(out)):
        start, end = texts.offsets[row], texts.offsets[row + 1]
        count = split_words(texts.data, start, end, tables, words)
        kinds[:] = 0
        marks = _count_characters(texts.data, start, end, tables, kinds)
        solid = kinds[2:].sum()
        if solid == 0:
            continue
        letters = kinds[MARK:].sum()
        out[row, 0], out[row, 1] = letters / solid, kinds[DIGIT] / solid
        out[row, 2] = kinds[UPPER] / letters if letters else np.nan
        out[row, 3], out[row, 4] = kinds[SYMBOL] / solid, kinds[SPACE] / (solid + kinds[SPACE])
        out[row, 5], out[row, 6] = marks[0], marks[1]
        if count:
            out[row, 7], out[row, 8], out[row, 9] = marks[2] / count, marks[3] / count, marks[4] / count
            out[row, 10], out[row, 11], out[row, 12] = _word_lengths(words, count)
            out[row, 13] = max(_stop_words(words.hashes[:count], stops[0]), _stop_words(words.hashes[:count], stops[1]))


@njit(cache=True, nogil=True)
def _count_characters(data, start, end, tables, kinds):  # type: ignore[no-untyped-def]
    """Add to `kinds`, int64[9]; return the counts of sentence ends, curly brackets, #, ellipses and newlines."""
    sentences, curly, hashes, ellipses, newlines = 0, 0, 0, 0, 0
    at, last, dots, ended = start, 0, 0, False
    while at < end:
        code, at = decode(data, at, end)
        kind = kind_of(code, tables.kinds)
        kinds[kind] += 1
        if code in (46, 33, 63):  # . ! ?
            following = data[at] if at < end else 32
            stop = following in (32, 10, 13, 34, 39, 41, 42)
            sentences += stop and not ended
            ended = ended or stop
        elif code in (0x3002, 0xFF01, 0xFF1F):  # 。！？
            sentences += not ended
            ended = True
        elif kind >= DIGIT:
            ended = False
        curly += code in (123, 125)
        hashes += code == 35
        newlines += code == _NEWLINE
        dots = dots + 1 if code == 46 else 0
        ellipses += dots == 3 or (code == _ELLIPSIS and last != _ELLIPSIS)
        last = code
    return sentences, curly, hashes, ellipses, newlines


@njit(cache=True, nogil=True)
def _word_lengths(words: Words, count: int) -> tuple[float, int, float]:
    """Return the mean length of spaced words (NaN without any), the longest length, the share with a letter."""
    spaced, chars, longest, lettered = 0, 0, 0, 0
    for at in range(count):
        lettered += (words.flags[at] & HAS_LETTER) > 0
        longest = max(longest, words.chars[at])
        if not words.flags[at] & IS_UNSPACED:
            spaced, chars = spaced + 1, chars + words.chars[at]
    return chars / spaced if spaced else np.nan, longest, lettered / count


@njit(cache=True, nogil=True)
def _stop_words(hashes: np.ndarray, stops: np.ndarray) -> int:
    found = np.zeros(len(stops), np.int64)
    for value in hashes:
        for k in range(len(stops)):
            if value == stops[k]:
                found[k] = 1
    result: int = found.sum()
    return result


@njit(cache=True, nogil=True)
def _lines(texts: Texts, lines: Words, paragraphs: Words, seen: tuple[Any, ...], out: np.ndarray) -> None:
    for row in range(len(out)):
        start, end = texts.offsets[row], texts.offsets[row + 1]
        count, blocks, chars = _split_lines(texts.data, start, end, lines, paragraphs)
        if count:
            out[row, 0], out[row, 1] = _repeated(lines, count, chars, seen, 2 * row + 1)
            out[row, 2], out[row, 3] = _repeated(paragraphs, blocks, chars, seen, 2 * row + 2)
            flags = lines.flags[:count]
            out[row, 4], out[row, 5] = ((flags & BULLET) > 0).mean(), ((flags & ELLIPSIS) > 0).mean()
            out[row, 6] = ((flags & TERMINAL) > 0).mean()
            out[row, 7] = (lines.chars[:count] <= SHORT_LINE).mean()


@njit(cache=True, nogil=True)
def _split_lines(data, start, end, lines, paragraphs):  # type: ignore[no-untyped-def]
    """Fill `lines` and `paragraphs`; return the count of each, and the characters in all lines."""
    count, blocks, total, at = 0, 0, 0, start
    value, length = np.uint64(0), 0
    while at < end:
        lines.hashes[count], lines.chars[count], lines.flags[count], at = _read_line(data, at, end)
        chars = lines.chars[count]
        if chars:
            value, length = (value + lines.hashes[count]) * _BASE, length + chars
            count, total = count + 1, total + chars
        if length and (chars == 0 or at >= end):
            paragraphs.hashes[blocks], paragraphs.chars[blocks] = mix(value), length
            value, length, blocks = np.uint64(0), 0, blocks + 1
    return count, blocks, total


@njit(cache=True, nogil=True)
def _read_line(data, at, end):  # type: ignore[no-untyped-def]
    """Return hash, length and flags of the line at `at`, without white space around it, and the start of the next."""
    value, chars, gap, flags = np.uint64(0), 0, 0, 0
    first, mark, dots = 0, 0, 0
    while at < end:
        code, at = decode(data, at, end)
        if code == _NEWLINE:
            break
        if code in (32, 9, 13, 0xA0, 0x3000):
            flags |= BULLET if chars == 1 and gap == 0 and first in _BULLETS else 0
            gap += 1
            continue
        chars, gap = chars + (gap if chars else 0) + 1, 0
        value = (value + np.uint64(code) + np.uint64(1)) * _BASE
        first = code if chars == 1 else first
        if code not in _CLOSERS:
            dots = dots + 1 if code == 46 else 0
            mark = code
    if mark == _ELLIPSIS or dots >= 3:
        flags |= ELLIPSIS
    elif mark in _TERMINAL:
        flags |= TERMINAL
    return mix(value), chars, flags, at


@njit(cache=True, nogil=True)
def _repeated(lines: Words, count: int, total: int, seen: tuple[Any, ...], stamp: int) -> tuple[float, float]:
    """Return the share of the first `count` lines that were seen before, and their share of `total` characters."""
    repeated, chars, mask = 0, 0, 1
    while mask < 2 * count:
        mask *= 2
    for at in range(count):
        slot = find_slot(lines.hashes[at], seen, (stamp, mask - 1))
        if seen[1][slot] == stamp:
            repeated, chars = repeated + 1, chars + lines.chars[at]
        seen[0][slot], seen[1][slot] = lines.hashes[at], stamp
    return repeated / count, chars / total


def _signal(name: str, source: str, compute: Callable[[pa.Table], pa.Array]) -> Signal:
    return Signal(name, pa.int32() if name in COUNTS else pa.float32(), compute, source)


SIGNALS = (
    *(_signal(name, source, output_characters) for name, source in CHARACTERS),
    *(_signal(name, source, output_lines) for name, source in LINES),
    Signal("output_lorem", pa.bool_(), "contains(lower(output_prose), 'lorem ipsum')", "C4: none"),
    Signal(
        "output_javascript_lines",
        pa.int32(),
        "len(list_filter(string_split(lower(output_prose), chr(10)), x -> contains(x, 'javascript')))",
        "lines that mention it; C4: none",
    ),
)
