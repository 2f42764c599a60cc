"""Undoing tricks of spelling before words are judged: `1d1ot`, `f u c k`, `d.u.m.b`, `fuuuck`, `sh*t`, `贝戋`, `іdіоt`.

A text becomes code points in lower case, full-width forms and traditional characters folded, any space a blank. Letters
of mathematics (`𝒇`) are letters, and Cyrillic and Greek ones that look like Latin are these among Latin ones. What is
no trick stays: `utf8`, `a-b`, an address. A mistake costs little, since a word that nobody has seen carries no weight.
"""

import unicodedata

import numpy as np
from numba import njit

from pipelines.signals.text import DIGIT, LOWER, SPACE, UNSPACED, CharacterTables, decode, kind_of

SIGNS = {"0": "o", "1": "i", "3": "e", "4": "a", "5": "s", "7": "t", "@": "a", "$": "s", "!": "i", "|": "l", "*": "\0"}
# characters that are written as their halves
HALVES = {
    "贝戋": "贱", "歹匕": "死", "女马": "妈", "犭者": "猪", "犭句": "狗", "女支": "妓", "女表": "婊", "尸吊": "屌",
    "尸比": "屄", "氵衮": "滚", "亻尔": "你", "女又": "奴", "土及": "圾", "土立": "垃", "弓虽": "强", "女干": "奸",
}  # fmt: skip
# letters that look like Latin ones, and these
ALIKE = dict(zip("аеорсухіјѕԁһӏвмнткαορνικτυ", "aeopcyxijsdhlbmhtkaopviktu", strict=True))
_MATHEMATICS = range(0x1D400, 0x1D800)
_LONGEST = 14  # letters of a word that somebody hides
_SPACED = 4  # single letters in a row that are a word
_BLANK, _DROPPED = 32, 0
_LETTERS = np.full(128, 1, np.uint32)
for _sign, _letter in SIGNS.items():
    _LETTERS[ord(_sign)] = ord(_letter)
_ALIKE = np.zeros(0x530, np.uint32)
for _sign, _letter in ALIKE.items():
    _ALIKE[ord(_sign)] = ord(_letter)
_PLAIN_MATHEMATICS = np.array(
    [ord((unicodedata.normalize("NFKC", chr(code)).lower() + " ")[0]) for code in _MATHEMATICS], np.uint32
)
_PAIRS = np.array(sorted((ord(pair[0]), ord(pair[1]), ord(whole)) for pair, whole in HALVES.items()), np.uint32)
_FIRST = np.zeros(0x10000, np.bool_)
_FIRST[_PAIRS[:, 0]] = True


@njit(cache=True, nogil=True)
def plain(data: np.ndarray, start: int, end: int, tables: CharacterTables, codes: np.ndarray) -> int:
    """Fill `codes`, uint32, with the code points of data[start:end] without tricks; return their count."""
    at, read = start, 0
    while at < end:
        code, at = decode(data, at, end)
        if code < 0x10000:
            code = tables.folds[code] if tables.kinds[code] != SPACE else _BLANK
        elif 0x1D400 <= code < 0x1D800:
            code = _PLAIN_MATHEMATICS[code - 0x1D400]
        codes[read] = code
        read += 1
    return _undo(codes, read, tables)


@njit(cache=True, nogil=True)
def _undo(codes: np.ndarray, read: int, tables: CharacterTables) -> int:
    """Rewrite codes[:read] in place, chunk by chunk between blanks; return the new count."""
    at, to, singles, first = 0, 0, 0, 0
    while at < read:
        if codes[at] == _BLANK:
            codes[to] = _BLANK
            at, to = at + 1, to + 1
            continue
        stop = at
        while stop < read and codes[stop] != _BLANK:
            stop += 1
        begin, to = to, _chunk(codes, at, stop, to, tables)
        if to == begin + 1 and _is_letter(codes[begin], tables):
            first, singles = (begin if singles == 0 else first), singles + 1
        elif singles:
            to = _joined(codes, first, begin, to) if singles >= _SPACED else to
            singles = 0
        at = stop
    return _joined(codes, first, to, to) if singles >= _SPACED else to


