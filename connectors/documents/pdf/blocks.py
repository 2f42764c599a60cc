"""Lines of a PDF as blocks: headings, paragraphs over lines, columns and pages, items of lists, code and tables."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal

import re2

from connectors.documents.pdf.joining import joined, words_of
from connectors.documents.pdf.layout import Line
from connectors.documents.pdf.pieces import Style
from connectors.documents.pdf.tables import table_of

Kind = Literal["heading", "paragraph", "item", "code", "table", "note", "formula"]
BULLET = re2.compile(r"^[•◦▪▫■□●○‣⁃∙·➢➤►✓✔❖*–—-]$|^[•◦▪▫■□●○‣⁃∙➢➤►✓✔❖]")
NUMBER = re2.compile(r"^(?:\(?\d{1,3}[.)]|\([a-zA-Z]\)|[a-zA-Z][.)]|\d{1,3}[、．])(?:\s|$|\p{Han})")
_SURE_BULLETS = ("• ", "◦ ", "▪ ", "‣ ")  # no language of programmers has them
_ENDS = re2.compile(r"[.!?:;。！？：；…][\"'”’)\]）」』]*$")
_NOTE = re2.compile(r"^(?:\d{1,3}|[*†‡§])(?:\s?\S)")
_CAPTION = re2.compile(r"(?i)^(?:figure|fig\.|table|listing|abb\.|tabelle|图|表|figura|tableau)\s*\d")
_LETTER = re2.compile(r"\p{L}")
_SECTION = re2.compile(r"^(?:[IVX]+\.|\d+(?:\.\d+)*\.?)\s+")
_LONGEST_HEADING, _LONGEST_BOLD = 160, 90  # letters
_LARGER, _SMALLER = 1.12, 0.93  # than most of the text
_GAP = 1.35  # times the usual distance between lines: a new paragraph
_MOST_IN_HEADINGS = 0.2  # of all letters: what has more is text


@dataclass(slots=True)
class Block:
    """`lines` of one kind. `level` is that of a heading from 1, of an item from 0."""

    kind: Kind
    lines: list[Line]
    level: int = 0
    rows: list[list[str]] = field(default_factory=list)

    @property
    def page(self) -> int:
        return self.lines[0].page


@dataclass(frozen=True, slots=True)
class Usual:
    """What most of a document looks like: the size of its letters, the distance of its lines, its headings."""

    size: float
    leading: float
    bold: bool
    headings: tuple[tuple[float, bool], ...]


def usual(lines: list[Line]) -> Usual:
    sizes: Counter[float] = Counter()
    bold = letters = 0
    for line in lines:
        for piece in line.pieces:
            sizes[piece.style.size] += len(piece.text) if not piece.style.mono else len(piece.text) // 2
            letters += len(piece.text)
            bold += len(piece.text) if piece.style.bold else 0
    size = max(sizes, key=lambda each: (sizes[each], -each))
    steps = [
        above.y - below.y
        for above, below in pairwise(lines)
        if _is_full(above) and 0 < above.y - below.y < 3 * size and above.style.size == below.style.size == size
    ]
    found = Usual(size, _commonest(steps) if steps else 1.2 * size, bold > letters / 2, ())
    return Usual(found.size, found.leading, found.bold, _heading_looks(lines, found))


def _commonest(steps: list[float]) -> float:
    """The distance of most lines from a full line above them, with which a paragraph seldom ends."""
    counted = Counter(round(step * 2) / 2 for step in steps)
    return max(counted, key=lambda step: (counted[step], -step))


def _is_full(line: Line) -> bool:
    return line.x1 > line.left + 0.85 * (line.right - line.left)


def _look(style: Style) -> tuple[float, bool]:
    return round(style.size * 2) / 2, style.bold


def _heading_looks(lines: list[Line], usual: Usual) -> tuple[tuple[float, bool], ...]:
    """The looks of headings, the highest first; what holds much of the text is none."""
    letters: Counter[tuple[float, bool]] = Counter()
    for line in lines:
        letters[_look(line.style)] += len(line.text)
    whole = sum(letters.values())
    looks = Counter(_look(line.style) for line in lines if _may_head(line, usual))
    kept = [look for look, _ in looks.most_common() if letters[look] <= _MOST_IN_HEADINGS * whole or whole < 1500]
    return tuple(sorted(kept[:6], key=lambda look: (-look[0], not look[1])))


def _may_head(line: Line, usual: Usual) -> bool:
    text, style = line.text.strip(), line.style
    if style.mono or len(line.pieces) > 3 or not _LETTER.search(text) or line.pieces[0].table:
        return False
    if style.size >= _LARGER * usual.size:
        return len(text) <= _LONGEST_HEADING
    is_bold = style.bold and not usual.bold and all(piece.style.bold for piece in line.pieces if piece.text.strip())
    whole = all(look.bold for piece in line.pieces for words, look, _ in piece.spans if _LETTER.search(words))
    short = (
        len(text) <= _LONGEST_BOLD
        and not text.endswith((".", ",", ";", ":", "。", "，", "；", "："))
        and not BULLET.match(text)
    )
    return is_bold and whole and short and style.size >= _SMALLER * usual.size and not _CAPTION.match(text)


def blocks_of(lines: list[Line], about: Usual, outline: "Outline") -> list[Block]:
    """The blocks in their order."""
    found: list[Block] = []
    for number, line in enumerate(lines):
        before = lines[number - 1] if number else None
        block = _block(line, before, lines[number + 1 : number + 4], about, outline)
        last = found[-1] if found else None
        if last is not None and (
            _goes_on(last, block, about) or _is_spaced(last, block, lines[number + 1 : number + 2])
        ):
            last.lines += block.lines
        else:
            found.append(block)
    return _with_tables(_together(found))


def letters_of(text: str) -> str:
    return "".join(letter for letter in text.lower() if letter.isalnum())


def _block(line: Line, before: Line | None, below: list[Line], about: Usual, outline: "Outline") -> Block:
    table = next((piece.table for piece in line.pieces if piece.table), None)
    if table:
        return Block("table", [line], rows=table)
    if level := _heading_level(line, before, below, about, outline):
        return Block("heading", [line], level)
    return Block(_kind(line, below, about), [line])


def _kind(line: Line, below: list[Line], about: Usual) -> Kind:
    if line.text.startswith(_SURE_BULLETS):
        return "item"
    if _is_code(line):
        return "code"
    if _is_formula(line):
        return "formula"
    bullet = BULLET.match(line.pieces[0].text.split(" ")[0])
    if (bullet and len(line.text) > 2) or (NUMBER.match(line.text) and len(line.text) > 4):
        return "item"
    is_note = line.style.size <= _SMALLER * about.size and _NOTE.match(line.text) and _at_bottom(below, line)
    return "note" if is_note else "paragraph"


def _at_bottom(below: list[Line], line: Line) -> bool:
    """Whether no line of larger letters follows in the column."""
    return all(
        other.page != line.page or other.y > line.y or other.style.size <= 1.05 * line.style.size for other in below
    )


def _heading_level(line: Line, before: Line | None, below: list[Line], about: Usual, outline: "Outline") -> int:
    if level := outline.level(line):
        return level
    if _is_in_capitals(line.text.strip()):
        return outline.deepest + len(about.headings) + 1
    if not _may_head(line, about) or _look(line.style) not in about.headings:
        return 0
    if line.style.size < _LARGER * about.size and (
        (before is not None and _is_amid(line, before, about)) or _runs_on([line, *below], about)
    ):
        return 0
    return outline.by_look.get(_look(line.style)) or outline.deepest + about.headings.index(_look(line.style)) + 1


def _is_in_capitals(text: str) -> bool:
    """A numbered line of nothing but capitals, which journals set no larger than their text."""
    number = _SECTION.match(text)
    return number is not None and 3 < len(text) - number.end() < _LONGEST_BOLD and text[number.end() :].isupper()


class Outline:
    """The bookmarks of a file: which lines they lead to, and the level that they give to lines of each look."""

    def __init__(self, entries: Iterable[tuple[int, int, str]], lines: list[Line], about: Usual) -> None:
        """`entries` are pages from 1, levels from 1, and titles."""
        self._levels: dict[int, dict[str, int]] = {}
        for page, level, title in entries:
            for near in (page, page + 1, page - 1):
                self._levels.setdefault(near, {}).setdefault(letters_of(title), level)
        counted: dict[tuple[float, bool], Counter[int]] = {}
        for line in lines:
            if level := self.level(line):
                counted.setdefault(_look(line.style), Counter())[level] += 1
        self.by_look = {look: found.most_common(1)[0][0] for look, found in counted.items() if look in about.headings}
        self.deepest = max(self.by_look.values(), default=0)

    def level(self, line: Line) -> int:
        """The level of the bookmark whose title the line is, or begins, 0 for none."""
        titles = self._levels.get(line.page)
        said = (
            letters_of(line.text) if titles and len(line.text) <= _LONGEST_HEADING and not line.pieces[0].table else ""
        )
        if not said or titles is None:
            return 0
        if said in titles:
            return titles[said]
        parts = (level for title, level in titles.items() if _is_part(said, title))
        return next(parts, 0)


def _is_part(said: str, title: str) -> bool:
    """Whether a line is the beginning of a bookmark's title, or that title behind a number that it has not."""
    return (len(said) > 12 and title.startswith(said)) or (
        len(title) > 6 and said.endswith(title) and said[: -len(title)].isalnum() and len(said) - len(title) < 12
    )


