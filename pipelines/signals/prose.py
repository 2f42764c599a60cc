"""Prose without code: fenced blocks, as CommonMark 4.5 defines them, are masked before prose is measured."""

from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numba import njit

from pipelines.signals.text import Texts, texts_of, to_arrow

_NEWLINE, _BACKTICK, _TILDE, _QUOTE = 10, 96, 126, 62
_BULLETS = (42, 43, 45)  # `*`, `+`, `-`


class MaskedTexts(NamedTuple):
    """Texts without fenced code.

    prose: each text with an empty line for each fenced block. code_share: float32[n], share of bytes inside fences.
    unclosed: bool[n], a fence that no line closes.
    """

    prose: pa.Array
    code_share: np.ndarray
    unclosed: np.ndarray


def mask_code(column: pa.Array | pa.ChunkedArray) -> MaskedTexts:
    """Return the texts of a string column without fenced code; null counts as empty."""
    texts = texts_of(column)
    first = texts.offsets[0]
    out = np.empty(max(1, texts.offsets[-1] - first + texts.rows), np.uint8)
    offsets = np.zeros(texts.rows + 1, np.int64)
    shares, unclosed = np.zeros(texts.rows, np.float32), np.zeros(texts.rows, np.bool_)
    used = _mask(texts, out, offsets, shares, unclosed)
    return MaskedTexts(to_arrow(Texts(out[: max(1, used)].copy(), offsets)), shares, unclosed)


@njit(cache=True, nogil=True)
def _mask(texts: Texts, out: np.ndarray, offsets: np.ndarray, shares: np.ndarray, unclosed: np.ndarray) -> int:
    used = 0
    for row in range(len(offsets) - 1):
        start, end = texts.offsets[row], texts.offsets[row + 1]
        used, fenced, unclosed[row] = _mask_one(texts.data, start, end, out, used)
        shares[row] = fenced / (end - start) if end > start else 0.0
        offsets[row + 1] = used
    return used


@njit(cache=True, nogil=True)
def _mask_one(data: np.ndarray, start: int, end: int, out: np.ndarray, used: int) -> tuple[int, int, bool]:
    fence, mark, quoted, fenced, at = 0, 0, False, 0, start
    while at < end:
        stop = at
        while stop < end and data[stop] != _NEWLINE:
            stop += 1
        following = min(stop + 1, end)
        begins, in_quote = _content(data, at, stop, fence == 0)
        run, kind, bare = _fence(data, begins, stop)
        if fence == 0 and run == 0:
            out[used : used + following - at] = data[at:following]
            used += following - at
        elif fence == 0:
            fence, mark, quoted = run, kind, in_quote
            out[used] = _NEWLINE
            used += 1
        elif run >= fence and kind == mark and bare and quoted == in_quote:
            fence = 0
        else:
            fenced += following - at
        at = following
    return used, fenced, fence > 0


@njit(cache=True, nogil=True)
def _content(data: np.ndarray, at: int, stop: int, opens: bool) -> tuple[int, bool]:
    """Return where the line data[at:stop] begins within its quotation and, where `opens`, its list; is it quoted?"""
    quoted = False
    while at < stop and data[at] in (32, 9, _QUOTE):
        quoted = quoted or data[at] == _QUOTE
        at += 1
    mark = at
    while opens and mark < stop and 48 <= data[mark] <= 57:  # `1.` or `1)`
        mark += 1
    numbered = mark > at and mark < stop and data[mark] in (41, 46)
    bullet = opens and mark == at and mark < stop and data[mark] in _BULLETS
    return (mark + 1 if (numbered or bullet) and mark + 1 < stop and data[mark + 1] == 32 else at), quoted


@njit(cache=True, nogil=True)
def _fence(data: np.ndarray, at: int, stop: int) -> tuple[int, int, bool]:
    """Return length and character of the fence on the line data[at:stop], and whether nothing follows; 0 if none."""
    while at < stop and data[at] in (32, 9):
        at += 1
    if at == stop or data[at] not in (_BACKTICK, _TILDE):
        return 0, 0, False
    mark, begin = data[at], at
    while at < stop and data[at] == mark:
        at += 1
    run, bare = at - begin, True
    for byte in data[at:stop]:
        if mark == _BACKTICK and byte == _BACKTICK:
            return 0, 0, False
        bare = bare and byte in (32, 9, 13)
    return (run, mark, bare) if run >= 3 else (0, 0, False)
