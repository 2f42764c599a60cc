"""How decisions are written: sealed lines, or rows of a person's own CSV, always at the end. The caller holds the file.

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
    """Append rows by column. Raises RecipeError where a CSV cannot say them."""
    if not rows:
        return
    if path.suffix == ".csv":
        _add_to_csv(path, rows)
    else:
        filesystem.append_line(path, write_lines(rows), is_torn, held=True)


def is_torn(line: bytes) -> bool:
    """Whether the last line of a file, without its end, is the beginning of one that a power failure has cut off."""
    return line.startswith(b"{") and not line.rstrip().endswith(b"}") and not was_sealed(line)


def _add_to_csv(path: Path, rows: Sequence[Mapping[str, str]]) -> None:
    if emptied := [row["record_id"] for row in rows if row.get("input") == ""]:
        says = tr(
            "{file}: {record}: CSV cannot say that `input` becomes empty; name a .jsonl file in `decisions`",
            file=path,
            record=emptied[0],
        )
        raise RecipeError(says)
    columns = _columns(path, rows)
    written = io.StringIO(newline="")
    csv.DictWriter(written, columns, lineterminator="\n").writerows(rows)
    # half a row cannot be told from a whole one
    filesystem.append_line(path, written.getvalue(), lambda _: False, held=True)


def _columns(path: Path, rows: Sequence[Mapping[str, str]]) -> list[str]:
    """The columns of the file, after it has all that the rows need."""
    content = path.read_bytes() if path.exists() else b""
    first, _, rest = content.partition(b"\n")
    named = next(csv.reader([first.decode("utf-8-sig").rstrip("\r")]), [])
    wanted = list(dict.fromkeys([*named, *(name for row in rows for name in row)]))
    if wanted != named:
        mark = BOM_UTF8 if content.startswith(BOM_UTF8) else b""
        line_end = b"\r\n" if first.endswith(b"\r") else b"\n"
        storage.write_file(path, lambda file: file.write(mark + ",".join(wanted).encode() + line_end + rest))
    return wanted
