"""The order in which the pieces of a page are read, the lines that they make, and what is repeated on every page."""

from collections import Counter, defaultdict
from dataclasses import dataclass
from statistics import median

import re2

from connectors.documents.pdf.glyphs import Sheet
from connectors.documents.pdf.pieces import Piece, Style

_FEWEST = 5  # lines on either side that make columns
_PROSE = 15  # letters from which a piece is a line of text and no cell of a table; Han letters say more each
_CROSSING = 0.4  # of all lines: titles, figures and tables that go over both columns
_PLACES = 100  # at which a gutter is looked for: each three or four points
_SAME_LINE = 0.35  # of the letters' size
_EDGE = 3  # lines from the top and from the bottom of a page among which a running title is
_PAGE_NUMBER = re2.compile(
    r"(?i)^[\s\-–—·|\[(]*(?:page|seite|página|pagina|стр\.?|第)?\s*(?:\d{1,4}(?:[-–.]\d{1,3})?|[ivxlc]{1,7})(?:\s*(?:/|of|von|de|из|共)\s*\d{1,4})?\s*页?[\s\-–—·|\])]*$"
)
_LEADER = re2.compile(r"(?:[.·…․‥]\s?){4,}\s*(?:\d{1,4}|[ivxlc]{1,6})?$")
_CONTENTS = re2.compile(
    r"(?i)^(?:table of )?contents$|^目\s*[录錄次]$|^inhalt(?:sverzeichnis)?$|^sommaire$|^[íi]ndice$"
    r"|^содержание$|^list of (?:figures|tables)$"
)
_NUMBER_ALONE = re2.compile(r"(?i)^(?:\d{1,4}|[ivxlc]{1,6})$")
_WRAPPED = 2  # lines of an entry above its number
_DIGITS = re2.compile(r"\d+|\b[ivxlc]+\b")


@dataclass(slots=True)
class Line:
    """Pieces on one base line, from the left. `left` and `right` are the edges of its column, `page` counts from 1."""

    pieces: list[Piece]
    page: int
    left: float = 0.0
    right: float = 0.0

    @property
    def x0(self) -> float:
        return self.pieces[0].x0

    @property
    def x1(self) -> float:
        return self.pieces[-1].x1

    @property
    def y(self) -> float:
        return self.pieces[0].y

    @property
    def text(self) -> str:
        return " ".join(piece.text for piece in self.pieces)

    @property
    def style(self) -> Style:
        """That of most letters, of code only where there is nothing else: it is set smaller within a text."""
        spans = [span for piece in self.pieces for span in piece.spans]
        return max(spans, key=lambda span: (not span[1].mono, len(span[0].strip())))[1]


def lines_of(sheet: Sheet) -> list[Line]:
    """The lines of a page in the order of reading: columns one after the other, what goes over both between them."""
    return [line for region in _regions(sheet.pieces) for line in _lines(region, sheet.number)]


def _regions(pieces: list[Piece]) -> list[list[Piece]]:
    gutter = _gutter(pieces)
    if gutter is None:
        return [pieces] if pieces else []
    found: list[list[Piece]] = []
    for is_wide, band in _bands(pieces, gutter):
        if is_wide:
            found.append(band)
        else:
            found += _regions([piece for piece in band if piece.x1 <= gutter + 2])
            found += _regions([piece for piece in band if piece.x1 > gutter + 2])
    return [region for region in found if region]


def _gutter(pieces: list[Piece]) -> float | None:
    """Where two columns part: the place that the fewest pieces cross, with lines of text on either side."""
    if len(pieces) < 2 * _FEWEST:
        return None
    left, right = min(piece.x0 for piece in pieces), max(piece.x1 for piece in pieces)
    best: tuple[int, float] | None = None
    for step in range(_PLACES):
        x = left + (0.2 + 0.6 * step / _PLACES) * (right - left)
        crossing = sum(piece.x0 < x - 2 and piece.x1 > x + 2 for piece in pieces)
        if best is None or crossing < best[0]:
            best = (crossing, x)
    if best is None:
        return None
    crossing, x = best
    sides = [[p for p in pieces if p.x1 <= x + 2], [p for p in pieces if p.x0 >= x - 2]]
    if not all(_is_column(side) for side in sides):
        return None
    return x if crossing <= _CROSSING * max(len(_rows(side)) for side in sides) else None


def _is_column(side: list[Piece]) -> bool:
    """Whether pieces are lines of text that fill a width of their own."""
    rows = [row for row in _rows(side) if sum(map(_length, row)) >= _PROSE]
    if len(rows) < _FEWEST or 2 * len(rows) < len(_rows(side)):
        return False
    width = max(piece.x1 for piece in side) - min(piece.x0 for piece in side)
    return median(row[-1].x1 - row[0].x0 for row in rows) > 0.6 * width


def _length(piece: Piece) -> int:
    return sum(2 if ord(letter) > 0x2E7F else 1 for letter in piece.text)


