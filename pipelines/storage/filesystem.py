"""Where data lies: a folder on a disk, or a prefix in an object store. What differs between the two is here.

A folder on a disk is a `pathlib.Path`. An address such as s3://bucket/prefix is a path of universal_pathlib over the
fsspec file system of its scheme and answers to the same methods; credentials and endpoint are that file system's
business, for S3 the usual AWS_… variables. A store replaces an object whole or not at all, but it renames no folder,
appends to no file, and holds no link, lock or database: what needs those lies in its `local_folder`, on this machine.
"""

import os
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path
from time import time_ns
from typing import Any, cast
from uuid import uuid4

import pyarrow.parquet as pq

from pipelines.errors import WrongInput

MANIFEST = "manifest.json"


class AddressError(WrongInput):
    """An address that cannot be used."""


def resolve(address: str | Path) -> Path:
    """The folder or prefix that `address` names; it need not exist yet. Raises PlaceError if it cannot be reached."""
    if "://" not in str(address):
        return Path(address)
    try:
        from upath import UPath

        # what another process has just written must be seen
        found = UPath(address, use_listings_cache=False)
        found.exists()
    except ImportError as error:
        raise AddressError(f"{address}: {error}; for s3:// that is pip install 'gristmill[s3]'") from error
    except Exception as error:  # each file system has its own
        raise AddressError(f"{address}: {type(error).__name__}: {error}") from error
    return cast(Path, found)


def is_local(path: Path) -> bool:
    return isinstance(path, Path)


def local_folder(path: Path) -> Path:
    """`path` itself on a disk; for an object store its counterpart below this user's cache folder."""
    if is_local(path):
        return path
    return cache() / _remote(path).protocol / _remote(path).path


def cache() -> Path:
    """This user's folder for what can be made or fetched again."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "gristmill"


def file_system(path: Path) -> Any:
    """Of an object store: fsspec's."""
    return _remote(path).fs


def _remote(path: Path) -> Any:
    """`path` of an object store, which has `fs`, `path` and `protocol` besides."""
    return path


def make_folder(folder: Path) -> None:
    """A folder that may be written into; a store needs none, but its `local_folder` does."""
    local_folder(folder).mkdir(parents=True, exist_ok=True)


