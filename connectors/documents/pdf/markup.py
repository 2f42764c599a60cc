"""Blocks of a PDF as HTML."""

from collections import Counter
from html import escape
from itertools import groupby, pairwise

import re2

from connectors.documents.pdf.blocks import BULLET, NUMBER, Block
from connectors.documents.pdf.joining import joined, words_of
from connectors.documents.pdf.layout import Line
from connectors.documents.pdf.pieces import Style, is_raised
from schemas.hole import hole

_UNREADABLE = re2.compile(
    r"[\x{e000}-\x{f8ff}\x{fffd}\x00-\x08\x0e-\x1f](?:[\x{e000}-\x{f8ff}\x{fffd}\x00-\x08\x0e-\x1f\s]*[\x{e000}-\x{f8ff}\x{fffd}\x00-\x08\x0e-\x1f])?"
)
_STEP = 8.0  # points by which an item of a deeper level is indented


def markup_of(blocks: list[Block], before: int = 0) -> str:
    """HTML, each heading with the fragment that leads to its page; `before` is the number of pages that come before."""
    words = words_of(line.text for block in blocks for line in block.lines)
    out: list[str] = []
    for kind, run in groupby(blocks, key=lambda block: block.kind):
        if kind == "item":
            out.append(_items(list(run), words))
        else:
            out += [_block(block, words, before) for block in run]
    return "\n".join(part for part in out if part)


def _block(block: Block, words: Counter[str], before: int) -> str:
    if block.kind == "heading":
        level = min(block.level, 6)
        text = joined([line.text.strip() for line in block.lines], words)
        return f'<h{level} id="page={block.page + before}">{_safe(text)}</h{level}>'
    if block.kind == "code":
        return f"<pre>{_safe(_code(block.lines))}</pre>"
    if block.kind == "table":
        rows = ["".join(f"<td>{_safe(cell)}</td>" for cell in row) for row in block.rows]
        return f"<table>{''.join(f'<tr>{row}</tr>' for row in rows)}</table>"
    if block.kind == "formula":
        return f"<p>{escape(hole('formula', 'displayed'))}</p>"
    return f"<p>{_prose(block.lines, words)}</p>"


def _prose(lines: list[Line], words: Counter[str]) -> str:
    return joined([_line(line) for line in lines], words)


def _line(line: Line) -> str:
    """A line as HTML: code, emphasis, and what is raised."""
    return " ".join("".join(_span(*span, piece.style.size) for span in piece.spans) for piece in line.pieces).strip()


def _span(text: str, style: Style, rise: float, size: float) -> str:
    shown = _safe(text)
    if not text.strip():
        return text
    before, after = text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]
    shown = _safe(text.strip())
    if is_raised(style, rise, size):
        return f"<sup>{shown}</sup>{after}"
    if style.mono:
        return f"{before}<code>{shown}</code>{after}"
    tag = "b" if style.bold else "i" if style.italic and not style.math else ""
    return f"{before}<{tag}>{shown}</{tag}>{after}" if tag else f"{before}{shown}{after}"


def _safe(text: str) -> str:
    """Text whose letters without a name are a hole."""
    if _UNREADABLE.search(text):
        text = _UNREADABLE.sub(lambda _: hole("placeholder", "letters that the file does not name"), text)
    return escape(text)


def _code(lines: list[Line]) -> str:
    """Lines with their indents, by the width of a letter, and with the empty lines between them."""
    widths = [(piece.x1 - piece.x0) / len(piece.text) for line in lines for piece in line.pieces if len(piece.text) > 3]
    width = sorted(widths)[len(widths) // 2] if widths else 5.0
    steps = sorted(a.y - b.y for a, b in pairwise(lines) if a.page == b.page and a.y > b.y)
    step = steps[len(steps) // 4] if steps else 0.0
    left = min(line.x0 for line in lines)
    out: list[str] = []
    for number, line in enumerate(lines):
        above = lines[number - 1] if number else None
        if above is not None and above.page == line.page and step and above.y - line.y > 1.7 * step:
            out += [""] * min(round((above.y - line.y) / step) - 1, 2)
        text = ""
        for piece in line.pieces:
            place = round((piece.x0 - left) / width)
            text += " " * max(place - len(text), 1 if text else 0) + piece.text
        out.append(text)
    return "\n".join(out)


def _items(items: list[Block], words: Counter[str]) -> str:
    """Items as nested lists, by how far they are indented."""
    out: list[str] = []
    open_at: list[tuple[float, str]] = []
    for item in items:
        x0 = item.lines[0].x0
        kind, said = _said(item, words)
        while open_at and x0 < open_at[-1][0] - _STEP / 2:
            out.append(f"</li></{open_at.pop()[1]}>")
        if open_at and x0 < open_at[-1][0] + _STEP / 2:
            if open_at[-1][1] == kind:
                out.append("</li><li>")
            else:
                out.append(f"</li></{open_at.pop()[1]}>")
        if not open_at or x0 >= open_at[-1][0] + _STEP / 2:
            open_at.append((x0, kind))
            start = _START.match(item.lines[0].text)
            out.append(f'<ol start="{start[1]}"><li>' if kind == "ol" and start else f"<{kind}><li>")
        out.append(said)
    out += [f"</li></{kind}>" for _, kind in reversed(open_at)]
    return "".join(out)


_START = re2.compile(r"^\(?(\d{1,3})[.)、．]")
_SIGN = re2.compile(r"^(?:\(?\d{1,3}[.)、．]|\S)\s*")


def _said(item: Block, words: Counter[str]) -> tuple[str, str]:
    """The kind of an item's list, and its text without bullet or number; letters that count stay."""
    text = _prose(item.lines, words)
    first = item.lines[0].text
    if BULLET.match(first.split(" ")[0]):
        return "ul", re2.sub(r"^(?:<\w+>)?\S(?:</\w+>)?\s*", "", text, count=1)
    if _START.match(first) and NUMBER.match(first):
        return "ol", re2.sub(r"^((?:<\w+>)?)\(?\d{1,3}[.)、．]\s*", r"\1", text, count=1)
    return "ul", text
