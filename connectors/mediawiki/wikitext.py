"""Wikitext to Markdown, section by section: https://www.mediawiki.org/wiki/Help:Formatting

mwparserfromhell finds what is what; the markup of lines (lists, headings, preformatted text) passes through as
characters of the private area until all inline markup is text.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import mwparserfromhell
import re2
from mwparserfromhell import nodes
from mwparserfromhell.wikicode import Wikicode

from connectors.mediawiki import functions, lines, measures, tables, tags, templates
from connectors.mediawiki.expansion import FUNCTION, LONGEST, Context, Frame, Sources, arguments, exact, marked
from connectors.mediawiki.forms import Call
from connectors.mediawiki.lines import BREAK, HEADING, MARKERS
from connectors.mediawiki.rendering import Rendering, is_alone
from connectors.mediawiki.variants import one_script
from schemas.hole import hole, kinds_in, without_holes

_SWITCH = re2.compile(r"__[A-Z]{3,30}__")
# a link to the same page in another language, in wikis older than Wikidata
_OTHER_LANGUAGE = re2.compile(r"^[a-z]{2,3}(-[a-z]{2,10})?$")
_HIDDEN = re2.compile(r"display\s*:\s*none")
_WORD = re2.compile(r"\pL{2}")
# emphasis that was never closed
_STRAY_QUOTES = re2.compile("'{2,}")
_FILES = ("file", "image", "category")


@dataclass(frozen=True, slots=True)
class RenderedSection:
    """One section: headings from the top, its own Markdown, and its anchor."""

    path: tuple[str, ...]
    markdown: str
    anchor: str


def parse_wikitext(text: str) -> Wikicode:
    return mwparserfromhell.parse(marked(one_script(lines.PRIVATE.sub("", text))))


def render_sections(
    text: str, dropped: tuple[str, ...] = (), context: Context | None = None
) -> Iterator[RenderedSection]:
    """The sections of a page in order, without empty ones. `dropped`: the wiki's own names of namespaces whose
    links are no text. `context`: what else is known of the page. Raises RecursionError for nesting that nobody
    writes."""
    context = context or Context()
    page = Rendering(frozenset(_FILES) | {name.lower() for name in dropped}, context, Sources(context.templates))
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
        level, title = int(line[1]), lines.plain(line.split(HEADING, 2)[2], page.blocks)
        path = [step for step in path if step[0] < level] + [(level, title)]
        anchor, own = title.replace(" ", "_"), []


def _render(code: Any, page: Rendering) -> str:
    if code is None:
        return ""
    found = list(code.nodes)
    shown: list[str] = []
    in_line = page.in_line
    for index, node in enumerate(found):
        page.in_line = in_line or _is_in_line(found, index)
        shown.append(_RENDERERS.get(type(node), _nothing)(node, page))
    page.in_line = in_line
    return "".join(shown)


def _is_in_line(found: list[Any], index: int) -> bool:
    """Whether what a node holds stands within a line of text."""
    node = found[index]
    if isinstance(node, nodes.Tag):
        return str(node.tag).strip().lower() not in tags.BLOCKS
    return not isinstance(node, nodes.Template) or not is_alone(found, index)


def _nothing(node: Any, page: Rendering) -> str:
    return ""


def _text(node: nodes.Text, page: Rendering) -> str:
    return _STRAY_QUOTES.sub("", str(node.value))


def _entity(node: nodes.HTMLEntity, page: Rendering) -> str:
    return lines.shown(str(node))


def _heading(node: nodes.Heading, page: Rendering) -> str:
    title = " ".join(_render(node.title, page).split())
    return f"\n{HEADING}{node.level}{HEADING}{title}\n"


def _argument(node: nodes.Argument, page: Rendering) -> str:
    name = _render(node.name, page).strip()
    if page.frame is None or name not in page.frame.arguments:
        return _render(node.default, page) if node.default is not None else hole("placeholder", name)
    frame = page.frame
    if name not in frame.shown:
        text = page.within(frame.outer, lambda: _render(frame.arguments[name], page))
        frame.shown[name] = text if len(text) <= LONGEST else hole("template", name)
    return frame.shown[name]


def _wikilink(node: nodes.Wikilink, page: Rendering) -> str:
    title = (str(node.title) if page.frame is None else _render(node.title, page)).strip()
    prefix, colon, rest = title.partition(":")
    if colon and rest and (prefix.strip().lower() in page.dropped or (_OTHER_LANGUAGE.match(prefix) and not node.text)):
        return ""
    if prefix.strip().lower() == "media" and colon:
        title = rest
    shown = _render(node.text, page) if node.text is not None else title.lstrip(":")
    return shown if node.text is not None else shown.replace("_", " ").removeprefix("#")


def _external(node: nodes.ExternalLink, page: Rendering) -> str:
    """A numbered link says nothing and is left out; a bare address is text."""
    address, shown = str(node.url).strip(), _render(node.title, page).strip()
    if not node.brackets:
        return address
    return f"[{shown}]({address})" if shown and address.startswith("http") and "\n" not in shown else shown


def _template(node: nodes.Template, page: Rendering) -> str:
    title = _render(node.name, page).strip()
    name = templates.canonical(title)
    if templates.is_silent(name, page.in_line and _has_words(node)):
        return ""
    called = _function(title, node, page)
    if called is not None:
        return called
    source = page.sources.get(exact(title))
    expanded = None if source is None else _expanded(name, source, node, page)
    if expanded is not None and not kinds_in(expanded):
        # its own source says it, be it nothing
        return expanded
    call = _call((name, title), node, page)
    known = templates.builtin(call)
    if known is not None:
        return known
    return templates.fallback(call) if expanded is None or _only_calls(expanded) else expanded


def _only_calls(expanded: str) -> bool:
    """Whether a source does nothing but call what is not known here, so that its arguments tell as much as those of a
    template without a source."""
    return not without_holes(expanded).strip() and all(kind == "parser_function" for kind, _ in kinds_in(expanded))


def _has_words(node: nodes.Template) -> bool:
    return any(not param.showkey and _WORD.search(str(param.value)) for param in node.params)


def _function(title: str, node: nodes.Template, page: Rendering) -> str | None:
    """What a parser function or a magic word gives; a hole for one that is not known, None for a template."""
    name, colon, first = title.partition(":")
    name = name.strip().lower().removeprefix("safesubst").removeprefix("subst") if not colon else name.strip().lower()
    if name in ("subst", "safesubst"):
        return _function(first.strip(), node, page)
    if not colon:
        known = functions.word(title, page.context.title, page.context.now)
        return hole("parser_function", title) if known is None and title.startswith("#") else known
    if name == "#tag":
        return _function_tag(first, node, page)
    given = [_lazy(param, page) for param in node.params]
    if first == FUNCTION:
        first, given = given[0].text() if given else "", given[1:]
    found = functions.call(name, first, given)
    return hole("parser_function", name) if found is None and name.startswith("#") else found


def _lazy(param: Any, page: Rendering) -> functions.Argument:
    """An argument of a function, which is rendered when it is asked for."""

    def rest() -> str:
        return _render(param.value, page)

    def name() -> str:
        return _render(param.name, page)

    if not param.showkey:
        return functions.Argument(rest, None, rest)
    return functions.Argument(lambda: f"{name()}={rest()}", name, rest)


def _function_tag(first: str, node: nodes.Template, page: Rendering) -> str:
    """{{#tag:pre|…}} is <pre>…</pre>."""
    params = [param for param in node.params if not param.showkey]
    if first == FUNCTION and params:
        first, params = _render(params[0].value, page), params[1:]
    tag = first.strip().lower()
    if tag in tags.SILENT or not params:
        return ""
    if tag in tags.CODE_BLOCKS or tag in tags.CODE:
        text = _verbatim(params[0].value, page)
        language = _verbatim(node.get("lang").value, page).strip() if node.has("lang") else ""
        return page.keep(lines.fence(text, language)) if tag in tags.CODE_BLOCKS else page.span(lines.code(text))
    return _render(params[0].value, page)


def _expanded(name: str, source: Wikicode, node: nodes.Template, page: Rendering) -> str:
    """What the template's own source gives with these arguments."""
    if not page.sources.may_expand():
        return hole("template", name)
    page.sources.spent += 1
    page.sources.depth += 1
    in_line = page.in_line
    frame = Frame(arguments(node, lambda code: _render(code, page)), page.frame)
    try:
        text = page.within(frame, lambda: _render(source, page))
    except RecursionError:
        if page.frame is not None:
            raise  # the outermost one is the hole, or the rest of the page would be lost with it
        text = hole("template", name)
    finally:
        page.sources.depth -= 1
        page.in_line = in_line
    return text if len(text) <= LONGEST else hole("template", name)


def _call(names: tuple[str, str], node: nodes.Template, page: Rendering) -> Call:
    """`names`: as the tables have it, and as it is typed."""
    (name, title), alone = names, not page.in_line
    page.in_line = True  # whatever its arguments hold becomes part of a text

    def value(wanted: str) -> str:
        return _render(node.get(wanted).value, page).strip() if node.has(wanted) else ""

    def raw(wanted: str) -> str:
        return _verbatim(node.get(wanted).value, page) if node.has(wanted) else ""

    unnamed = [param for param in node.params if not param.showkey]
    values = [_render(param.value, page).strip() for param in unnamed] or [text for text in map(value, "123") if text]
    return Call(
        name=name,
        title=title,
        values=values,
        names=tuple(str(param.name).strip() for param in node.params if param.showkey),
        value=value,
        raw=raw,
        code=lambda text: page.span(lines.code(text)),
        fence=lambda text, language: page.keep(lines.fence(text, language)),
        alone=alone,
        now=page.context.now,
    )


def _verbatim(code: Any, page: Rendering) -> str:
    """The text of code as it stands: marks of lists and unknown tags are part of it, emphasis and entities are not."""
    return "".join(_typed(node, page) for node in code.nodes) if code is not None else ""


def _typed(node: Any, page: Rendering) -> str:
    match node:
        case nodes.Text() | nodes.Heading():
            return str(node)
        case nodes.HTMLEntity():
            return lines.unescaped(str(node))
        case nodes.Tag():
            return _typed_tag(node, page)
        case nodes.Argument():
            return _typed_argument(node, page)
        case nodes.Wikilink():
            return _verbatim(node.title if node.text is None else node.text, page)
    return lines.typed(_RENDERERS.get(type(node), _nothing)(node, page), page.blocks)


def _typed_argument(node: nodes.Argument, page: Rendering) -> str:
    name = _render(node.name, page).strip()
    if page.frame is None or name not in page.frame.arguments:
        return str(node) if node.default is None else _verbatim(node.default, page)
    given = page.frame.arguments[name]
    return page.within(page.frame.outer, lambda: _verbatim(given, page))


def _typed_tag(node: nodes.Tag, page: Rendering) -> str:
    name = str(node.tag).strip().lower()
    if name in ("nowiki", *tags.CODE_BLOCKS):
        return _raw(node, page)
    if name in tags.SILENT:
        return ""
    if name == "br":
        return "\n"
    if node.wiki_markup in ("''", "'''") or (name in lines.HTML and node.wiki_markup is None):
        return _verbatim(node.contents, page)
    if node.wiki_markup is not None or node.self_closing or node.contents is None:
        return str(node)
    opening = f"<{node.tag}{''.join(map(str, node.attributes))}>"
    return f"{opening}{_verbatim(node.contents, page)}</{node.closing_tag}>"


def _tag(node: nodes.Tag, page: Rendering) -> str:
    name = str(node.tag).strip().lower()
    if node.wiki_markup in MARKERS:
        return MARKERS[node.wiki_markup]
    if name in tags.SILENT or name in tags.DRAWN:
        return hole("embed", name) if name in tags.DRAWN else ""
    if name in tags.CODE_BLOCKS:
        return page.keep(lines.fence(_raw(node, page), _attribute(node, "lang")))
    if name in tags.CODE:
        return page.span(lines.code(_verbatim(node.contents, page)))
    if tables.is_layout(_attribute(node, "class")) or _HIDDEN.search(_attribute(node, "style")):
        return ""
    render = _TAGS.get(name)
    return str(render(node, page) if render else _render(node.contents, page))


def _raw(node: nodes.Tag, page: Rendering) -> str:
    """The text of a block of code as it stands; nowiki within it and entities are how code is quoted."""
    text = str(node.contents or "")
    if page.frame and "{{{" in text:
        return _verbatim(mwparserfromhell.parse(text), page)
    return lines.unescaped(text.replace("<nowiki>", "").replace("</nowiki>", ""))


def _attribute(node: nodes.Tag, name: str) -> str:
    return str(node.get(name).value).strip().lower() if node.has(name) else ""


def _mathematics(node: nodes.Tag, page: Rendering) -> str:
    tex = " ".join(str(node.contents or "").split())
    if not tex:
        return ""
    return page.keep(f"$$\n{tex}\n$$") if _attribute(node, "display") == "block" else f"${tex}$"


def _around(mark: str) -> Callable[[nodes.Tag, Rendering], str]:
    def render(node: nodes.Tag, page: Rendering) -> str:
        return lines.around(mark, _render(node.contents, page))

    return render


def _quotation(node: nodes.Tag, page: Rendering) -> str:
    return lines.quotation(_render(node.contents, page))


def _table(node: nodes.Tag, page: Rendering) -> str:
    markdown = tables.to_markdown(node, lambda code: lines.cell(_render(code, page), page.blocks))
    return page.keep(markdown) if markdown else ""


_TAGS: dict[str, Callable[[nodes.Tag, Rendering], str]] = {
    "math": _mathematics,
    "chem": lambda node, page: measures.chemical(str(node.contents or "")),
    "ce": lambda node, page: measures.chemical(str(node.contents or "")),
    "b": _around(lines.BOLD),
    "strong": _around(lines.BOLD),
    "i": _around(lines.ITALIC),
    "em": _around(lines.ITALIC),
    "br": lambda node, page: BREAK if node.wiki_markup is None else "",
    "hr": lambda node, page: "\n\n",
    "p": lambda node, page: f"\n\n{_render(node.contents, page)}\n\n",
    "sub": lambda node, page: measures.script(_render(node.contents, page).strip(), measures.LOWERED, "_"),
    "sup": lambda node, page: measures.script(_render(node.contents, page).strip(), measures.RAISED, "^"),
    "blockquote": _quotation,
    "ul": lambda node, page: lines.listed(_render(node.contents, page), lines.BULLET),
    "ol": lambda node, page: lines.listed(_render(node.contents, page), lines.NUMBER),
    "li": lambda node, page: lines.item(_render(node.contents, page)),
    "dt": lambda node, page: f"\n{lines.TERM}{_render(node.contents, page).strip()}\n",
    "dd": lambda node, page: f"\n{lines.INDENT}{_render(node.contents, page).strip()}\n",
    "table": _table,
    "nowiki": lambda node, page: lines.shown(str(node.contents or "")),
}
_RENDERERS: dict[type, Callable[[Any, Rendering], str]] = {
    nodes.Text: _text,
    nodes.HTMLEntity: _entity,
    nodes.Heading: _heading,
    nodes.Argument: _argument,
    nodes.Wikilink: _wikilink,
    nodes.ExternalLink: _external,
    nodes.Template: _template,
    nodes.Tag: _tag,
}
