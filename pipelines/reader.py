"""How DuckDB reads an object store: what manifests list from copies, all else through the store's file system."""

import io
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

from fsspec import AbstractFileSystem

from pipelines import near
from schemas.manifest import Shard

FOOTER = 1 << 18  # bytes at a file's end that are asked for by themselves
UNCHANGING = datetime(1970, 1, 1, tzinfo=UTC)


class Reader(AbstractFileSystem):
    """A finished shard is what its manifest says: the store is not asked whether and since when it is there."""

    cachable = False

    def __init__(self, store: Any, shards: Sequence[tuple[Path, Shard]]) -> None:
        super().__init__()
        self.store, self.protocol = store, store.protocol
        self.known = {str(path): (path, shard) for path, shard in shards}

    def open(self, path: str, mode: str = "rb", **_: Any) -> Any:
        return _Shard(self.store, *self.known[path]) if path in self.known else self.store.open(path, mode)

    def size(self, path: str) -> int:
        return self.known[path][1].bytes if path in self.known else int(self.store.size(path))

    def modified(self, path: str) -> datetime:
        found: datetime = UNCHANGING if path in self.known else self.store.modified(path)
        return found

    def exists(self, path: str, **_: Any) -> bool:
        return path in self.known or bool(self.store.exists(path))

    def glob(self, path: str, **_: Any) -> list[str]:
        return [path] if path in self.known else list(self.store.glob(path))


class _Shard(io.RawIOBase):
    """Binding a view opens every file for its footer; only what a query reads is copied."""

    def __init__(self, store: Any, path: Path, shard: Shard) -> None:
        self.store, self.path, self.shard, self.at = store, path, shard, 0
        copy = near.copied(shard)
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
        held = near.copies([(self.path, self.shard)])
        return held.paths[0].open("rb")  # open, it can be read even when its name is gone

    def close(self) -> None:
        if self.copy:
            self.copy.close()
        super().close()
