"""Copies, on this machine, of shards in an object store: whoever reads a shard again and again reads its copy.

A copy is called by the SHA-256 in its manifest and compared with it when it arrives, so every stage, recipe and data
folder finds it again. They lie in `gristmill/shards` below the user's cache folder, which may be removed at any time
when nothing is at work. They take BOUND bytes at most, and at most half of what the disk would have without them; those
not used for longest go first, and none that a stage holds. What finds no room is read in the store.
"""

import fcntl
import logging
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache, partial
from hashlib import file_digest
from pathlib import Path
from typing import IO
from uuid import uuid4

from pipelines.storage import filesystem
from pipelines.workers.progress import track
from schemas.manifest import Manifest, Shard

BOUND = 20 << 30  # bytes: the records and signals of some ten million records
AT_ONCE = 8  # files on their way
LOCK = ".lock"

log = logging.getLogger("gristmill")


class ChangedShard(OSError):
    """What came from the store is not what the manifest says."""


class NoSpace(OSError):
    """A folder that has to be on this machine, and does not fit."""


@dataclass(frozen=True)
class Copies:
    """`paths` are those asked for, in their order; as long as this object is there, none of them goes."""

    paths: list[Path]
    lock: IO[str] | None = None


def copies(shards: Sequence[tuple[Path, Shard]]) -> Copies:
    """The shards on this machine: themselves, if they are on its disk or do not fit. Raises ChangedShard."""
    paths = [path for path, _ in shards]
    if not shards or filesystem.is_local(paths[0]):
        return Copies(paths)
    folder = _folder()
    folder.mkdir(parents=True, exist_ok=True)
    lock = (folder / LOCK).open("a")
    if not _make_space(folder, lock, {shard.sha256: shard.bytes for _, shard in shards}):
        return Copies(paths)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        copied = pool.map(partial(_copy, folder), shards)
        return Copies(list(track(copied, "copying from the store", len(shards))), lock)


def _folder() -> Path:
    return filesystem.cache() / "shards"


def find_copy(shard: Shard) -> Path | None:
    """Its copy, if there is one."""
    copy = _folder() / shard.sha256
    with suppress(FileNotFoundError):
        return copy if copy.stat().st_size == shard.bytes else None
    return None


def _make_space(folder: Path, lock: IO[str], wanted: Mapping[str, int]) -> bool:
    """Whether there is room for `wanted`, bytes by hash. With it comes a share in `lock`; to remove takes all of it."""
    fcntl.flock(lock, fcntl.LOCK_SH)
    there = _present(folder)
    missing = sum(size for name, size in wanted.items() if name not in there)
    spare = _bound(folder, there) - sum(stat.st_size for stat in there.values()) - missing
    if spare >= 0:
        return True
    if sum(wanted.values()) > _bound(folder, there) or not _alone(lock):
        _warn_no_space(folder)
        return False
    for name, stat in sorted(there.items(), key=lambda one: one[1].st_mtime):
        if spare < 0 and name not in wanted:
            (folder / name).unlink(missing_ok=True)
            spare += stat.st_size
    fcntl.flock(lock, fcntl.LOCK_SH)
    return True


@cache
def _warn_no_space(folder: Path) -> None:
    log.warning("no room in %s; what finds none is read in the store, which is slow", folder)


def _present(folder: Path) -> dict[str, os.stat_result]:
    found = {}
    for path in folder.iterdir():
        with suppress(FileNotFoundError):  # another process has just given it its name
            found[path.name] = path.stat()
    del found[LOCK]
    return found


def _bound(folder: Path, there: Mapping[str, os.stat_result]) -> int:
    taken = sum(stat.st_size for stat in there.values())
    return min(BOUND, (shutil.disk_usage(folder).free + taken) // 2)


def _alone(lock: IO[str]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _copy(folder: Path, wanted: tuple[Path, Shard]) -> Path:
    path, shard = wanted
    if there := find_copy(shard):
        os.utime(there)
        return there
    copy = folder / shard.sha256
    temp = folder / f".{shard.sha256}.{uuid4().hex}.tmp"
    try:
        filesystem.download(path, temp)
        with temp.open("rb") as file:
            found = file_digest(file, "sha256").hexdigest()
        if found != shard.sha256:
            raise ChangedShard(f"{path}: not what its manifest says; `gristmill verify` finds all such files")
        filesystem.sync_file(temp)
        temp.replace(copy)
    finally:
        temp.unlink(missing_ok=True)
    return copy


def drop(shards: Iterable[Shard]) -> None:
    """Remove what was copied of these."""
    for shard in shards:
        (_folder() / shard.sha256).unlink(missing_ok=True)


@contextmanager
def local_copy_of(folder: Path, manifest: Manifest | None) -> Iterator[Path]:
    """`folder`, for a library that reads folders of this machine; a temporary one, if it is in a store.

    Raises ChangedShard, NoRoom, FileNotFoundError.
    """
    if filesystem.is_local(folder):
        yield folder
        return
    if manifest is None:
        raise FileNotFoundError(
            f"{folder}: has no {filesystem.MANIFEST} to check its files by; copy the folder to a disk"
        )
    held = copies([(folder / shard.path, shard) for shard in manifest.shards])
    if held.lock is None:
        size = sum(shard.bytes for shard in manifest.shards)
        raise NoSpace(
            f"{folder}: {size / 1e9:.1f} GB find no room in {filesystem.cache()}; copy the folder to a larger disk"
        )
    with tempfile.TemporaryDirectory(dir=filesystem.cache(), prefix=".folder.") as near:
        for shard, copy in zip(manifest.shards, held.paths, strict=True):
            path = Path(near) / shard.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.hardlink_to(copy)
        yield Path(near)
