"""The letters of a PDF with their places, as pieces of lines, and the rules that are drawn between them."""

import ctypes
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import pypdfium2.raw as pdfium
import re2

from connectors.documents.fonts import MONOSPACED
from connectors.documents.pdf.drawings import DOT, HOLE, Box, between, box_of, drawings_of, holes_of, within
from connectors.documents.pdf.pieces import Piece, Style

_MOST_LETTERS = 60_000  # of one page; a page of a newspaper has 20,000
_MOST_RULES = 3_000  # drawings have more, and no table is among them
_MOST_DRAWN = 20_000  # parts of drawings
_GAP = (
    1.0  # in units of the letters' size: what stands further apart belongs to different columns, of a table or of text
)
_BESIDE = 72.0  # points; what is drawn further outside of the page is not seen
_THIN = 2.5  # points; a line that is drawn, or a rectangle that serves as one
_FIXED_PITCH, _ITALIC, _FORCE_BOLD = 1 << 0, 1 << 6, 1 << 18  # flags of fonts: ISO 32000-1, table 123
_BOLD_WEIGHT = 600
_BOLD = re2.compile(r"(?i)bold|black|heavy|semibold|demi|cmbx|sfbx|-bd\b|medi\b")
# Said of letters that are not bold, whatever weight a font gives itself or another in its place has
_NOT_BOLD = re2.compile(r"(?i)roman|regular|regu\b|book\b|light|italic|oblique")
_ITALIC_NAME = re2.compile(r"(?i)italic|oblique|cmti|cmsl|-it\b")
_MATHEMATICS = re2.compile(r"(?i)^cm(?:mi|sy|ex)|^ms[ab]m|math|^euclid|^mt ?extra|^symbol|^rsfs|^eufm")
_OWN = frozenset(" \r\n\t")  # what pdfium writes between lines and words, by other measures than ours
_CODE_SPACE = 0.3  # and letters of code, which typesetters put on a grid, half as wide as a letter
_SPACE = 0.12  # in units of the letters' size: words stand further apart than letters that are moved together or apart
_UNREADABLE = re2.compile(r"[\x{e000}-\x{f8ff}\x{fffd}\x00-\x08\x0e-\x1f]")
# Ligatures as letters; pdfium's signs for a hyphen at the end of a line; bullets of symbol fonts, in the private area
_SHOWN = str.maketrans(
    {
        **{"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st", "\u00a0": " "},
        **dict.fromkeys("\u0002\ufffe\u00ad", "-"),
        **dict.fromkeys("\uf0b7\uf0a7\uf0d8\uf076\uf0fc\uf06e\uf0a8\uf02d", "•"),
    }
)


@dataclass(frozen=True, slots=True)
class Rule:
    """A line that is drawn, horizontal where `y0` is `y1`."""

    x0: float
    y0: float
    x1: float
    y1: float


@dataclass(slots=True)
class Sheet:
    """A page of a PDF. `number` counts from 1; `unreadable` counts letters of fonts that do not say what they are.

    `left_out` counts those that are not read: turned ones, and what is beyond _MOST_LETTERS.
    """

    number: int
    width: float
    height: float
    pieces: list[Piece]
    rules: list[Rule]
    unreadable: int = 0
    has_picture: bool = False
    left_out: int = 0


def sheet_of(page: Any, number: int) -> Sheet:
    """The pieces of a page in the order in which they are drawn."""
    text = page.get_textpage()
    try:
        width, height = page.get_size()
        count = text.count_chars()
        most = min(count, _MOST_LETTERS)
        pieces, unreadable, turned = _pieces(text.raw, most)
        rules, dots, has_picture = _drawn(page)
        drawings = drawings_of(_boxes(page), pieces, width, height)
        if amid := [box for box in drawings if any(within(box, piece) for piece in pieces)]:
            pieces, unreadable, turned = _pieces(text.raw, most, amid)
        shown = [
            piece for piece in pieces if -_BESIDE < piece.x0 < width + _BESIDE and -_BESIDE < piece.y < height + _BESIDE
        ]
        _write_dots(shown, [dot for dot in dots if not any(box.holds(dot.x0, dot.y0) for box in drawings)])
        shown += holes_of([box for box in drawings if box not in amid], shown)
        left_out = turned + max(count - _MOST_LETTERS, 0)
        return Sheet(number, width, height, shown, rules, unreadable, has_picture or bool(drawings), left_out)
    finally:
        text.close()


def _drawn(page: Any) -> tuple[list[Rule], list[Rule], bool]:
    """The rules of a page, the dots on it, which may be bullets, and whether it has pictures."""
    rules: list[Rule] = []
    dots: list[Rule] = []
    has_picture = False
    for count, item in enumerate(page.get_objects(max_depth=3)):
        if count > _MOST_RULES:
            return [], [], has_picture
        if item.type == pdfium.FPDF_PAGEOBJ_IMAGE:
            has_picture = True
        elif item.type == pdfium.FPDF_PAGEOBJ_PATH:
            x0, y0, x1, y1 = item.get_bounds()
            rules += _edges(x0, y0, x1, y1)
            if DOT[0] <= x1 - x0 <= DOT[1] and 0.7 < (y1 - y0) / (x1 - x0) < 1.4:
                dots.append(Rule(x0, y0, x1, y1))
    return rules, dots, has_picture


