"""MDX and Vue: modules, expressions and components of a Markdown file as the text that readers see.

Of a component stay the children, and the text that its properties hold. One that holds neither is a hole, unless it is
known to be layout (`SILENT`).
"""

from textwrap import dedent, indent

import re2

from connectors.markdown.masks import Masks
from schemas.hole import hole

# navigation, looks and what the site makes anew for each reader: none says anything
SILENT = frozenset(
    [
        *("Head", "Logo", "DocCardList", "TOCInline", "TableOfContents", "Toc", "TOC", "Spacer", "Divider"),
        *(
            "Separator",
            "Hr",
            "Comments",
            "Giscus",
            "Feedback",
            "Search",
            "Contributors",
            "LastUpdated",
            "EditLink",
            "Ad",
            "Ads",
        ),
        *("Script", "Style", "Redirect", "Meta", "BackToTop", "Breadcrumbs", "Pagination", "PrevNext"),
    ]
)
# pictures, of which only what stands below one is text
_PICTURES = re2.compile(r"(?i)(?:image|img|icon|avatar|lottie|picture|zoom)$")
# what a site embeds of another, by its address there
_ADDRESSES = {"youtube": "https://www.youtube.com/watch?v={}", "vimeo": "https://vimeo.com/{}"}
_TITLES = ("title", "label", "header", "heading", "question", "summary", "name", "term", "tab")
_TEXTS = ("text", "description", "content", "message", "caption", "answer", "body", "definition", "children", "tip")
_ITEMS = frozenset(("Option", "Choice", "Item", "ListItem", "Li"))
_CODES = ("command", "cmd", "code", "snippet", "shell", "commands")
_ASIDES = frozenset(
    [
        "note",
        "tip",
        "info",
        "warning",
        "danger",
        "caution",
        "important",
        "check",
        "aside",
        "callout",
        "admonition",
        "alert",
    ]
)
_SINCE = re2.compile(r"(?i)^(?:since|new|added|deprecated|removed|available|version)(?:in|since)?$")
_KINDS = ("type", "variant", "kind", "intent")  # of an aside
_IMPORT = re2.compile(r"""(?m)^import\s+(?:[^'"();`=.]*?\sfrom\s*)?(?:'[^'\n]+'|"[^"\n]+");?[ \t]*$""")
_EXPORT = re2.compile(r"(?m)^export\s+(?:const|let|var|function|async|default|class|\{|\*).*$")
_CONSTANT = re2.compile(
    r"""(?m)^export\s+(?:const|let|var)\s+(\w+)\s*=\s*(?:'([^'\n]*)'|"([^"\n]*)"|(\d[\d.]*))\s*;?[ \t]*$"""
)
_TAG = re2.compile(r"<(/?)([A-Z][A-Za-z0-9]*(?:\.[A-Za-z0-9]+)*|[a-z][a-z0-9]*(?:-[a-z0-9]+)+)")
_PROPERTY = re2.compile(
    r"""([:@\w.-]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|\{\s*(?:"([^"]*)"|'([^']*)'|(\x{fdd4}\d+\x{fdd5}))\s*\})"""
)
_EXPRESSION = re2.compile(
    r"""\{\s*(?:'([^'\n]*)'|"([^"\n]*)"|(\x{fdd4}\d+\x{fdd5})|([A-Za-z_$][\w$.]*(?:\([^(){}]*\))?(?:\[[\w'"]+\])?))\s*\}"""
)
_BRACE = re2.compile(r"\\[{}]|[{}]")
_MOST_LINES = 400  # of one export
_NESTED = 20
_MOST_TAGS, _MOST_UNCLOSED, _LONGEST_TAG = 5_000, 100, 5_000


def is_mdx(text: str, key: str) -> bool:
    """Whether braces of the file hold expressions."""
    return key.lower().endswith(".mdx") or bool(_IMPORT.search(text))


def read(text: str, key: str, masks: Masks) -> str:
    """`text` of the file `key`, its code hidden, without modules, and with text for components."""
    if is_mdx(text, key):
        constants = {found[1]: found[2] or found[3] or found[4] or "" for found in _CONSTANT.finditer(text)}
        text = _components(_without_exports(_IMPORT.sub("", text)), masks, 0)
        return _without_expressions(text, constants, masks)
    return _components(text, masks, 0)


