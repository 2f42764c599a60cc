"""Wikitext tables that hold data, as Markdown tables."""

from collections.abc import Callable
from typing import Any

from mwparserfromhell.nodes import Tag

from schemas.hole import hole

# tables for layout and navigation, by their class
LAYOUT = (
    "infobox",
    "navbox",
    "sidebar",
    "ambox",
    "metadata",
    "toc",
    "vertical-navbox",
    "mbox",
    "succession",
    "hatnote",
    "noprint",
    "mw-empty-elt",
)
_MEMBERS = tuple(f"{name}{sign}" for name in LAYOUT for sign in "-_")
_FEWEST_COLUMNS = 2
_MAX_ROWS, _MAX_COLUMNS, _LONGEST_CELL = 1000, 40, 5000


def to_markdown(table: Tag, text: Callable[[Any], str]) -> str:
    """The table with one row per line, spans filled in, below its caption; its text where it is no grid; "" for layout,
    and a hole for what is too large.

    `text` renders a cell's contents on one line.
    """
    if is_layout(_attribute(table, "class")):
        return ""
    grid = _grid(table, text)
    width = max((len(row) for row in grid), default=0)
    longest = max((len(cell) for row in grid for cell in row), default=0)
    if width > _MAX_COLUMNS or longest > _LONGEST_CELL or len(_children(table, ("tr",))) > _MAX_ROWS:
        return hole("table", "too large")
    if len(grid) < 2 or width < _FEWEST_COLUMNS:
        return "\n\n".join(cell.replace("<br>", "  \n").replace("\\|", "|") for row in grid for cell in row if cell)
    head, *rows = [row + [""] * (width - len(row)) for row in grid]
    caption = _caption(table, text)
    above = [caption, ""] if caption else []
    return "\n".join([*above, _line(head), "|" + " --- |" * width, *map(_line, rows)])


def is_layout(classes: str) -> bool:
    """Whether one of these classes is of LAYOUT, or of a part of such (`navbox-inner`)."""
    return any(name in LAYOUT or name.startswith(_MEMBERS) for name in classes.split())


def _line(row: list[str]) -> str:
    return f"| {' | '.join(row)} |"


def _caption(table: Tag, text: Callable[[Any], str]) -> str:
    """The parser takes `|+ Caption` for a cell that begins with a plus."""
    captions = (text(cell.contents) for cell in _children(table, ("td", "caption")) if _is_caption(cell))
    return next(captions, "").removeprefix("+").strip()


def _is_caption(cell: Tag) -> bool:
    return str(cell.tag).strip().lower() == "caption" or str(cell).startswith("|+")


def _grid(table: Tag, text: Callable[[Any], str]) -> list[list[str]]:
    grid: list[list[str]] = []
    hanging: dict[int, tuple[int, str]] = {}
    # cells above the first row mark are a row of their own
    for row in (table, *_children(table, ("tr",))[:_MAX_ROWS]):
        cells = [cell for cell in _children(row, ("td", "th")) if not _is_caption(cell)]
        if cells:
            grid.append(_row(cells, hanging, text))
    return [row for row in grid if any(row)]


def _row(cells: list[Tag], hanging: dict[int, tuple[int, str]], text: Callable[[Any], str]) -> list[str]:
    """One row of the grid; `hanging` holds, by column, the cells that reach down and for how many rows more."""
    row: list[str] = []
    for cell in cells:
        _hang(row, hanging)
        shown, down = text(cell.contents), _span(cell, "rowspan")
        for _ in range(_span(cell, "colspan")):
            if down > 1:
                hanging[len(row)] = (down - 1, shown)
            row.append(shown)
    _hang(row, hanging)
    return row


def _hang(row: list[str], hanging: dict[int, tuple[int, str]]) -> None:
    while len(row) in hanging and len(row) <= _MAX_COLUMNS:
        left, shown = hanging.pop(len(row))
        if left > 1:
            hanging[len(row)] = (left - 1, shown)
        row.append(shown)


def _children(tag: Tag, names: tuple[str, ...]) -> list[Tag]:
    nodes = tag.contents.nodes if tag.contents is not None else []
    return [node for node in nodes if isinstance(node, Tag) and str(node.tag).strip().lower() in names]


def _span(cell: Tag, name: str) -> int:
    digits = _attribute(cell, name)
    return min(max(int(digits), 1), _MAX_COLUMNS) if digits.isascii() and digits.isdecimal() and len(digits) < 5 else 1


def _attribute(tag: Tag, name: str) -> str:
    return str(tag.get(name).value).strip().lower() if tag.has(name) else ""
