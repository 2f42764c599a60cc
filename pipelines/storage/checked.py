"""Files that people write and read, such as policies and recipes: what cannot be read is never written."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar
from uuid import uuid4

from pipelines.storage import filesystem

Checked = TypeVar("Checked")


def folder(data: str | Path, name: str) -> Path:
    """A folder of this machine for what people write: in the data folder, or in the working one where data is in a
    store."""
    near = Path() if "://" in str(data) else Path(data)
    return near.absolute() / name


def create(path: Path, content: str, check: Callable[[Path], Checked]) -> Checked:
    """Write a new file of this machine once `check` has raised nothing of a draft beside it; returns what it gives.

    Raises: FileExistsError where there is such a file, which stays.
    """
    with _draft(path, content) as draft:
        found = check(draft)
        os.link(draft, path)  # which replaces nothing, unlike a rename
        filesystem.sync_folder(path.parent)
    return found


def replace(path: Path, content: str, before: str, check: Callable[[Path], Checked]) -> Checked:
    """As `create`, in the place of a file that says `before`. Raises: FileExistsError where it does not."""
    with _draft(path, content) as draft:
        found = check(draft)
        if path.read_bytes() != before.encode():
            raise FileExistsError(str(path))
        draft.chmod(path.stat().st_mode)
        filesystem.rename(draft, path)
    return found


@contextmanager
def _draft(path: Path, content: str) -> Iterator[Path]:
    """A file beside `path` that is on the disk, and goes where nobody has moved it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.stem}.{uuid4().hex[:6]}{path.suffix}")
    try:
        draft.write_bytes(content.encode())
        filesystem.sync_file(draft)
        yield draft
    finally:
        draft.unlink(missing_ok=True)
