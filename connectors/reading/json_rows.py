"""JSON to rows, whatever it is written as: one value a line, an array, or one object. No file is too long for it."""

import json
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import partial
from itertools import chain
from pathlib import Path
from typing import IO, Any

import re2

from connectors.reading.malformed import Malformed

LONGEST = 1 << 24  # characters of a row; decoded, the worst of that length takes 25 times as much memory
CHUNK = 1 << 16  # characters that are read at once, at least
# The text between the braces of one element of an array, found without understanding it
_MARK = re2.compile(r'["{}\\]')
_SPACE = re.compile(r"[ \t\r\n]*")
_DECODE = json.JSONDecoder(strict=False)  # raw line breaks inside strings are common and harmless


def rows_of(file: IO[str], path: Path) -> Iterator[Any]:
    """Each row of an open file, and a Malformed for what is none; `path` is what it is called."""
    lines = iter(partial(file.readline, LONGEST), "")
    first = next((line for line in lines if line.strip("\ufeff \t\r\n")), "").removeprefix("\ufeff")
    if any(suffix in (".jsonl", ".ndjson") for suffix in path.suffixes):
        yield from _lines(chain([first], lines))
    elif first.lstrip()[:1] == "[":
        yield from _array(_Window(first.lstrip()[1:], file))
    elif ".json" in path.suffixes and isinstance(_decode(first, ""), Malformed):
        yield from _one_value(_Window(first, file))
    else:
        yield from _lines(chain([first], lines))


def _lines(lines: Iterable[str]) -> Iterator[Any]:
    for number, line in enumerate(lines, 1):
        if line.strip():
            yield _decode(line, f"line {number}")


class _Window:
    """What of a file has been read: `text`, and from `at` on not used."""

    def __init__(self, text: str, file: IO[str]) -> None:
        self.text, self.file, self.at = text, file, 0

    def grow(self) -> bool:
        """Read as much again as is not used; False where nothing more is there, or no row may be so long."""
        self.text, self.at = self.text[self.at :], 0
        more = self.file.read(max(len(self.text), CHUNK)) if len(self.text) < LONGEST else ""
        self.text += more
        return bool(more)

    def sign(self) -> str:
        """The next character that is no space, "" at the end."""
        while True:
            self.at = _SPACE.match(self.text, self.at).end()  # type: ignore[union-attr]
            if self.at < len(self.text) or not self.grow():
                return self.text[self.at : self.at + 1]

    def value(self) -> Any:
        """The next value. Raises ValueError, RecursionError."""
        while True:
            try:
                found, end = _DECODE.raw_decode(self.text, self.at)
            except ValueError:
                if not self.grow():
                    raise
                continue
            length = end - self.at
            if end < len(self.text) or not self.grow():  # a number may go on
                self.at += length
                return found


def _one_value(window: _Window) -> Iterator[Any]:
    """One object; where it is not the only one, or is broken, objects one by one."""
    number = 0
    window.sign()
    with suppress(ValueError, RecursionError):
        yield window.value()
        number = 1
    if not number or window.sign():
        yield from _elements(window, number)


def _array(window: _Window) -> Iterator[Any]:
    """The elements of an array whose bracket has been read; from the first fault on, its objects one by one."""
    number, sign = 0, window.sign()
    while sign != "]":
        try:
            found = window.value()
        except (ValueError, RecursionError):
            break
        yield found
        number, sign = number + 1, window.sign()
        if sign == ",":
            window.at += 1
            sign = window.sign().replace("]", "")  # nothing stands between a comma and the end
        elif sign != "]":
            break
    window.at += sign == "]"
    if sign != "]" or window.sign():
        yield from _elements(window, number)


def _elements(window: _Window, number: int) -> Iterator[Any]:
    """The objects of a broken array, each on its own; text outside of objects that is no punctuation is told of."""
    while True:
        outside = window.at
        for start, end in _objects(window.text, window.at):
            yield from _outside(window.text[outside:start], f"before element {number}", "malformed_json")
            yield _decode(window.text[start:end], f"element {number}")
            outside, number = end, number + 1
        window.at = outside
        if not window.grow():
            if not window.file.read(1):
                break
            yield Malformed(f"element {number}", "too_large", f"more than {LONGEST} characters")
            window.text, number = "", number + 1
    rest = list(_outside(window.text[window.at :], f"after element {number - 1}", "truncated"))
    yield from rest or [Malformed("file", "malformed_array", f"{number} elements read one by one")]


def _outside(text: str, position: str, reason: str) -> Iterator[Malformed]:
    if between := text.strip(" \t\r\n,[]"):
        yield Malformed(position, reason, f"{len(between)} characters")


def _objects(text: str, begin: int) -> Iterator[tuple[int, int]]:
    """Where each outermost {…} begins and ends; braces in strings do not count."""
    depth, start, in_string, skip = 0, 0, False, -1
    for found in _MARK.finditer(text, begin):
        at, mark = found.start(), found[0]
        if at == skip:
            continue
        if mark == "\\":
            skip = at + 1
        elif mark == '"':
            in_string = not in_string and depth > 0
        elif not in_string:
            start = at if depth == 0 and mark == "{" else start
            depth = max(depth + (1 if mark == "{" else -1), 0)
            if depth == 0 and mark == "}":
                yield start, at + 1


def _decode(text: str, position: str) -> Any:
    try:
        return _DECODE.decode(text.strip())
    except (ValueError, RecursionError) as error:
        return Malformed(position, "malformed_json", str(error)[:80] if isinstance(error, ValueError) else "too deep")
