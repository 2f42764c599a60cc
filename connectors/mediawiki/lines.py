"""The markup of wikitext that belongs to lines, and how Markdown writes it."""

import html
import re
from collections.abc import Iterator
from itertools import groupby, takewhile

import re2

from connectors.mediawiki.expansion import FUNCTION
from schemas.hole import hole

# stand for what a line begins with, while the text of the line is still being made
HEADING, BLOCK = "\ue000", "\ue001"
BULLET, NUMBER, INDENT, TERM = "\ue002", "\ue003", "\ue004", "\ue005"
QUOTE, BOLD, ITALIC, LESS = "\ue006", "\ue007", "\ue008", "\ue009"
# inline code by its number, and the end of a line within a paragraph
SPAN, BREAK = "\ue00a", "\ue00b"
MARKERS = {"*": BULLET, "#": NUMBER, ":": INDENT, ";": TERM}

# signs of the private area, and halves of characters, which no text may bring along
PRIVATE = re.compile("[\ue000-\uf8ff\x00\ud800-\udfff]")
_ENTITY = re.compile(r"&(?:#[0-9]+;?|#[xX][0-9a-fA-F]+;?|[^\t\n\f <&#;]{1,32};?)")
_LIST = re2.compile(f"^([{BULLET}{NUMBER}{INDENT}{TERM}]+)\\s*(.*)$")
_BLOCK = re2.compile(f"{BLOCK}(\\d+){BLOCK}")
_SPAN = re2.compile(f"{SPAN}(\\d+){SPAN}")
_BREAKS = re2.compile(f"[ \xa0]*{BREAK}+[ \xa0]*")
HTML = frozenset(
    (
        *(
            "abbr",
            "b",
            "bdi",
            "bdo",
            "big",
            "blockquote",
            "br",
            "caption",
            "center",
            "cite",
            "code",
            "data",
            "dd",
            "del",
        ),
        *(
            "dfn",
            "div",
            "dl",
            "dt",
            "em",
            "font",
            "h1",
            "h2",
            "h3",
            "h4",
            "h5",
            "h6",
            "hr",
            "i",
            "ins",
            "kbd",
            "li",
            "mark",
        ),
        *(
            "ol",
            "p",
            "pre",
            "q",
            "rb",
            "rp",
            "rt",
            "rtc",
            "ruby",
            "s",
            "samp",
            "small",
            "span",
            "strike",
            "strong",
            "sub",
        ),
        *("sup", "table", "td", "th", "time", "tr", "tt", "u", "ul", "var", "wbr"),
    )
)
"""Tags that MediaWiki lets through; it shows others as they are typed."""
_EXTENSIONS = frozenset(
    (
        *(
            "ref",
            "references",
            "nowiki",
            "noinclude",
            "includeonly",
            "onlyinclude",
            "gallery",
            "math",
            "source",
            "poem",
        ),
        *(
            "syntaxhighlight",
            "translate",
            "tvar",
            "languages",
            "section",
            "templatestyles",
            "timeline",
            "imagemap",
            "tabs",
        ),
        *(
            "categorytree",
            "inputbox",
            "score",
            "hiero",
            "chem",
            "ce",
            "indicator",
            "graph",
            "mapframe",
            "maplink",
            "tab",
        ),
    )
)
# left open by their author, they still part words
_APART = frozenset(("li", "dt", "dd", "p", "div", "br", "tr", "td", "th"))
_ANY_TAG = re2.compile(r"</?([a-zA-Z][a-zA-Z0-9]*)(?:\s[^<>]{0,300})?/?>")
_MARKS = re2.compile("[\ue000-\ue008]")
_LINE_MARKS = re2.compile("[\ue000-\ue006]")
_LINE_MARKS_BUT_BLOCK = re2.compile("[\ue000\ue002-\ue006]")
# `LESS` is a < that the page shows, and no tag
_SHOWN = {ord(BOLD): "**", ord(ITALIC): "*", ord(LESS): "<"}
# what the parser could not make sense of, mostly left open by its author
_BROKEN_TEMPLATE = re2.compile(r"\{\{[^{}$\\]*\}\}")
_BROKEN_LINK = re2.compile(r"\[\[[^\[\]]*\]\]")
# longer lines are prose with a stray space before it
_LONGEST_CODE = 120
_BLANKS = re2.compile(r"\n{3,}")
# what a dropped template leaves behind: "(; born 1950)", "( )", "word ,"
_LEFT_OPEN = re2.compile(r"([(（])(?:[\s\xa0]*[;,:，；、–])+[\s\xa0]*")
_LEFT_EMPTY = re2.compile(r"(^|[ \xa0])[ \xa0]*(?:\([\s\xa0]*\)|\[\s*\])|（\s*）")
_LEFT_SPACE = re2.compile(r"[ \xa0]+([,.;)])(\s|$)")
_SPACES = re2.compile(r"(\S)[ \xa0\x{2009}\x{202f}]{2,}")


