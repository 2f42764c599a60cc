"""Zips, and the formats that are zips: read where they lie, never unpacked onto the disk, and never past a limit."""

import io
import lzma
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO
from zipfile import BadZipFile, ZipFile, ZipInfo

from connectors.html import Unreadable, decode

LARGEST = 64 << 20  # bytes of one file, unpacked
MOST_FILES = 20_000
# Text shrinks to a tenth, XML with much white space to a fiftieth, a bomb to a thousandth
_GROWTH, _SMALL = 200, 1 << 20
_ENTRY = b"PK\x01\x02"  # of the list of files: APPNOTE.TXT 4.3.12
_ENCRYPTED, _UTF8 = 0x1, 0x800  # flags of a member: APPNOTE.TXT 4.4.4
_FAULTS = (BadZipFile, OSError, EOFError, RuntimeError, NotImplementedError, ValueError, zlib.error, lzma.LZMAError)


@contextmanager
def opened(source: bytes | Path) -> Iterator[ZipFile]:
    """The zip at a path or in bytes. Raises Unreadable: broken_archive, too_large for one of more than MOST_FILES."""
    try:
        _check_entries(source)
        archive = ZipFile(source if isinstance(source, Path) else io.BytesIO(source))
    except _FAULTS as error:
        raise Unreadable("broken_archive", type(error).__name__) from error
    with archive:
        if len(archive.filelist) > MOST_FILES:
            raise Unreadable("too_large", f"{len(archive.filelist)} files in one archive")
        yield archive


def _check_entries(source: bytes | Path) -> None:
    """The list of files is read whole, a kilobyte for each, whatever number of them the zip states: they are counted.

    Zips within a zip that are not packed count too, so that ten times MOST_FILES are let through.
    """
    with source.open("rb") if isinstance(source, Path) else io.BytesIO(source) as file:
        seen, before = 0, b""
        while chunk := file.read(_SMALL):
            seen += (before + chunk).count(_ENTRY)
            before = chunk[1 - len(_ENTRY) :]
            if seen > 10 * MOST_FILES:
                raise Unreadable("too_large", f"more than {10 * MOST_FILES} files in one archive")


def member(archive: ZipFile, info: ZipInfo) -> bytes:
    """What a member holds. Raises Unreadable: password_protected, too_large, zip_bomb, broken_archive."""
    if info.flag_bits & _ENCRYPTED:
        raise Unreadable("password_protected")
    if info.file_size > LARGEST:
        raise Unreadable("too_large", f"{info.file_size} bytes")
    if info.file_size > max(_SMALL, _GROWTH * info.compress_size):
        raise Unreadable("zip_bomb", f"{info.compress_size} bytes unpack to {info.file_size}")
    try:
        with archive.open(info) as file:
            return _bounded(file, info.file_size)
    except _FAULTS as error:
        raise Unreadable("broken_archive", type(error).__name__) from error


def _bounded(file: IO[bytes], size: int) -> bytes:
    """A header may lie about the size: never more is unpacked than it says."""
    return file.read(size + 1)


def named(archive: ZipFile, name: str) -> bytes:
    """The member of that name, b"" where there is none. Raises Unreadable as `member` does."""
    try:
        info = archive.getinfo(name)
    except KeyError:
        return b""
    return member(archive, info)


def name_of(info: ZipInfo) -> str:
    """A member's name. Without the flag for UTF-8 it is in the encoding of the machine that it was packed on."""
    return info.filename if info.flag_bits & _UTF8 else decode(info.filename.encode("cp437", "replace"))


def is_unsafe(name: str) -> bool:
    """Whether a member's name leads out of the archive. Nothing is unpacked here, but such a name means harm."""
    return name.startswith(("/", "\\")) or ":" in name[:3] or ".." in PurePosixPath(name.replace("\\", "/")).parts


def slim(body: bytes, is_text: Callable[[str], bool]) -> bytes:
    """A package with what `is_text` names, and everything else empty: pictures say nothing to a reader of text.

    The same package gives the same bytes. Raises Unreadable as `member` does, and too_large.
    """
    out, total = io.BytesIO(), 0
    with opened(body) as archive, ZipFile(out, "w", 8) as slimmed:
        for info in archive.infolist():
            held = member(archive, info) if is_text(info.filename) else b""
            total += len(held)
            if total > LARGEST:
                raise Unreadable("too_large", f"more than {LARGEST} bytes of text")
            slimmed.writestr(ZipInfo(info.filename), held, 8)
    return out.getvalue()
