"""A small linear classifier of texts over hashed features, one byte per weight, compiled (after Joulin et al. 2016).

Tricks of spelling are undone first (pipelines/signals/spelling.py). The names of groups of people are one and the same
word, so that none of them weighs more than another. The features are words, pairs and triples of words, four letters in
a row, and each word and its class with what stands around it: a group nearby, a negation before it, quotation marks
around it, whom it speaks to. Classes are words of similar meaning; they carry what was learnt to words never seen.
Words and classes are in pipelines/signals/weights; tests/accuracy/train.py makes them.
"""

import tomllib
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numba import njit

from pipelines.signals.spelling import plain
from pipelines.signals.text import (
    DIGIT,
    IGNORED,
    UNSPACED,
    CharacterTables,
    Texts,
    character_tables,
    decode,
    kind_of,
    mix,
    texts_of,
)

WEIGHTS = Path(__file__).parent / "weights"
FEATURES = 13  # of a code point, at most
_TOML = tomllib.loads(Path(__file__).with_name("toxicity.toml").read_text(encoding="utf-8"))
_BASE = np.uint64(0x9E3779B97F4A7C15)
_LETTERS = 4
_GROUP_NAME = np.uint64(3)  # the word that stands for the name of a group
_QUOTE, _STOP = np.uint64(1), np.uint64(2)
_QUOTES, _STOPS = '"“”„«»「」『』《》', ".!?。！？\n;；…"
GROUP, NEGATION, PERSON, FIRST, REPORT, COLOUR, SOMEBODY, QUOTED = (1 << bit for bit in range(8))
_MARKS = {"negation": NEGATION, "person": PERSON, "first": FIRST, "report": REPORT}
_NEAR = 6  # words on either side
_BEFORE = 5  # words that a negation reaches
_MOST = 6  # code points in the name of a group without spaces
_PLACES = 1 << 17


class Lexicon(NamedTuple):
    """What is known of words, by their hash, in a table with open addressing; 0 where a place is free.

    keys: uint64, roles: uint8 (GROUP …), classes: uint16[places, 2], fine and coarse; 0 for none. starts: bool per code
    point below 0x10000, whether a word of several begins with it. signs: uint8 per code point.
    """

    keys: np.ndarray
    roles: np.ndarray
    classes: np.ndarray
    starts: np.ndarray
    signs: np.ndarray


class Model(NamedTuple):
    """A score is bias + scale × the sum of the features' weights / √features.

    weights: int8[buckets], buckets a power of two.
    """

    weights: np.ndarray
    scale: np.float32
    bias: np.float32


class Buffers(NamedTuple):
    """Room for one text: code points, hashes and code points' places of its words, their marks, their features."""

    codes: np.ndarray
    words: np.ndarray
    roles: np.ndarray
    classes: np.ndarray
    context: np.ndarray
    ids: np.ndarray


@cache
def load(name: str) -> Model:
    """Return the model in weights/<name>.npz.

    Raises:
        FileNotFoundError: there is none.
    """
    with np.load(WEIGHTS / f"{name}.npz") as arrays:
        return Model(arrays["weights"], np.float32(arrays["scale"]), np.float32(arrays["bias"]))


@cache
def lexicon() -> Lexicon:
    """Return what is known of words."""
    with np.load(WEIGHTS / "words.npz") as arrays:
        return lexicon_of(arrays["words"], arrays["classes"], arrays["starts"])


def lexicon_of(words: np.ndarray, classes: np.ndarray, starts: np.ndarray) -> Lexicon:
    """Return what is known of words: their classes, given by hash, and their roles in toxicity.toml."""
    table = Lexicon(
        np.zeros(_PLACES, np.uint64), np.zeros(_PLACES, np.uint8), np.zeros((_PLACES, 2), np.uint16),
        np.zeros(0x10000, np.bool_), np.zeros(0x10000, np.uint8),
    )  # fmt: skip
    for word, own in zip(words, classes, strict=True):
        table.classes[_place(table.keys, word)] = own
    table.starts[starts] = True
    roles = [(GROUP, _TOML["groups"]), (COLOUR, _TOML["colours"]), (SOMEBODY, _TOML["persons"])]
    for role, text in [*roles, *((_MARKS[name], text) for name, text in _TOML["marks"].items())]:
        for word in text.split():
            table.roles[_place(table.keys, hash_word(word))] |= role
            table.starts[ord(word[0])] |= role == GROUP and not word.isascii()
    table.signs[[ord(sign) for sign in _QUOTES]] = _QUOTE
    table.signs[[ord(sign) for sign in _STOPS]] = _STOP
    return table


def hash_word(word: str) -> np.uint64:
    """Return the hash of a word in small letters; in scripts without spaces it is a name."""
    value = np.uint64(0)
    for letter in word:
        value = np.uint64(_absorbed(value, ord(letter)))  # numba returns an int
    return value


