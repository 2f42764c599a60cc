"""Files that may be compressed, opened as if they were not. Their first bytes tell, not their names."""

import bz2
import gzip
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
ERRORS = (OSError, EOFError, ValueError, lzma.LZMAError, zstd.ZstdError)
"""What reading a packed file that is cut or broken raises."""


def _zstd(path: Path, _: str) -> Any:
    return zstd.open(path, "rb", options={zstd.DecompressionParameter.window_log_max: _LONGEST_WINDOW})


_OPENERS: tuple[tuple[bytes, Any], ...] = (
    (b"BZh", bz2.open),
    (b"\x1f\x8b", gzip.open),
    (b"\xfd7zXZ\x00", lzma.open),
    (b"\x28\xb5\x2f\xfd", _zstd),
)


def opened(path: Path) -> IO[bytes]:
    """Plain, bzip2 (also multistream), gzip, xz or Zstandard. Reading it may raise one of ERRORS."""
    with path.open("rb") as file:
        head = file.read(8)
    opener = next((opener for magic, opener in _OPENERS if head.startswith(magic)), Path.open)
    found: IO[bytes] = opener(path, "rb")
    return found


def content(path: Path, most: int) -> bytes | None:
    """The first `most` bytes of a file, unpacked; None where it is cut or broken."""
    try:
        with opened(path) as file:
            return file.read(most)
    except ERRORS:
        return None
