"""Files that may be compressed, opened as if they were not. Their first bytes tell, not their names."""

import bz2
import gzip
import io
import lzma
import sys
from pathlib import Path
from typing import IO, Any

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

# Pushshift's dumps of Reddit look back over 2 GiB (`zstd --long=31`): as much memory as the file is long, up to that
_LONGEST_WINDOW = 31
# Text shrinks to a tenth, a wiki's whole history to a hundredth, a bomb to a thousandth and less
GROWTH, SMALL = 200, 64 << 20
_BUFFER = 1 << 16  # bytes
ERRORS = (OSError, EOFError, ValueError, lzma.LZMAError, zstd.ZstdError)
"""What reading a packed file that is cut or broken raises."""


class TooLarge(ValueError):
    """A packed file unpacks to far more than one of its size holds."""


def why(error: BaseException) -> str:
    """The reason of a reject for one of ERRORS."""
    return "too_large" if isinstance(error, TooLarge) else "truncated"


class Bounded(io.RawIOBase):
    """`file`, of which at most `most` bytes are read: what is beyond them raises TooLarge."""

    def __init__(self, file: IO[bytes], most: int) -> None:
        self._file, self._left, self._most = file, most, most

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "memoryview") -> int:  # type: ignore[override]
        piece = self._file.read(len(buffer))
        self._left -= len(piece)
        if self._left < 0:
            raise TooLarge(f"it unpacks to more than {self._most} bytes")
        buffer[: len(piece)] = piece
        return len(piece)

    def close(self) -> None:
        self._file.close()
        super().close()


def most_of(size: int) -> int:
    """The most bytes that a packed file of `size` bytes may hold."""
    return max(SMALL, GROWTH * size)


def _zstd(path: Path, _: str) -> Any:
    return zstd.open(path, "rb", options={zstd.DecompressionParameter.window_log_max: _LONGEST_WINDOW})


_OPENERS: tuple[tuple[bytes, Any], ...] = (
    (b"BZh", bz2.open),
    (b"\x1f\x8b", gzip.open),
    (b"\xfd7zXZ\x00", lzma.open),
    (b"\x28\xb5\x2f\xfd", _zstd),
)


def opened(path: Path) -> IO[bytes]:
    """Plain, bzip2 (also multistream), gzip, xz or Zstandard. Reading it may raise one of ERRORS.

    What is packed is read up to GROWTH times its size, and SMALL in any case: then TooLarge is raised.
    """
    with path.open("rb") as file:
        head = file.read(8)
    opener = next((opener for magic, opener in _OPENERS if head.startswith(magic)), None)
    if opener is None:
        return path.open("rb")
    return bounded(opener(path, "rb"), path)


def bounded(file: IO[bytes], path: Path) -> IO[bytes]:
    """`file`, unpacked from what is at `path`, up to what a file of that size may hold. Reading on raises TooLarge."""
    return io.BufferedReader(Bounded(file, most_of(path.stat().st_size)), _BUFFER)


def content(path: Path, most: int) -> bytes | None:
    """The first `most` bytes of a file, unpacked; None where it is cut or broken."""
    try:
        with opened(path) as file:
            return file.read(most)
    except ERRORS:
        return None