def _is_amid(line: Line, before: Line, about: Usual) -> bool:
    """Whether a bold line goes on with the one above, as emphasis in a paragraph does."""
    near = line.page == before.page and 0 < before.y - line.y < 1.25 * about.leading
    return near and not _ENDS.search(before.text) and before.x1 > before.left + 0.8 * (before.right - before.left)


def _runs_on(lines: list[Line], about: Usual) -> bool:
    """Whether a bold line goes on in one of which only the beginning is bold, as a sentence with emphasis does."""
    for above, line in pairwise(lines):
        near = above.page == line.page and 0 < above.y - line.y < 1.25 * about.leading
        styles = [style for piece in line.pieces for text, style, _ in piece.spans if text.strip()]
        if not near or not _is_full(above) or not styles or not styles[0].bold:
            return False
        if not all(style.bold for style in styles):
            return True
    return False


def _is_code(line: Line) -> bool:
    spans = [(text, style) for piece in line.pieces for text, style, _ in piece.spans if text.strip()]
    return bool(spans) and all(style.mono for _, style in spans)


def _is_formula(line: Line) -> bool:
    """Displayed mathematics, of which a PDF keeps the letters and not what they mean together."""
    counted = [(len(text.replace(" ", "")), style.math) for piece in line.pieces for text, style, _ in piece.spans]
    whole = sum(count for count, _ in counted)
    share = sum(count for count, is_math in counted if is_math) / max(whole, 1)
    centred = line.x0 > line.left + 0.05 * (line.right - line.left)
    return share > 0.4 and (centred or share > 0.8)


