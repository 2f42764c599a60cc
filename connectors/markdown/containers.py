"""Admonitions, tabs and directives of every dialect as plain Markdown: a bold lead, then what they hold.

MkDocs (`!!! note`, `??? tip`, `=== "Tab"`, `/// note | Title`), Docusaurus, VuePress and the Carpentries
(`:::tip Title`), MyST (fences named `{note}`), GitHub (`> [!NOTE]`), kramdown (`{: .callout}`).
"""

from collections.abc import Iterator

import re2

from connectors.markdown import directives
from connectors.markdown.fences import CODE, FENCE, directive_of, fence_end, split_options

_INDENTED = re2.compile(r'^( *)(?:(?:!!!|\?\?\?\+?) ?([\w-]+)?[\w -]*?|===[!+]?)(?: *"(.*)")? *$')
_OPENED = re2.compile(
    r'^( *)(?::{3,}|/{3,}) *\{?\.?([A-Za-z][\w-]*)\}?(?: *\| *| +|\[)?(?:\{[^}]*\}|title="([^"]*)"|(.*?))[\]:]* *$'
)
_NAMED = re2.compile(r"^( *):{3,} *\{([A-Za-z][\w:.+-]*)\}(.*)$")
_CLOSED = re2.compile(r"^ *(?::{3,}|/{3,}) *$")
_ALERT = re2.compile(r"^((?:> ?)+)\[!([A-Za-z][\w-]*)(?:\|[^\]]*)?\][+-]?[ \t]*(.*)$")
_ATTRIBUTES = re2.compile(r"^\s*(?:> ?)*\{(?::[^}]*|\s*[.#][A-Za-z][^}]*)\}\s*$")
_LABEL = re2.compile(r"\[([^\[\]]+)\]\s*$")  # of a block in a code group
_LANGUAGE = re2.compile(r"^\{?\s*\.?([A-Za-z][\w+#.-]*)")
_ABOUT_LESSON = ("objectives", "questions", "instructor")  # what it teaches, and how to teach it
_ASIDES = ("solution", "hint", "answer", "spoiler", "discussion", "callout", "note", "tip", "warning")
_UNTITLED = ("code-group", "tabs", "tab-set", "raw", "v-pre", "steps", "cards", "columns", "grid")  # boxes of others
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
        fence, indented = FENCE.match(line), _INDENTED.match(line)
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
        elif (named := _NAMED.match(line)) and depth < _NESTED:
            end = _container_end(lines, index)
            yield from _directive(named[1], named[2], named[3].strip(), lines[index + 1 : end], depth)
            index = end + 1
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


def _fenced(margin: str, marks: str, info: str, body: list[str], depth: int) -> Iterator[str]:
    name, argument = directive_of(info)
    if name and name not in CODE:
        if depth < _NESTED:
            yield from _directive(margin, name, argument, [line.removeprefix(margin) for line in body], depth)
        return
    options: dict[str, str] = {}
    if name:
        info, (options, body) = argument, split_options(body)
    language = _LANGUAGE.match(info)
    label = _LABEL.search(info) if language and "=" not in info else None
    if caption := options.get("caption") or (label[1] if label else ""):
        yield from (f"{margin}**{caption.strip('*')}**", "")
    yield f"{margin}{marks}{language[1] if language else options.get('language', '')}"
    yield from body
    yield f"{margin}{marks}"


def _directive(margin: str, name: str, argument: str, body: list[str], depth: int) -> Iterator[str]:
    if name in directives.SILENT:
        return
    lead, shown = directives.read(name, argument, *split_options(body))
    yield from ("", f"{margin}{lead}" if lead else "", "")
    yield from (f"{margin}{line}" if line else "" for line in _lines(shown, depth + 1))
    yield ""


def _body_end(lines: list[str], index: int, margin: int) -> int:
    end = index + 1
    while end < len(lines) and (not lines[end].strip() or lines[end].startswith(" " * (margin + 4))):
        end += 1
    return end


def _led(margin: str, title: str, body: list[str], depth: int) -> Iterator[str]:
    inside = [line[len(margin) + 4 :] if line.strip() else "" for line in body]
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
        if FENCE.match(lines[at]):
            at = fence_end(lines, at)
        elif _OPENED.match(lines[at]) or _NAMED.match(lines[at]):
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
    title, after = opened[3] or opened[4] or opened[2].capitalize() * (opened[2] not in _UNTITLED), index + 1
    below = _below(lines, index)
    if heading := _HEADING.match(lines[below]):
        title, after = heading[1], below + 1
    return ["", f"{opened[1]}**{title.strip(' *')}**" if title else "", ""], after


def _plain(line: str) -> Iterator[str]:
    alert = _ALERT.match(line)
    if alert:
        yield from (f"{alert[1].rstrip()} **{alert[3].strip(' *') or alert[2].capitalize()}**", alert[1].rstrip())
    elif _CLOSED.match(line):
        yield ""
    elif not _ATTRIBUTES.match(line):
        yield line
