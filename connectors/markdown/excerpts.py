"""The part of a file that an include asks for: lines, a named section, or what stands between two texts."""

import ast
from textwrap import dedent

import re2

_RANGE = re2.compile(r"(-?\d*)(?::|-)?(-?\d*)")
_NAMED = re2.compile(r"--8<--+\s*\[\s*(start|end)\s*:\s*([\w-]+)\s*\]|#?(?:#|@)?(region|endregion)\b\s*:?\s*([\w-]*)")

_ANCHOR = re2.compile(r"\bANCHOR(_END)?: *([\w-]+)")


def anchored(lines: list[str], name: str) -> list[str] | None:
    """The lines between the anchors `name` of mdBook, or all for ""; without any anchors; None when there is none."""
    kept, is_open, seen = list[str](), not name, not name
    for line in lines:
        found = _ANCHOR.search(line) if "ANCHOR" in line else None
        if not found and is_open:
            kept.append(line)
        if found and found[2] == name:
            is_open = not found[1]
            seen = seen or is_open
    return kept if seen else None


def numbered(lines: list[str], ranges: str) -> list[str]:
    """Of `1:5`, `2`, `:3` or `1-2,5-` the lines, counted from 1; negative ones from the end."""
    kept = list[str]()
    for part in ranges.replace(" ", "").split(","):
        found = _RANGE.fullmatch(part)
        if not part or not found:
            continue
        is_one = ":" not in part and "-" not in part.lstrip("-")
        start = _place(found[1], 1, len(lines))
        stop = start if is_one else _place(found[2], len(lines), len(lines))
        kept += lines[max(0, start - 1) : stop]
    return kept


def _place(number: str, otherwise: int, length: int) -> int:
    if number in ("", "-"):
        return otherwise
    return int(number) if int(number) >= 0 else length + int(number) + 1


def without_marks(lines: list[str]) -> list[str]:
    """Lines without those that begin or end a section of a snippet."""
    return [line for line in lines if not ("--8<--" in line and _NAMED.search(line))]


def section(lines: list[str], name: str) -> list[str] | None:
    """The lines of the section or region `name`, without marks; None when there is none."""
    kept, is_open, seen = list[str](), False, False
    for line in lines:
        found = _NAMED.search(line) if "8<" in line or "region" in line else None
        if not found:
            kept += [line] if is_open else []
        elif (found[1] or found[3]) in ("start", "region") and (found[2] or found[4]) == name:
            is_open = seen = True
        elif (found[1] or found[3]) in ("end", "endregion") and (found[2] or found[4]) in (name, ""):
            is_open = False
    return without_marks(kept) if seen else None


def between(lines: list[str], options: dict[str, str]) -> list[str] | None:
    """The lines that the options of `literalinclude` and `include` choose; None when they name what is not there."""
    if name := options.get("pyobject"):
        return _object(lines, name)
    if wanted := options.get("lines"):
        lines = numbered(lines, wanted)
    start = _at(lines, options, "start-at", "start-after", "start-line")
    if start is None:
        return None
    lines = lines[start:]
    end = _at(lines, options, "end-before", "end-at", "end-line", len(lines), start)
    if end is None:
        return None
    lines = lines[:end]
    return dedent("\n".join(lines)).split("\n") if "dedent" in options else lines


def _at(
    lines: list[str], options: dict[str, str], at: str, after: str, line: str, otherwise: int = 0, taken: int = 0
) -> int | None:
    if options.get(line, "").lstrip("-").isdigit():
        number = int(options[line])
        return max(0, number - taken if number >= 0 else number + len(lines))
    for name, beyond in ((at, 0), (after, 1)):
        if text := options.get(name):
            found = next((place for place, each in enumerate(lines) if text in each), None)
            return None if found is None else found + beyond
    return otherwise


def _object(lines: list[str], name: str) -> list[str] | None:
    """The source of a Python class or function, by its name with dots."""
    try:
        body: list[ast.stmt] = ast.parse("\n".join(lines)).body
    except (SyntaxError, ValueError, RecursionError):
        return None
    found: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | None = None
    for step in name.split("."):
        named = next((each for each in body if getattr(each, "name", "") == step), None)
        if not isinstance(named, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            return None
        found, body = named, named.body
    if found is None:
        return None
    start = min([found.lineno, *(each.lineno for each in found.decorator_list)])
    return lines[start - 1 : found.end_lineno]
