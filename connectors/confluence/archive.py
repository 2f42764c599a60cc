"""Files inside a space export: read where they lie, never unpacked, and never past a limit."""

import io
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import IO
from zipfile import BadZipFile, ZipFile, is_zipfile

from connectors.reading import packed
from connectors.reading.xml_dump import BrokenDump

ENTITIES = "entities.xml"
_LOCAL = struct.Struct("<4s5H3I2H")  # a member's own header: APPNOTE.TXT 4.3.7
_SIGNATURE = b"PK\x03\x04"
_STORED, _DEFLATED = 0, 8
_RAW = -15
_BLOCK = 1 << 16


@contextmanager
def opened(path: Path, name: str) -> Iterator[IO[bytes]]:
    """The member `name` of the archive at `path`, or the file itself where that is no archive.

    An archive whose list of contents is cut off is read as far as it goes. Raises BrokenDump: no_entities,
    unreadable_archive; reading raises packed.TooLarge or EOFError.
    """
    if not is_archive(path):
        with path.open("rb") as file:
            yield file
    elif is_zipfile(path):
        with _whole(path) as archive, _member(archive, path, name) as member:
            yield member
    else:
        with path.open("rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as mapped:
            cut = _Cut(mapped, *_data_span(mapped, path, name))
            yield packed.bounded(io.BufferedReader(cut), path)


def is_archive(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) == _SIGNATURE


def names(path: Path) -> tuple[str, ...]:
    """What the archive at `path` holds, in its order; as much as can be seen where it is cut off."""
    if is_zipfile(path):
        with _whole(path) as archive:
            return tuple(archive.namelist())
    with path.open("rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as mapped:
        return tuple(name for name, *_ in _headers(mapped))


@contextmanager
def _whole(path: Path) -> Iterator[ZipFile]:
    try:
        archive = ZipFile(path)
    except (BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise BrokenDump("unreadable_archive", f"{path.name}: {error}") from error
    with archive:
        yield archive


@contextmanager
def _member(archive: ZipFile, path: Path, name: str) -> Iterator[IO[bytes]]:
    try:
        member = archive.open(name)
    except KeyError as error:
        raise BrokenDump("no_entities", f"{path.name}: no {name} inside") from error
    except (BadZipFile, OSError, RuntimeError, NotImplementedError) as error:
        raise BrokenDump("unreadable_archive", f"{path.name}: {error}") from error
    with member:
        yield packed.bounded(member, path)


class _Cut(io.RawIOBase):
    """A member of an archive without its list of contents. The end of the archive within it raises EOFError."""

    def __init__(self, mapped: mmap, at: int, method: int, size: int) -> None:
        self._mapped, self._at, self._method, self._size = mapped, at, method, size
        self._inflater = zlib.decompressobj(_RAW)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "memoryview") -> int:  # type: ignore[override]
        piece = self._stored(len(buffer)) if self._method == _STORED else self._inflated(len(buffer))
        buffer[: len(piece)] = piece
        return len(piece)

    def _stored(self, most: int) -> bytes:
        piece = self._mapped[self._at : self._at + min(most, self._size)]
        if self._size and not piece:
            raise EOFError("the archive ends within it")
        self._at, self._size = self._at + len(piece), self._size - len(piece)
        return piece

    def _inflated(self, most: int) -> bytes:
        while not self._inflater.eof:
            packed = self._inflater.unconsumed_tail
            if not packed:
                packed = self._mapped[self._at : self._at + _BLOCK]
                self._at += len(packed)
            piece = self._inflater.decompress(packed, most)
            if piece:
                return piece
            if not packed:
                raise EOFError("the archive ends within it")
        return b""


def _data_span(mapped: mmap, path: Path, name: str) -> tuple[int, int, int]:
    """Where the bytes of `name` begin, how they are packed, and how many they are if that is known."""
    found = next((place for member, *place in _headers(mapped) if member == name), None)
    if not found:
        raise BrokenDump("truncated", f"{path.name}: no {name} in what there is of it")
    return found[0], found[1], found[2]


def _headers(mapped: mmap) -> Iterator[tuple[str, int, int, int]]:
    at = mapped.find(_SIGNATURE)
    while 0 <= at <= len(mapped) - _LOCAL.size:
        _, _, _, method, _, _, _, size, _, length, extra = _LOCAL.unpack_from(mapped, at)
        begin = at + _LOCAL.size
        if method in (_STORED, _DEFLATED):
            yield mapped[begin : begin + length].decode("utf-8", "replace"), begin + length + extra, method, size
        at = mapped.find(_SIGNATURE, begin)
