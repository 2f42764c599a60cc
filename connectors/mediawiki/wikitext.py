"""Wikitext to Markdown, section by section: https://www.mediawiki.org/wiki/Help:Formatting

mwparserfromhell finds what is what; the markup of lines (lists, headings, preformatted text) passes through as
characters of the private area until all inline markup is text.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import mwparserfromhell
import re2
from mwparserfromhell import nodes
from mwparserfromhell.wikicode import Wikicode

from connectors.mediawiki import lines, tables, templates
from connectors.mediawiki.lines import BLOCK, HEADING, MARKERS

_PRIVATE = re2.compile(r"[\x{e000}-\x{f8ff}\x00]")
_SWITCH = re2.compile(r"__[A-Z]{3,30}__")
# a link to the same page in another language, in wikis older than Wikidata
_OTHER_LANGUAGE = re2.compile(r"^[a-z]{2,3}(-[a-z]{2,10})?$")
# -{text}- and -{zh-hans:text;zh-hant:text}- : https://www.mediawiki.org/wiki/Writing_systems/Syntax
_VARIANTS = re2.compile(r"-\{(?:[^{}|]{0,20}\|)?([^{}]{0,400})\}-")
# emphasis that was never closed
_STRAY_QUOTES = re2.compile("'{2,}")
_FILES = ("file", "image", "category", "media")
_SILENT = frozenset(
    (
        *("ref", "references", "gallery", "imagemap", "timeline", "score", "hiero", "includeonly", "graph", "maplink"),
        *("mapframe", "templatestyles", "del", "s", "strike", "categorytree", "inputbox", "indicator", "section"),
    )
)
_CODE_BLOCKS = frozenset(("pre", "source", "syntaxhighlight"))
_CODE = frozenset(("code", "tt", "kbd", "samp"))
_LOWERED = str.maketrans("0123456789+-=()", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎")
_RAISED = str.maketrans("0123456789+-=()−", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾⁻")


@dataclass(frozen=True, slots=True)
class RenderedSection:
    """One section: headings from the top, its own Markdown, and its anchor."""

    path: tuple[str, ...]
    markdown: str
    anchor: str


@dataclass(slots=True)
class _Page:
    """What is known while a page is rendered: prefixes of links to leave out, and finished blocks by number."""

    dropped: frozenset[str]
    blocks: list[str] = field(default_factory=list)

    def keep(self, block: str) -> str:
        """A mark for a finished block that nothing may touch any more."""
        self.blocks.append(block)
        return f"\n\n{BLOCK}{len(self.blocks) - 1}{BLOCK}\n\n"


def parse_wikitext(text: str) -> Wikicode:
    return mwparserfromhell.parse(_VARIANTS.sub(_one_variant, _PRIVATE.sub("", text)))


def render_sections(text: str, dropped: tuple[str, ...] = ()) -> Iterator[RenderedSection]:
    """The sections of a page in order, without empty ones. `dropped`: the wiki's own names of namespaces whose
    links are no text. Raises RecursionError for nesting that nobody writes."""
    page = _Page(frozenset(_FILES) | {name.lower() for name in dropped})
    markup = _SWITCH.sub("", _render(parse_wikitext(text), page))
    path: list[tuple[int, str]] = []
    anchor, own = "", list[str]()
    for line in [*markup.split("\n"), f"{HEADING}1{HEADING}"]:
        if not line.startswith(HEADING):
            own.append(line)
            continue
        markdown = lines.to_markdown(own, page.blocks)
        if markdown:
            yield RenderedSection(tuple(name for _, name in path), markdown, anchor)
        level, title = int(line[1]), lines.plain(line.split(HEADING, 2)[2])
        path = [step for step in path if step[0] < level] + [(level, title)]
        anchor, own = title.replace(" ", "_"), []


def _one_variant(found: Any) -> str:
    """Of a text in several scripts the first."""
    first = found[1].split(";", 1)[0]
    code, colon, text = first.partition(":")
    return text if colon and code.strip().startswith("zh") else first


def _render(code: Any, page: _Page) -> str:
    if code is None:
        return ""
    return "".join(_RENDERERS.get(type(node), _nothing)(node, page) for node in code.nodes)


def _nothing(node: Any, page: _Page) -> str:
    return ""


def _text(node: nodes.Text, page: _Page) -> str:
    return _STRAY_QUOTES.sub("", str(node.value))


def _entity(node: nodes.HTMLEntity, page: _Page) -> str:
    try:
        return lines.shown(node.normalize())
    except (ValueError, OverflowError):
        return ""


def _heading(node: nodes.Heading, page: _Page) -> str:
    title = " ".join(_render(node.title, page).split())
    return f"\n{HEADING}{node.level}{HEADING}{title}\n"


def _argument(node: nodes.Argument, page: _Page) -> str:
    return _render(node.default, page)


def _wikilink(node: nodes.Wikilink, page: _Page) -> str:
    title = str(node.title).strip()
    prefix, colon, rest = title.partition(":")
    if colon and rest and (prefix.strip().lower() in page.dropped or (_OTHER_LANGUAGE.match(prefix) and not node.text)):
        return ""
    shown = _render(node.text, page) if node.text is not None else title.lstrip(":")
    return shown if node.text is not None else shown.replace("_", " ").removeprefix("#")


def _external(node: nodes.ExternalLink, page: _Page) -> str:
    """A numbered link says nothing and is left out; a bare address is text."""
    address, shown = str(node.url).strip(), _render(node.title, page).strip()
    if not node.brackets:
        return address
    return f"[{shown}]({address})" if shown and address.startswith("http") and "\n" not in shown else shown


def _template(node: nodes.Template, page: _Page) -> str:
    def value(name: str) -> str:
        return _render(node.get(name).value, page).strip() if node.has(name) else ""

    positional = [_render(param.value, page).strip() for param in node.params if not param.showkey]
    return templates.render(templates.name_of(node), positional, value)


def _tag(node: nodes.Tag, page: _Page) -> str:
    name = str(node.tag).strip().lower()
    if node.wiki_markup in MARKERS:
        return MARKERS[node.wiki_markup]
    if name in _SILENT:
        return ""
    if name in _CODE_BLOCKS:
        return page.keep(lines.fence(_raw(node), _attribute(node, "lang")))
    if name in _CODE:
        return lines.code(_render(node.contents, page))
    return _TAGS.get(name, lambda node, page: _render(node.contents, page))(node, page)


def _raw(node: nodes.Tag) -> str:
    """The text of a block of code as it stands; nowiki within it and entities are how code is quoted."""
    text = str(node.contents or "").replace("<nowiki>", "").replace("</nowiki>", "")
    return mwparserfromhell.nodes.Text(lines.unescaped(text)).value


def _attribute(node: nodes.Tag, name: str) -> str:
    return str(node.get(name).value).strip().lower() if node.has(name) else ""


def _mathematics(node: nodes.Tag, page: _Page) -> str:
    tex = " ".join(str(node.contents or "").split())
    if not tex:
        return ""
    return page.keep(f"$$\n{tex}\n$$") if _attribute(node, "display") == "block" else f"${tex}$"


def _around(mark: str) -> Callable[[nodes.Tag, _Page], str]:
    def render(node: nodes.Tag, page: _Page) -> str:
        return lines.around(mark, _render(node.contents, page))

    return render


def _script(table: dict[int, int], sign: str) -> Callable[[nodes.Tag, _Page], str]:
    def render(node: nodes.Tag, page: _Page) -> str:
        text = _render(node.contents, page).strip()
        if text and all(ord(char) in table for char in text):
            return text.translate(table)
        return f"{sign}{text}" if len(text) < 2 else f"{sign}({text})"

    return render


def _quotation(node: nodes.Tag, page: _Page) -> str:
    return lines.quotation(_render(node.contents, page))


def _table(node: nodes.Tag, page: _Page) -> str:
    markdown = tables.to_markdown(node, lambda code: lines.cell(_render(code, page)))
    return page.keep(markdown) if markdown else ""


_TAGS: dict[str, Callable[[nodes.Tag, _Page], str]] = {
    "math": _mathematics,
    "b": _around(lines.BOLD),
    "strong": _around(lines.BOLD),
    "i": _around(lines.ITALIC),
    "em": _around(lines.ITALIC),
    "br": lambda node, page: " " if node.wiki_markup is None else "",
    "hr": lambda node, page: "\n\n",
    "p": lambda node, page: f"\n\n{_render(node.contents, page)}\n\n",
    "sub": _script(_LOWERED, "_"),
    "sup": _script(_RAISED, "^"),
    "blockquote": _quotation,
    "table": _table,
    "nowiki": lambda node, page: lines.shown(str(node.contents or "")),
}
_RENDERERS: dict[type, Callable[[Any, _Page], str]] = {
    nodes.Text: _text,
    nodes.HTMLEntity: _entity,
    nodes.Heading: _heading,
    nodes.Argument: _argument,
    nodes.Wikilink: _wikilink,
    nodes.ExternalLink: _external,
    nodes.Template: _template,
    nodes.Tag: _tag,
}
