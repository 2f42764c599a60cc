"""Shortcodes that a Hugo site defines itself, expanded while fetching from `layouts/shortcodes/NAME.html`.

Simple ones only: their own words around `.Get`, `.Inner`, parameters, `with` and `if`. One that does more is left to
what is known of shortcodes by name and by what they are given. https://gohugo.io/templates/shortcode/
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import re2

from connectors.markdown.code_places import substitute
from connectors.markdown.folder import Folder, text_of
from connectors.markdown.tags import Arguments, arguments
from connectors.reading.local import files_below

_PLACES = ("layouts", "*/layouts", "themes/*/layouts")
_FOLDERS = ("_shortcodes", "shortcodes")
_LARGEST, _MOST = 20_000, 2_000
_LONGEST = 1 << 20  # characters that a use may say
_USE = re2.compile(r"(?s)\{\{([<%])[ \t\n]*(/?)[ \t\n]*([\w./-]+?)((?:[ \t\n]+[^<>%]*?)?)[ \t\n]*(/?)[>%]\}\}")
_COMMENT = re2.compile(r"(?s)\{\{-?\s*/\*.*?\*/\s*-?\}\}\n?|<!--.*?-->")
_ACTION = re2.compile(r"(?s)(\s*\{\{-\s|\{\{)\s*(.*?)\s*(-\}\}\s*|\}\})")
_TOKEN = re2.compile(r'"((?:[^"\\]|\\.)*)"|`([^`]*)`|([()|])|(:=|=)|([^\s()|"`]+)')
_SCRIPTED = re2.compile(r"(?i)<(?:script|canvas|svg)\b")
_MARKUP = re2.compile(r"(?s)<(script|style)\b.*?</(?:script|style)\s*>|<[^<>]*>")
_INDENT = re2.compile(r"(?m)^[ \t\n]+")  # HTML ends at a blank line, and begins code at four spaces
# what becomes of a text on its way to the page
_PASSES = frozenset(
    [
        *("markdownify", "safeHTML", "safeHTMLAttr", "safeURL", "htmlEscape", "htmlUnescape", "plainify", "string"),
        *("strings.TrimSpace", "trim", "chomp", "emojify", "title", "humanize", "lower", "upper", "anchorize"),
        *("urlize", "relURL", "absURL", "relLangURL", "absLangURL", ".Page.RenderString", "$.Page.RenderString"),
        *("page.RenderString", "transform.Markdownify", "strings.TrimPrefix", "strings.TrimLeft", "dedent"),
    ]
)


class _NotSimpleError(Exception):
    """A template does more than is read here."""


@dataclass(slots=True)
class _Scope:
    """What a template may name: the arguments of its use, what stands between its tags, `dot` and variables. `size`:
    characters written so far."""

    given: Arguments
    inner: str
    dot: str = ""
    values: dict[str, str] = field(default_factory=dict)
    size: int = 0


def load(root: Path) -> dict[str, str]:
    """The source of each shortcode of the site in `root`, by name; of those of a theme the site's own come first."""
    found: dict[str, str] = {}
    folders = [base / name for place in _PLACES for base in sorted(root.glob(place)) for name in _FOLDERS]
    for folder in folders:
        for path in files_below(folder, lambda file: file.suffix in (".html", ".md"))[:_MOST]:
            name = path.relative_to(folder).with_suffix("").as_posix()
            if path.stat().st_size <= _LARGEST:
                found.setdefault(name, _COMMENT.sub("", text_of(path)))
    return found


