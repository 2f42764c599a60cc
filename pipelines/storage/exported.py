"""Files that a person named, outside of the data folder."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from pipelines.errors import WrongInput
from pipelines.storage import filesystem, logs
from pipelines.storage.layout import EXPORTS

DECISIONS = "decisions"  # a file of decisions that a recipe names: it may hold texts that people have edited
HEAD = "head"  # what `learn` has written elsewhere: its folder tells what it was learnt from, and not the log


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Where to write a file that appears at `path` when all of it is on the disk. Raises: OSError."""
    part = path.with_name(f".{path.name}.part")
    try:
        with filesystem.naming(path):
            yield part
        filesystem.sync_file(part)
        filesystem.rename(part, path)
    finally:
        part.unlink(missing_ok=True)


def check_place(path: Path, data: Path) -> None:
    """Raises: WrongInput where `path` is in the data folder: what is there belongs to stages and lists, and a snapshot
    is never written over. `exports/` is free."""
    home, place = (Path(os.path.realpath(one)) for one in (filesystem.local_folder(data), path))
    if place.is_relative_to(home) and not place.is_relative_to(home / EXPORTS):
        free = home / EXPORTS
        raise WrongInput("{path}: is in the data folder; name a place elsewhere, or below {free}", path=path, free=free)


def check_file(path: Path, data: Path) -> None:
    """Raises: WrongInput where no file can be at `path`, or may be."""
    check_place(path, data)
    if path.is_dir():
        raise WrongInput("{path}: is a folder; name a file in it", path=path)
    if not path.parent.is_dir():
        raise WrongInput("{path}: there is no folder {folder}; make it first", path=path, folder=path.parent)


def log_export(data: Path, recipe: str, version: str, fingerprint: str, what: str, out: str) -> None:
    """Note where a snapshot, or what was made of it, went: it is out of the reach of `forget`, which can only name it.

    It is noted before anything appears at `out`.
    """
    _append(data, {"recipe": recipe, "version": version, "fingerprint": fingerprint, "what": what, "out": out})


def note_once(data: Path, what: str, out: Path) -> None:
    """Note a file that does not belong to one snapshot, unless it is noted already."""
    entry = {"recipe": "", "version": "", "fingerprint": "", "what": what, "out": str(out.absolute())}
    if not any((one["what"], one["out"]) == (what, entry["out"]) for one in logs.read(data / logs.EXPORTS)):
        _append(data, entry)


def _append(data: Path, entry: dict[str, str]) -> None:
    when = datetime.now(UTC).isoformat(timespec="seconds")
    logs.append(data / logs.EXPORTS, entry | {"when": when})
