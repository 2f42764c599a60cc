"""Deleting a folder of this machine: what a disk refuses is told by the whole path."""

import shutil
from pathlib import Path
from types import TracebackType

LIST = "complete.json"  # of the other files of a folder that no manifest lists


def remove_tree(folder: Path) -> None:
    """Delete a folder. Raises: OSError, which names what stays by its path; `rmtree` names it as its folder does.

    Lists of folders within go first, so that what is half deleted is incomplete and not damaged.
    """
    for path in sorted(folder.rglob(LIST)):
        path.unlink()
    shutil.rmtree(folder, onerror=_told)


def _told(_: object, path: str, raised: tuple[type[BaseException], BaseException, TracebackType]) -> None:
    error = raised[1]
    if isinstance(error, OSError):
        error.filename = path
    raise error