def scores(column: pa.Array | pa.ChunkedArray, model: Model, window: int = 0) -> np.ndarray:
    """Return float32[rows]: the score before the logistic function; NaN where there is no word.

    It is that of the whole text, or the highest of its windows: as many as bring them nearest to `window` bytes each.
    Windows end between words.
    """
    texts = texts_of(column)
    out = np.full(texts.rows, np.nan, np.float32)
    _score(texts, character_tables(), lexicon(), _buffers(texts), model, window, out)
    return out


def features(column: pa.Array | pa.ChunkedArray, buckets: int) -> tuple[np.ndarray, np.ndarray]:
    """Return (offsets, ids), int64[n + 1] and uint32[m]: ids[offsets[i]:offsets[i + 1]] are the buckets of text i.

    `buckets` is a power of two.
    """
    texts = texts_of(column)
    buffers, tables = _buffers(texts), character_tables()
    offsets, ids = np.zeros(texts.rows + 1, np.int64), [np.zeros(0, np.uint32)]
    for row in range(texts.rows):
        used = _features(
            texts.data, texts.offsets[row], texts.offsets[row + 1], tables, lexicon(), buckets - 1, buffers
        )
        ids.append(buffers.ids[:used].copy())
        offsets[row + 1] = offsets[row] + used
    return offsets, np.concatenate(ids)


def _buffers(texts: Texts) -> Buffers:
    longest = int(np.diff(texts.offsets).max(initial=0)) + 2
    return Buffers(
        np.empty(longest, np.uint32), np.empty(longest, np.uint64), np.empty(longest, np.uint8),
        np.empty((longest, 2), np.uint16), np.empty(longest, np.uint8), np.empty(FEATURES * longest, np.uint32),
    )  # fmt: skip


@njit(cache=True, nogil=True)
def _absorbed(value: np.uint64, code: int) -> np.uint64:
    return np.uint64(mix(value * _BASE + np.uint64(code)))


@njit(cache=True, nogil=True)
def _place(keys: np.ndarray, word: np.uint64) -> np.int64:
    """Return the place of `word`, which is written there if it is new."""
    at = word & np.uint64(len(keys) - 1)
    while keys[at] != 0 and keys[at] != word:
        at = (at + np.uint64(1)) & np.uint64(len(keys) - 1)
    keys[at] = word
    return np.int64(at)


@njit(cache=True, nogil=True)
def _find(keys: np.ndarray, word: np.uint64) -> np.int64:
    """Return the place of `word`, or -1."""
    at = word & np.uint64(len(keys) - 1)
    while keys[at] != 0:
        if keys[at] == word:
            return np.int64(at)
        at = (at + np.uint64(1)) & np.uint64(len(keys) - 1)
    return np.int64(-1)


@njit(cache=True, nogil=True)
def _append(word: np.uint64, lexicon: Lexicon, buffers: Buffers, count: int) -> int:
    at = _find(lexicon.keys, word)
    role = lexicon.roles[at] if at >= 0 else np.uint8(0)
    if role & SOMEBODY and count and buffers.roles[count - 1] & COLOUR:
        buffers.words[count - 1], buffers.roles[count - 1] = _GROUP_NAME, GROUP
        buffers.classes[count - 1] = 0
    buffers.words[count] = _GROUP_NAME if role & GROUP else word
    buffers.roles[count] = role
    buffers.classes[count, 0] = lexicon.classes[at, 0] if at >= 0 and not role & GROUP else 0
    buffers.classes[count, 1] = lexicon.classes[at, 1] if at >= 0 and not role & GROUP else 0
    return count + 1


@njit(cache=True, nogil=True)
def _words(read: int, kinds: np.ndarray, lexicon: Lexicon, buffers: Buffers) -> int:
    """Fill `buffers` with the words of the first `read` code points, and quotation marks and ends of sentences."""
    codes, count, length, at = buffers.codes, 0, 0, 0
    value = np.uint64(0)
    while at <= read:
        code = codes[at] if at < read else 32
        kind = kind_of(code, kinds)
        at += 1
        if DIGIT <= kind < UNSPACED:
            value, length = _absorbed(value, code), length + 1
            continue
        if kind == IGNORED or (length and code in (0x27, 0x2019)):
            continue
        if length:
            count = _append(value, lexicon, buffers, count)
            value, length = np.uint64(0), 0
        if kind == UNSPACED:
            at, count = _append_unspaced(at - 1, read, lexicon, buffers, count)
        elif code < 0x10000 and lexicon.signs[code]:
            buffers.words[count], buffers.roles[count], buffers.classes[count] = lexicon.signs[code], 0, 0
            count += 1
    return count


@njit(cache=True, nogil=True)
def _append_unspaced(at: int, read: int, lexicon: Lexicon, buffers: Buffers, count: int) -> tuple[int, int]:
    """Append the longest name of a group at `at`, or one character with the class of the longest word that it begins.

    Return where the next begins, and the count.
    """
    codes = buffers.codes
    one = _absorbed(np.uint64(0), codes[at])
    whole, name, stop, known = one, np.uint64(0), at, np.int64(-1)
    if codes[at] < 0x10000 and lexicon.starts[codes[at]]:
        for here in range(at + 1, min(read, at + _MOST)):
            whole = _absorbed(whole, codes[here])
            place = _find(lexicon.keys, whole)
            if place >= 0 and lexicon.roles[place] & GROUP:
                stop, name = here, whole
            elif place >= 0 and lexicon.classes[place, 0]:
                known = place
    count = _append(name if name else one, lexicon, buffers, count)
    if known >= 0 and not name:
        buffers.classes[count - 1] = lexicon.classes[known]
    return stop + 1, count


