"""Tables: by the lines that are drawn around their cells, or by cells that stand below each other."""

from collections.abc import Iterable
from itertools import pairwise
from statistics import median

from connectors.documents.pdf.glyphs import Rule, Sheet
from connectors.documents.pdf.pieces import Piece

_TOUCH = 4.0  # points
_LONGEST_CELL = 60  # letters of most cells, where only horizontal lines are drawn
_PLACES = 600  # at which columns may part: about each point
_MOST_RULES = 400  # whole ones; a drawing has more


def write_tables(sheet: Sheet) -> None:
    """Put one piece with a `table` in place of all pieces that stand within the lines of one."""
    rules = _whole(sheet.rules)
    for group in _groups(rules) if len(rules) <= _MOST_RULES else ():
        x0, x1 = min(rule.x0 for rule in group), max(rule.x1 for rule in group)
        y0, y1 = min(rule.y0 for rule in group), max(rule.y1 for rule in group)
        inside = [each for each in sheet.pieces if each.table is None and _is_inside(each, x0, y0, x1, y1)]
        rows = _rows_of(inside, group)
        if rows is None:
            continue
        first = inside[0]
        table = Piece(x0, x1, y1 - first.style.size, first.style, top=y1, bottom=y0, table=rows)
        table.spans = [(" ".join(" ".join(row) for row in rows), first.style, 0.0)]
        gone = {id(piece) for piece in inside}
        place = sheet.pieces.index(first)
        sheet.pieces = [
            *(piece for piece in sheet.pieces[:place] if id(piece) not in gone),
            table,
            *(piece for piece in sheet.pieces[place:] if id(piece) not in gone),
        ]


def _whole(rules: list[Rule]) -> list[Rule]:
    """Rules that go on with each other as one: many programs draw the edges of each cell."""
    found: list[Rule] = []
    for rule in sorted(
        rules,
        key=lambda rule: (rule.y0 != rule.y1, round(rule.y0 if rule.y0 == rule.y1 else rule.x0), rule.x0, rule.y0),
    ):
        last = found[-1] if found else None
        is_across = rule.y0 == rule.y1
        if last is None or is_across != (last.y0 == last.y1):
            found.append(rule)
        elif is_across and abs(rule.y0 - last.y0) < 1.5 and rule.x0 <= last.x1 + _TOUCH:
            found[-1] = Rule(last.x0, last.y0, max(last.x1, rule.x1), last.y0)
        elif not is_across and abs(rule.x0 - last.x0) < 1.5 and rule.y0 <= last.y1 + _TOUCH:
            found[-1] = Rule(last.x0, last.y0, last.x0, max(last.y1, rule.y1))
        else:
            found.append(rule)
    return found


def _is_inside(piece: Piece, x0: float, y0: float, x1: float, y1: float) -> bool:
    return x0 - _TOUCH <= piece.x0 and piece.x1 <= x1 + _TOUCH and y0 <= piece.y + 0.3 * piece.style.size <= y1


def _groups(rules: list[Rule]) -> list[list[Rule]]:
    """Rules that touch, and horizontal ones of the same width, the largest group first."""
    groups: list[list[Rule]] = []
    for rule in sorted(rules, key=lambda rule: -rule.y1):
        near = [group for group in groups if any(_belong(rule, other) for other in group)]
        merged = [rule, *(other for group in near for other in group)]
        groups = [group for group in groups if group not in near]
        groups.append(merged)
    return [group for group in groups if len(group) > 2]


def _belong(one: Rule, other: Rule) -> bool:
    if (
        one.y0 == one.y1
        and other.y0 == other.y1
        and abs(one.x0 - other.x0) < _TOUCH
        and abs(one.x1 - other.x1) < _TOUCH
    ):
        return True
    apart_x = max(one.x0, other.x0) - min(one.x1, other.x1)
    apart_y = max(one.y0, other.y0) - min(one.y1, other.y1)
    return apart_x < _TOUCH and apart_y < _TOUCH