def expand(text: str, templates: dict[str, str], folder: Folder) -> str:
    """`text` with the words of its shortcodes in their places, the innermost first. Code is left alone, and so is what
    says more than `folder` gives."""
    if not templates or "{{" not in text:
        return text
    uses = list["re2._Match"]()

    def collect(found: "re2._Match") -> str:
        uses.append(found)
        return str(found[0])

    substitute(_USE, text, collect)
    closing, opened = Counter(found[3] for found in uses if found[2]), Counter[str]()
    pieces, open_uses, done = [list[str]()], list["re2._Match"](), 0
    for found in uses:
        pieces[-1].append(text[done : found.start()])
        done, name = found.end(), found[3]
        if found[2]:
            closing[name] -= 1
            while opened[name] and open_uses[-1][3] != name:
                _give_up(open_uses, pieces, opened)
            inner = "".join(pieces.pop()) if opened[name] else ""
            pieces[-1].append(_shown(templates, folder, open_uses.pop(), inner, found[0]) if opened[name] else found[0])
            opened[name] -= bool(opened[name])
        elif closing[name] > opened[name] and not found[5]:
            open_uses.append(found)
            opened[name] += 1
            pieces.append([])
        else:
            pieces[-1].append(_shown(templates, folder, found))
    while open_uses:
        _give_up(open_uses, pieces, opened)
    return "".join([*pieces[0], text[done:]])


def _give_up(open_uses: list["re2._Match"], pieces: list[list[str]], opened: Counter[str]) -> None:
    """Leaves the innermost open use as it stands."""
    inner, found = pieces.pop(), open_uses.pop()
    opened[found[3]] -= 1
    pieces[-1] += [found[0], *inner]


def _shown(templates: dict[str, str], folder: Folder, found: "re2._Match", inner: str = "", end: str = "") -> str:
    """What a use says; the use itself where its template is not simple, draws something by a script, or says more than
    `folder` gives."""
    as_it_stands = f"{found[0]}{inner}{end}"
    if found[3] not in templates:
        return as_it_stands
    scope = _Scope(arguments(found[4]), f"\x00{inner.strip()}\x00" if "\n" in inner else inner)
    try:
        text = _read(_parts(templates[found[3]]), scope)
    except _NotSimpleError:
        return as_it_stands
    text = "\n\n".join(
        part if number % 2 else _INDENT.sub("", part).strip() for number, part in enumerate(text.split("\x00"))
    )
    words = _MARKUP.sub("", text).strip()
    drawn = not words and _SCRIPTED.search(text)
    return as_it_stands if drawn or not folder.gives(len(text)) else text.strip()


def _parts(template: str) -> Iterator[tuple[str, str]]:
    """("text", …) and ("action", …) in turn, without the space that `{{-` and `-}}` take."""
    done = 0
    for found in _ACTION.finditer(template):
        yield "text", template[done : found.start()]
        yield "action", found[2]
        done = found.end()
    yield "text", template[done:]


def _read(parts: Iterator[tuple[str, str]], scope: _Scope) -> str:
    """What parts give up to their end."""
    text, stop = _block(parts, scope, True)
    if stop:
        raise _NotSimpleError
    return text


def _block(parts: Iterator[tuple[str, str]], scope: _Scope, is_shown: bool) -> tuple[str, str]:
    """The text up to an `else` or `end` that belongs to no block within, and that word."""
    pieces = list[str]()
    for kind, part in parts:
        word, _, rest = part.partition(" ")
        scope.size += len(pieces[-1]) if pieces else 0
        if scope.size > _LONGEST:
            raise _NotSimpleError
        if kind == "text":
            pieces.append(part)
        elif word in ("else", "end"):
            return "".join(pieces), part
        elif word in ("if", "with"):
            pieces.append(_branch(word, rest, parts, scope, is_shown))
        elif word in ("range", "block", "define", "template", "partial", "return", "break"):
            raise _NotSimpleError
        else:
            pieces.append(_action(part, scope) if is_shown else "")
    return "".join(pieces), ""


