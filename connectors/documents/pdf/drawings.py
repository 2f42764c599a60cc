"""Formulas and figures that a PDF draws instead of writing: what is among the text, and the holes that it leaves.

Rules, boxes, frames and backgrounds of text, bullets and what stands in margins are no such drawings.
"""

import ctypes
from collections.abc import Iterable
from dataclasses import replace
from itertools import pairwise
from typing import Any, NamedTuple

import pypdfium2.raw as pdfium

from connectors.documents.pdf.pieces import Piece
from schemas.hole import hole

HOLE = hole("embed", "drawing")
DOT = (1.5, 7.0)  # points; what may be a bullet
_THIN = 2.5  # points; a rule
_NEAR, _FAR, _APART = 4.0, 12.0, 0.4  # points, and heights: parts of a drawing stand no further apart
_BACKGROUND = 0.5  # of the page
_COVERED = 0.25  # of what lies behind text
_MOST = 200  # drawings of a page
_STRAIGHT = 0.5  # points
_RIM = 15.0  # points; no deeper in is anything of a box with round corners
_MOST_POINTS = 200  # of a path: what has more is no box
# In units of the letters' size
_SMALLEST, _LOWEST = 0.45, 0.35  # within a line
_BLOCK, _LOW = 2.0, 0.5  # between lines
_BESIDE = 4.0  # at the side of lines: what is smaller is an icon
_TALL, _REACH = 3.0, 3.0  # a drawing in a line, and its distance from the next letters
_BULLET = 1.3
_LONG = 15  # times as long as high: a dividing line


class Box(NamedTuple):
    """Where something is drawn, in points; it is hollow where nothing of its path is far from the edges."""

    x0: float
    y0: float
    x1: float
    y1: float
    is_hollow: bool = False

    @property
    def width(self) -> float:
        return self.x1 - self.x0

    @property
    def height(self) -> float:
        return self.y1 - self.y0

    def holds(self, x: float, y: float) -> bool:
        """Whether a place is in it, where it is more than a dot."""
        is_dot = max(self.width, self.height) <= DOT[1]
        return not is_dot and self.x0 - 1 <= x <= self.x1 and self.y0 - 1 <= y <= self.y1


def box_of(item: Any) -> Box | None:
    """Where a picture or a path is drawn; None for rules, upright boxes and what is not painted."""
    box = Box(*item.get_bounds())
    if item.type != pdfium.FPDF_PAGEOBJ_PATH:
        return box
    if min(box.width, box.height) <= _THIN or not _is_painted(item):
        return None
    points, is_curved = _points(item)
    return None if not is_curved and _is_upright(points) else box._replace(is_hollow=_is_hollow(points, box))


def _is_painted(path: Any) -> bool:
    fill, stroke = ctypes.c_int(), ctypes.c_int()
    pdfium.FPDFPath_GetDrawMode(path, fill, stroke)
    return bool(fill.value or stroke.value)


def _points(path: Any) -> tuple[list[tuple[float, float]], bool]:
    """The points of a path in its own measure, none where there are too many, and whether curves are among it."""
    points: list[tuple[float, float]] = []
    x, y, is_curved = ctypes.c_float(), ctypes.c_float(), False
    count = pdfium.FPDFPath_CountSegments(path)
    for number in range(count) if count <= _MOST_POINTS else ():
        part = pdfium.FPDFPath_GetPathSegment(path, number)
        is_curved |= pdfium.FPDFPathSegment_GetType(part) == pdfium.FPDF_SEGMENT_BEZIERTO
        pdfium.FPDFPathSegment_GetPoint(part, x, y)
        points.append((x.value, y.value))
    return points, is_curved or not points


def _is_upright(points: list[tuple[float, float]]) -> bool:
    """Whether all of a path runs across or down: boxes, bars, and grids of tables."""
    return all(min(abs(a[0] - b[0]), abs(a[1] - b[1])) < _STRAIGHT for a, b in pairwise(points))


def _is_hollow(points: list[tuple[float, float]], box: Box) -> bool:
    if not points:
        return False
    sides = [
        (sorted(place), size) for place, size in zip(zip(*points, strict=True), (box.width, box.height), strict=True)
    ]
    scales = [size / max(place[-1] - place[0], _STRAIGHT) for place, size in sides]
    (left, right), (low, high) = ((place[0], place[-1]) for place, _ in sides)
    return all(min(min(x - left, right - x) * scales[0], min(y - low, high - y) * scales[1]) < _RIM for x, y in points)


