"""Cells that span rows."""

from copy import deepcopy

from lxml.html import Element, HtmlElement

_LONGEST = 80  # characters of a cell that is said again in each of its rows
_MOST = 20_000  # cells that a table gets; one of a few kilobytes may ask for millions
_Spans = dict[int, tuple[int, HtmlElement]]  # by column: rows that are left, and the cell


def repeat_spanned(table: HtmlElement) -> None:
    """A cell that spans rows stands in each of them, so that every row says what it is about; a long one leaves the
    other rows' cells empty."""
    if not table.xpath("boolean(.//*[@rowspan])"):
        return
    spans, left = _Spans(), _MOST
    for row in list(table.iter("tr")):
        own = len(row)
        spans = _fill(row, spans if len(spans) < left else {})
        left -= len(row) - own
    for cell in table.iter("td", "th"):
        cell.attrib.pop("rowspan", None)


def _fill(row: HtmlElement, spans: _Spans) -> _Spans:
    """Put into `row` the cells that span it from above. Gives the spans of the next row."""
    cells = [cell for cell in row if cell.tag in ("td", "th")]
    made, below, column = list[HtmlElement](), _Spans(), 0
    while cells or column in spans:
        if column in spans:
            left, cell = spans[column]
            made.append(_copy(cell))
            below |= {column: (left - 1, cell)} if left > 1 else {}
            column += 1
            continue
        cell = cells.pop(0)
        made.append(cell)
        rows, width = _number(cell, "rowspan"), _number(cell, "colspan")
        below |= {column + place: (rows - 1, cell) for place in range(width)} if rows > 1 else {}
        column += width
    row[:] = made
    return below


def _copy(cell: HtmlElement) -> HtmlElement:
    if len(cell.text_content()) > _LONGEST:
        return Element(cell.tag)
    copy = deepcopy(cell)
    copy.tail = None
    copy.attrib.clear()
    return copy


def _number(cell: HtmlElement, name: str) -> int:
    stated = (cell.get(name) or "").strip()
    return min(int(stated), 1000) if stated.isascii() and stated.isdecimal() and len(stated) < 6 and int(stated) else 1