def _boxes(page: Any) -> list[Box]:
    """What is drawn on a page; a group without letters is one drawing."""
    found: list[Box] = []
    group: list[Box] = []  # of the outermost group that is being read: that group, and then what is drawn in it
    for item in islice(page.get_objects(max_depth=3), _MOST_DRAWN):
        if not item.level:
            found += group[:1]
            group = []
        if item.type == pdfium.FPDF_PAGEOBJ_TEXT and group:
            found, group = [*found, *group[1:]], []
        elif item.type == pdfium.FPDF_PAGEOBJ_FORM and not item.level:
            group = [Box(*item.get_bounds())]
        elif item.type in (pdfium.FPDF_PAGEOBJ_PATH, pdfium.FPDF_PAGEOBJ_IMAGE):
            (group if group else found).extend(filter(None, [box_of(item)]))
    return [*found, *group[:1]]


def _write_dots(pieces: list[Piece], dots: list[Rule]) -> None:
    """A dot that is drawn before a line, in its middle, is the bullet of an item."""
    for dot in dots:
        middle = (dot.y0 + dot.y1) / 2
        for piece in pieces:
            size = piece.style.size
            near = 0 < piece.x0 - dot.x1 < 1.5 * size and 0 < middle - piece.y < 0.7 * size
            if near and dot.x1 - dot.x0 < 0.7 * size and not _is_amid(dot, piece, pieces):
                piece.spans.insert(0, ("• ", piece.style, 0.0))
                piece.x0 = dot.x0
                break


def _is_amid(dot: Rule, piece: Piece, pieces: list[Piece]) -> bool:
    """Whether letters stand close to a dot on its left as well: then it is one of them."""
    size = piece.style.size
    return any(abs(other.y - piece.y) < 0.2 * size and 0 <= dot.x0 - other.x1 < size for other in pieces)


def _edges(x0: float, y0: float, x1: float, y1: float) -> list[Rule]:
    """A thin path is a rule; one that is a box has four."""
    if y1 - y0 <= _THIN and x1 - x0 > 3 * _THIN:
        return [Rule(x0, (y0 + y1) / 2, x1, (y0 + y1) / 2)]
    if x1 - x0 <= _THIN and y1 - y0 > 2 * _THIN:
        return [Rule((x0 + x1) / 2, y0, (x0 + x1) / 2, y1)]
    if x1 - x0 < 3 * _THIN or y1 - y0 < 2 * _THIN:
        return []
    return [Rule(x0, y0, x1, y0), Rule(x0, y1, x1, y1), Rule(x0, y0, x0, y1), Rule(x1, y0, x1, y1)]


def _pieces(text: Any, count: int, amid: Sequence[Box] = ()) -> tuple[list[Piece], int, int]:
    """The pieces, with a hole where a drawing stands amid letters, and how many are unreadable, and turned."""
    found: list[Piece] = []
    unreadable, turned, space = 0, 0, False
    for letter, x0, x1, y, style in _letters(text, count):
        if style.size <= 0:
            turned += not letter.isspace()
            continue
        if letter.isspace():
            space = True
            continue
        if ord(letter) > 0x7F or ord(letter) < 0x20:
            unreadable += bool(_UNREADABLE.search(letter))
        last = found[-1] if found else None
        if last is None or not _goes_on(last, x0, y, style):
            last = Piece(x0, x1, y, style)
            found.append(last)
        elif amid and between(amid, last, x0):
            _write(last, f" {HOLE} ", style, 0.0)
        elif (space or x0 - last.x1 > (_SPACE if not style.mono else _CODE_SPACE) * style.size) and not _are_wide(
            last, letter, x0, space
        ):
            _write(last, " ", last.spans[-1][1], last.spans[-1][2])
        _write(last, letter, style, y - last.y)
        last.x0, last.x1 = min(last.x0, x0), max(last.x1, x1)
        space = False
    for piece in found:
        _settle(piece)
    return found, unreadable, turned


