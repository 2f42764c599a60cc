"""How DuckDB reads finished shards, on a disk or in an object store, within bounded memory."""

import io
import re
import resource
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, BinaryIO, cast
from uuid import uuid4

import duckdb
import pyarrow as pa
from fsspec import AbstractFileSystem

from pipelines import temporary
from pipelines.errors import WorkFailed
from pipelines.messages import Message
from pipelines.storage import filesystem, shard_cache
from schemas.manifest import Shard
from schemas.signal import OPTIONAL

# The columns of signals that queries name. They must exist even where nothing was measured yet.
SIGNAL_KEYS = pa.schema([("record_id", pa.string()), ("pair_hash", pa.string())])
ROOM = 2 << 30  # bytes that SQL of users may take beyond what the process has
ShardLocation = tuple[Path, Shard]
FOOTER_BYTES = 1 << 18  # the end of a file, which is read by itself; it holds the Parquet footer
FIXED_MTIME = datetime(1970, 1, 1, tzinfo=UTC)  # finished shards never change


def open_duckdb(
    data: Path, memory: str = "1GB", shards: Sequence[ShardLocation] = (), spill: Path | None = None
) -> duckdb.DuckDBPyConnection:
    """A DuckDB connection that reads below `data`, downloads no extension, and spills to disk beyond `memory`.

    It spills into `spill`, by default a folder of its own in the process's temporary one; made when needed, and removed
    when closed. Where `data` is in an object store, `shards` are read from copies on this machine.
    """
    settings: dict[str, str | bool | int | float | list[str]] = {
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
        "python_enable_replacements": "false",  # a table is never a variable of the program
        "memory_limit": memory,
        # by default it is `.tmp` where the command was called, which two programs would share
        "temp_directory": str(spill or temporary.folder() / uuid4().hex),
    }
    con = duckdb.connect(config=settings)
    use_filesystem(con, data, shards)
    con.execute("SET enable_progress_bar = false")  # a bar would be printed into the output of a command
    return con


def lock(con: duckdb.DuckDBPyConnection, data: Path) -> None:
    """From here on nothing outside `data` is read or written, nothing attached, and no setting changed.

    Where `data` is in an object store, the copies of its shards are read too.
    """
    folders = [data] if filesystem.is_local(data) else [data, filesystem.cache_folder()]
    allowed = [name for folder in folders for name in (str(folder.absolute()), pattern(folder))]
    con.execute(f"SET allowed_directories = [{', '.join(map(sql_string, allowed))}]")
    con.execute("SET enable_external_access = false")
    con.execute("SET lock_configuration = true")


@contextmanager
def bounded(what: str, room: int = 0) -> Iterator[None]:
    """SQL of users runs within `room` bytes, ROOM by default, with its answer. Raises WorkFailed, naming `what`.

    DuckDB's limit does not cover what functions build and what leaves it. Linux enforces this one; others do not.
    """
    room = room or ROOM
    before = resource.getrlimit(resource.RLIMIT_DATA)
    most = before[1] if before[1] != resource.RLIM_INFINITY else 1 << 62
    resource.setrlimit(resource.RLIMIT_DATA, (min(most, _data_bytes() + room), before[1]))
    try:
        yield
    except (MemoryError, duckdb.OutOfMemoryException) as error:  # Arrow's is a MemoryError too
        cure = Message("add a LIMIT, name fewer columns, or look at less of each text, as left(output, 1000) does")
        raise WorkFailed(
            "{what} needs more than {size} GB of memory; {cure}", what=what, size=room >> 30, cure=cure
        ) from error
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, before)


