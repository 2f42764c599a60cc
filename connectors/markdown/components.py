"""MDX and Vue: modules, expressions and components of a Markdown file as the text that readers see.

Of a component stay the children, and the text that its properties hold. One that holds neither is a hole, unless it is
known to be layout (`SILENT`).
"""

from textwrap import dedent, indent

import re2

from connectors.markdown.masks import Masks
from schemas.hole import hole

# what a reader would not miss: navigation, pictures, films, decoration
SILENT = frozenset(
    [
        "Head",
        "Image",
        "Img",
        "Icon",
        "Video",
        "YouTube",
        "Youtube",
        "Vimeo",
        "ThemedImage",
        "Logo",
        "Avatar",
        "Badge",
        "DocCardList",
        "TOCInline",
        "TableOfContents",
        "Toc",
        "TOC",
        "Spacer",
        "Divider",
        "Separator",
        "Br",
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
        "Button_",
        "Edit",
        "HomePage",
        "RouterView",
        "Script",
        "Style",
        "Redirect",
        "Meta",
        "BackToTop",
        "Breadcrumbs",
        "Pagination",
        "PrevNext",
        "Lottie",
    ]
)
_TITLES = ("title", "label", "header", "heading", "question", "summary", "name", "term", "tab")
_TEXTS = ("text", "description", "content", "message", "caption", "answer", "body", "definition", "children", "tip")
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
        return str(_EXPRESSION.sub(lambda found: _expression(found, constants, masks), text))
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


def _expression(found: "re2._Match", constants: dict[str, str], masks: Masks) -> str:
    literal = found[1] if found[1] is not None else found[2]
    if literal is not None:
        return str(literal)
    if found[3]:
        return masks.restore(found[3]).strip("`")
    name = found[4]
    return constants.get(name, "") or hole("placeholder", name)


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
                _shown(text, found, inside, body, masks, depth)
                if end > stop or not _is_word(name, inside)
                else f"\\<{name}{inside}>"
            )
        pieces, done, at = [*pieces, text[done : found.start()], shown], end, end
    return "".join([*pieces, text[done:]])


def _is_word(name: str, inside: str) -> bool:
    """Whether a tag that nothing closes is what a text says: `<YourName>`, `<Y/N>`."""
    return not inside.strip() or bool(re2.fullmatch(r"/[^/>]+", inside))


def _shown(text: str, found: "re2._Match", inside: str, body: str, masks: Masks, depth: int) -> str:
    margin = text[text.rfind("\n", 0, found.start()) + 1 : found.start()]
    shown = _component(found[2], inside, body, not margin.strip(), masks, depth)
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
    is_block = is_block and ("\n" in body or not body.strip())
    if "\n" in body:
        body = dedent(body)
    content = _components(body, masks, depth + 1)
    if not is_block:
        words = (content.strip() and content) or _first(given, (*_TEXTS, *_TITLES)) or _code(given, masks)
        return words or hole("component", name)
    parts = [
        _lead(name, given, bool(content.strip())),
        content.strip("\n"),
        _first(given, _TEXTS),
        _code(given, masks, True),
    ]
    shown = "\n\n".join(part for part in parts if part.strip())
    return f"\n{shown or hole('component', name)}\n"


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
