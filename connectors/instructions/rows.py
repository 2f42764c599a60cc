"""Files to rows. What is malformed costs itself: its neighbours are read."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import re2

# The text between the braces of one element of an array, found without understanding it
_MARK = re2.compile(r'["{}\\]')
_DECODE = json.JSONDecoder(strict=False)  # raw line breaks inside strings are common and harmless


@dataclass(frozen=True)
class Malformed:
    """What could not be read; `place` is a line or the number of an element."""

    place: str
    reason: str
    detail: str = ""


def read(path: Path) -> Iterator[Any]:
    """Each row of a file, and a Malformed for what is none."""
    if path.suffix.lower() == ".parquet":
        yield from _parquet(path)
    elif path.suffix.lower() == ".json":
        yield from _array(path)
    else:
        yield from _lines(path)


def _parquet(path: Path) -> Iterator[Any]:
    try:
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=1_000):
                yield from batch.to_pylist()
    except (pa.ArrowInvalid, OSError) as error:
        yield Malformed("file", "malformed_parquet", type(error).__name__)


def _lines(path: Path) -> Iterator[Any]:
    with path.open(encoding="utf-8-sig", errors="replace", newline="\n") as file:
        for number, line in enumerate(file, 1):
            if line.strip():
                yield _decode(line, f"line {number}")


def _array(path: Path) -> Iterator[Any]:
    text = path.read_text(encoding="utf-8-sig", errors="replace")
    try:
        found = _DECODE.decode(text)
    except (ValueError, RecursionError):
        yield from _elements(text)
        return
    rows = found if isinstance(found, list) else [found]
    yield from rows


def _elements(text: str) -> Iterator[Any]:
    """The objects of a broken array, each on its own; text outside of objects that is no punctuation is told of.

    A file of JSON Lines under the name .json is read by this as well.
    """
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


def _decode(text: str, place: str) -> Any:
    try:
        return _DECODE.decode(text.strip())
    except (ValueError, RecursionError) as error:
        return Malformed(place, "malformed_json", str(error)[:80] if isinstance(error, ValueError) else "too deep")
