"""Numbers, operators and signs: two texts that differ in one of them are no duplicates, however alike their words are.

A slot is what stands between two words of a line besides words: `12 - 4` in `compute 12 - 4 now`, `> 30` in
`age > 30 and`. Its context is the two words before it and the one after it, or the end of the line. Two texts differ
in a value where both have a slot in the same context and each has one that the other has not. A slot that only one of
them has is an edit like any other.

What only lays out a text is no value: bullets, numbers of lists, rules, emphasis, the mark of a quotation.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from pipelines.signals.text import DIGIT, IGNORED, SPACE, UNSPACED, CharacterTables, decode, kind_of, mix

MAX_RUN = 3  # characters of an operator; more are a rule
MAX_OPERATORS = 4  # between two words without a number; more are a list of characters
_STAR, _DASH, _NOT, _GREATER, _EQUAL, _DOLLAR = 0x2A, 0x2D, 0x21, 0x3E, 0x3D, 0x24
_BLANKS = (32, 9, 10)
_LINE_END = np.uint64(3)  # stands for the word after the last slot of a line
_OPERATORS = np.array(sorted(ord(char) for char in "+-*/%^=<>&|!$×÷−–—±≤≥≠→⇒←≈≡∧∨∪∩∈∉⊂⊆√€£¥₹"))
# signs that are written in two ways: the other way, as one or two characters
_SAME = (
    ("×", "*"),
    ("÷", "/"),
    ("−", "-"),
    ("–", "-"),
    ("—", "-"),
    ("≤", "<="),
    ("≥", ">="),
    ("≠", "!="),
    ("→", "->"),
    ("⇒", "=>"),
)
_SIGNS = np.array([ord(sign) for sign, _ in _SAME])
_SPELT = np.array([[ord(char) for char in spelt.ljust(2, "\0")] for _, spelt in _SAME])


@njit(cache=True, nogil=True)
def fill_values(
    data: NDArray[np.uint8], start: int, end: int, tables: CharacterTables, out: NDArray[np.uint64], used: int
) -> int:
    """Append the slots of data[start:end] to out[used:], 32 bits of context before 32 of value; return the new end."""
    before, last = np.uint64(1), np.uint64(2)  # hashes of the last two words
    operators = 0  # in this slot, -1 if there is a number too
    slot, at, opens = np.uint64(0), start, True  # opens: nothing but blanks and marks of quotation yet on this line
    while at < end:
        code, following = decode(data, at, end)
        kind, code, word = kind_of(code, tables.kinds), _fold(code, tables), np.uint64(0)
        if kind == DIGIT:
            slot, at = _read_number(data, at, end, tables, slot, opens)
            opens, operators = False, -1
        elif kind > DIGIT:
            word, at = _read_word(data, at, end, tables)
        elif _is_operator(code):
            slot, at = _read_operator(data, (start, at, end), tables, slot, opens)
            opens, operators = opens and code == _GREATER, operators + int(operators >= 0)
        else:
            word = _LINE_END if code == 10 else word
            opens = code == 10 or (opens and kind in (SPACE, IGNORED))
            at = following
        if word and slot and operators <= MAX_OPERATORS:
            out[used] = _entry(before, last, word, slot)
            used += 1
        if word:
            slot, operators = np.uint64(0), 0
        if word and word != _LINE_END:
            before, last, opens = last, word, False
    if slot and operators <= MAX_OPERATORS:
        out[used] = _entry(before, last, _LINE_END, slot)
        used += 1
    return used


@njit(cache=True, nogil=True)
def values_differ(one: NDArray[np.uint32], other: NDArray[np.uint32]) -> bool:
    """Has each of two texts a slot that the other has not, in a context that both have?

    Both are sorted: context, value, context, value …
    """
    i = j = 0
    while i < len(one) and j < len(other):
        if one[i] == other[j]:
            i, j, differ = _compare_context(one, i, other, j)
            if differ:
                return True
        else:
            i, j = i + 2 * int(one[i] < other[j]), j + 2 * int(one[i] > other[j])
    return False


@njit(cache=True, nogil=True)
def _compare_context(one: NDArray[np.uint32], i: int, other: NDArray[np.uint32], j: int) -> tuple[int, int, bool]:
    """Compare the slots of one context; return where the next begins in both, and whether each has one of its own."""
    context, own, others = one[i], 0, 0
    while True:
        here, there = i < len(one) and one[i] == context, j < len(other) and other[j] == context
        if not (here or there):
            return i, j, own > 0 and others > 0
        first = here and (not there or one[i + 1] <= other[j + 1])
        second = there and (not here or other[j + 1] <= one[i + 1])
        own, others = own + int(first and not second), others + int(second and not first)
        i, j = i + 2 * int(first), j + 2 * int(second)


@njit(cache=True, nogil=True)
def _entry(before: np.uint64, last: np.uint64, word: np.uint64, slot: np.uint64) -> np.uint64:
    context = mix(mix(mix(before) ^ last) + word)
    return (context & ~np.uint64(0xFFFFFFFF)) | (mix(slot) >> np.uint64(32))


@njit(cache=True, nogil=True)
def _fold(code: int, tables: CharacterTables) -> int:
    return int(tables.folds[code]) if code < 0x10000 else code


@njit(cache=True, nogil=True)
def _absorb(value: np.uint64, code: int) -> np.uint64:
    return mix(value * np.uint64(31) + np.uint64(code) + np.uint64(1))


@njit(cache=True, nogil=True)
def _read_word(data, at, end, tables):  # type: ignore[no-untyped-def]
    """Return the hash of the word at `at`, and where it ends; in scripts without spaces a word is one character."""
    value, single = np.uint64(0), False
    while at < end and not single:
        code, following = decode(data, at, end)
        kind = kind_of(code, tables.kinds)
        single = kind == UNSPACED
        if kind < DIGIT or (single and value):
            break
        value, at = _absorb(value, _fold(code, tables)), following
    return value, at


@njit(cache=True, nogil=True)
def _read_number(data, at, end, tables, slot, opens):  # type: ignore[no-untyped-def]
    """Return `slot` with the number at `at`, and where it ends; `slot` as it was for the number of a list's item."""
    value, begin = slot, at
    while at < end:
        code, following = decode(data, at, end)
        point = code == 46 and following < end and 48 <= data[following] <= 57
        if kind_of(code, tables.kinds) != DIGIT and not point:
            break
        value, at = _absorb(value, _fold(code, tables)), following
    numbers_item = opens and at < end and data[at] in (41, 46) and (at + 1 == end or data[at + 1] in (32, 10))
    return (slot if numbers_item and at - begin < 4 else _absorb(value, 32)), at