def _goes_on(last: Block, block: Block, about: Usual) -> bool:
    above, line = last.lines[-1], block.lines[0]
    if last.kind == "heading" and block.kind == "paragraph":  # the end of one, without a word
        return not letters_of(line.text) and _is_one_heading(last, above, line)
    if last.kind != block.kind:
        return last.kind in ("item", "note") and block.kind == "paragraph" and _continues(last, above, line, about)
    if block.kind == "heading":
        return _is_one_heading(last, above, line)
    if block.kind in ("code", "formula"):
        return above.page != line.page or abs(above.y - line.y) < 4 * about.leading
    if block.kind == "paragraph":
        return _continues(last, above, line, about)
    return False


def _is_spaced(last: Block, block: Block, below: list[Line]) -> bool:
    """Whether a line stands as far below a full line that ends amid a sentence as its neighbours do from each other."""
    above, line = last.lines[-1], block.lines[0]
    if not last.kind == block.kind == "paragraph" or _ENDS.search(above.text) or not _is_full(above):
        return False
    around = [*last.lines[-2:], line, *below]
    steps = [one.y - other.y for one, other in pairwise(around) if one.page == other.page == line.page]
    step, size = above.y - line.y, line.style.size
    alike = sum(abs(other - step) < 0.1 * size for other in steps) > 1
    same = abs(above.style.size - size) < 0.1 and line.x0 < above.x0 + size
    return alike and same and 0 < step < 2.6 * size


def _is_one_heading(last: Block, above: Line, line: Line) -> bool:
    """Whether a heading goes on in the next line: with letters as large, below a full line or one of the same look."""
    near = (
        _is_next(above, line, 1.7 * line.style.size) and abs(above.style.size - line.style.size) < 0.1 * line.style.size
    )
    full = above.x1 > above.left + 0.75 * (above.right - above.left)
    return (
        near
        and len(last.lines) < 4
        and not NUMBER.match(line.text)
        and (full or _look(above.style) == _look(line.style))
    )


