"""Members of a 7z archive as files that are read while they are unpacked; nothing of them is written to disk.

py7zr pushes what it unpacks; a thread of its own lets a reader pull. Between the two waits one piece. py7zr itself
holds up to three blocks of 128 MB.
"""

import io
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path, PurePosixPath
from queue import Full, Queue
from threading import Event, Thread
from typing import IO, Any, cast

import py7zr
from py7zr.exceptions import ArchiveError, PasswordRequired

from connectors.reading import packed

_WAITING = 1  # pieces between the two
_PIECE = 1 << 20  # bytes
_PATIENCE = 0.2  # seconds after which a waiting thread asks whether the other is still there
_ERRORS = (ArchiveError, PasswordRequired, OSError, EOFError, ValueError, KeyError, IndexError, AssertionError)


def names(path: Path) -> list[str]:
    """What lies in the archive, folders left aside. Raises EOFError for what is no whole archive."""
    try:
        with py7zr.SevenZipFile(path) as archive:
            return [info.filename for info in archive.list() if not info.is_directory]
    except _ERRORS as error:
        raise EOFError(f"{path.name} is not a whole 7z archive: {type(error).__name__}") from error


def members(path: Path, wanted: tuple[str, ...]) -> Iterator[tuple[str, IO[bytes]]]:
    """(name, file) of every member whose last name is one of `wanted`, in the archive's order; each is read before the
    next is asked for. Reading raises EOFError where the archive is broken, and packed.TooLarge where it holds far too
    much."""
    found = [name for name in names(path) if PurePosixPath(name).name in wanted]
    if not found:
        return
    pipe = _Pipe(packed.most_of(path.stat().st_size))
    unpacking = Thread(target=pipe.fill, args=(path, found), daemon=True)
    unpacking.start()
    try:
        while name := pipe.next_name():
            yield PurePosixPath(name).name, cast(IO[bytes], _Member(pipe))
    finally:
        pipe.left.set()
        unpacking.join(5 * _PATIENCE)  # it may be in the middle of something long that nobody wants


class _Gone(OSError):
    """Whoever read has left."""


class _Pipe:
    """Carries (name, None) where a member begins, (name, bytes), and at last ("", None) or ("", error)."""

    def __init__(self, most: int) -> None:
        self.most = most  # bytes that the archive may hold
        self.queue: Queue[tuple[str, Any]] = Queue(_WAITING)
        self.left = Event()
        self._ahead: tuple[str, Any] | None = None

    def fill(self, path: Path, found: list[str]) -> None:
        """Runs in the thread that unpacks."""
        end: Any = None
        try:
            # of an open file py7zr unpacks one part after the other; of a path, several at once
            with path.open("rb") as file, py7zr.SevenZipFile(file) as archive:
                archive.extract(targets=found, factory=_Factory(self))
        except packed.TooLarge as error:
            end = error
        except Exception as error:  # whatever it is, whoever reads must hear of it
            end = EOFError(f"{path.name}: {type(error).__name__}")
        with suppress(_Gone):
            self.put(("", end))

    def put(self, item: tuple[str, Any]) -> None:
        while not self.left.is_set():
            with suppress(Full):
                return self.queue.put(item, timeout=_PATIENCE)
        raise _Gone

    def count(self, size: int) -> None:
        """So many bytes more are unpacked. Raises TooLarge."""
        self.most -= size
        if self.most < 0:
            raise packed.TooLarge("it unpacks to far more than an archive of its size holds")

    def peek(self) -> tuple[str, Any]:
        if self._ahead is None:
            self._ahead = self.queue.get()
        return self._ahead

    def take(self) -> tuple[str, Any]:
        item, self._ahead = self.peek(), None
        return item

    def next_name(self) -> str:
        """Skips what is left of the member before; "" at the end. Raises EOFError where the archive is broken."""
        while True:
            name, piece = self.take()
            if isinstance(piece, Exception):
                raise piece
            if piece is None:
                return name


class _Member(io.RawIOBase):
    """One member, read once and forwards."""

    def __init__(self, pipe: _Pipe) -> None:
        self._pipe, self._rest = pipe, memoryview(b"")

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        """At most `size` bytes, empty at the end."""
        if not self._rest:
            piece = self._pipe.peek()[1]
            if isinstance(piece, Exception):
                raise piece
            if piece is None:
                return b""
            self._rest = memoryview(self._pipe.take()[1])
        length = len(self._rest) if size < 0 else size
        part, self._rest = bytes(self._rest[:length]), self._rest[length:]
        return part


class _Factory(py7zr.WriterFactory):
    def __init__(self, pipe: _Pipe) -> None:
        self._pipe = pipe

    def create(self, filename: str, mode: str = "wb") -> py7zr.Py7zIO:
        self._pipe.put((filename, None))
        return _Writer(self._pipe, filename)


class _Writer(py7zr.Py7zIO):
    def __init__(self, pipe: _Pipe, name: str) -> None:
        self._pipe, self._name, self._size = pipe, name, 0

    def write(self, s: bytes | bytearray) -> int:
        view = memoryview(s)
        for start in range(0, len(s), _PIECE):
            self._pipe.count(len(view[start : start + _PIECE]))
            self._pipe.put((self._name, bytes(view[start : start + _PIECE])))
        self._size += len(s)
        return len(s)

    def read(self, size: int | None = None) -> bytes:
        return b""

    def seek(self, offset: int, whence: int = 0) -> int:
        return offset

    def flush(self) -> None:
        pass

    def size(self) -> int:
        return self._size
