"""Every file that a command changes, wherever on the machine, is of a kind that DECISIONS says `forget`'s answer to."""

import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

from pipelines.storage import filesystem
from tests.documents import read, tables
from tests.faults.disk import Ended

# what belongs to the system and to Python, and holds code or nothing
_NOT_OURS = re.compile(r"/(dev|proc|sys)/.*|[^/].*|.*/__pycache__(/.*)?|.*\.nb[ic]|.*/(matplotlib|fontconfig)/.*")


def patterns() -> re.Pattern[str]:
    """All of the list, as one expression over paths as `unlisted` shortens them."""
    rows = next(rows for rows in tables(read("DECISIONS.md")) if rows[0][0].startswith("`1_pages/"))
    globs = [glob for row in rows for glob in re.findall(r"`([^`]+)`", row[0])]
    return re.compile("|".join(f"(?:{_expression(glob)})" for glob in globs))


def _expression(glob: str) -> str:
    """What is below a folder, `/**`, and the folder itself; `**/` is any depth."""
    if glob.endswith("/**"):
        return f"{_expression(glob[:-3])}(?:/.*)?"
    if glob.startswith("**/"):
        return rf"(?:.*/)?{_expression(glob[3:])}"
    parts = re.split(r"(<[^>]*>|\*)", glob)
    return "".join("[^/]+" if part.startswith("<") else "[^/]*" if part == "*" else re.escape(part) for part in parts)


def unlisted(ended: Ended, place: Path) -> list[str]:
    """The files that are in no line of the list."""
    known = patterns()
    return sorted({path for path in _files(ended, place) if not known.fullmatch(path)})


def _files(ended: Ended, place: Path) -> Iterator[str]:
    """What was changed and is no folder, and what stands afterwards, however it came there."""
    changed = {path for call, _, path in (change.partition(" ") for change in ended.changes) if "dir" not in call}
    standing = {path.relative_to(place).as_posix() for path in (place / "data").rglob("*") if not path.is_dir()}
    for path in standing | {path for path in changed if not (place / path).is_dir()}:
        yield path.removeprefix("data/") if path.startswith("data/") and path != "data/mine.csv" else f"OUT/{path}"
    near = {f"{tempfile.gettempdir()}/": "TMPDIR/", f"{filesystem.cache_folder()}/": "CACHE/"}
    for path in ended.elsewhere:
        if not (_NOT_OURS.fullmatch(path) or Path(path).is_dir()):
            start = next((start for start in near if path.startswith(start)), "")
            yield near.get(start, "") + path.removeprefix(start)
