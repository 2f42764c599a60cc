"""Admonitions, tabs and directives of every dialect as plain Markdown: a bold lead, then what they hold.

MkDocs (`!!! note`, `??? tip`, `=== "Tab"`, `/// note | Title`), Docusaurus, VuePress and the Carpentries
(`:::tip Title`), MyST (fences named `{note}`), GitHub (`> [!NOTE]`), kramdown (`{: .callout}`).
"""

from collections.abc import Iterator

import re2

_FENCE = re2.compile(r"^(\s*(?:> ?)*)(`{3,}|~{3,})\s*([^`]*)$")
_INDENTED = re2.compile(r'^( *)(?:(?:!!!|\?\?\?\+?) ?([\w-]+)?[\w -]*?|===[!+]?)(?: *"(.*)")? *$')
_OPENED = re2.compile(
    r'^( *)(?::{3,}|/{3,}) *\{?\.?([A-Za-z][\w-]*)\}?(?: *\| *| +|\[)?(?:\{[^}]*\}|title="([^"]*)"|(.*?))[\]:]* *$'
)
_CLOSED = re2.compile(r"^ *(?::{3,}|/{3,}) *$")
_ALERT = re2.compile(r"(?i)^((?:> ?)+)\[!(note|tip|important|warning|caution)\]\s*$")
_ATTRIBUTES = re2.compile(r"^\s*(?:> ?)*\{:[^}]*\}\s*$")
_OPTION = re2.compile(r"^\s*:[\w-]+:.*$|^\s*---\s*$")
_DIRECTIVE = re2.compile(r"^\{([\w:-]+)\}\s*(.*)$")
_LANGUAGE = re2.compile(r"^\{?\s*\.?([A-Za-z][\w+#.-]*)")
_CODE = ("code", "code-block", "sourcecode", "code-cell", "prompt", "parsed-literal", "literalinclude")
_DROPPED = ("toctree", "contents", "image", "figure", "raw", "eval-rst", "include", "mermaid", "instructor")
_ABOUT_LESSON = ("objectives", "questions", "instructor")  # what it teaches, and how to teach it
_ASIDES = ("solution", "hint", "answer", "spoiler", "discussion", "callout", "note", "tip", "warning")
_HEADING = re2.compile(r"^ *#{1,6} +(.+?)[ #]*(?:\{[^}]*\})?$")
_NESTED = 20


def unwrap(text: str) -> str:
    return "\n".join(_lines(text.split("\n"), 0))


def _lines(lines: list[str], depth: int) -> Iterator[str]:
    """A container that has a heading of its own comes where the section around it ends, before the next heading of its
    rank: what follows it in that section would become part of it."""
    index, later, rank = 0, list[str](), 0
    while index < len(lines):
        line = lines[index]
        fence, indented = _FENCE.match(line), _INDENTED.match(line)
        if later and 0 < _rank(line) <= rank:
            yield from later
            later.clear()
        if fence:
            end = fence_end(lines, index)
            yield from _fenced(fence[1], fence[2], fence[3].strip(), lines[index + 1 : end], depth)
            index = end + 1
        elif indented and depth < _NESTED and (indented[2] or indented[3]):
            end = _body_end(lines, index, len(indented[1]))
            yield from _led(indented[1], indented[3] or indented[2].capitalize(), lines[index + 1 : end], depth)
            index = end
        elif (opened := _OPENED.match(line)) and opened[2].lower() in _ABOUT_LESSON:
            index = _container_end(lines, index) + 1
        elif _is_section(lines, index) and depth < _NESTED:
            end, rank = _container_end(lines, index), _rank(lines[_below(lines, index)])
            later += ["", *_lines(lines[index + 1 : end], depth + 1), ""]
            index = end + 1
        elif opened:
            lead, index = _opening(lines, index)
            yield from lead
        else:
            yield from _plain(line)
            index += 1
    yield from later


def fence_end(lines: list[str], index: int) -> int:
    """Where the fence that opens at `place` closes, or the end of all."""
    opened = _FENCE.match(lines[index])
    marks = opened[2]
    for end in range(index + 1, len(lines)):
        bare = lines[end].strip(" >\t")
        if bare.startswith(marks) and not bare.strip(marks[0]):
            return end
    return len(lines)


def _fenced(margin: str, marks: str, info: str, body: list[str], depth: int) -> Iterator[str]:
    directive = _DIRECTIVE.match(info)
    name = directive[1] if directive else ""
    if directive and name not in _CODE:
        if name not in _DROPPED and depth < _NESTED:
            yield from _led(margin, directive[2] or name.capitalize(), _without_options(body), depth, 0)
        return
    if directive:
        info, body = directive[2], _without_options(body)
    language = _LANGUAGE.match(info)
    yield f"{margin}{marks}{language[1] if language else ''}"
    yield from body
    yield f"{margin}{marks}"


def _without_options(body: list[str]) -> list[str]:
    start = 0
    while start < len(body) and _OPTION.match(body[start]):
        start += 1
    return body[start:]


def _body_end(lines: list[str], index: int, margin: int) -> int:
    end = index + 1
    while end < len(lines) and (not lines[end].strip() or lines[end].startswith(" " * (margin + 4))):
        end += 1
    return end


def _led(margin: str, title: str, body: list[str], depth: int, step: int = 4) -> Iterator[str]:
    inside = [line[len(margin) + step :] if line.strip() else "" for line in body]
    yield from ("", f"{margin}**{title.strip('*')}**", "")
    yield from (f"{margin}{line}" if line else "" for line in _lines(inside, depth + 1))
    yield ""


def _is_section(lines: list[str], index: int) -> bool:
    """Whether a `:::` container opens here whose first line is a heading. That of an aside is no section of its own, or
    an exercise would lose its solution."""
    opened = _OPENED.match(lines[index])
    below = _below(lines, index) if opened and opened[2].lower() not in _ASIDES else index
    return below > index and bool(_HEADING.match(lines[below]))


def _rank(line: str) -> int:
    """Of a heading, 1 to 6; 0 of any other line."""
    return line.split()[0].count("#") if _HEADING.match(line) else 0


def _below(lines: list[str], index: int) -> int:
    """The next line that is not blank; `place` where there is none."""
    return next((at for at in range(index + 1, len(lines)) if lines[at].strip()), index)


def _container_end(lines: list[str], index: int) -> int:
    """Where the `:::` container that opens at `place` closes, or the end of all."""
    open_containers, at = 0, index
    while at < len(lines):
        if _FENCE.match(lines[at]):
            at = fence_end(lines, at)
        elif _OPENED.match(lines[at]):
            open_containers += 1
        elif _CLOSED.match(lines[at]):
            open_containers -= 1
        if not open_containers:
            return at
        at += 1
    return len(lines)


def _opening(lines: list[str], index: int) -> tuple[list[str], int]:
    """The lead of a `:::` container, and where to go on. A heading right below names it."""
    opened = _OPENED.match(lines[index])
    title, after = opened[3] or opened[4] or opened[2].capitalize(), index + 1
    below = _below(lines, index)
    if heading := _HEADING.match(lines[below]):
        title, after = heading[1], below + 1
    return ["", f"{opened[1]}**{title.strip(' *')}**", ""], after


def _plain(line: str) -> Iterator[str]:
    alert = _ALERT.match(line)
    if alert:
        yield from (f"{alert[1].rstrip()} **{alert[2].capitalize()}**", alert[1].rstrip())
    elif _CLOSED.match(line):
        yield ""
    elif not _ATTRIBUTES.match(line):
        yield line
