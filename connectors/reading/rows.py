"""Files to rows. What is malformed costs itself: its neighbours are read."""

import csv
import io
import json
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import re2

from connectors.reading import packed
from connectors.reading.local import is_named

# The text between the braces of one element of an array, found without understanding it
_MARK = re2.compile(r'["{}\\]')
_DECODE = json.JSONDecoder(strict=False)  # raw line breaks inside strings are common and harmless
CSV = (".csv", ".tsv")
_SEPARATORS = (",", "\t", ";")  # whichever the line of names has most of
_LONGEST_LINE = 1 << 26  # characters; what goes on beyond them is no row


@dataclass(frozen=True)
class Malformed:
    """What could not be read; `position` is a line or the number of an element."""

    position: str
    reason: str
    detail: str = ""


def read(path: Path) -> Iterator[Any]:
    """Each row of a file, and a Malformed for what is none.

    Parquet, CSV (.csv, .tsv), or JSON Lines under whatever name, compressed or not, a few rows in memory at a time; a
    file that is one JSON value (an array is its elements) is read whole.
    """
    try:
        yield from _parquet(path) if _is_parquet(path) else _table(path) if is_named(path, CSV) else _json(path)
    except pa.ArrowInvalid as error:
        yield Malformed("file", "malformed_parquet", type(error).__name__)
    except packed.ERRORS as error:
        yield Malformed("file", "truncated", type(error).__name__)


def _is_parquet(path: Path) -> bool:
    with path.open("rb") as file:
        return path.suffix.lower() == ".parquet" or file.read(4) == b"PAR1"


def _parquet(path: Path) -> Iterator[Any]:
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(batch_size=1_000):
            yield from batch.to_pylist()


class _Lines:
    """The lines of a file for `csv.reader`. It remembers those of the row that is being read, and takes one back."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._lines = iter(lines)
        self.number, self.of_row = 0, list[str]()

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = next(self._lines)
        self.number += 1
        self.of_row.append(line)
        return line

    def take_back(self) -> None:
        """Give the last line once more."""
        self._lines = chain([self.of_row.pop()], self._lines)
        self.number -= 1


def _table(path: Path) -> Iterator[Any]:
    """The rows of a CSV file as objects, by the names in its first line; empty fields are left out."""
    csv.field_size_limit(_LONGEST_LINE)
    with closing(packed.opened(path)) as raw, io.TextIOWrapper(raw, "utf-8-sig", "replace", newline="") as file:
        first = file.readline(_LONGEST_LINE)
        between = max(_SEPARATORS, key=first.count)
        lines = _Lines(chain([first], file))
        reader = csv.reader(lines, delimiter=between, strict=True)
        names = _next_row(reader) or []
        while True:
            lines.of_row.clear()
            fields = _next_row(reader)
            if fields is not None:
                yield from _fields(names, fields, f"line {lines.number}")
            elif lines.of_row:
                yield from _misquoted(names, lines, between)
            else:
                return


def _next_row(reader: Iterator[list[str]]) -> list[str] | None:
    """The fields of the next row; None for one that is quoted wrongly, and at the end."""
    try:
        return next(reader, None)
    except csv.Error:
        return None


def _fields(names: list[str], fields: list[str], position: str) -> Iterator[Any]:
    if len(fields) > len(names):
        yield Malformed(position, "malformed_csv", f"{len(fields)} fields under {len(names)} names")
    elif any(fields):
        yield {name: value for name, value in zip(names, fields, strict=False) if value}


def _misquoted(names: list[str], lines: _Lines, between: str) -> Iterator[Any]:
    """What stands in the lines of a row with a quote that is never closed, or is closed too early.

    The last of several lines is the one that showed it, and is read again as a row. Those before it are rows if all of
    them have as many fields as there are names, and are lost with the first line if not. A line of a file with tabs
    may have quotes that are only characters.
    """
    if len(lines.of_row) > 1:
        lines.take_back()
    first, *swallowed = lines.of_row
    start, most = lines.number - len(swallowed), len(names) - 1
    if between == "\t" and not swallowed and first.count(between) == most:
        yield from _fields(names, first.rstrip("\r\n").split(between), f"line {start}")
        return
    are_rows = all(line.count(between) == most and '"' not in line for line in swallowed)
    rest = "" if are_rows else f", with the {len(swallowed)} lines after it"
    yield Malformed(f"line {start}", "misquoted", f"a quote is not closed, or too early{rest}")
    for number, line in enumerate(swallowed if are_rows else [], start + 1):
        yield from _fields(names, line.rstrip("\r\n").split(between), f"line {number}")


def _json(path: Path) -> Iterator[Any]:
    with closing(packed.opened(path)) as raw, io.TextIOWrapper(raw, "utf-8-sig", "replace", newline="\n") as file:
        lines = iter(partial(file.readline, _LONGEST_LINE), "")
        first = next((line for line in lines if line.strip()), "")
        if _is_one_value(first, path):
            yield from _array(first + file.read())
        else:
            yield from _lines(chain([first], lines))


def _is_one_value(first: str, path: Path) -> bool:
    """An array, or an object of several lines under the name .json."""
    if any(suffix in (".jsonl", ".ndjson") for suffix in path.suffixes):
        return False
    return first.lstrip()[:1] == "[" or (".json" in path.suffixes and isinstance(_decode(first, ""), Malformed))


def _lines(lines: Iterable[str]) -> Iterator[Any]:
    for number, line in enumerate(lines, 1):
        if line.strip():
            yield _decode(line, f"line {number}")


def _array(text: str) -> Iterator[Any]:
    try:
        found = _DECODE.decode(text)
    except (ValueError, RecursionError):
        yield from _elements(text)
        return
    rows = found if isinstance(found, list) else [found]
    yield from rows


def _elements(text: str) -> Iterator[Any]:
    """The objects of a broken array, each on its own; text outside of objects that is no punctuation is told of."""
    outside, number = 0, 0
    for start, end in _objects(text):
        if between := text[outside:start].strip(" \t\r\n,[]"):
            yield Malformed(f"before element {number}", "malformed_json", f"{len(between)} characters")
        yield _decode(text[start:end], f"element {number}")
        outside, number = end, number + 1
    if rest := text[outside:].strip(" \t\r\n,[]"):
        yield Malformed(f"after element {number - 1}", "truncated", f"{len(rest)} characters")
    elif number:
        yield Malformed("file", "malformed_array", f"{number} elements read one by one")


def _objects(text: str) -> Iterator[tuple[int, int]]:
    """Where each outermost {…} begins and ends; braces in strings do not count."""
    depth, start, in_string, skip = 0, 0, False, -1
    for found in _MARK.finditer(text):
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
