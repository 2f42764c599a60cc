"""An article's sections: its headings as paths, and below each the text that is its own."""

import re2
from lxml.html import HtmlElement

from connectors.html.escapes import said
from connectors.html.markdown import render, tidy
from connectors.html.marks import Mark, Marks
from schemas.document import Section

_LINE = re2.compile("^\ue000(\\d+)\ue001$")
_RULES = re2.compile(r"^(?:\s*---\n)+|(?:\n---\s*)+$|^---$")
_NUMBER = re2.compile(
    r"^(?:(?:Chapter|Appendix|Part)\s+[0-9A-Z]+\s*[.:]\s*|第\s*[0-9一二三四五六七八九十]+\s*[章节節]\s*[.:：]?\s*|(?:\d+\.){2,}\s+|[A-Z]\.\d+\.\s+)"
)


def sections(content: HtmlElement, title: str, base_url: str = "") -> tuple[Section, ...]:
    """The sections of `content` in order, without empty ones.

    A heading that only repeats `title` is left out of the paths; so is everything above it in level.
    """
    text, marks = render(content, base_url)
    closed: list[Section] = []
    path: list[tuple[int, str]] = []
    anchor, lines = "", list[str]()
    for line in text.split("\n"):
        heading = _heading(line, marks)
        if heading is None:
            lines.append(line)
            continue
        _close(closed, path, lines, anchor, marks)
        path = [step for step in path if step[0] < heading.level]
        name = unnumbered(said(heading.text))
        if _same(name, title):
            path = []
        else:
            path.append((heading.level, name))
        anchor, lines = heading.anchor, []
    _close(closed, path, lines, anchor, marks)
    return tuple(closed)


def unnumbered(heading: str) -> str:
    """A heading without the number its generator gave it: `4.1.`, `Chapter 2.`, `第 1 章`."""
    return _NUMBER.sub("", heading.replace("`", "").strip()).strip() or heading


def _heading(line: str, marks: Marks) -> Mark | None:
    found = _LINE.match(line.strip()) if "\ue000" in line else None
    mark = marks.items[int(found[1])] if found else None
    return mark if mark and mark.level else None


def _close(closed: list[Section], path: list[tuple[int, str]], lines: list[str], anchor: str, marks: Marks) -> None:
    markdown = marks.restore(_RULES.sub("", tidy("\n".join(lines), hard_breaks=True)))
    if markdown.strip():
        closed.append(Section(tuple(name for _, name in path), markdown, anchor))


def _same(heading: str, title: str) -> bool:
    def bare(text: str) -> str:
        return "".join(char for char in text.lower() if char.isalnum())

    return bool(bare(heading)) and bare(heading) == bare(unnumbered(title))