def to_markdown(lines: list[str], blocks: list[str]) -> str:
    """Markdown of the lines of one section; `blocks` are finished and go in by their number."""
    written: list[str] = []
    for kind, run in groupby(without_tables(lines), key=_kind):
        if kind == "preformatted":
            written.append(_preformatted(list(run), blocks))
        elif kind == "list":
            written += ["", *(_broken(line, "  ") for line in _list(run)), ""]
        elif kind == "quotation":
            written += ["", *(_broken(f"> {tidy(line.removeprefix(QUOTE))}", "> ").rstrip() for line in run), ""]
        else:
            written += [_broken(tidy(line), "") for line in run]
    text = _BLANKS.sub("\n\n", "\n".join(written)).translate(_SHOWN).strip()
    finished = _finished(_LINE_MARKS_BUT_BLOCK.sub("", text), blocks)
    return finished.replace(f"{FUNCTION}|", "").strip("\n").rstrip()


def _finished(text: str, blocks: list[str]) -> str:
    """`text` with its blocks and spans in their places."""

    def block(found: "re2._Match") -> str:
        return blocks[int(found[1])]

    return str(_SPAN.sub(block, _BLOCK.sub(block, text)))


def _broken(line: str, margin: str) -> str:
    """A line that is broken within a paragraph: two spaces at its end, as Markdown has it."""
    if BREAK not in line:
        return line
    parts = [part for part in _BREAKS.split(line) if part]
    return f"  \n{margin}".join(parts)


def without_tables(lines: list[str]) -> list[str]:
    """With a hole for each table that was never closed or never parsed, which are lines from {| to |}."""
    kept: list[str] = []
    inside = False
    for line in lines:
        if not inside and line.startswith("{|"):
            kept += ["", hole("table", "not closed"), ""]
        inside = inside or line.startswith("{|")
        if not inside:
            kept.append(line)
        inside = inside and not line.startswith("|}")
    return kept


def _kind(line: str) -> str:
    if _LIST.match(line):
        return "list"
    if line.startswith(QUOTE):
        return "quotation"
    return "preformatted" if line.startswith(" ") and line.strip() and BLOCK not in line else "text"


def _preformatted(run: list[str], blocks: list[str]) -> str:
    """Lines that begin with a space are code; one alone is more often a slip."""
    if len(run) == 1 or max(map(len, run)) > _LONGEST_CODE:
        return "\n".join(_broken(tidy(line.strip()), "") for line in run)
    blocks.append(fence("\n".join(typed(line[1:], blocks) for line in run), ""))
    return f"\n{BLOCK}{len(blocks) - 1}{BLOCK}\n"


def _list(run: Iterator[str]) -> Iterator[str]:
    counters: list[int] = []
    before: list[str] = []
    for line in run:
        found = _LIST.match(line)
        markers, text = found[1], tidy(_LINE_MARKS.sub(": ", found[2]) if BLOCK not in found[2] else found[2])
        deep = [marker for marker in markers if marker in (BULLET, NUMBER)]
        if not text:
            continue
        same = len(list(takewhile(lambda pair: pair[0] == pair[1], zip(deep, before, strict=False))))
        counters = (counters[:same] + [0] * len(deep))[: len(deep)]
        before = deep
        if deep and markers[-1] in deep:
            counters[-1] += 1
        yield _item(markers, deep, counters, text)


def _item(markers: str, deep: list[str], counters: list[int], text: str) -> str:
    if not deep:
        return f"\n{around('**', text)}\n" if markers[-1] == TERM else f"\n{text}\n"
    *margins, own = ("  " if marker == BULLET else "   " for marker in deep)
    margin = "".join(margins)
    if markers[-1] in (INDENT, TERM):
        return f"{margin}{own}{text}"
    return f"{margin}- {text}" if deep[-1] == BULLET else f"{margin}{counters[-1]}. {text}"


def tidy(text: str) -> str:
    """A line without stray tags and without what dropped templates leave."""
    text = _ANY_TAG.sub(_untagged, text) if "<" in text else text
    text = _BROKEN_TEMPLATE.sub(_not_closed, text) if "{{" in text else text
    text = _BROKEN_LINK.sub(_shown, text) if "[[" in text else text
    text = _LEFT_EMPTY.sub("", _LEFT_OPEN.sub(r"\1", text)) if "(" in text or "（" in text or "[" in text else text
    return _SPACES.sub(r"\1 ", _LEFT_SPACE.sub(r"\1\2", text)).rstrip()


