"""How decisions are written: sealed lines, or rows of a person's own CSV, at the end. The caller holds the file.

In an object store, which cannot append, the lines of one call are an object in a folder of the file's name.
"""

import csv
import io
from codecs import BOM_UTF8
from collections.abc import Mapping, Sequence
from pathlib import Path

from pipelines import storage
from pipelines.messages import tr
from pipelines.recipe import RecipeError
from pipelines.storage import filesystem
from schemas.seal import was_sealed, write_lines


def files(path: Path) -> list[Path]:
    """All files that hold the decisions of `path`, oldest first: itself, and in a store what was appended to it."""
    appended = [] if filesystem.is_local(path) else filesystem.log_files(path)
    return [file for file in (path, *appended) if file.exists()]


def add(path: Path, rows: Sequence[Mapping[str, str]]) -> None:
    """Append rows by column, all or none. Raises RecipeError where a CSV cannot say them.

    The file is written anew and replaced: several lines, or a row of CSV, that were cut off could be taken for whole.
    """
    if not rows:
        return
    if not filesystem.is_local(path):
        filesystem.append_line(path, write_lines(rows), is_torn)
        return
    known = path.read_bytes() if path.exists() else b""
    new = _csv_with(path, known, rows) if path.suffix == ".csv" else _whole(known) + write_lines(rows).encode()
    storage.write_file(path.resolve(), lambda file: file.write(new))  # of a link, what it points to


def is_torn(line: bytes) -> bool:
    """Whether the last line of a file, without its end, is the beginning of one that a power failure has cut off."""
    return line.startswith(b"{") and not line.rstrip().endswith(b"}") and not was_sealed(line)


def _whole(lines: bytes) -> bytes:
    """Lines of JSON that end with a line feed, without a last one that is torn."""
    before, _, last = lines.rpartition(b"\n")
    if last and not is_torn(last):
        return lines + b"\n"
    return before + b"\n" if before or lines.startswith(b"\n") else b""


def _csv_with(path: Path, known: bytes, rows: Sequence[Mapping[str, str]]) -> bytes:
    """The content of a CSV with rows at its end, and with all columns that they need."""
    if emptied := [row["record_id"] for row in rows if row.get("input") == ""]:
        says = tr(
            "{file}: {record}: CSV cannot say that `input` becomes empty; name a .jsonl file in `decisions`",
            file=path,
            record=emptied[0],
        )
        raise RecipeError(says)
    known, columns = _with_columns(known, rows)
    written = io.StringIO(newline="")
    csv.DictWriter(written, columns, lineterminator="\n").writerows(rows)
    return known + b"\n" * (not known.endswith(b"\n")) + written.getvalue().encode()


def _with_columns(content: bytes, rows: Sequence[Mapping[str, str]]) -> tuple[bytes, list[str]]:
    """A CSV that has all columns that the rows need, and these columns."""
    first, _, rest = content.partition(b"\n")
    named = next(csv.reader([first.decode("utf-8-sig").rstrip("\r")]), [])
    wanted = list(dict.fromkeys([*named, *(name for row in rows for name in row)]))
    if wanted == named:
        return content, wanted
    mark = BOM_UTF8 if content.startswith(BOM_UTF8) else b""
    line_end = b"\r\n" if first.endswith(b"\r") else b"\n"
    return mark + ",".join(wanted).encode() + line_end + rest, wanted
