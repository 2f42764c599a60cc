"""Operations on files and folders that differ between a disk and an object store.

A folder on a disk is a `pathlib.Path`. An address such as s3://bucket/prefix is a path of universal_pathlib, which has
the same methods and uses the fsspec file system of its scheme. That file system takes credentials and endpoint from
its own settings; for S3 those are the AWS_… variables. An object store replaces an object atomically, but it cannot
rename a folder or append to a file, and it holds no links, locks or databases. What needs those lies in the
`local_folder` of the path, on this machine.
"""

import fcntl
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from fnmatch import fnmatch
from pathlib import Path
from time import time_ns
from typing import Any, TypeVar, cast
from uuid import uuid4

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.errors import AGAIN, DISK, ROOM, WorkFailed, WrongInput
from pipelines.messages import joined
from pipelines.storage.removal import remove_tree

MANIFEST = "manifest.json"
TAIL_BYTES = 1 << 16  # the end of a log, which holds its last line
Checked = TypeVar("Checked")


class AddressError(WrongInput):
    """An address that cannot be used."""


def resolve(address: str | Path) -> Path:
    """The folder or prefix that `address` names; it need not exist yet. Raises AddressError if it cannot be reached."""
    if "://" not in str(address):
        return Path(address)
    try:
        from upath import UPath

        # without the cache, a file that another process has just written is seen
        path = UPath(address, use_listings_cache=False)
        path.exists()
    except ImportError as error:
        raise AddressError(
            "{address}: {error}; for s3:// that is pip install 'gristmill[s3]'", address=address, error=error
        ) from error
    except Exception as error:  # each file system raises exceptions of its own
        raise AddressError(joined(": ", (address, type(error).__name__, error))) from error
    return cast(Path, path)


def is_local(path: Path) -> bool:
    """Whether `path` is on a disk of this machine, and not in an object store."""
    return isinstance(path, Path)


def local_folder(path: Path) -> Path:
    """`path` itself on a disk; for an object store the matching folder below this user's cache folder."""
    if is_local(path):
        return path
    result: Path = cache_folder() / _remote(path).protocol / _remote(path).path
    return result


def cache_folder() -> Path:
    """This user's folder for files that can be built or downloaded again."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "gristmill"


def file_system(path: Path) -> Any:
    """The fsspec file system of a path in an object store."""
    return _remote(path).fs


def _remote(path: Path) -> Any:
    """`path` in an object store, typed as Any: it has the attributes `fs`, `path` and `protocol`."""
    return path


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Let an error of the system say that it is about `path`, where it knows no name: as of writing, and of flushing.

    Raises: OSError.
    """
    try:
        yield
    except OSError as error:
        error.filename = error.filename or str(path)
        raise


@contextmanager
def written_by_library(folder: Path) -> Iterator[None]:
    """For a library that does nothing but write to `folder`, and has words of its own for a disk that refuses.

    Raises: OSError, or WorkFailed where the library does not say what the system has said.
    """
    try:
        with naming(folder):
            yield
    except Exception as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        first = next(iter(str(*error.args[:1]).splitlines()), type(error).__name__)  # numpy's OSErrors have words only
        raise WorkFailed(
            "{folder}: cannot be written ({why}); {room} or {disk}, {again}",
            folder=folder,
            why=first,
            room=ROOM,
            disk=DISK,
            again=AGAIN,
        ) from error


def make_folder(folder: Path) -> None:
    """Create a folder and its parents. An object store needs no folders, so only its `local_folder` is created."""
    local_folder(folder).mkdir(parents=True, exist_ok=True)


def sync_file(path: Path) -> None:
    """Flush a file that a library has written to the disk."""
    with naming(path), path.open("rb+") as file:
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Flush the entries of a folder on this machine to the disk, so that a rename survives a power failure."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with naming(folder):
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def rename(old: Path, new: Path) -> None:
    """Rename a file or folder of this machine, and flush the new entry to the disk."""
    old.replace(new)
    sync_folder(new.parent)


def move_into_place(file: Path, path: Path) -> None:
    """Move a complete file of this machine to `path`, which may be in an object store, in one step."""
    if is_local(path):
        rename(file, path)
    else:
        _remote(path).fs.put_file(str(file), _remote(path).path)
        file.unlink()


def create_checked(path: Path, content: str, check: Callable[[Path], Checked]) -> Checked:
    """Write a new file of this machine once `check` has raised nothing of a draft beside it; returns what it gives.

    Raises: FileExistsError where there is such a file, which stays.
    """
    with _draft(path, content) as draft:
        found = check(draft)
        os.link(draft, path)  # which replaces nothing, unlike a rename
        sync_folder(path.parent)
    return found