def _shown(link: "re2._Match") -> str:
    """Of a broken link its text; nothing of a picture."""
    first, _, shown = link[0].strip("[]").partition("|")
    return "" if ":" in first else str(shown or first)


def _not_closed(_: "re2._Match") -> str:
    return hole("template", "not closed")


def _untagged(tag: "re2._Match") -> str:
    name = tag[1].lower()
    if name in _APART:
        return " "
    return "" if name in HTML or name in _EXTENSIONS else str(tag[0]).replace("<", LESS)


def plain(heading: str, blocks: list[str] | None = None) -> str:
    """A heading without emphasis, its code from `blocks`."""
    text = _finished(unmarked(heading.replace(BREAK, " ")), blocks or [])
    return tidy(text.replace("`", "")).strip().replace(LESS, "<")


def unmarked(text: str) -> str:
    return str(_MARKS.sub("", text)).strip()


def typed(text: str, blocks: list[str]) -> str:
    """Rendered text as code: without emphasis, spans of code without their marks."""
    bare = _SPAN.sub(lambda found: blocks[int(found[1])].strip("`").strip(), text)
    bare = _BLOCK.sub(lambda found: _unfenced(blocks[int(found[1])]), bare)
    return str(_MARKS.sub("", bare)).replace(LESS, "<").replace(BREAK, "\n")


def _unfenced(block: str) -> str:
    lines = block.split("\n")
    return "\n".join(lines[1:-1]) if block.startswith("```") else block


def cell(text: str, blocks: list[str]) -> str:
    """The text of a table's cell on one line, which <br> breaks where the cell breaks its own; code is put in line, and
    of a table within it its cells."""
    text = _BLOCK.sub(lambda found: _in_line(blocks[int(found[1])]), text)
    items = (tidy(unmarked(line)) for line in text.replace(BREAK, "\n").split("\n"))
    shown = "<br>".join(item for item in map(str.strip, items) if item).replace(f"{FUNCTION}|", "")
    return _finished(shown, blocks).replace("\\|", "|").replace("|", "\\|").replace(LESS, "<")


def _in_line(block: str) -> str:
    lines = block.strip().split("\n")
    if block.startswith("```"):
        return "\n".join(code(line.strip()).replace("<", LESS) for line in lines[1:-1] if line.strip())
    if block.startswith("|"):
        rows = [line.strip("| ").replace(" | ", ", ") for line in lines if not line.startswith("| ---")]
        return "\n".join(rows).replace("<br>", "; ")
    return " ".join(lines) if block.startswith("$$") else block


def around(mark: str, text: str) -> str:
    """Emphasis that Markdown takes for one: on one line, no space inside."""
    bare = text.strip()
    if not bare or "\n" in bare:
        return text
    return text.replace(bare, f"{mark}{bare}{mark}", 1)


def quotation(text: str) -> str:
    lines = text.strip().split("\n")
    return "\n\n" + "\n".join(f"{QUOTE}{line}" for line in lines) + "\n\n" if text.strip() else ""


def code(text: str) -> str:
    """Inline code on one line."""
    bare = " ".join(text.split("\n")).strip() if "\n" in text else text.strip()
    return f"`` {bare} ``" if "`" in bare else f"`{bare}`" if bare else ""


def fence(text: str, language: str) -> str:
    body = text.strip("\n").rstrip()
    marks = "`" * max(3, _longest_run(body) + 1)
    return f"{marks}{language}\n{body}\n{marks}" if body.strip() else ""


def _longest_run(text: str) -> int:
    return max((len(list(run)) for char, run in groupby(text) if char == "`"), default=0)


def item(text: str) -> str:
    """A list's item in HTML as the lines of one in wikitext."""
    first, *rest = text.strip().split("\n")
    marks = tuple(MARKERS.values())
    below = (BULLET + (line if line.startswith(marks) else INDENT + line) for line in rest if line.strip())
    return "\n" + "\n".join([BULLET + first, *(line[2:] if BLOCK in line else line for line in below)])


def listed(text: str, marker: str) -> str:
    """A list in HTML, `text` its items, which begin with `marker`."""
    own = (line for line in text.split("\n") if line.strip())
    return "\n" + "\n".join(marker + line[1:] if line.startswith(BULLET) else line for line in own) + "\n"


def unescaped(text: str) -> str:
    """What entities stand for, unless that is a mark of this module; fit for code, elsewhere `shown` keeps it from
    being taken for markup."""
    return _ENTITY.sub(lambda found: PRIVATE.sub("", html.unescape(found[0])), text) if "&" in text else text


def shown(text: str) -> str:
    return unescaped(text).replace("<", LESS)
