"""What a disk says to SQLite, in the system's words and with the file: `database or disk is full` names neither."""

import errno
import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_REFUSALS = {
    sqlite3.SQLITE_FULL: errno.ENOSPC,
    sqlite3.SQLITE_IOERR: errno.EIO,
    sqlite3.SQLITE_CANTOPEN: errno.EIO,
    sqlite3.SQLITE_READONLY: errno.EROFS,
}


@contextmanager
def telling_of_disk(path: Path) -> Iterator[None]:
    """An error of the disk that holds the database at `path` as the system's own, which names it. Raises: OSError."""
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
        if code not in _REFUSALS:
            raise
        raise OSError(_REFUSALS[code], os.strerror(_REFUSALS[code]), str(path)) from error


def temporary_folder() -> Path:
    """Where temporary databases lie. What SQLite writes beside them lies there too, and not where it would choose."""
    folder = tempfile.gettempdir()
    os.environ.setdefault("SQLITE_TMPDIR", folder)
    return Path(folder)
