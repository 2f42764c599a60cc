"""Directives of MyST and Sphinx: what is shown of each, as a lead and a body of Markdown."""

import csv
from collections.abc import Iterator

import re2

from connectors.markdown.fences import FENCE
from schemas.hole import hole

# navigation, pictures, settings of the generator, what only a search engine or the writers of the text read
SILENT = frozenset(
    [
        "toctree",
        "toc",
        "show-index",
        "exercise-start",
        "exercise-end",
        "solution-start",
        "solution-end",
        "contents",
        "index",
        "meta",
        "image",
        "raw",
        "highlight",
        "currentmodule",
        "module",
        "py:module",
        "py:currentmodule",
        "sectionauthor",
        "codeauthor",
        "tableofcontents",
        "bibliography",
        "only",
        "instructor",
        "objectives",
        "questions",
        "comment",
        "todo",
        "todolist",
        "sectnum",
        "default-role",
        "tabularcolumns",
        "iframe",
        "video",
        "youtube",
        "gallery-grid",
        "gallery",
        "grid-item-image",
        "autosummary-toc",
        "div-end",
        "button-ref",
        "target-notes",
        "header",
        "footer",
        "title",
        "mystnb",
    ]
)
_DIAGRAMS = frozenset(["mermaid", "graphviz", "digraph", "graph", "plantuml", "uml", "blockdiag", "seqdiag"])
_ASIDES = frozenset(
    [
        "note",
        "tip",
        "hint",
        "important",
        "warning",
        "caution",
        "danger",
        "error",
        "attention",
        "seealso",
        "exercise",
        "solution",
        "answer",
        "sidebar",
        "topic",
        "dropdown",
        "callout",
        "spoiler",
        "discussion",
        "prf:theorem",
        "prf:proof",
        "definition",
        "theorem",
        "proof",
        "example",
    ]
)
# a line without a body
_TITLES = frozenset(
    [*("rubric", "centered", "card", "grid-item-card", "button-link", "tab-item", "admonition", "tags", "epigraph")]
)
_VERSIONS = {
    "versionadded": "New in version {}",
    "version-added": "New in version {}",
    "versionchanged": "Changed in version {}",
    "version-changed": "Changed in version {}",
    "deprecated": "Deprecated since version {}",
    "version-deprecated": "Deprecated since version {}",
    "version-removed": "Removed in version {}",
    "versionremoved": "Removed in version {}",
}
_NAMES = {"seealso": "See also"}
# the argument is layout, not words
_UNTITLED = frozenset(
    [
        "grid",
        "figure",
        "div",
        "card-grid",
        "container",
        "rst-class",
        "class",
        "code-group",
        "list-table",
        "margin",
        "epigraph",
    ]
)
_UNTITLED_FIGURES = frozenset(("figure", "image", "carousel"))
_ITEM = re2.compile(r"^[*-] +[*-](?: +(.*))?$")
_CELL = re2.compile(r"^ {1,4}[*-](?: +(.*))?$")
_OBJECT = re2.compile(
    r"^(?:(?:py|c|cpp|js|rst|std):)?(?:function|class|method|data|attribute|exception|module|decorator|describe|object|option|confval|envvar|type|macro|struct|enum|staticmethod|classmethod|property)$"
)


def read(name: str, argument: str, options: dict[str, str], body: list[str]) -> tuple[str, list[str]]:
    """The lead of directive `name`, a line or "", and its body. What says nothing that can be read is a hole."""
    if name in _DIAGRAMS:
        return "", [f"```{name}", *body, "```"]
    if name == "eval-rst" and any(map(str.strip, body)):
        return "", [hole("directive", name)]
    if name == "list-table" and any(FENCE.match(line.lstrip("*- ")) for line in body):
        return _bold(argument), body  # code has no place in a table
    if name in ("list-table", "csv-table"):
        rows = _list_rows(body) if name == "list-table" else [*csv.reader(body, skipinitialspace=True)]
        head = next(csv.reader([options["header"]], skipinitialspace=True), []) if options.get("header") else []
        table = _table([head, *rows] if head else rows)
        return _bold(argument), table or [hole("table", name)]
    if name == "line-block":
        body = [
            f"{line}\\" if line.strip() and below.strip() else line
            for line, below in zip(body, [*body[1:], ""], strict=True)
        ]
    if name == "glossary":
        body = [f":   {line.strip()}" if line[:1].isspace() and line.strip() else line for line in body]
    lead = _lead(name, argument, options)
    if not any(map(str.strip, body)) and name not in _UNTITLED_FIGURES and (not lead or _is_made(name)):
        return "", [hole("directive", f"{name} {argument}")]
    return lead, body


def _is_made(name: str) -> bool:
    """Whether a directive without a body stands for what a program makes of its argument, such as `autoclass`."""
    kind = name.rpartition(":")[2]
    known = name in _ASIDES or name in _VERSIONS or name in _TITLES or name in _UNTITLED
    return not known and not _OBJECT.match(name) and kind not in _ASIDES


def _lead(name: str, argument: str, options: dict[str, str]) -> str:
    if name in _VERSIONS:
        version, _, words = argument.partition(" ")
        return f"**{_VERSIONS[name].format(version)}**{': ' if words else ''}{words}"
    if _OBJECT.match(name):
        return f"`{argument}`" if argument else ""
    if name in _UNTITLED:
        return ""
    title = argument or options.get("title", "") or options.get("name", "") * (name == "tab-item")
    if name in _ASIDES:
        return _bold(title or _NAMES.get(name, name.rpartition(":")[2].capitalize()))
    return _bold(title)


def _bold(title: str) -> str:
    return f"**{title.strip(' *')}**" if title.strip(" *") else ""


def _list_rows(body: list[str]) -> list[list[str]]:
    """The rows of a list of lists. What stands in a cell is put on one line."""
    rows = list[list[str]]()
    for line in body:
        if found := _ITEM.match(line):
            rows.append([found[1] or ""])
        elif rows and (cell := _CELL.match(line)):
            rows[-1].append(cell[1] or "")
        elif rows and line.strip():
            rows[-1][-1] = f"{rows[-1][-1]} {line.strip()}".strip()
    return rows


def _table(rows: list[list[str]]) -> list[str]:
    """Rows as a table of which the first is the head."""
    width = max(map(len, rows), default=0)
    if not width:
        return []
    return list(_lines([row + [""] * (width - len(row)) for row in rows if row], width))


def _lines(rows: list[list[str]], width: int) -> Iterator[str]:
    for number, row in enumerate(rows):
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |"
        if not number:
            yield "|" + " --- |" * width
