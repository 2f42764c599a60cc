"""The markup of pages before Confluence 4, as HTML: https://confluence.atlassian.com/doc/confluence-wiki-markup-251003035.html"""

import html
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import groupby, takewhile
from operator import itemgetter

import re2

from connectors.confluence.macros import said, unread

_VERBATIM = re2.compile(
    r"(?s)\{code(?::([^}\n]{0,200}))?\}(.*?)\{code\}|\{noformat(?::[^}\n]{0,200})?\}(.*?)\{noformat\}"
)
_MONOSPACED = re2.compile(r"\{\{([^\n]+?)\}\}")
_IMAGE = re2.compile(r"![^\s!|][^\n!|]{0,300}\.(?i:png|jpe?g|gif|svg|bmp|webp)(?:\|[^\n!]{0,200})?!")
_LINK = re2.compile(r"\[([^\[\]\n]{1,600})\]")
_ADDRESS = re2.compile(r"^(?:https?|ftp)://\S+$")
_BOX = re2.compile(r"\{(info|note|tip|warning|panel|quote|expand)(?::([^}\n]{0,300}))?\}")
_BOXES = {"info": "Note", "note": "Note", "tip": "Tip", "warning": "Warning"}
_MACRO = re2.compile(r"\{([a-zA-Z][a-zA-Z0-9._-]{0,40})(?::([^{}\n]{0,400}))?\}")
_ESCAPE = re2.compile(r"\\([\[\]{}*_^~!|#+?-])")
_FORCED_BREAK = re2.compile(r"\\\\[ \t]*")
_AROUND = r"(^|[\s(\[\"'.,;:>|-]){0}([^\s{0}](?:[^{0}\n]{{0,400}}?[^\s{0}])?){0}($|[\s)\]\"'.,;:!?<|-])"
_STYLES = tuple(
    (re2.compile(_AROUND.format(sign)), rf"\1{before}\2{after}\3")
    for sign, before, after in (
        (r"\*", "<b>", "</b>"),
        ("_", "<i>", "</i>"),
        (r"\+", "", ""),
        (r"\^", "<sup>", "</sup>"),
        ("~", "<sub>", "</sub>"),
    )
)
_CITED = re2.compile(r"\?\?([^?\n]+)\?\?")
_HEADING = re2.compile(r"^h([1-6])\.\s*(.*)$")
_ITEM = re2.compile(r"^([*#]+|-)\s+(.*)$")
_RULE = re2.compile(r"^-{4,}$")
_QUOTED = re2.compile(r"^bq\.\s*(.*)$")
_KEPT = re2.compile("\x02(\\d+)\x03")
_KINDS = (
    ("kept", re2.compile("^\x02\\d+\x03$")),
    ("heading", _HEADING),
    ("item", _ITEM),
    ("row", re2.compile(r"^\|")),
    ("quoted", _QUOTED),
)
_CONTROLS = re2.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")


@dataclass
class _Kept:
    """Finished pieces that no later step may touch, by number."""

    pieces: list[str] = field(default_factory=list)

    def keep(self, piece: str) -> str:
        self.pieces.append(piece)
        return f"\x02{len(self.pieces) - 1}\x03"

    def restore(self, text: str) -> str:
        while "\x02" in text:
            text = _KEPT.sub(lambda found: self.pieces[int(found[1])], text)
        return text


def to_html(markup: str) -> str:
    """The page's text as an HTML fragment. What a macro fetches from elsewhere leaves a hole, as in `storage`."""
    kept = _Kept()
    text = _CONTROLS.sub("", markup.replace("\r\n", "\n").replace("\r", "\n"))
    text = _VERBATIM.sub(lambda found: f"\n{kept.keep(_code(found))}\n", text)
    text = _MONOSPACED.sub(lambda found: kept.keep(f"<code>{html.escape(found[1])}</code>"), text)
    text = _ESCAPE.sub(lambda found: kept.keep(html.escape(found[1])), text)
    text = _LINK.sub(lambda found: kept.keep(_link(found[1])), _IMAGE.sub("", text))
    text = _boxed(html.escape(text, quote=False), kept)
    return kept.restore("\n".join(_blocks(_styled(_read_macros(text)).split("\n"))))


def _read_macros(text: str) -> str:
    """Words for a macro that says one, a hole for one that is not known. What stands between two of a name stays."""
    around = _around_text(text)

    def read(found: "re2._Match") -> str:
        name, settings = found[1].lower(), (found[2] or "").split("|")
        if found.start() in around:
            return ""
        named = dict(setting.split("=", 1) for setting in settings if "=" in setting)
        words = said(name, lambda key: str(named.get(key) or (settings[0].strip() if key in ("title", "key") else "")))
        return words or unread(name, settings[0])

    return str(_MACRO.sub(read, text))


def _around_text(text: str) -> set[int]:
    """Where the macros begin that open or close a text. The one that closes has no settings."""
    opened, around = dict[str, int](), set[int]()
    for found in _MACRO.finditer(text):
        name = found[1].lower()
        if name in opened and found[2] is None:
            around |= {opened.pop(name), found.start()}
        else:
            opened[name] = found.start()
    return around


