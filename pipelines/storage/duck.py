"""How DuckDB reads what the stages left: finished shards, on a disk or in an object store, within bounded memory."""

import io
import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

import duckdb
import pyarrow as pa
from fsspec import AbstractFileSystem

from pipelines.storage import filesystem, shard_cache
from schemas.manifest import Shard
from schemas.signal import OPTIONAL

SIGNALS = pa.schema([("record_id", pa.string()), ("pair_hash", pa.string())])  # those that are looked for by name
Listed = tuple[Path, Shard]
FOOTER = 1 << 18  # bytes at a file's end that are asked for by themselves
UNCHANGING = datetime(1970, 1, 1, tzinfo=UTC)


def open_duckdb(data: Path, memory: str = "1GB", shards: Sequence[Listed] = ()) -> duckdb.DuckDBPyConnection:
    """DuckDB that reads below `data`, downloads nothing, and stays within `memory`, spilling to disk. Where `data` is a
    store, of `shards` it reads copies."""
    settings: dict[str, str | bool | int | float | list[str]] = {
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
        "memory_limit": memory,
    }
    con = duckdb.connect(config=settings)
    use_filesystem(con, data, shards)
    con.execute("SET enable_progress_bar = false")  # it would be printed into the answer of a command
    return con


@contextmanager
def spilling_duckdb(
    folder: Path, workers: int, memory: str = "1GB"
) -> Iterator[tuple[duckdb.DuckDBPyConnection, Path]]:
    """DuckDB within `memory`, and a scratch folder near where `folder` will be: what a killed run left there goes."""
    filesystem.make_folder(folder.parent)
    here = filesystem.local_folder(folder)
    scratch = here.parent / f".{here.name}.scratch"
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    try:
        with open_duckdb(folder, memory) as con:
            con.execute(f"SET temp_directory = {sql_string(f'{scratch}/spill')}")
            con.execute(f"SET threads = {workers}; SET TimeZone = 'UTC'")
            yield con, scratch
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def signals(paths: list[Path]) -> str:
    """`parquet` of signals; what is measured only when a recipe asks is null where none has asked."""
    return with_all_columns(parquet(paths, SIGNALS), OPTIONAL)


def with_all_columns(source: str, schema: pa.Schema) -> str:
    """`source` with all columns of `schema`; those that it has not, as an earlier release left it, are null."""
    return f"(SELECT * FROM {source} UNION ALL BY NAME SELECT * FROM {no_rows(schema)})"


def parquet(paths: list[Path], empty: pa.Schema) -> str:
    """A FROM clause over Parquet files with their name in `file`, or over no rows of `empty`'s columns."""
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
    return "'" + text.replace("'", "''") + "'"


def no_rows(schema: pa.Schema) -> str:
    with duckdb.connect() as con:
        con.register("empty", schema.empty_table())
        types = con.sql("DESCRIBE SELECT * FROM empty").fetchall()
    columns = ", ".join(f'NULL::{kind} AS "{name}"' for name, kind, *_ in types)
    return f"(SELECT {columns} WHERE false)"


def use_filesystem(con: duckdb.DuckDBPyConnection, path: Path, shards: Sequence[tuple[Path, Shard]] = ()) -> None:
    """Let DuckDB read below `path`; in a store through its Python file system, since no extension is downloaded. There,
    of `shards` it reads copies, each made when more than its footer is read.

    On one thread: a query that ends early, as with LIMIT, waits for its other threads, and DuckDB 1.5 holds Python's
    lock meanwhile, without which none of them can finish reading.
    """
    if not filesystem.is_local(path):
        con.register_filesystem(ShardFileSystem(filesystem.file_system(path), shards))
        con.execute("SET threads = 1")


class ShardFileSystem(AbstractFileSystem):
    """A finished shard is what its manifest says: the store is not asked whether and since when it is there."""

    cachable = False

    def __init__(self, store: Any, shards: Sequence[tuple[Path, Shard]]) -> None:
        super().__init__()
        self.store, self.protocol = store, store.protocol
        self.known = {str(path): (path, shard) for path, shard in shards}

    def open(self, path: str, mode: str = "rb", **_: Any) -> Any:
        return _ShardFile(self.store, *self.known[path]) if path in self.known else self.store.open(path, mode)

    def size(self, path: str) -> int:
        return self.known[path][1].bytes if path in self.known else int(self.store.size(path))

    def modified(self, path: str) -> datetime:
        found: datetime = UNCHANGING if path in self.known else self.store.modified(path)
        return found

    def exists(self, path: str, **_: Any) -> bool:
        return path in self.known or bool(self.store.exists(path))

    def glob(self, path: str, **_: Any) -> list[str]:
        return [path] if path in self.known else list(self.store.glob(path))


class _ShardFile(io.RawIOBase):
    """Binding a view opens every file for its footer; only what a query reads is copied."""

    def __init__(self, store: Any, path: Path, shard: Shard) -> None:
        self.store, self.path, self.shard, self.at = store, path, shard, 0
        copy = shard_cache.find_copy(shard)
        self.copy: BinaryIO | None = copy.open("rb") if copy else None

    def seekable(self) -> bool:
        return True

    def readable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self.at = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self.at, io.SEEK_END: self.shard.bytes}[whence]
        return self.at

    def tell(self) -> int:
        return self.at

    def read(self, size: int = -1) -> bytes:
        end = min(self.shard.bytes, self.shard.bytes if size < 0 else self.at + size)
        is_footer = 0 < self.shard.bytes - FOOTER <= self.at
        found = self._ask(end) if is_footer and self.copy is None else self._read(end)
        self.at += len(found)
        return found

    def _ask(self, end: int) -> bytes:
        return bytes(self.store.cat_file(str(self.path), start=self.at, end=end))

    def _read(self, end: int) -> bytes:
        if self.copy is None:
            self.copy = self._open()
        self.copy.seek(self.at)
        return self.copy.read(end - self.at)

    def _open(self) -> BinaryIO:
        held = shard_cache.copies([(self.path, self.shard)])
        return held.paths[0].open("rb")  # open, it can be read even when its name is gone

    def close(self) -> None:
        if self.copy:
            self.copy.close()
        super().close()