def _without_exports(text: str) -> str:
    """An export ends where its brackets are closed; one that never ends is a line."""
    lines, kept, index = text.split("\n"), list[str](), 0
    while index < len(lines):
        if not _EXPORT.match(lines[index]):
            kept.append(lines[index])
            index += 1
            continue
        depth, end = 0, index
        for end in range(index, min(len(lines), index + _MOST_LINES)):
            depth += sum(map(lines[end].count, "([{")) - sum(map(lines[end].count, ")]}"))
            if depth <= 0:
                break
        index = (end if depth <= 0 else index) + 1
    return "\n".join(kept)


def _without_expressions(text: str, constants: dict[str, str], masks: Masks) -> str:
    pieces, done, start, depth = list[str](), 0, 0, 0
    for found in _BRACE.finditer(text):
        if found[0] == "{":
            start, depth = (found.start() if not depth else start), depth + 1
        elif found[0] == "}" and depth:
            depth -= 1
            if not depth:
                pieces += [text[done:start], _expression(text[start : found.end()], constants, masks)]
                done = found.end()
    return "".join([*pieces, text[done:]])


def _expression(braced: str, constants: dict[str, str], masks: Masks) -> str:
    """The text that an expression stands for, else a hole. What other dialects write in braces is left to them."""
    found = _EXPRESSION.fullmatch(braced)
    if not found:
        inside = braced[1:-1].strip()
        return braced if not inside or inside[0] in "#.:|%{<" else hole("placeholder", inside)
    literal = found[1] if found[1] is not None else found[2]
    if literal is not None:
        return str(literal)
    if found[3]:
        return masks.restore(found[3]).strip("`")
    return constants.get(found[4], "") or hole("placeholder", found[4])


def _components(text: str, masks: Masks, depth: int) -> str:
    """Each outermost component with what is in it, in turn."""
    pieces, done, at = list[str](), 0, 0
    tags = list(_TAG.finditer(text))
    if depth >= _NESTED or len(tags) > _MOST_TAGS:
        return text
    closers, unclosed = {found[2] for found in tags if found[1]}, set[str]()
    for found in tags:
        stop = _tag_end(text, found.end()) if found.start() >= at else 0
        if not stop or text[max(0, found.start() - 1) : found.start()] in ("\\", "{", "%"):
            continue
        name, inside = found[2], text[found.end() : stop - 1]
        body, end, shown = "", stop, ""
        if not found[1]:
            if (
                name in closers
                and name not in unclosed
                and len(unclosed) < _MOST_UNCLOSED
                and not inside.rstrip().endswith("/")
            ):
                body, end = _body(text, name, stop)
                unclosed |= {name} if end == stop else set()
            shown = (
                _shown(text, found, (inside, body, end), masks, depth)
                if end > stop or not _is_word(name, inside)
                else f"\\<{name}{inside}>"
            )
        pieces, done, at = [*pieces, text[done : found.start()], shown], end, end
    return "".join([*pieces, text[done:]])


def _is_word(name: str, inside: str) -> bool:
    """Whether a tag that nothing closes is what a text says: `<YourName>`, `<Y/N>`."""
    return not inside.strip() or bool(re2.fullmatch(r"/[^/>]+", inside))


def _shown(text: str, found: "re2._Match", held: tuple[str, str, int], masks: Masks, depth: int) -> str:
    """`held`: properties, what stands within, and where the component ends."""
    inside, body, end = held
    margin = text[text.rfind("\n", 0, found.start()) + 1 : found.start()]
    rest = text[end : text.find("\n", end)] if "\n" in text[end:] else text[end:]
    leads = not margin.strip() and ("\n" in body or not body.strip() or not rest.strip())
    shown = _component(found[2], inside, body, leads, masks, depth)
    return indent(shown, margin).removeprefix(margin) if margin and margin.isspace() else shown


