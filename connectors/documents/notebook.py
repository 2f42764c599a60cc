"""Jupyter notebooks: cells of Markdown as text, cells of code as blocks of code, each with what it printed.

https://nbformat.readthedocs.io/en/latest/format_description.html
"""

from collections.abc import Iterator
from dataclasses import replace
from html import escape
from typing import Any

import re2

from connectors.documents.material import Material
from connectors.documents.text import front_matter, render, told
from connectors.html import Unreadable
from connectors.reading.stored_json import load
from schemas.hole import hole

_MAGIC = re2.compile(r"^%%(\w+)")
# Magics of cells that name the language of what is below them, and what to call it
_LANGUAGES = {
    "bash": "bash", "sh": "bash", "script": "bash", "html": "html", "javascript": "javascript", "js": "javascript",
    "latex": "latex", "sql": "sql", "ruby": "ruby", "perl": "perl", "r": "r", "cython": "cython", "writefile": "",
    "markdown": "markdown", "svg": "svg", "cpp": "cpp",
}  # fmt: skip
_NO_LANGUAGE = {"ir": "r", "python3": "python", "python2": "python", "ipython": "python", "c++": "cpp"}
_COLOURS = re2.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_OVERWRITTEN = re2.compile(r"(?m)^.*\r([^\r\n])")
# Where in memory something lies, or what a picture is, says nothing
_ADDRESS = re2.compile(
    r"^[\[({<]*<[\w.]+[^>\n]*(?: at 0x[0-9a-f]+|size \d+x\d+ with \d+ Ax[ei]s)[^>\n]*>[\])}>, .\w]*$"
)
_HIDDEN = {"remove-cell", "remove_cell", "hide-cell", "hide_cell"}
_HIDDEN_INPUT = {"remove-input", "remove_input", "hide-input", "hide_input"}
_HIDDEN_OUTPUT = {"remove-output", "remove_output", "hide-output", "hide_output"}


def read(body: bytes) -> Material:
    """Of a notebook of format 2, 3 or 4. Raises Unreadable: malformed_notebook, empty_notebook."""
    found = load(body)
    cells = _cells(found)
    if cells is None:
        raise Unreadable("malformed_notebook")
    about = _dictionary(found.get("metadata"))
    stated: dict[str, Any] = {}
    if cells and cells[0].get("cell_type") in ("raw", "markdown"):
        stated, rest = front_matter(_text(cells[0].get("source")) + "\n")
        cells[0] = {**cells[0], "source": rest} if stated else cells[0]
    language = _language(about)
    markup = "\n".join(part for cell in cells for part in _cell(cell, language))
    if not markup.strip():
        raise Unreadable("empty_notebook")
    return replace(told({**about, **stated}, markup), markup=markup)


def _cells(found: Any) -> list[dict[str, Any]] | None:
    """The cells; before format 4 they lie in worksheets, and code is their `input`."""
    if not isinstance(found, dict):
        return None
    sheets = found.get("worksheets")
    listed = found.get("cells")
    if isinstance(sheets, list):
        listed = [cell for sheet in sheets if isinstance(sheet, dict) for cell in _list(sheet.get("cells"))]
    if not isinstance(listed, list):
        return None
    return [_modern(cell) if isinstance(cell, dict) else {} for cell in listed]


def _modern(cell: dict[str, Any]) -> dict[str, Any]:
    if cell.get("cell_type") == "heading":
        level = cell.get("level") if cell.get("level") in range(1, 7) else 1
        return {"cell_type": "markdown", "source": f"{'#' * int(level or 1)} {_text(cell.get('source'))}"}
    return {**cell, "source": cell.get("source", cell.get("input"))}


def _text(value: Any) -> str:
    """Text, which notebooks keep as one string or as a list of lines."""
    if isinstance(value, list):
        return "".join(part for part in value if isinstance(part, str))
    return value if isinstance(value, str) else ""


def _dictionary(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _language(about: dict[str, Any]) -> str:
    kernel, info = _dictionary(about.get("kernelspec")), _dictionary(about.get("language_info"))
    name = str(info.get("name") or kernel.get("language") or about.get("language") or kernel.get("name") or "").lower()
    return _NO_LANGUAGE.get(name, name)


def _cell(cell: dict[str, Any], language: str) -> Iterator[str]:
    about = _dictionary(cell.get("metadata"))
    tags = {tag for tag in _list(about.get("tags")) if isinstance(tag, str)}
    kind, source = cell.get("cell_type"), _text(cell.get("source"))
    if tags & _HIDDEN:
        return
    if kind == "markdown":
        yield render(source)
    elif kind == "raw":
        yield _raw(source, str(about.get("raw_mimetype") or about.get("format") or ""))
    elif kind == "code":
        if not tags & _HIDDEN_INPUT:
            yield _code(source, str(cell.get("language") or language))
        if not tags & _HIDDEN_OUTPUT:
            yield from _outputs(cell.get("outputs"))
    else:
        yield f"<p>{escape(hole('directive', f'cell of the type {kind}'))}</p>"


def _raw(source: str, media_type: str) -> str:
    """What is meant for one of nbconvert's formats only; without one it is text as it stands."""
    if media_type == "text/html":
        return source
    if media_type == "text/markdown":
        return render(source)
    if media_type and source.strip():
        return f"<p>{escape(hole('directive', f'raw cell of {media_type}'))}</p>"
    return f"<pre>{escape(source)}</pre>"


def _code(source: str, language: str) -> str:
    magic = _MAGIC.match(source)
    if magic and magic[1] == "markdown":
        return render(source.partition("\n")[2])
    spoken = _LANGUAGES.get(magic[1].lower(), language) if magic else language
    return f'<pre data-lang="{escape(spoken)}">{escape(source)}</pre>' if source.strip() else ""


def _outputs(outputs: Any) -> Iterator[str]:
    """What a cell printed, returned or failed with; pieces of one stream are one block."""
    printed: list[str] = []
    for output in _list(outputs):
        if not isinstance(output, dict):
            continue
        if output.get("output_type") == "stream":
            printed.append(_text(output.get("text")))
            continue
        yield from _block("".join(printed))
        printed.clear()
        yield from _result(output)
    yield from _block("".join(printed))


def _result(output: dict[str, Any]) -> Iterator[str]:
    if output.get("output_type") in ("error", "pyerr"):
        lines = output.get("traceback")
        trace = "\n".join(line for line in lines if isinstance(line, str)) if isinstance(lines, list) else ""
        yield from _block(trace or f"{output.get('ename')}: {output.get('evalue')}")
        return
    data = _dictionary(output.get("data")) or output
    markup, latex, plain = (_text(data.get(new)) or _text(data.get(old)) for new, old in _FORMS)
    if "<table" in markup or (markup and not plain.strip("<>").strip()):
        yield f"<div>{markup}</div>"
    elif marked := _text(data.get("text/markdown")):
        yield render(marked)
    elif latex:
        yield render(latex)
    elif not _ADDRESS.search(plain.strip()):
        yield from _block(plain)


_FORMS = (("text/html", "html"), ("text/latex", "latex"), ("text/plain", "text"))


def _block(text: str) -> Iterator[str]:
    shown = _OVERWRITTEN.sub(r"\1", _COLOURS.sub("", text)).replace("\r\n", "\n")
    if shown.strip():
        yield f"<pre>{escape(shown)}</pre>"
