"""Deleting a folder of this machine: what a disk refuses is told by the whole path."""

import shutil
from pathlib import Path
from typing import Any


def remove_tree(folder: Path) -> None:
    """Delete a folder. Raises: OSError, which names what stays by its path; `rmtree` names it as its folder does."""
    shutil.rmtree(folder, onerror=_told)


def _told(_: object, path: str, raised: tuple[Any, OSError, Any]) -> None:
    raised[1].filename = path
    raise raised[1]