def _rows_of(pieces: list[Piece], rules: list[Rule]) -> list[list[str]] | None:
    """The cells, None where there are no two rows of two cells."""
    if len(pieces) < 4:
        return None
    across = _distinct(rule.y0 for rule in rules if rule.y0 == rule.y1)
    down = _distinct(rule.x0 for rule in rules if rule.x0 == rule.x1)
    is_grid = len(down) > 2
    if not is_grid and median(len(piece.text) for piece in pieces) > _LONGEST_CELL:
        return None
    columns = down[1:-1] if is_grid else gaps(pieces)
    if not columns:
        return None
    bands = _bands(pieces, across) if is_grid and len(across) > 2 else _lines(pieces, columns)
    rows = [[_joined(cell) for cell in _cells(band, columns)] for band in bands]
    rows = [row for row in rows if any(row)]
    used = [place for place in range(len(columns) + 1) if any(row[place] for row in rows)]
    rows = [[row[place] for place in used] for row in rows]
    filled = sum(sum(map(bool, row)) > 1 for row in rows)
    return rows if len(used) > 1 and filled > 1 and 2 * filled >= len(rows) else None


def _distinct(places: Iterable[float]) -> list[float]:
    found: list[float] = []
    for place in sorted(places):
        if not found or place - found[-1] > _TOUCH:
            found.append(place)
    return found


def gaps(pieces: list[Piece]) -> list[float]:
    """Where columns of cells part: places that hardly any line crosses."""
    left, right = min(piece.x0 for piece in pieces), max(piece.x1 for piece in pieces)
    lines = len({round(piece.y) for piece in pieces})
    least = 0.6 * median(piece.style.size for piece in pieces)
    found: list[float] = []
    start: float | None = None
    step = max(1.0, (right - left) / _PLACES)
    for place in range(int((right - left) / step) + 2):
        x = left + place * step
        crossed = sum(piece.x0 <= x <= piece.x1 for piece in pieces)
        is_free = crossed <= 0.1 * lines
        if is_free and start is None:
            start = x
        elif not is_free and start is not None:
            if x - start >= least:
                found.append((x + start) / 2)
            start = None
    return found


def _bands(pieces: list[Piece], across: list[float]) -> list[list[Piece]]:
    """The pieces between each two horizontal lines, from the top."""
    pairs = list(pairwise(across))
    return [[p for p in pieces if low < p.y + 0.3 * p.style.size <= high] for low, high in reversed(pairs)]


def _lines(pieces: list[Piece], columns: list[float]) -> list[list[Piece]]:
    """Lines, each with those below that go on with a cell of it: their first cell is empty."""
    rows: list[list[Piece]] = []
    bottom = 0.0
    for piece in sorted(pieces, key=lambda piece: (-piece.y, piece.x0)):
        size = piece.style.size
        if rows and abs(bottom - piece.y) < 0.4 * size:
            rows[-1].append(piece)
        elif (
            rows
            and bottom - piece.y < 1.5 * size
            and _column(piece, columns) > 0
            and not _starts_row(piece, pieces, columns)
        ):
            rows[-1].append(piece)
            bottom = piece.y
        else:
            rows.append([piece])
            bottom = piece.y
    return rows


def _starts_row(piece: Piece, pieces: list[Piece], columns: list[float]) -> bool:
    """Whether something stands in the first column of the piece's line."""
    return any(abs(other.y - piece.y) < 0.4 * piece.style.size and _column(other, columns) == 0 for other in pieces)


def _column(piece: Piece, columns: list[float]) -> int:
    middle = min((piece.x0 + piece.x1) / 2, piece.x0 + 3 * piece.style.size)
    return sum(middle > place for place in columns)


def _cells(band: list[Piece], columns: list[float]) -> list[list[Piece]]:
    cells: list[list[Piece]] = [[] for _ in range(len(columns) + 1)]
    for piece in band:
        cells[_column(piece, columns)].append(piece)
    return cells


def _joined(cell: list[Piece]) -> str:
    return " ".join(piece.with_raised.strip() for piece in sorted(cell, key=lambda piece: (-round(piece.y), piece.x0)))


def table_of(lines: list[list[Piece]]) -> list[list[str]] | None:
    """The cells of lines without rules, None where their pieces do not stand below each other."""
    pieces = [piece for line in lines for piece in line]
    columns = gaps(pieces)
    if not columns:
        return None
    rows = [[_joined(cell) for cell in _cells(band, columns)] for band in _lines(pieces, columns)]
    filled = sum(sum(map(bool, row)) > 1 for row in rows)
    return rows if filled > 2 and filled >= 0.7 * len(rows) and len(columns) < 12 else None
