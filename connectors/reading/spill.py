"""Bringing together on disk what belongs together and lies far apart in a dump.

Rows are spilled to a temporary SQLite database as they are read; SQLite's external sort then brings each group
together. The database takes about the space of the dump unpacked, twice while it sorts, in the process's temporary
folder (below TMPDIR).
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from connectors.reading.sqlite_disk import telling_of_disk, temporary_folder
from pipelines import temporary

_SETTINGS = """
pragma journal_mode = off; pragma synchronous = off; pragma temp_store = file; pragma cache_size = -65536;
pragma locking_mode = exclusive;
"""

MOST = 16 << 20  # bytes of what is brought together for one page


class TooMany(ValueError):
    """What belongs to one page is longer than MOST."""


@contextmanager
def spilled(tables: str) -> Iterator[sqlite3.Connection]:
    """An empty database with `tables`, within one transaction; it is gone when the block is left.

    Raises: OSError, which names the temporary folder, where that is full or broken.
    """
    place = temporary_folder()
    with (
        telling_of_disk(place),
        TemporaryDirectory(dir=temporary.folder()) as folder,
        closing(_database(folder)) as db,
    ):
        db.executescript(f"{_SETTINGS}{tables}; begin")
        yield db


def _database(folder: str) -> sqlite3.Connection:
    return sqlite3.connect(Path(folder) / "spill.sqlite", isolation_level=None)


def groups(db: sqlite3.Connection, query: str) -> Iterator[Iterator[tuple[Any, ...]]]:
    """Runs of rows that share their first column; `query` orders by it. Each is read before the next is asked for."""
    with closing(db.execute(query)) as rows:
        for _, group in groupby(rows, key=itemgetter(0)):
            yield group


def is_number(text: str) -> bool:
    """Also a negative one; nothing that SQLite could not hold."""
    return text.removeprefix("-").isdecimal() and text.isascii() and len(text) < 19