def replace_checked(path: Path, content: str, before: str, check: Callable[[Path], Checked]) -> Checked:
    """As `create_checked`, in the place of a file that says `before`. Raises: FileExistsError where it does not."""
    with _draft(path, content) as draft:
        found = check(draft)
        if path.read_bytes() != before.encode():
            raise FileExistsError(str(path))
        draft.chmod(path.stat().st_mode)
        rename(draft, path)
    return found


@contextmanager
def _draft(path: Path, content: str) -> Iterator[Path]:
    """A file beside `path` that is on the disk, and goes where nobody has moved it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.stem}.{uuid4().hex[:6]}{path.suffix}")
    try:
        draft.write_bytes(content.encode())
        sync_file(draft)
        yield draft
    finally:
        draft.unlink(missing_ok=True)


def create_exclusive(path: Path, content: bytes) -> None:
    """Write an object unless it exists. A store that ignores the condition overwrites it.

    Raises: FileExistsError where the object exists, NotImplementedError where the store refuses conditional writes.
    """
    try:
        _remote(path).fs.pipe_file(_remote(path).path, content, mode="create")
    except OSError as error:
        code = getattr(error.__cause__, "response", {}).get("Error", {}).get("Code")
        if code in ("PreconditionFailed", "ConditionalRequestConflict"):  # s3fs translates only Amazon's codes
            raise FileExistsError(str(path)) from error
        if code == "NotImplemented":
            raise NotImplementedError(str(path)) from error
        raise


def read_object(path: Path) -> bytes:
    """The bytes of an object, in one request. Two requests would fail where the object is replaced between them."""
    content: bytes = _remote(path).fs.cat_file(_remote(path).path)
    return content


def download(path: Path, file: Path) -> None:
    """Copy an object to a file of this machine, in parts, so that it need not fit into memory."""
    _remote(path).fs.get_file(_remote(path).path, str(file))


def publish_local_folder(work: Path, folder: Path) -> None:
    """Move the folder `work`, which a library has written on this machine, to `folder`.

    Where another process was faster and `folder` exists, `work` is deleted.
    """
    for path in work.iterdir():
        sync_file(path)
    if folder.is_dir():
        remove_tree(work)
    else:
        rename(work, folder)


def link_or_copy(file: Path, path: Path) -> None:
    """Give `file` a second path: a hard link on a disk, a copy inside an object store."""
    if not is_local(path):
        _remote(file).fs.cp_file(_remote(file).path, _remote(path).path)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    try:
        path.hardlink_to(file)
    except OSError:  # the file system has no hard links
        shutil.copyfile(file, path)
        sync_file(path)
    sync_folder(path.parent)


def replace_folder(folder: Path, work: Path) -> None:
    """Put the work folder, which has its manifest, in the place of `folder`. It can be repeated after a crash."""
    if is_local(folder):
        _rename_over(folder, work)
    else:
        _copy_over(folder, work)
        shutil.rmtree(local_folder(work), ignore_errors=True)


def _rename_over(folder: Path, work: Path) -> None:
    old = folder.parent / f".{folder.name}.old"
    shutil.rmtree(old, ignore_errors=True)
    if folder.exists():
        rename(folder, old)
    rename(work, folder)
    shutil.rmtree(old, ignore_errors=True)


def _copy_over(folder: Path, work: Path) -> None:
    """Copy inside the store. The manifest is copied last, so it never lies beside shards of another version."""
    remove_folder(folder)
    fs, start = _remote(work).fs, len(_remote(work).path)
    shards = [key for key in fs.find(_remote(work).path) if not key.endswith(f"/{MANIFEST}")]
    for keys in (shards, [_remote(work / MANIFEST).path]):
        fs.copy(keys, [_remote(folder).path + key[start:] for key in keys])
    remove_folder(work)


def remove_folder(folder: Path) -> None:
    """Delete a folder if it exists. Its manifest goes first, so that a half-deleted folder is not a finished one."""
    (folder / MANIFEST).unlink(missing_ok=True)
    if not folder.exists():
        return
    if is_local(folder):
        remove_tree(folder)
    else:
        _remote(folder).fs.rm(_remote(folder).path, recursive=True)


def delete_files(files: Sequence[Path]) -> None:
    """Delete files of one folder; in an object store in one request."""
    if files and not is_local(files[0]):
        _remote(files[0]).fs.rm([_remote(file).path for file in files])
        return
    for file in files:
        file.unlink()


def prepare_link(link: Path, name: str) -> None:
    """Note that `link` is to point to its neighbour `name`; `commit_link` does it.

    A store holds an object with the name in place of a link.
    """
    noted = noted_link(link)
    if not is_local(link):
        noted.write_text(name)
        return
    noted.unlink(missing_ok=True)
    noted.symlink_to(name)
    sync_folder(link.parent)


def noted_link(link: Path) -> Path:
    """Where `prepare_link` notes what a link is to point to."""
    return link.with_name(f".{link.name}.tmp")


def commit_link(link: Path) -> None:
    """Point `link` to where `prepare_link` said, in one step."""
    noted = noted_link(link)
    if is_local(link):
        rename(noted, link)
    else:
        link.write_text(noted.read_text())
        noted.unlink()


def follow_link(link: Path) -> Path:
    """The neighbour that `link` points to; `link` itself where it does not exist."""
    try:
        name = str(link.readlink()) if is_local(link) else link.read_text()
    except OSError:
        name = ""
    return link.parent / name if name else link  # fsspec may read a missing object as an empty one


def append_line(path: Path, line: str, is_torn: Callable[[bytes], bool]) -> None:
    """Append a line to a log file. In an object store, which cannot append, each line is an object of its own.

    A last line without its line feed goes if `is_torn` says that a power failure has cut it off; after any other the
    new one begins on a line of its own. What finds no room leaves nothing behind. Raises: OSError.
    """
    if not is_local(path):
        (path.with_suffix("") / f"{time_ns()}-{uuid4().hex[:6]}{path.suffix}").write_text(line)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        with naming(path):
            _append(descriptor, line.encode(), is_torn)
    finally:
        os.close(descriptor)


def _append(descriptor: int, line: bytes, is_torn: Callable[[bytes], bool]) -> None:
    size = os.fstat(descriptor).st_size
    rest = os.pread(descriptor, TAIL_BYTES, max(0, size - TAIL_BYTES)).rpartition(b"\n")[2]
    if rest and is_torn(rest):
        size -= len(rest)
        os.ftruncate(descriptor, size)
    left = memoryview(line if not rest or is_torn(rest) else b"\n" + line)
    try:
        while left:  # a disk that fills up takes a part of it
            left = left[os.write(descriptor, left) :]
        os.fsync(descriptor)
    except OSError:
        with suppress(OSError):  # what stays is cut off by the next line
            os.ftruncate(descriptor, size)
        raise


def log_files(path: Path) -> list[Path]:
    """The files that hold the lines appended to `path`, oldest first."""
    if is_local(path):
        return [path] if path.exists() else []
    return sorted(path.with_suffix("").glob(f"*{path.suffix}"))


def states(folder: Path, patterns: Sequence[str]) -> Iterator[tuple[str, str]]:
    """`(path, state)` of the files below `folder` that match one of `patterns` (globs from `folder` on), in any order.

    The state is another one after each change: the inode, size and time of a file on a disk (of a link its own), what a
    store lists of an object (time, size, hash). A store is asked once for a thousand objects.
    """
    if is_local(folder):
        for path in (found for pattern in patterns for found in folder.glob(pattern)):
            with suppress(FileNotFoundError):  # replaced between the listing and this question
                stat = path.lstat()
                yield str(path), f"{stat.st_ino} {stat.st_size} {stat.st_mtime_ns}"
        return
    start = len(_remote(folder).path) + 1
    for key, about in _remote(folder).fs.find(_remote(folder).path, detail=True).items():
        if any(fnmatch(key[start:], pattern) for pattern in patterns):
            yield key, repr(sorted(about.items()))


def read_all(paths: Sequence[Path]) -> Iterable[tuple[Path, bytes]]:
    """The bytes of small files, in order; missing files are left out.

    An object store is asked for all at once, because one request after another would wait for every round trip.
    """
    if paths and not is_local(paths[0]):
        contents = _remote(paths[0]).fs.cat([_remote(path).path for path in paths], on_error="omit")
        yield from ((path, contents[_remote(path).path]) for path in paths if _remote(path).path in contents)
        return
    for path in paths:
        try:
            yield path, path.read_bytes()
        except FileNotFoundError:
            continue


def open_parquet(path: Path) -> pq.ParquetFile:
    """A Parquet file whose page checksums are verified as it is read. Raises: WorkFailed where it is none."""
    source = path if is_local(path) else path.open("rb")
    try:
        return pq.ParquetFile(source, page_checksum_verification=True)
    except FileNotFoundError:
        raise
    except (pa.ArrowInvalid, OSError) as error:  # either, by which byte of the footer is wrong
        raise WorkFailed("{path}: no Parquet file any more; `gristmill verify` says what to do", path=path) from error