def _tag_end(text: str, start: int) -> int:
    """Behind the `>` of a tag whose name ends at `start`; 0 where it is no tag."""
    if start < len(text) and not (text[start].isspace() or text[start] in "/>"):
        return 0
    depth, quote = 0, ""
    for at in range(start, min(len(text), start + _LONGEST_TAG)):
        sign = text[at]
        if quote:
            quote = "" if sign == quote else quote
        elif sign in "\"'" and text[at - 1] in "={[(, :":
            quote = sign
        elif sign == "{":
            depth += 1
        elif sign == "}":
            depth -= 1
        elif sign == ">" and depth <= 0 and text[at - 1] != "=":
            return at + 1
        elif sign == "<" and depth <= 0:
            return 0
    return 0


def _body(text: str, name: str, start: int) -> tuple[str, int]:
    """What stands up to the tag that closes `name`, and where to go on."""
    depth = 1
    for found in _TAG.finditer(text, start):
        stop = _tag_end(text, found.end()) if found[2] == name else 0
        if not stop:
            continue
        depth += -1 if found[1] else int(text[stop - 2] != "/")
        if not depth:
            return text[start : found.start()], stop
    return "", start


def _component(name: str, inside: str, body: str, is_block: bool, masks: Masks, depth: int) -> str:
    if name in SILENT:
        return "" if name == "Head" else _components(body, masks, depth + 1)
    given = {found[1].lstrip(":"): next(filter(None, found.groups()[1:]), "") for found in _PROPERTY.finditer(inside)}
    if name == "Br" or (_PICTURES.search(name) and not body.strip()):
        return "<br>" if name == "Br" else _first(given, ("caption", "title"))
    is_block = is_block and ("\n" in body or not body.strip() or bool(_first(given, _TITLES)) or name in _ITEMS)
    if "\n" in body:
        body = dedent(body)
    content = _components(body, masks, depth + 1)
    if is_block and name in _ITEMS:
        return f"- {content.strip()}"
    if not is_block:
        words = (content.strip() and content) or _first(given, (*_TEXTS, *_TITLES)) or _code(given, masks)
        words = words or _address(name, given) or _version(name, given)
        return words or hole("component", name)
    parts = [
        _lead(name, given, bool(content.strip())),
        content.strip("\n"),
        _first(given, _TEXTS),
        _code(given, masks, True),
        "" if content.strip() else _address(name, given) or _version(name, given),
    ]
    shown = "\n\n".join(part for part in parts if part.strip())
    return f"\n{shown or hole('component', name)}\n"


def _version(name: str, given: dict[str, str]) -> str:
    """Since which version something is so, in the words of the component's name: `<Since v="2.1" />`."""
    value = _first(given, ("v", "version", "value"))
    return f"{name} {value}" if value and _SINCE.match(name) else ""


def _address(name: str, given: dict[str, str]) -> str:
    """Where a film or a page lies that a component embeds; "" where it is not told."""
    address = next((value for value in given.values() if value.startswith(("http://", "https://"))), "")
    form = next((form for site, form in _ADDRESSES.items() if name.lower().startswith(site)), "")
    number = _first(given, ("id", "videoId", "videoID", "video"))
    address = address or (form.format(number) if form and number else "")
    return f"<{address}>" if address else ""


def _lead(name: str, given: dict[str, str], has_content: bool) -> str:
    """The bold line that a box, tab or step begins with."""
    title = _first(given, _TITLES) or _first(given, ("value",) if name == "TabItem" else ())
    kind = next((given[key] for key in _KINDS if given.get(key, "").lower() in _ASIDES), name)
    if not title and kind.lower() in _ASIDES and has_content:
        title = kind.capitalize()
    return f"**{title.strip(' *')}**" if title else ""


def _first(given: dict[str, str], keys: tuple[str, ...]) -> str:
    return next((given[key].strip() for key in keys if given.get(key, "").strip()), "")


def _code(given: dict[str, str], masks: Masks, is_block: bool = False) -> str:
    text = masks.restore(_first(given, _CODES)).strip("`")
    if not text:
        return ""
    if not is_block:
        return masks.hide(f"`{text}`")
    return f"```\n{masks.hide(text)}\n```"
