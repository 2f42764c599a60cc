"""Crawls that are under way, as the web client's memory in a data folder tells of them while it is written."""

import sqlite3
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from pipelines import collect, storage
from pipelines.storage import filesystem

WINDOW = 60.0  # seconds over which a rate is told
BUSY_MS = 500  # a reader who looks again soon need not wait for a writer

_OPEN = """
SELECT crawls.crawl, source, count(url), coalesce(sum(reason <> ''), 0), coalesce(sum(at > :since), 0),
  coalesce(max(at), begun_at), (SELECT items FROM expected WHERE expected.crawl = crawls.crawl)
FROM crawls LEFT JOIN visits USING (crawl)
WHERE finished_at IS NULL GROUP BY crawls.crawl ORDER BY source, begun_at"""
_REASONS = "SELECT reason, count(*) FROM visits WHERE crawl = ? AND reason <> '' GROUP BY reason ORDER BY 2 DESC, 1"
_WAIT = """
SELECT host, next_at FROM hosts WHERE host IN (SELECT host FROM visits WHERE crawl = ?) AND next_at > ?
ORDER BY next_at DESC LIMIT 1"""


@dataclass(frozen=True)
class Crawl:
    """`asked` are addresses that have been dealt with, `failed` those of them without an answer, by `reasons`, and
    `lately` those of the last minute. `expected` is the number of pages as far as the crawl knows it, or None. `waits`
    are the seconds until `host` may be asked again, `idle` those since something was dealt with."""

    source: str
    asked: int
    failed: int
    lately: int
    expected: int | None
    reasons: dict[str, int]
    host: str
    waits: float
    idle: float


def under_way(data: Path) -> list[Crawl]:
    """The crawls that have begun and not ended, also those that were broken off: `idle` tells them apart.

    None are known where there is no store, or nobody can read it now; it may be of an earlier release.
    """
    store = filesystem.local_folder(data) / storage.FOLDERS[collect.STAGE] / collect.WEB_STORE
    try:
        with closing(sqlite3.connect(f"{store.absolute().as_uri()}?mode=ro", uri=True)) as db:
            db.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
            now = time.time()
            return [_crawl(db, row, now) for row in db.execute(_OPEN, {"since": now - WINDOW}).fetchall()]
    except sqlite3.Error:
        return []


def _crawl(db: sqlite3.Connection, row: tuple[int, str, int, int, int, float, int | None], now: float) -> Crawl:
    crawl, source, asked, failed, lately, seen, expected = row
    host, next_at = db.execute(_WAIT, [crawl, now]).fetchone() or ("", now)
    reasons = dict(db.execute(_REASONS, [crawl]))
    return Crawl(source, asked, failed, lately, expected, reasons, host, next_at - now, now - seen)
