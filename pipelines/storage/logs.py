"""Logs below data/: sealed lines of JSON, appended one at a time. Times and places are here, as no manifest holds them.

    runs.jsonl      when each stage ran, how long it took, and what failed
    exports.jsonl   what was handed on: from which snapshot, in which format, and where to

In an object store, which cannot append, each line is an object in a folder of the log's name.
"""

import logging
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pipelines.messages import tr
from pipelines.storage import filesystem
from schemas.seal import Line, read_lines, seal_values

_WHOLE = re.compile(rb'"[^"]{6}": "[0-9a-f]{64}"}')
RUNS, EXPORTS = "runs.jsonl", "exports.jsonl"

log = logging.getLogger("gristmill")


def append(path: Path, entry: Mapping[str, Any]) -> None:
    """Append one line to the log at `path`."""
    filesystem.append_line(path, seal_values(dict(sorted(entry.items()))) + "\n", _is_torn)


def _is_torn(rest: bytes) -> bool:
    """Whether a last line without its line feed was cut off. One that is whole has lost the line feed to rot."""
    return not _WHOLE.search(rest) and not any(line.value for line in read_lines(rest))


def lines(path: Path) -> Iterator[tuple[Path, Line]]:
    """The lines of the log, oldest first, each with its file. One that a power failure has cut off is left out."""
    for file, content in filesystem.read_all(filesystem.log_files(path)):
        whole, _, rest = content.rpartition(b"\n")
        yield from ((file, line) for line in read_lines(whole))
        last = whole.count(b"\n") + 1 + bool(whole or content.startswith(b"\n"))
        yield from ((file, Line(last, line.value, line.sealed)) for line in read_lines(rest) if not _is_torn(rest))


def read(path: Path) -> list[dict[str, Any]]:
    """The entries of the log at `path`, oldest first. A warning names each line that is damaged."""
    entries = []
    for file, line in lines(path):
        if line.value is None:
            log.warning(
                tr("{file}:{number}: damaged; this line is left out, the others count", file=file, number=line.number)
            )
        else:
            entries.append(line.value)
    return entries