@njit(cache=True, nogil=True)
def _contexts(count: int, buffers: Buffers) -> None:
    """Set, for each word, what stands around it: roles of words nearby, a negation before it, whether it is quoted."""
    quoted = False
    for at in range(count):
        context = 0
        for other in range(max(0, at - _NEAR), min(count, at + _NEAR + 1)):
            role = buffers.roles[other]
            if other != at:
                context |= role & (GROUP | PERSON | REPORT | FIRST)
            if at - _BEFORE <= other < at:
                context |= role & NEGATION
        quoted ^= buffers.words[at] == _QUOTE
        buffers.context[at] = context | (QUOTED if quoted else 0)


@njit(cache=True, nogil=True)
def _features(data, start, end, tables, lexicon, mask, buffers) -> int:  # type: ignore[no-untyped-def]
    """Fill `buffers.ids` with the features of data[start:end]; return their count."""
    read = plain(data, start, end, tables, buffers.codes)
    count = _words(read, tables.kinds, lexicon, buffers)
    if not (buffers.words[:count] > _STOP).any():  # nothing but marks
        return 0
    _contexts(count, buffers)
    mask, used = np.uint64(mask), 0
    for at in range(count):
        used = _word_features(at, mask, buffers, used)
    return _letters(read, tables, mask, buffers, used)


@njit(cache=True, nogil=True)
def _put(value: np.uint64, mask: np.uint64, ids: np.ndarray, used: int) -> int:
    ids[used] = mix(value) & mask
    return used + 1


@njit(cache=True, nogil=True)
def _word_features(at: int, mask: np.uint64, buffers: Buffers, used: int) -> int:
    words, classes, ids = buffers.words, buffers.classes, buffers.ids
    word, context = words[at], np.uint64(buffers.context[at])
    used = _put(word + _BASE, mask, ids, used)
    used = _put(word * _BASE + context + np.uint64(1000), mask, ids, used)
    before = words[at - 1] if at else np.uint64(0)
    pair = word * _BASE + before
    used = _put(pair, mask, ids, used)
    used = _put(pair * _BASE + (context & np.uint64(GROUP | NEGATION | QUOTED)), mask, ids, used)
    if at > 1:
        used = _put(pair * _BASE + words[at - 2], mask, ids, used)
    fine, coarse = np.uint64(classes[at, 0]), np.uint64(classes[at, 1])
    if fine:
        used = _put(fine * _BASE + np.uint64(1 << 20), mask, ids, used)
        used = _put((fine * _BASE + context) * _BASE + np.uint64(1 << 21), mask, ids, used)
        used = _put((coarse * _BASE + context) * _BASE + np.uint64(1 << 22), mask, ids, used)
        last = np.uint64(classes[at - 1, 0]) if at else np.uint64(0)
        last = last if last else before
        used = _put((fine * _BASE + last) * _BASE + np.uint64(1 << 23), mask, ids, used)
    return used


@njit(cache=True, nogil=True)
def _letters(read: int, tables: CharacterTables, mask: np.uint64, buffers: Buffers, used: int) -> int:
    """Append every _LETTERS letters in a row, 16 bits each; the edge of a word counts as one letter, 1."""
    gram, length = np.uint64(1), 1
    for at in range(read + 1):
        code = buffers.codes[at] if at < read else 32
        inside = DIGIT <= kind_of(code, tables.kinds) < UNSPACED and code < 0x10000
        if not inside and length == 1:
            continue
        gram = gram << np.uint64(16) | np.uint64(code if inside else 1)
        length += 1
        if length >= _LETTERS:
            used = _put(gram + _BASE, mask, buffers.ids, used)
        if not inside:
            gram, length = np.uint64(1), 1
    return used


@njit(cache=True, nogil=True)
def _score(
    texts: Texts,
    tables: CharacterTables,
    lexicon: Lexicon,
    buffers: Buffers,
    model: Model,
    window: int,
    out: np.ndarray,
) -> None:
    mask = len(model.weights) - 1
    for row in range(len(out)):
        at, end = texts.offsets[row], texts.offsets[row + 1]
        # of even size: a short rest scores high or low by chance
        pieces = max(1, (end - at + window // 2) // window) if window else 1
        size = (end - at + pieces - 1) // pieces
        while at < end:
            stop = _window_end(texts.data, at, end, size, tables)
            used = _features(texts.data, at, stop, tables, lexicon, mask, buffers)
            total = 0
            for feature in buffers.ids[:used]:
                total += model.weights[feature]
            value = model.bias + model.scale * total / np.sqrt(max(1, used))
            if used and not value <= out[row]:  # also where there is none yet
                out[row] = value
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