def _letters(text: Any, count: int) -> Iterator[tuple[str, float, float, float, Style]]:
    """Each letter with its left and right edge, its base line and its style, without blanks that pdfium has put in.

    Those that are not upright, as stamps in margins are not, have a style of the size 0.
    """
    box, x, y, matrix = pdfium.FS_RECTF(), ctypes.c_double(), ctypes.c_double(), pdfium.FS_MATRIX()
    at_box, at_x, at_y = ctypes.byref(box), ctypes.byref(x), ctypes.byref(y)
    styles: dict[Any, Style] = {}
    same: dict[Style, Style] = {}  # equal styles are one, so that they are soon compared
    half = 0
    for index in range(count):
        code = pdfium.FPDFText_GetUnicode(text, index) or 0xFFFD
        if 0xD800 <= code < 0xDC00:  # the first half of a letter of UTF-16
            half = code
            continue
        letter, half = _whole(half, code), 0
        if letter in _OWN and pdfium.FPDFText_IsGenerated(text, index) == 1:
            continue
        item = pdfium.FPDFText_GetTextObject(text, index)
        key = ctypes.addressof(item.contents) if item else None
        if key not in styles:
            pdfium.FPDFText_GetMatrix(text, index, matrix)
            made = _style(item, pdfium.FPDFText_GetFontSize(text, index), matrix)
            styles[key] = same.setdefault(made, made)
        pdfium.FPDFText_GetLooseCharBox(text, index, at_box)
        pdfium.FPDFText_GetCharOrigin(text, index, at_x, at_y)
        shown = letter.translate(_SHOWN) if letter > "~" or letter < " " else letter
        yield shown, box.left, box.right, y.value, styles[key]


def _whole(half: int, code: int) -> str:
    """The letter of a code of UTF-16, or of the two halves of one; U+FFFD for half a letter."""
    if not 0xDC00 <= code < 0xE000:
        return chr(code)
    return chr(0x10000 + ((half - 0xD800) << 10) + (code - 0xDC00)) if half else "\ufffd"


def _style(item: Any, size: float, matrix: Any) -> Style:
    """A size of 0 stands for letters that are not upright, or too small to be read."""
    scale = (matrix.c**2 + matrix.d**2) ** 0.5
    upright = abs(matrix.b) <= 0.2 * scale and matrix.d > 0
    shown = round(size * scale, 1) if upright else 0.0
    if not item or shown < 2:
        return Style(shown if shown >= 2 else 0.0)
    font = pdfium.FPDFTextObj_GetFont(item)
    name, flags = _font_name(font), pdfium.FPDFFont_GetFlags(font)
    return Style(
        size=shown,
        mono=bool(MONOSPACED.search(name)) or (flags > 0 and bool(flags & _FIXED_PITCH) and not _is_cjk(name)),
        bold=bool(_BOLD.search(name))
        or (pdfium.FPDFFont_GetWeight(font) >= _BOLD_WEIGHT and not _NOT_BOLD.search(name))
        or bool(flags > 0 and flags & _FORCE_BOLD),
        math=bool(_MATHEMATICS.search(name)),
        italic=bool(_ITALIC_NAME.search(name)) or bool(flags > 0 and flags & _ITALIC),
    )


def _is_cjk(name: str) -> bool:
    """Fonts of Han letters are monospaced and say so, but their text is prose."""
    lower = name.lower()
    return any(
        part in lower
        for part in ("cjk", "song", "hei", "kai", "ming", "gothic", "mincho", "noto sans sc", "fang", "yahei")
    )


def _font_name(font: Any) -> str:
    length = pdfium.FPDFFont_GetBaseFontName(font, None, 0)
    if not 0 < length < 1000:
        return ""
    buffer = ctypes.create_string_buffer(length)
    pdfium.FPDFFont_GetBaseFontName(font, buffer, length)
    return buffer.value.decode("utf-8", "replace").partition("+")[2] or buffer.value.decode("utf-8", "replace")


def _goes_on(piece: Piece, x0: float, y: float, style: Style) -> bool:
    """Whether a letter stands in the piece's line and next to it; raised and lowered letters do."""
    size = max(style.size, piece.style.size)
    near = -1.2 * size < x0 - piece.x1 < _GAP * size
    return near and abs(y - piece.y) < (0.15 if style.size > 0.85 * piece.style.size else 0.5) * size


def _are_wide(piece: Piece, letter: str, x0: float, space: bool) -> bool:
    """Han letters of two fonts have edges that do not meet; no blank is there unless it is as wide as one."""
    before = piece.spans[-1][0][-1]
    return not space and letter > "⺀" and before > "⺀" and x0 - piece.x1 < 0.45 * piece.style.size


def _write(piece: Piece, letter: str, style: Style, rise: float) -> None:
    if piece.spans and piece.spans[-1][1] is style and abs(piece.spans[-1][2] - rise) < 0.5:
        text, _, before = piece.spans[-1]
        piece.spans[-1] = (text + letter, style, before)
    else:
        piece.spans.append((letter, style, rise))


def _settle(piece: Piece) -> None:
    """A piece's own style is that of most of its letters; so is its base line, which may begin with a raised one."""
    length: dict[Style, int] = {}
    for text, style, _ in piece.spans:
        length[style] = length.get(style, 0) + len(text)
    main = max(length, key=lambda style: length[style])
    rise = next(rise for _, style, rise in piece.spans if style == main)
    piece.style, piece.y = main, piece.y + rise
    piece.spans = [(text, style, before - rise) for text, style, before in piece.spans]
    piece.top, piece.bottom = piece.y + 0.8 * main.size, piece.y - 0.25 * main.size