def sync_file(path: Path) -> None:
    """For a file that a library has written: its bytes are on the disk when this returns."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def rename(old: Path, new: Path) -> None:
    old.replace(new)
    sync_folder(new.parent)


def move_into_place(file: Path, path: Path) -> None:
    """Move a whole file of this machine to `path`, in one step."""
    if is_local(path):
        rename(file, path)
    else:
        _remote(path).fs.put_file(str(file), _remote(path).path)
        file.unlink()


def create_exclusive(path: Path, content: bytes) -> None:
    """Write an object of a store if there is none. Raises FileExistsError, NotImplementedError where it is refused; a
    store that knows no conditions writes over what is there."""
    try:
        _remote(path).fs.pipe_file(_remote(path).path, content, mode="create")
    except OSError as error:
        code = getattr(error.__cause__, "response", {}).get("Error", {}).get("Code")
        if code in ("PreconditionFailed", "ConditionalRequestConflict"):  # s3fs knows only Amazon's words for it
            raise FileExistsError(str(path)) from error
        if code == "NotImplemented":
            raise NotImplementedError(str(path)) from error
        raise


def read(path: Path) -> bytes:
    """An object of a store in one request: opened and then read, one that is replaced between the two is an error."""
    content: bytes = _remote(path).fs.cat_file(_remote(path).path)
    return content


def download(path: Path, file: Path) -> None:
    """Copy an object to a file of this machine, a piece at a time."""
    _remote(path).fs.get_file(_remote(path).path, str(file))


def publish_local_folder(work: Path, folder: Path) -> None:
    """Put what a library has written to `work`, on this machine, into its place, unless another process was faster."""
    for path in work.iterdir():
        sync_file(path)
    if folder.is_dir():
        shutil.rmtree(work)
    else:
        rename(work, folder)


def link_or_copy(file: Path, path: Path) -> None:
    """The same bytes under another path: a second name on a disk, a copy that a store makes by itself."""
    if not is_local(path):
        _remote(file).fs.cp_file(_remote(file).path, _remote(path).path)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    try:
        path.hardlink_to(file)
    except OSError:  # a file system without such names
        shutil.copyfile(file, path)
        sync_file(path)
    sync_folder(path.parent)


def replace_folder(folder: Path, work: Path) -> None:
    """Put `work`, which has its manifest, in the place of `folder`; killed, to be done again."""
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
    """The store copies by itself. There is no moment at which a manifest stands beside shards that are not its own."""
    remove_folder(folder)
    fs, start = _remote(work).fs, len(_remote(work).path)
    found = [key for key in fs.find(_remote(work).path) if not key.endswith(f"/{MANIFEST}")]
    for keys in (found, [_remote(work / MANIFEST).path]):
        fs.copy(keys, [_remote(folder).path + key[start:] for key in keys])
    remove_folder(work)


def remove_folder(folder: Path) -> None:
    """Take a folder away, if it is there; its manifest goes first, so that a half-removed one is not there."""
    (folder / MANIFEST).unlink(missing_ok=True)
    if not folder.exists():
        return
    if is_local(folder):
        shutil.rmtree(folder)
    else:
        _remote(folder).fs.rm(_remote(folder).path, recursive=True)


def delete_files(files: Sequence[Path]) -> None:
    if files and not is_local(files[0]):
        _remote(files[0]).fs.rm([_remote(file).path for file in files])
        return
    for file in files:
        file.unlink()


def set_link(link: Path, name: str) -> None:
    """Make `link` lead to its neighbour `name`, in one step: a link on a disk, an object that holds the name."""
    if not is_local(link):
        link.write_text(name)
        return
    temp = link.with_name(f".{link.name}.tmp")
    temp.unlink(missing_ok=True)
    temp.symlink_to(name)
    rename(temp, link)


def follow_link(link: Path) -> Path:
    """The neighbour that `link` leads to; `link` itself where there is none."""
    try:
        name = str(link.readlink()) if is_local(link) else link.read_text()
    except OSError:
        name = ""
    return link.parent / name if name else link  # a prefix reads as if it were empty


def append_line(path: Path, line: str) -> None:
    """Add a line to a log: to its file, or as one more object under its name, since a store cannot append."""
    if not is_local(path):
        (path.with_suffix("") / f"{time_ns()}-{uuid4().hex[:6]}{path.suffix}").write_text(line)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        os.write(descriptor, line.encode())
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def log_files(path: Path) -> list[Path]:
    """The files that hold what was appended to `path`, oldest first."""
    if is_local(path):
        return [path] if path.exists() else []
    return sorted(path.with_suffix("").glob(f"*{path.suffix}"))


def modified_times(folder: Path, pattern: str) -> Iterable[float]:
    """When the files below `folder` were written, in seconds; of a store those with the pattern's name, in one request
    for a thousand objects."""
    if is_local(folder):
        yield from (path.stat().st_mtime for path in folder.glob(pattern))
        return
    for key, about in _remote(folder).fs.find(_remote(folder).path, detail=True).items():
        if key.rpartition("/")[2] == pattern.rpartition("/")[2]:
            yield about["LastModified"].timestamp()


def read_all(paths: Sequence[Path]) -> Iterable[tuple[Path, bytes]]:
    """Small files, all at once from a store: asking for one after another takes as long as the way there and back."""
    if paths and not is_local(paths[0]):
        found = _remote(paths[0]).fs.cat([_remote(path).path for path in paths], on_error="omit")
        yield from ((path, found[_remote(path).path]) for path in paths if _remote(path).path in found)
        return
    for path in paths:
        try:
            yield path, path.read_bytes()
        except FileNotFoundError:
            continue


def open_parquet(path: Path) -> pq.ParquetFile:
    """A Parquet file that checks its pages as they are read."""
    source = path if is_local(path) else path.open("rb")
    return pq.ParquetFile(source, page_checksum_verification=True)
