"""Folders that no manifest lists, such as checkpoints: their last file lists the others, with hashes."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pipelines import storage
from pipelines.storage.integrity import Damaged, fault_of, sha256_of
from pipelines.storage.removal import LIST, remove_tree
from schemas.manifest import Shard
from schemas.seal import BrokenSeal, seal_values, unseal

FILE = LIST


def write(folder: Path, names: Sequence[str] = (), **values: Any) -> None:
    """List files of `folder`, which is on this machine, in FILE, with their hashes and some values; by default all."""
    found = [folder / name for name in names] or sorted(folder.rglob("*"))
    paths = [path for path in found if path.is_file() and path.name != FILE]
    files = {path.relative_to(folder).as_posix(): sha256_of(path) for path in paths}
    storage.write_text(folder / FILE, seal_values({**values, "files": files}))


def read(folder: Path) -> tuple[dict[str, Any], bool] | None:
    """The values in FILE, and whether there were hashes to compare; None where the folder is not complete.

    Raises: Damaged where a file is not what was listed.
    """
    path = folder / FILE
    if not path.exists():
        return None
    try:
        values, sealed = unseal(path.read_bytes())
    except BrokenSeal as error:
        raise Damaged(path, str(error)) from error
    for name, hashed in values.pop("files", {}).items():
        if fault := fault_of(folder / name, Shard(path=name, rows=0, bytes=0, sha256=hashed)):
            raise Damaged(folder / name, fault)
    return values, sealed


def remove(folder: Path) -> None:
    """Delete the folder. Its list goes first, so that one which is half deleted is incomplete and not damaged."""
    (folder / FILE).unlink(missing_ok=True)
    remove_tree(folder)