def _data_bytes() -> int:
    """What counts towards RLIMIT_DATA so far."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[5]) * resource.getpagesize()
    except OSError:
        return 1 << 61  # no limit


@contextmanager
def spilling_duckdb(
    folder: Path, workers: int, memory: str = "1GB"
) -> Iterator[tuple[duckdb.DuckDBPyConnection, Path]]:
    """A DuckDB connection within `memory`, and a scratch folder on this machine, beside `folder`.

    The scratch folder is emptied before and removed after use, so a killed run leaves nothing for long.
    """
    filesystem.make_folder(folder.parent)
    local = filesystem.local_folder(folder)
    scratch = local.parent / f".{local.name}.scratch"
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    try:
        with open_duckdb(folder, memory, spill=scratch / "spill") as con:
            con.execute(f"SET threads = {workers}; SET TimeZone = 'UTC'")
            yield con, scratch
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def signals(paths: list[Path]) -> str:
    """A FROM clause over signal shards. Optional signals that were not measured are null."""
    return with_all_columns(parquet(paths, SIGNAL_KEYS), OPTIONAL)


def with_all_columns(source: str, schema: pa.Schema) -> str:
    """A FROM clause: `source` with all columns of `schema`. Columns that `source` lacks are null."""
    return f"(SELECT * FROM {source} UNION ALL BY NAME SELECT * FROM {no_rows(schema)})"


def parquet(paths: list[Path], empty: pa.Schema) -> str:
    """A FROM clause over Parquet files, with each file's name in the column `file`.

    Without files it gives no rows, in the columns of `empty`.
    """
    if not paths:
        return no_rows(empty.append(pa.field("file", pa.string())))
    read = f"read_parquet([{path_list(paths)}], filename = true, union_by_name = true)"
    return f"(SELECT * RENAME (filename AS file) FROM {read})"


def path_list(paths: list[Path]) -> str:
    """The paths as SQL strings, for a function that reads files."""
    return ", ".join(sql_string(pattern(path)) for path in paths)


def pattern(path: Path) -> str:
    """A pattern that matches `path` and nothing else: DuckDB takes `*`, `?` and `[` in a path for patterns."""
    return re.sub(r"([*?[])", r"[\1]", str(path.absolute()))


def sql_string(text: str) -> str:
    """`text` as a quoted SQL string."""
    return "'" + text.replace("'", "''") + "'"


@lru_cache(maxsize=100)
def no_rows(schema: pa.Schema) -> str:
    """A FROM clause with the columns of `schema` and no rows."""
    with _describing().cursor() as con:
        con.register("empty", schema.empty_table())
        types = con.sql("DESCRIBE SELECT * FROM empty").fetchall()
    columns = ", ".join(f'NULL::{kind} AS "{name}"' for name, kind, *_ in types)
    return f"(SELECT {columns} WHERE false)"


@cache
def _describing() -> duckdb.DuckDBPyConnection:
    """One connection for all schemas: opening one takes longer than describing all of them."""
    return duckdb.connect(config={"threads": 1})


def use_filesystem(con: duckdb.DuckDBPyConnection, path: Path, shards: Sequence[tuple[Path, Shard]] = ()) -> None:
    """Let DuckDB read below `path`.

    An object store is read through fsspec, since no extension is downloaded. There `shards` are read from copies on
    this machine. A copy is made when more than the footer is read. DuckDB then runs on one thread: a query that ends
    early, as with LIMIT, waits for its other threads, and DuckDB 1.5 holds Python's lock meanwhile, without which no
    thread can finish reading.
    """
    if not filesystem.is_local(path):
        con.register_filesystem(ShardFileSystem(filesystem.file_system(path), shards))
        con.execute("SET threads = 1")


class ShardFileSystem(AbstractFileSystem):  # type: ignore[misc]
    """A read-only file system over a store that answers questions about `shards` from their manifests.

    A finished shard never changes, so the store is not asked for its size or time.
    """

    cachable = False

    def __init__(self, store: Any, shards: Sequence[tuple[Path, Shard]]) -> None:
        super().__init__()
        self.store, self.protocol = store, store.protocol
        self.shards = {str(path): (path, shard) for path, shard in shards}

    def open(self, path: str, mode: str = "rb", **_: Any) -> Any:
        return _ShardFile(self.store, *self.shards[path]) if path in self.shards else self.store.open(path, mode)

    def size(self, path: str) -> int:
        return self.shards[path][1].bytes if path in self.shards else int(self.store.size(path))

    def modified(self, path: str) -> datetime:
        return cast(datetime, FIXED_MTIME if path in self.shards else self.store.modified(path))

    def exists(self, path: str, **_: Any) -> bool:
        return path in self.shards or bool(self.store.exists(path))

    def glob(self, path: str, **_: Any) -> list[str]:
        return [path] if path in self.shards else list(self.store.glob(path))


class _ShardFile(io.RawIOBase):
    """A shard that is opened for reading. Its footer comes from the store, everything else from a copy.

    DuckDB opens every file of a view for its footer, so only the files that a query reads are copied.
    """

    def __init__(self, store: Any, path: Path, shard: Shard) -> None:
        self.store, self.path, self.shard, self.position = store, path, shard, 0
        copy = shard_cache.find_copy(shard)
        self.copy: BinaryIO | None = copy.open("rb") if copy else None

    def seekable(self) -> bool:
        return True

    def readable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self.position = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self.position, io.SEEK_END: self.shard.bytes}[whence]
        return self.position

    def tell(self) -> int:
        return self.position

    def read(self, size: int = -1) -> bytes:
        end = min(self.shard.bytes, self.shard.bytes if size < 0 else self.position + size)
        is_footer = 0 < self.shard.bytes - FOOTER_BYTES <= self.position
        content = self._read_store(end) if is_footer and self.copy is None else self._read_copy(end)
        self.position += len(content)
        return content

    def _read_store(self, end: int) -> bytes:
        return bytes(self.store.cat_file(str(self.path), start=self.position, end=end))

    def _read_copy(self, end: int) -> bytes:
        if self.copy is None:
            copies = shard_cache.local_copies([(self.path, self.shard)])
            self.copy = copies.paths[0].open("rb")  # an open file can be read even after it was removed
        self.copy.seek(self.position)
        return self.copy.read(end - self.position)

    def close(self) -> None:
        if self.copy:
            self.copy.close()
        super().close()
