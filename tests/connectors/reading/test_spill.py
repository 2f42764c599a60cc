"""A full temporary folder is told by its name, wherever something waits there: it is no fault of the web's memory."""

import errno
import sqlite3
import tempfile
from pathlib import Path
from unittest.mock import Mock

import pytest

from connectors.reading.spill import spilled
from pipelines import collect
from pipelines.storage.pages import LatestContent
from schemas.document import Reject

PAGES = "pragma max_page_count = 8"  # a disk of 32 kB


def fill(db: sqlite3.Connection) -> None:
    for number in range(1000):
        db.execute("insert into waiting values (?)", (f"{number}" * 100,))


def test_what_waits_for_its_group() -> None:
    with pytest.raises(OSError, match="No space left") as found, spilled("create table waiting (text)") as db:
        db.execute(PAGES)
        fill(db)
    assert (found.value.errno, found.value.filename) == (errno.ENOSPC, tempfile.gettempdir())


def test_another_error_of_the_database_stays_what_it_is() -> None:
    with pytest.raises(sqlite3.OperationalError, match="no such table"), spilled("create table other (text)") as db:
        fill(db)


def test_what_pages_had_before() -> None:
    latest = LatestContent()
    latest._db.execute(PAGES)
    with pytest.raises(OSError, match="No space left") as found:
        for number in range(1000):
            latest.upsert(f"{number}" * 100, (number,))
    assert (found.value.errno, found.value.filename) == (errno.ENOSPC, tempfile.gettempdir())


@pytest.mark.parametrize("rejects", [1, 10_000])
def test_rejects_that_wait_for_the_end(rejects: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Few are written at the end, many before."""
    monkeypatch.setattr(collect, "TemporaryFile", Path("/dev/full").open)
    gone = (Reject(f"{number}", "gone") for number in range(rejects))
    with pytest.raises(OSError, match="No space left") as found, collect._waiting_rejects() as waiting:
        list(collect._shards(gone, "test", waiting))
        collect._write_batch(Mock(), [], waiting)
    assert (found.value.errno, found.value.filename) == (errno.ENOSPC, tempfile.gettempdir())
