"""Values that a site's data files and settings give to its pages: `{% data variables.product.name %}` (GitHub's docs),
`{{ site.data.x.y }}`, `{{ site.title }}` (Jekyll), `{{< param x >}}` (Hugo), `{{ book.x }}` (GitBook), `{{ x }}` of
`extra` (MkDocs)."""

import ast
import json
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import re2

from connectors.markdown import front_matter
from connectors.markdown.code_places import substitute
from connectors.markdown.folder import Folder, readable, text_of
from connectors.reading import plain_yaml
from connectors.reading.local import file_within, files_below
from schemas.hole import hole

_DATA = re2.compile(r"\{%-? *(?:data|indented_data_reference) +([\w.-]+)[^%{}]*-?%\}")
_VALUE = re2.compile(r"\{\{-? *([A-Za-z][\w.-]*) *(?:\|[^{}]*)?-?\}\}")
_PARAM = re2.compile(r"\{\{[<%] *(?:_?param|var|meta|params) +\"?([\w.-]+)\"?(?: [^%<>{}]*)? *[%>]\}\}")
_TABLES = (".yml", ".yaml", ".json", ".toml")
_SETTINGS = ("_config", "config", "hugo", "mkdocs", "_variables", "_quarto", "book", "config/_default/params", "params")
# GitBook fills its variables in code too; `{{ book.title }}` is also what manuals of templates show
_GITBOOK = re2.compile(r"\{% *(?:end)?(?:filename|hint|tabs?|embed|content-ref|youtube)\b")
_OF_BOOK = re2.compile(r"\{\{ *book\.([A-Za-z]\w*) *\}\}")
_SPHINX = "myst_substitutions"
_LARGEST, _MOST = 1 << 20, 500
_DEEPEST = 3


class _Loader(plain_yaml.Plain):
    """Settings of MkDocs name Python objects; these are no text."""


_Loader.add_multi_constructor("", lambda loader, suffix, node: None)


def load(folder: Path) -> dict[str, Any]:
    """What the data files and settings of a site in `folder` say, by the names under which pages use it."""
    settings: dict[str, Any] = {}
    for place in (folder / f"{name}{suffix}" for name in _SETTINGS for suffix in _TABLES):
        if path := file_within(place, folder):
            settings |= _table(path)
    params, extra = settings.get("params"), settings.get("extra")
    data = _files(folder / "data") | _files(folder / "_data")
    extra = {**_dict(extra), **_substitutions(file_within(folder / "conf.py", folder))}
    book = settings.get("variables")
    scope = {**_dict(extra), **_dict(params), **settings, **data}
    return {
        **scope,
        "site": {**settings, "data": data, "params": params},
        "book": book,
        "extra": extra,
        "var": settings,
    }


def cascaded(folder: Path, root: Path, known: dict[Path, dict[str, Any]]) -> dict[str, Any]:
    """What the front matter of `_index.md`, in `folder` and those around it, gives to all pages below (Hugo).

    `known` keeps what was read. https://gohugo.io/content-management/front-matter/#cascade
    """
    if folder not in known:
        above = cascaded(folder.parent, root, known) if folder != root and folder.is_relative_to(root) else {}
        index = file_within(folder / "_index.md", root)
        about = front_matter.split(text_of(index))[0] if index else {}
        given = about.get("cascade")
        for part in given if isinstance(given, list) else [given]:
            part = {} if "target" in _dict(part) or "_target" in _dict(part) else _dict(part)
            above = {**above, **part, **_dict(part.get("params"))}
        known[folder] = above
    return known[folder]


def _substitutions(path: Path | None) -> dict[str, Any]:
    """`myst_substitutions` of Sphinx's settings, where they are written out."""
    try:
        body = ast.parse(text_of(path)).body if path else []
        found = [each for each in body if isinstance(each, ast.Assign) and ast.unparse(each.targets[0]) == _SPHINX]
        return _dict(readable(ast.literal_eval(found[-1].value))) if found else {}
    except (SyntaxError, ValueError, RecursionError, TypeError, MemoryError):
        return {}


def fill(text: str, scope: dict[str, Any], folder: Folder, depth: int = 0) -> str:
    """`text` with the values that `scope` has; what it does not have, or `folder` does not give, stays. Code is left
    alone."""
    if depth == _DEEPEST or not scope or ("{{" not in text and "{%" not in text):
        return text
    write = _writer(scope, folder, depth)
    for pattern in (_DATA, _PARAM, _VALUE):
        text = substitute(pattern, text, write)
    return text


def mark_lacking(text: str) -> str:
    """A page of a GitBook with a hole for each of the book's variables that nobody gave, in code as elsewhere."""
    if "book." not in text or not _GITBOOK.search(text):
        return text
    return str(_OF_BOOK.sub(lambda found: hole("placeholder", f"book.{found[1]}"), text))


def _writer(scope: dict[str, Any], folder: Folder, depth: int) -> Callable[["re2._Match"], str]:
    def write(found: "re2._Match") -> str:
        value = _at(scope, found[1])
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            return str(found[0])
        shown = str(value).strip()
        return fill(shown, scope, folder, depth + 1) if folder.gives(len(shown)) else str(found[0])

    return write


def _at(scope: dict[str, Any], name: str) -> Any:
    value: Any = scope
    for step in name.split("."):
        value = value.get(step) if isinstance(value, dict) else None
    return value


def _files(folder: Path) -> dict[str, Any]:
    """Tables, and Markdown as text, by the folders and names of their files."""
    tree: dict[str, Any] = {}
    if not folder.is_dir():
        return tree
    for path in files_below(folder, lambda file: file.suffix in (*_TABLES, ".md"))[:_MOST]:
        place = tree
        for step in path.relative_to(folder).parent.parts:
            place = place.setdefault(step, {})
        place[path.stem] = _table(path) if path.suffix != ".md" else _text(path)
    return tree


def _text(path: Path) -> str:
    return front_matter.split(text_of(path))[1].strip()


def _table(path: Path) -> dict[str, Any]:
    """{} of a file that is too large or cannot be read."""
    if path.stat().st_size > _LARGEST:
        return {}
    text = text_of(path)
    try:
        if path.suffix == ".toml":
            return _dict(readable(tomllib.loads(text)))
        return _dict(readable(json.loads(text) if path.suffix == ".json" else plain_yaml.load(text, _Loader)))
    except (ValueError, RecursionError, TypeError):
        return {}


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