def _branch(word: str, condition: str, parts: Iterator[tuple[str, str]], scope: _Scope, is_shown: bool) -> str:
    value, done, shown = _value(condition, scope) if is_shown else "", not is_shown, ""
    while True:
        takes = bool(value) and not done
        dot = scope.dot
        scope.dot = value if word == "with" and takes else dot
        text, stop = _block(parts, scope, takes)
        scope.dot, done = dot, done or takes
        shown = text if takes else shown
        if stop in ("end", ""):
            return shown
        word, _, condition = stop.removeprefix("else").strip().partition(" ")
        value = "else" if not word else _value(condition, scope) if is_shown and not done else ""


def _action(part: str, scope: _Scope) -> str:
    """What an action writes; "" for one that names a value."""
    name, sign, expression = part.partition("=")
    if sign and name.strip().removesuffix(":").strip().startswith("$") and " " not in name.strip(" :"):
        scope.values[name.strip().removesuffix(":").strip()] = _value(expression, scope)
        return ""
    return _value(part, scope)


def _value(expression: str, scope: _Scope) -> str:
    tokens = list(_TOKEN.finditer(expression))
    value = _pipeline(tokens, scope)
    if tokens:
        raise _NotSimpleError
    return value


def _pipeline(tokens: list["re2._Match"], scope: _Scope) -> str:
    """Terms between bars, each of which takes the one before it as its last argument. Takes tokens off the front."""
    value: str | None = None
    while True:
        terms = list[tuple[str, bool]]()
        while tokens and tokens[0][3] not in (")", "|"):
            terms.append(_term(tokens, scope))
        value = _call(terms + ([(value, True)] if value is not None else []), scope)
        if not tokens or tokens[0][3] == ")":
            return value
        tokens.pop(0)


def _term(tokens: list["re2._Match"], scope: _Scope) -> tuple[str, bool]:
    """A term, and whether it is a value already; else it is a name."""
    token = tokens.pop(0)
    if token[3] == "(":
        value = _pipeline(tokens, scope)
        if tokens:
            tokens.pop(0)
        return value, True
    literal = token[1] if token[1] is not None else token[2]
    return (literal, True) if literal is not None else (token[0], False)


def _call(terms: list[tuple[str, bool]], scope: _Scope) -> str:
    if not terms:
        raise _NotSimpleError
    (name, is_value), *rest = terms
    values = [value if known else _named(value, scope) for value, known in rest]
    if is_value or not rest:
        if rest:
            raise _NotSimpleError
        return name if is_value else _named(name, scope)
    return _function(name, values, scope)


def _function(name: str, values: list[str], scope: _Scope) -> str:
    last = values[-1]
    match name:
        case ".Get" | "$.Get" | "isset":
            value = scope.given.get(last)
        case "default":
            value = last or values[0]
        case "not":
            value = "" if last else "true"
        case "eq" | "ne":
            value = "true" if (values[0] in values[1:]) == (name == "eq") else ""
        case "or":
            value = next((value for value in values if value), "")
        case "and":
            value = next((value for value in values if not value), last)
        case ".Page.Param" | "$.Page.Param" | "page.Param" | "site.Param":
            value = _parameter(last)
        case _ if name in _PASSES:
            value = last
        case _:
            raise _NotSimpleError
    return value


def _parameter(name: str) -> str:
    """What the front matter or the settings give is filled in later."""
    return f"{{{{< param {name} >}}}}"


def _named(name: str, scope: _Scope) -> str:
    """The value of a name."""
    path = name.removeprefix("$") if name.startswith("$.") else name
    known = {
        **scope.values,
        ".": scope.dot,
        ".Inner": scope.inner,
        ".Page.Title": _parameter("title"),
        ".Params": "given",
        ".IsNamedParams": "true" if scope.given.named else "",
        **dict.fromkeys(("false", ".Name", ".Position", ".Ordinal", ".Page"), ""),
    }
    if path in known or name == "true" or name.isdecimal():
        return known.get(path, name)
    space, _, key = path.rpartition("Params.")
    if key and space in (".", ".Page.", "page.", ".Site.", "site."):
        return scope.given.get(key) if space == "." else _parameter(key)
    raise _NotSimpleError