def _is_next(above: Line, line: Line, most: float) -> bool:
    return above.page == line.page and 0 < above.y - line.y <= most


def _continues(last: Block, above: Line, line: Line, about: Usual) -> bool:
    """Whether a line goes on with the paragraph or the item above it."""
    if abs(above.style.size - line.style.size) > 0.08 * about.size:
        return False
    if not _is_next(above, line, _GAP * max(about.leading, 1.15 * line.style.size)):
        elsewhere = above.page != line.page or line.y > above.y  # the next page or the next column
        full = above.x1 > above.left + 0.75 * (above.right - above.left)
        return elsewhere and full and not _ENDS.search(above.text) and last.kind != "note"
    size = line.style.size
    if last.kind in ("item", "note"):
        return line.x0 > last.lines[0].x0 + 0.4 * size or (last.kind == "note" and line.x0 >= last.lines[0].x0 - size)
    start = min(each.x0 for each in last.lines[1:]) if len(last.lines) > 1 else None
    if start is not None and abs(line.x0 - start) < 0.4 * size:
        return True
    below_label = any(abs(line.x0 - piece.x0) < 0.3 * size for piece in above.pieces[1:])
    amid = _is_full(above) and not _ENDS.search(above.text) and line.text[:1].islower()  # whatever hangs at its left
    if below_label or amid:
        return True
    indented = line.x0 > above.x0 + 0.8 * size
    outdented = len(last.lines) > 1 and line.x0 < above.x0 - 1.2 * size
    short = above.x1 < above.left + 0.7 * (above.right - above.left) and bool(_ENDS.search(above.text))
    return not (indented or outdented or short)


def _together(blocks: list[Block]) -> list[Block]:
    """A paragraph that a figure, a note or the end of a page has parted goes on in the next one of its kind."""
    found: list[Block] = []
    for block in blocks:
        if block.kind == "paragraph" and len(found) > 1 and found[-1].kind == "note":
            last = next((each for each in reversed(found) if each.kind != "note"), None)
            if last is not None and last.kind in ("paragraph", "item") and _is_cut(last, block):
                last.lines += block.lines
                continue
        found.append(block)
    return found


def _is_cut(last: Block, block: Block) -> bool:
    begins = block.lines[0].text.strip()[:1]
    return not _ENDS.search(last.lines[-1].text) and (begins.islower() or ord(begins or "A") > 0x2E7F)


def _with_tables(blocks: list[Block]) -> list[Block]:
    """Runs of short lines whose pieces stand below each other are tables."""
    found: list[Block] = []
    for block in blocks:
        if block.kind != "paragraph":
            found.append(block)
            continue
        found += _parted(block)
    return found


def _parted(block: Block) -> Iterable[Block]:
    run: list[Line] = []
    plain: list[Line] = []
    for line in [*block.lines, None]:
        if line is not None and (len(line.pieces) > 1 or (run and line.x0 > run[0].pieces[0].x1)):
            if plain and not run:
                run = []
            run.append(line)
            continue
        rows = table_of([each.pieces for each in run]) if len(run) > 2 else None
        if rows:
            if plain:
                yield Block("paragraph", plain)
            yield Block("table", run, rows=rows)
            plain = []
        else:
            plain += run
        run = []
        if line is not None:
            plain.append(line)
    if plain:
        yield Block("paragraph", plain)


def title_of(blocks: list[Block], called: str) -> str:
    """What is written largest on the first page, and so nowhere else; "" where that is what the file is called."""
    first = [block for block in blocks if block.kind == "heading" and block.page == 1]
    said = [letters_of(line.text) for block in blocks[:12] for line in block.lines]
    if not first or (called and any(letters_of(called) in text for text in said)):
        return ""
    largest = max(first, key=lambda block: block.lines[0].style.size)
    size = largest.lines[0].style.size
    others = [block for block in blocks if block.kind == "heading" and block is not largest]
    is_title = all(block.lines[0].style.size < size for block in others)
    words = words_of(line.text for block in blocks for line in block.lines)
    return joined([line.text.strip() for line in largest.lines], words) if is_title else ""
