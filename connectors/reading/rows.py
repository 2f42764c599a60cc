"""Files to rows. What is malformed costs itself: its neighbours are read."""

import csv
import io
from collections.abc import Iterable, Iterator
from contextlib import closing
from functools import partial
from itertools import chain
from pathlib import Path
from typing import IO, Any

import pyarrow as pa

from connectors.html.decoding import encoding_of
from connectors.reading import json_rows, packed, parquet
from connectors.reading.local import is_named
from connectors.reading.malformed import Malformed

CSV = (".csv", ".tsv")
_SEPARATORS = (",", "\t", ";")  # whichever the line of names has most of
_LONGEST_LINE = json_rows.LONGEST  # characters; what goes on beyond them is no row
_SAMPLE = 1 << 20  # bytes by which a file's encoding is told


def read(path: Path) -> Iterator[Any]:
    """Each row of a file, and a Malformed for what is none.

    Parquet, CSV (.csv, .tsv), JSON Lines under whatever name, or an array of JSON, compressed or not: a few rows in
    memory at a time. Text is UTF-8, or what its beginning shows it to be.
    """
    try:
        if _is_parquet(path):
            yield from parquet.rows(path)
            return
        is_table = is_named(path, CSV)
        ends = "" if is_table else "\n"  # fields and strings of JSON hold line ends of any kind
        with (
            closing(packed.opened(path)) as raw,
            io.TextIOWrapper(raw, _encoding(path), "replace", newline=ends) as file,
        ):
            yield from _table(file) if is_table else json_rows.rows_of(file, path)
    except pa.ArrowException as error:
        yield Malformed("file", "malformed_parquet", type(error).__name__)
    except packed.ERRORS as error:
        yield Malformed("file", packed.why(error), type(error).__name__)


def _is_parquet(path: Path) -> bool:
    with path.open("rb") as file:
        return path.suffix.lower() == ".parquet" or file.read(4) == b"PAR1"


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


def _encoding(path: Path) -> str:
    found = encoding_of(packed.content(path, _SAMPLE) or b"")
    return "utf-8-sig" if found == "utf-8" else found


def _table(file: IO[str]) -> Iterator[Any]:
    """The rows of a CSV file as objects, by the names in its first line; empty fields are left out."""
    csv.field_size_limit(_LONGEST_LINE)
    first = file.readline(_LONGEST_LINE).removeprefix("\ufeff")
    between = max(_SEPARATORS, key=first.count)
    lines = _Lines(chain([first], iter(partial(file.readline, _LONGEST_LINE), "")))
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