def _bands(pieces: list[Piece], gutter: float) -> list[tuple[bool, list[Piece]]]:
    """Runs of pieces from the top, each of such as cross the gutter or of such as do not."""
    found: list[tuple[bool, list[Piece]]] = []
    wide = [piece for piece in pieces if piece.x0 < gutter - 2 and piece.x1 > gutter + 2]
    for piece in sorted(pieces, key=lambda piece: -piece.y):
        beside = any(abs(piece.y - other.y) < _SAME_LINE * other.style.size for other in wide)
        is_wide = piece in wide or beside
        if not found or found[-1][0] != is_wide:
            found.append((is_wide, []))
        found[-1][1].append(piece)
    return found


def _rows(pieces: list[Piece]) -> list[list[Piece]]:
    """Pieces on the same base line, from the top and from the left."""
    rows: list[list[Piece]] = []
    for piece in sorted(pieces, key=lambda piece: (-piece.y, piece.x0)):
        if rows and abs(rows[-1][0].y - piece.y) < _SAME_LINE * max(piece.style.size, rows[-1][0].style.size):
            rows[-1].append(piece)
        else:
            rows.append([piece])
    return [sorted(row, key=lambda piece: piece.x0) for row in rows]


def _lines(region: list[Piece], page: int) -> list[Line]:
    left, right = min(piece.x0 for piece in region), max(piece.x1 for piece in region)
    return [Line(row, page, left, right) for row in _rows(region)]


def without_running_titles(sheets: list[Sheet]) -> None:
    """Take titles, numbers and notes that stand at the edge of every page out of `sheets`."""
    edges = {sheet.number: _edges(sheet) for sheet in sheets}
    said = Counter(key for found in edges.values() for key in {_signature(row) for row in found})
    places: defaultdict[int, list[str]] = defaultdict(list)
    for found in edges.values():
        for row in found:
            places[round(row[0].y / 3)].append(_signature(row))
    for sheet in sheets:
        height = sheet.height
        drop = [row for row in edges[sheet.number] if _is_running(row, said, places, len(sheets), height)]
        gone = {id(piece) for row in drop for piece in row}
        sheet.pieces = [piece for piece in sheet.pieces if id(piece) not in gone]


def _edges(sheet: Sheet) -> list[list[Piece]]:
    """The first and the last lines of a page, without those in larger letters, with which chapters begin; a number
    alone is the page's in any size."""
    rows = _rows([piece for piece in sheet.pieces if piece.table is None])
    shown = rows if len(rows) <= 2 * _EDGE else [*rows[:_EDGE], *rows[-_EDGE:]]
    usual = median(piece.style.size for piece in sheet.pieces) if sheet.pieces else 0.0
    return [
        row for row in shown if row[0].style.size <= 1.15 * usual or (len(row) == 1 and _PAGE_NUMBER.match(row[0].text))
    ]


def _signature(row: list[Piece]) -> str:
    return _DIGITS.sub("#", " ".join(piece.text for piece in row).lower()).strip()


def _is_running(row: list[Piece], said: Counter[str], places: dict[int, list[str]], pages: int, height: float) -> bool:
    """The number of a page, what several pages say at their edges, or what stands where nearly every page has words."""
    text, y = " ".join(piece.text for piece in row).strip(), row[0].y
    at_edge = y > 0.88 * height or y < 0.12 * height
    if at_edge and _PAGE_NUMBER.match(text):
        return True
    if pages < 3 or not at_edge:
        return False
    if said[_signature(row)] >= max(3, pages // 20):
        return True
    here = [key for place in (-1, 0, 1) for key in places.get(round(y / 3) + place, ())]
    with_number = sum("#" in key for key in here)
    return len(here) >= 0.7 * pages and with_number >= 0.7 * len(here) and len(set(here)) < 0.8 * len(here)


def without_contents(lines: list[Line]) -> list[Line]:
    """`lines` without those of a table of contents, which dots lead to the numbers of pages, and its heading; below
    the heading also those whose number stands apart, and what has none between two of them."""
    kept: list[Line] = []
    listed, page = -1, 0  # where in `kept` what is below the last entry begins, and the page of that entry
    for line in lines:
        begins = bool(kept) and kept[-1].page == line.page and bool(_CONTENTS.match(kept[-1].text))
        goes_on = 0 <= len(kept) - listed <= _WRAPPED and line.page - page < 2
        if _LEADER.search(line.text) or (_is_entry(line) and (begins or goes_on)):
            del kept[len(kept) - 1 if begins else listed if goes_on else len(kept) :]
            listed, page = len(kept), line.page
        else:
            kept.append(line)
    return kept


def _is_entry(line: Line) -> bool:
    """Whether a line ends with a number that stands apart, at the edge, as those of a list of contents do."""
    at_edge = line.x1 > line.right - 2 * line.style.size
    return at_edge and len(line.pieces) > 1 and bool(_NUMBER_ALONE.match(line.pieces[-1].text.strip()))