@njit(cache=True, nogil=True)
def _joined(codes: np.ndarray, first: int, stop: int, end: int) -> int:
    """Take the blanks out of codes[first:stop], but for one at its end; move up what follows; return the new end."""
    to = first
    for at in range(first, stop):
        if codes[at] != _BLANK:
            codes[to] = codes[at]
            to += 1
    if stop < end:
        codes[to] = _BLANK
        to += 1
    for at in range(stop, end):
        codes[to] = codes[at]
        to += 1
    return to


@njit(cache=True, nogil=True)
def _is_letter(code: int, tables: CharacterTables) -> bool:
    return LOWER <= kind_of(code, tables.kinds) < UNSPACED


@njit(cache=True, nogil=True)
def _chunk(codes: np.ndarray, at: int, stop: int, to: int, tables: CharacterTables) -> int:
    """Write codes[at:stop] at `to`, which is not behind `at`; return where it ends."""
    letters, signs, dots = 0, 0, 0
    _latin(codes, at, stop)
    for here in range(at, stop):
        code = codes[here]
        letters += DIGIT < kind_of(code, tables.kinds) < UNSPACED
        signs += code < 128 and _LETTERS[code] != 1
        dots += code in (46, 45, 95, 42) and here > at  # . - _ *
    hidden = signs > 0 and letters > 1 and letters + signs <= _LONGEST
    dotted = dots > 1 and letters - 1 <= dots <= letters
    begin, stretched = to, _BLANK
    for here in range(at, stop):
        code = codes[here]
        if dotted and code in (46, 45, 95, 42):
            continue
        if hidden and code < 128 and _LETTERS[code] != 1 and _inside(codes, at, here, stop, tables):
            code = _LETTERS[code]
            if code == _DROPPED:
                continue
        if code == stretched:
            continue
        stretched = _BLANK
        if to > begin + 1 and code == codes[to - 1] == codes[to - 2] and _is_letter(code, tables):
            to, stretched = to - 1, code
            continue
        codes[to] = code
        to += 1
        if code < 0x10000 and to > 1 and _FIRST[min(codes[to - 2], 0xFFFF)]:
            to = _merged(codes, to)
    return to


@njit(cache=True, nogil=True)
def _latin(codes: np.ndarray, at: int, stop: int) -> None:
    """Rewrite letters that only look like Latin ones, where all letters are Latin or look so and some are Latin."""
    latin, alike = False, False
    for here in range(at, stop):
        code = codes[here]
        latin |= 97 <= code <= 122
        if 0x370 <= code < 0x530:
            if _ALIKE[code] == 0:
                return
            alike = True
    if latin and alike:
        for here in range(at, stop):
            if 0x370 <= codes[here] < 0x530:
                codes[here] = _ALIKE[codes[here]]


@njit(cache=True, nogil=True)
def _inside(codes: np.ndarray, start: int, here: int, stop: int, tables: CharacterTables) -> bool:
    """Does a letter follow the sign at `here`, and stand before it where it is not the first?"""
    after = here + 1
    while after < stop and codes[after] < 128 and _LETTERS[codes[after]] != 1:
        after += 1
    before = here - 1
    while before >= start and codes[before] < 128 and _LETTERS[codes[before]] != 1:
        before -= 1
    return after < stop and _is_letter(codes[after], tables) and (before < start or _is_letter(codes[before], tables))


@njit(cache=True, nogil=True)
def _merged(codes: np.ndarray, to: int) -> int:
    """Put a whole character in the place of two halves before `to`."""
    for row in range(len(_PAIRS)):
        if _PAIRS[row, 0] == codes[to - 2] and _PAIRS[row, 1] == codes[to - 1]:
            codes[to - 2] = _PAIRS[row, 2]
            return to - 1
    return to