def _code(found: "re2._Match") -> str:
    settings = [setting.strip() for setting in (found[1] or "").split("|")]
    named = dict(setting.split("=", 1) for setting in settings if "=" in setting)
    language = named.get("language") or next((setting for setting in settings if setting and "=" not in setting), "")
    marked = f' data-lang="{html.escape(language.lower())}"' if language and language.lower() != "none" else ""
    title = f"<p><b>{html.escape(named['title'])}</b></p>" if named.get("title") else ""
    return f"{title}<pre{marked}>{html.escape(found[2] if found[2] is not None else found[3])}</pre>"


def _link(inside: str) -> str:
    """What a link shows; only addresses on the web lead anywhere. People and files are not named."""
    shown, bar, rest = inside.partition("|")
    target = rest.split("|")[0].strip() if bar else shown.strip()
    if _ADDRESS.match(target):
        return f'<a href="{html.escape(target)}">{html.escape(shown.strip())}</a>'
    if bar or not target.startswith(("~", "^", "$")):
        return html.escape(shown.strip().removeprefix("mailto:").removeprefix("#"))
    return ""


def _boxed(text: str, kept: _Kept) -> str:
    """Panels and quotations as blocks: each name opens one, and closes it the next time."""
    open_boxes: set[str] = set()

    def turn(found: "re2._Match") -> str:
        name = found[1]
        if name in open_boxes:
            open_boxes.remove(name)
            return f"\n{kept.keep('</blockquote>' if name != 'expand' else '</div>')}\n"
        open_boxes.add(name)
        settings = dict(setting.split("=", 1) for setting in (found[2] or "").split("|") if "=" in setting)
        title = settings.get("title") or _BOXES.get(name, "")
        opening = "<div>" if name == "expand" else "<blockquote>"
        return f"\n{kept.keep(opening + (f'<p><b>{title}</b></p>' if title else ''))}\n"

    return str(_BOX.sub(turn, text))


def _styled(text: str) -> str:
    text = _CITED.sub(r"\1", _FORCED_BREAK.sub("<br>", text))
    for pattern, written in _STYLES:
        text = pattern.sub(written, pattern.sub(written, text))  # twice: neighbours share the blank between them
    return str(text)


def _blocks(lines: list[str]) -> list[str]:
    return [_WRITERS[kind]([line for _, line in run]) for kind, run in groupby(_joined(lines), key=itemgetter(0))]


def _joined(lines: list[str]) -> Iterator[tuple[str, str]]:
    """Lines without blanks at their ends, and what each is. A row of a table goes on until its last bar, an item of a
    list until the next blank line."""
    open_kind, whole = "blank", [""]
    for line in map(str.strip, lines):
        kind = _kind(line)
        open_row = open_kind == "row" and not whole[-1].rstrip().endswith("|")
        if kind == "text" and (open_kind == "item" or open_row):
            whole.append(line)
        else:
            yield open_kind, "<br>".join(whole)
            open_kind, whole = kind, [line]
    yield open_kind, "<br>".join(whole)


def _kind(line: str) -> str:
    if not line or _RULE.match(line):
        return "blank"
    return next((kind for kind, pattern in _KINDS if pattern.match(line)), "text")


def _headings(lines: list[str]) -> str:
    found = (_HEADING.match(line) for line in lines)
    return "".join(f"<h{heading[1]}>{heading[2]}</h{heading[1]}>" for heading in found)


def _items(lines: list[str]) -> str:
    written: list[str] = []
    open_lists: list[str] = []
    for line in lines:
        found = _ITEM.match(line)
        wanted = ["ol" if sign == "#" else "ul" for sign in found[1]]
        same = len(list(takewhile(lambda pair: pair[0] == pair[1], zip(open_lists, wanted, strict=False))))
        written += [f"</li></{tag}>" for tag in reversed(open_lists[same:])]
        written += ["</li><li>"] if same == len(wanted) else [f"<{tag}><li>" for tag in wanted[same:]]
        written.append(found[2])
        open_lists = wanted
    return "".join([*written, *(f"</li></{tag}>" for tag in reversed(open_lists))])


def _rows(lines: list[str]) -> str:
    return f"<table>{''.join(f'<tr>{_cells(line)}</tr>' for line in lines)}</table>"


def _cells(row: str) -> str:
    """Cells behind double bars are headings."""
    signs = re2.split(r"(\|\|?)", row)[1:]
    cells = [(sign, text.strip()) for sign, text in zip(signs[::2], signs[1::2], strict=True)]
    if cells and not cells[-1][1]:
        cells.pop()
    return "".join(f"<{tag}>{text}</{tag}>" for tag, text in (("th" if s == "||" else "td", t) for s, t in cells))


_WRITERS: dict[str, Callable[[list[str]], str]] = {
    "blank": lambda lines: "",
    "kept": "".join,
    "heading": _headings,
    "item": _items,
    "row": _rows,
    "quoted": lambda lines: f"<blockquote>{'<br>'.join(_QUOTED.match(line)[1] for line in lines)}</blockquote>",
    "text": lambda lines: f"<p>{'<br>'.join(lines)}</p>",
}