def drawings_of(boxes: Iterable[Box], pieces: list[Piece], width: float, height: float) -> list[Box]:
    """What belongs together, without what lies behind or around text."""
    most = _BACKGROUND * width * height
    return _together([box for box in boxes if box.width * box.height < most and not _is_behind(box, pieces)])


def _is_behind(box: Box, pieces: list[Piece]) -> bool:
    """Whether text is drawn on it."""
    inside = [piece for piece in pieces if box.y0 < piece.y + 0.3 * piece.style.size < box.y1]
    covered = sum(max(min(p.x1, box.x1) - max(p.x0, box.x0), 0) * p.style.size for p in inside)
    is_frame = box.is_hollow and any(box.x0 < (p.x0 + p.x1) / 2 < box.x1 for p in inside)
    return is_frame or covered > _COVERED * box.width * box.height


def _together(boxes: list[Box]) -> list[Box]:
    """One box for those that touch."""
    found: list[Box] = []
    for box in boxes:
        near = [other for other in found if _touch(box, other)]
        found = [other for other in found if other not in near]
        found.append(_around([box, *near]))
        if len(found) > _MOST:
            return [_around(found)]
    return found


def _touch(one: Box, other: Box) -> bool:
    near = min(max(_NEAR, _APART * min(one.height, other.height)), _FAR)
    return max(one.x0, other.x0) - min(one.x1, other.x1) < near and max(one.y0, other.y0) - min(one.y1, other.y1) < near


def _around(boxes: list[Box]) -> Box:
    return Box(
        min(box.x0 for box in boxes),
        min(box.y0 for box in boxes),
        max(box.x1 for box in boxes),
        max(box.y1 for box in boxes),
    )


def between(drawings: Iterable[Box], piece: Piece, x0: float) -> bool:
    """Whether something is drawn between a piece and a letter that begins at `x0` in its line."""
    return any(_is_in_line(box, piece) and piece.x1 - 1 <= box.x0 and box.x1 <= x0 + 1 for box in drawings)


def _is_in_line(box: Box, piece: Piece) -> bool:
    size, middle = piece.style.size, (box.y0 + box.y1) / 2
    big_enough = box.width >= _SMALLEST * size and box.height >= _LOWEST * size
    return big_enough and box.height <= _TALL * size and -0.4 * size < middle - piece.y < size


def within(box: Box, piece: Piece) -> bool:
    """Whether it stands amid the letters of a piece, which then have to be parted for it."""
    return _is_in_line(box, piece) and piece.x0 < box.x0 and box.x1 < piece.x1


def holes_of(drawings: list[Box], pieces: list[Piece]) -> list[Piece]:
    """A piece with a hole for each of the drawings that stands in a line or between two."""
    return [found for box in drawings if (found := _in_line(box, pieces) or _between_lines(box, pieces))]


def _in_line(box: Box, pieces: list[Piece]) -> Piece | None:
    row = [piece for piece in pieces if _is_in_line(box, piece)]
    before = [p for p in row if 0 <= box.x0 - p.x1 + 1 < _REACH * p.style.size]
    after = [p for p in row if 0 <= p.x0 - box.x1 + 1 < _REACH * p.style.size]
    if not before and not after:
        return None
    beside = (before or after)[0]
    is_bullet = max(box.width, box.height) <= _BULLET * beside.style.size
    return None if is_bullet and not before else _piece(box, beside.y, beside)


def _between_lines(box: Box, pieces: list[Piece]) -> Piece | None:
    """None for what stands above or below all text, or in a margin, or is small."""
    column = [p for p in pieces if min(p.x1, box.x1) - max(p.x0, box.x0) > 0]
    above, below = [p for p in column if p.y >= box.y1 - 1], [p for p in column if p.y < box.y0 + 1]
    if not above or not below or box.width > _LONG * box.height:
        return None
    near = min(above, key=lambda piece: piece.y)
    is_beside = any(box.y0 < piece.y < box.y1 for piece in pieces if piece not in column)
    least = (_BESIDE, _BESIDE) if is_beside else (_BLOCK, _LOW)
    size = near.style.size
    is_large = box.width >= least[0] * size and box.height >= least[1] * size
    return _piece(box, (box.y0 + box.y1) / 2 - 0.3 * size, near) if is_large else None


def _piece(box: Box, y: float, like: Piece) -> Piece:
    style = replace(like.style, mono=False, bold=False, italic=False)
    return Piece(box.x0, box.x1, y, style, [(HOLE, style, 0.0)], top=box.y1, bottom=box.y0)