@njit(cache=True, nogil=True)
def _is_operator(code: int) -> bool:
    at = np.searchsorted(_OPERATORS, code)
    return bool(at < len(_OPERATORS) and _OPERATORS[at] == code)


@njit(cache=True, nogil=True)
def _read_operator(data, span, tables, slot, opens):  # type: ignore[no-untyped-def]
    """Return `slot` with the operators from span[1] on, and where they end; `slot` as it was if they lay out a text."""
    start, at, end = span
    value, length, dashes, stars, first = slot, 0, 0, 0, 0
    while at < end:
        code, following = decode(data, at, end)
        code = _fold(code, tables)
        if (
            not _is_operator(code)
            or (first == _STAR and code not in (_STAR, _EQUAL))
            or (length and first != code == _STAR)
        ):
            break
        first, length = first or code, length + 1
        dashes, stars = dashes + int(_spelt(code)[0] == _DASH), stars + int(code == _STAR)
        value, at = _absorb_sign(value, code), following
    value = _absorb(slot, _DASH) if dashes == length else value
    before, after = data[span[1] - 1] if span[1] > start else 10, data[at] if at < end else 10
    kept = length <= MAX_RUN and not (opens and (after in _BLANKS or first == _GREATER))
    if stars == length:
        kept = kept and length < MAX_RUN and _multiplies(data, span, at)
    elif first == _NOT and length == 1:  # an exclamation mark has no word after it
        kept = kept and (_is_word(after) or after == 40) and not _is_word(before)
    elif first == _DOLLAR:  # otherwise it begins or ends a formula
        kept = kept and 48 <= after <= 57
    return (_absorb(value, 32) if kept else slot), at


@njit(cache=True, nogil=True)
def _multiplies(data, span, following):  # type: ignore[no-untyped-def]
    """Do stars from span[1] to `following` stand between two words? Emphasis touches a word on one side only."""
    start, at, end = span
    before, after = data[at - 1] if at > start else 10, data[following] if following < end else 10
    if before == 32 and after == 32:
        before = data[at - 2] if at - 1 > start else 10
        after = data[following + 1] if following + 1 < end else 10
    return (_is_word(before) or before == 41) and (_is_word(after) or after == 40)


@njit(cache=True, nogil=True)
def _spelt(code: int) -> tuple[int, int]:
    for k in range(len(_SIGNS)):
        if _SIGNS[k] == code:
            return _SPELT[k, 0], _SPELT[k, 1]
    return code, 0


@njit(cache=True, nogil=True)
def _absorb_sign(value: np.uint64, code: int) -> np.uint64:
    one, two = _spelt(code)
    value = _absorb(value, one)
    return _absorb(value, two) if two else value


@njit(cache=True, nogil=True)
def _is_word(byte: int) -> bool:
    return 48 <= byte <= 57 or 65 <= byte <= 90 or 97 <= byte <= 122 or byte == 95
