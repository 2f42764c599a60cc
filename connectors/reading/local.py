"""Files of this machine that a source reads."""

from collections.abc import Callable
from pathlib import Path


def files_at(path: Path | None, source: str, key: str, wanted: Callable[[Path], bool]) -> tuple[Path, ...]:
    """`path` itself if it is a file, else what is `wanted` below it, sorted; () without a path.

    Raises FileNotFoundError, which names source, key and cure, where there is nothing to read: an empty answer would
    mean a source of the web.
    """
    if path is None or path.is_file():
        return (path,) if path else ()
    found = tuple(sorted(file for file in path.rglob("*") if file.is_file() and wanted(file)))
    if not found:
        raise FileNotFoundError(
            f"source {source}: nothing to read in {path}; set `{key}` to a file, or to a folder of them"
        )
    return found
