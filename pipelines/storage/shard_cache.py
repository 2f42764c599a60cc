"""A cache, on this machine, of shards in an object store, for shards that are read more than once.

The name of a copy is the SHA-256 of the shard's manifest, so every stage, recipe and data folder finds it again. The
hash is checked after the download. Copies lie in `gristmill/shards` below the user's cache folder, which may be deleted
whenever no run is active. They use at most MAX_BYTES, and at most half of the space that the disk would have without
them. The least recently used copies are evicted first, but none that a stage holds. Shards that do not fit are read
from the store.
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
from pathlib import Path
from typing import IO
from uuid import uuid4

from pipelines import temporary
from pipelines.messages import Message, tr
from pipelines.storage import filesystem, integrity
from pipelines.storage.integrity import Damaged
from pipelines.workers.progress import track
from schemas.manifest import Manifest, Shard

MAX_BYTES = 20 << 30  # the records and signals of some ten million records
PARALLEL_DOWNLOADS = 8
LOCK = ".lock"

log = logging.getLogger("gristmill")


class NoSpace(OSError):
    """A folder that a library needs on this machine does not fit into the cache."""


@dataclass(frozen=True)
class LocalCopies:
    """Paths on this machine, in the order of the shards. None is evicted as long as this object exists.

    `lock` holds a shared lock on the cache; it is None where `paths` are the shards themselves.
    """

    paths: list[Path]
    lock: IO[str] | None = None


def local_copies(shards: Sequence[tuple[Path, Shard]]) -> LocalCopies:
    """Copies of the shards; the shards themselves where they are on a disk or do not fit into the cache.

    Raises: Damaged where one is not what its manifest says.
    """
    is_remote = bool(shards) and not filesystem.is_local(shards[0][0])
    if is_remote and (copies := _cached_copies(shards)):
        return copies
    integrity.check(shards)
    return LocalCopies([path for path, _ in shards])


def _cached_copies(shards: Sequence[tuple[Path, Shard]]) -> LocalCopies | None:
    """Copies of shards in a store; None where they do not fit into the cache."""
    folder = _cache()
    folder.mkdir(parents=True, exist_ok=True)
    lock = (folder / LOCK).open("a")
    if not _make_space(folder, lock, {shard.sha256: shard.bytes for _, shard in shards}):
        return None
    coming = temporary.folder(filesystem.cache_folder())  # what a killed run has fetched in part is swept from there
    with ThreadPoolExecutor(PARALLEL_DOWNLOADS) as pool:
        copied = pool.map(partial(_copy, folder, coming), shards)
        return LocalCopies(list(track(copied, "copying from the store", len(shards))), lock)


def _cache() -> Path:
    return filesystem.cache_folder() / "shards"


def find_copy(shard: Shard) -> Path | None:
    """The cached copy of a shard; None where there is none."""
    copy = _cache() / shard.sha256
    with suppress(FileNotFoundError):
        return copy if copy.stat().st_size == shard.bytes else None
    return None


def _make_space(folder: Path, lock: IO[str], wanted: Mapping[str, int]) -> bool:
    """Evict copies until `wanted` (bytes by hash) fits. False where it cannot fit.

    Afterwards `lock` is shared, which keeps others from evicting. Evicting needs the lock alone.
    """
    fcntl.flock(lock, fcntl.LOCK_SH)
    cached = _cached_files(folder)
    missing = sum(size for name, size in wanted.items() if name not in cached)
    free = _capacity(folder, cached) - sum(stat.st_size for stat in cached.values()) - missing
    if free >= 0:
        return True
    if sum(wanted.values()) > _capacity(folder, cached) or not _try_exclusive_lock(lock):
        _warn_no_space(folder)
        return False
    for name, stat in sorted(cached.items(), key=lambda item: item[1].st_mtime):
        if free < 0 and name not in wanted:
            (folder / name).unlink(missing_ok=True)
            free += stat.st_size
    fcntl.flock(lock, fcntl.LOCK_SH)
    return True


@cache
def _warn_no_space(folder: Path) -> None:
    log.warning(tr("no room in {folder}; what finds none is read in the store, which is slow", folder=folder))


def _cached_files(folder: Path) -> dict[str, os.stat_result]:
    cached = {}
    for path in folder.iterdir():
        with suppress(FileNotFoundError):  # another process has just renamed or evicted it
            cached[path.name] = path.stat()
    del cached[LOCK]
    return cached


def _capacity(folder: Path, cached: Mapping[str, os.stat_result]) -> int:
    """How many bytes all copies may take."""
    used = sum(stat.st_size for stat in cached.values())
    return min(MAX_BYTES, (shutil.disk_usage(folder).free + used) // 2)


def _try_exclusive_lock(lock: IO[str]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _copy(folder: Path, coming: Path, location: tuple[Path, Shard]) -> Path:
    path, shard = location
    cached = find_copy(shard)
    if cached and not integrity.fault_of(cached, shard):
        os.utime(cached)  # the time of the last use decides who is evicted
        return cached
    copy = folder / shard.sha256
    temp = coming / f"{shard.sha256}.{uuid4().hex}"
    try:
        filesystem.download(path, temp)
        if fault := integrity.fault_of(temp, shard):
            raise Damaged(path, fault)
        filesystem.sync_file(temp)
        temp.replace(copy)
    finally:
        temp.unlink(missing_ok=True)
    return copy


def remove_copies(shards: Iterable[Shard]) -> None:
    """Delete the copies of these shards."""
    for shard in shards:
        (_cache() / shard.sha256).unlink(missing_ok=True)


@contextmanager
def local_copy_of(folder: Path, manifest: Manifest | None) -> Iterator[Path]:
    """`folder` on this machine, for a library that reads local folders. For a store it is a temporary folder.

    Its files are compared with its manifest, if there is one.

    Raises: Damaged, NoSpace; FileNotFoundError where a folder in a store has no manifest.
    """
    if filesystem.is_local(folder):
        integrity.check((folder / shard.path, shard) for shard in (manifest.shards if manifest else ()))
        yield folder
        return
    if manifest is None:
        raise FileNotFoundError(
            Message(
                "{folder}: has no {manifest} to check its files by; copy the folder to a disk",
                folder=folder,
                manifest=filesystem.MANIFEST,
            )
        )
    copies = _cached_copies([(folder / shard.path, shard) for shard in manifest.shards])
    if copies is None:
        size = sum(shard.bytes for shard in manifest.shards)
        cache_folder = filesystem.cache_folder()
        raise NoSpace(
            Message(
                "{folder}: {size:.1f} GB find no room in {cache_folder}; copy the folder to a larger disk",
                folder=folder,
                size=size / 1e9,
                cache_folder=cache_folder,
            )
        )
    with tempfile.TemporaryDirectory(dir=temporary.folder(filesystem.cache_folder())) as temp:
        for shard, copy in zip(manifest.shards, copies.paths, strict=True):
            path = Path(temp) / shard.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.hardlink_to(copy)
        yield Path(temp)
