"""What has been fetched, in SQLite: the cache, the crawls under way, and when each host may be asked again.

A crawl is one walk over a source. While it is unfinished, whatever it has had is served from here and
asked of nobody, also after `kill -9`; once it is finished, the next one asks whether things have changed.

Every row has a seal, the hash of its other columns. A row that is not what was written counts as not there, so that
what it said is asked for again. Rows of earlier releases have none.
"""

import fcntl
import json
import logging
import os
import sqlite3
import zlib
from collections.abc import Callable, Collection, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from connectors.base import may_pass
from connectors.reading.sqlite_disk import telling_of_disk
from pipelines.messages import Message, tr

_TABLES = """
CREATE TABLE IF NOT EXISTS crawls (
  crawl INTEGER PRIMARY KEY AUTOINCREMENT, source TEXT NOT NULL, begun_at REAL NOT NULL, finished_at REAL);
CREATE TABLE IF NOT EXISTS answers (
  url TEXT PRIMARY KEY, status INTEGER NOT NULL, headers TEXT NOT NULL, body BLOB NOT NULL, version TEXT NOT NULL,
  robots TEXT NOT NULL, opt_out TEXT NOT NULL, fetched_at REAL NOT NULL, fresh_until REAL NOT NULL,
  keep INTEGER NOT NULL, signed_in INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS visits (
  crawl INTEGER NOT NULL, url TEXT NOT NULL, host TEXT NOT NULL, at REAL NOT NULL, attempts INTEGER NOT NULL,
  reason TEXT NOT NULL, detail TEXT NOT NULL, PRIMARY KEY (crawl, url)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS hosts (host TEXT PRIMARY KEY, next_at REAL NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS expected (crawl INTEGER PRIMARY KEY, items INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS site_files (
  url TEXT PRIMARY KEY, status INTEGER NOT NULL, body BLOB NOT NULL, detail TEXT NOT NULL, fetched_at REAL NOT NULL);
CREATE VIEW IF NOT EXISTS dead_letters AS
  SELECT source, url, reason, detail, attempts, at FROM visits JOIN crawls USING (crawl) WHERE reason <> '';
"""
# Of each table, what its seals are of
COLUMNS = {
    "crawls": "crawl, source, begun_at, finished_at",
    "answers": "url, status, headers, body, version, robots, opt_out, fetched_at, fresh_until, keep, signed_in",
    "visits": "crawl, url, host, at, attempts, reason, detail",
    "hosts": "host, next_at",
    "expected": "crawl, items",
    "site_files": "url, status, body, detail, fetched_at",
}
# Stores of before sign-ins were known, and of before rows were sealed
_ADDED = {
    ("answers", "signed_in"): "INTEGER NOT NULL DEFAULT 0",
    **{(table, "seal"): "TEXT NOT NULL DEFAULT ''" for table in COLUMNS},
}

log = logging.getLogger("gristmill")


@dataclass(frozen=True, slots=True)
class StoredResponse:
    """One response: a page, a redirect, or a 404. Times are seconds since the epoch. `signed_in`: read with a token or
    cookie that the site does not give to everybody."""

    url: str
    status: int
    headers: dict[str, str]
    body: bytes
    version: str
    robots: str
    opt_out: str
    fetched_at: float
    fresh_until: float
    keep: bool = True
    signed_in: bool = False


@dataclass(frozen=True, slots=True)
class Visit:
    """That a crawl has dealt with a URL; `reason` is "" when it got an answer."""

    url: str
    host: str
    at: float
    attempts: int = 0
    reason: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class SiteFile:
    """What a site says about all of itself, as robots.txt does. `status` 0: unreachable, for the reason in `detail`."""

    status: int
    body: bytes
    detail: str
    fetched_at: float


class Store:
    """The database at `path`; several processes may share it."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self.db = sqlite3.connect(path, timeout=30, isolation_level=None)
        self.db.create_function("may_pass", 1, may_pass, deterministic=True)
        with _folder_lock(path.parent):
            for pragma in ("journal_mode=WAL", "synchronous=FULL", "secure_delete=ON"):
                self.db.execute(f"PRAGMA {pragma}")
            self.db.executescript(_TABLES)
            for (table, column), kind in _ADDED.items():
                if column not in {row[1] for row in self.db.execute(f"PRAGMA table_info({table})")}:
                    self.db.execute(f"ALTER TABLE {table} ADD COLUMN {column} {kind}")
        self.db.create_function("sealed", -1, seal_of, deterministic=True)

    def close(self) -> None:
        """Close the database; the store cannot be used after it."""
        self.db.close()

    def begin(self, source: str, now: float) -> tuple[int, float]:
        """(crawl, when it began) of the source's unfinished crawl, or of a new one. When one is gone on with, what it
        could not have for a reason that passes is asked for again."""
        with self._transaction():
            found = self._get("crawls", "source = ? AND finished_at IS NULL", source)
            if found:
                self.db.execute("DELETE FROM visits WHERE crawl = ? AND may_pass(reason)", [found[0]])
                return int(found[0]), float(found[2])
            row = self.db.execute("INSERT INTO crawls (source, begun_at) VALUES (?, ?)", [source, now])
            self._seal("crawls", "crawl = ?", row.lastrowid)
            return int(row.lastrowid or 0), now

    def finish(self, crawl: int, now: float) -> None:
        """Close a crawl: what its sites did not want kept is dropped, and of its visits only dead letters stay."""
        with self._transaction():
            here = "url IN (SELECT url FROM visits WHERE crawl = ?)"
            self.db.execute(f"DELETE FROM answers WHERE keep = 0 AND {here}", [crawl])
            self.db.execute("DELETE FROM visits WHERE crawl = ? AND reason = ''", [crawl])
            self.db.execute(
                "DELETE FROM visits WHERE crawl < ? AND crawl IN (SELECT crawl FROM crawls WHERE source ="
                " (SELECT source FROM crawls WHERE crawl = ?))",
                [crawl, crawl],
            )
            self.db.execute("DELETE FROM expected WHERE crawl = ?", [crawl])
            self.db.execute("UPDATE crawls SET finished_at = ? WHERE crawl = ?", [now, crawl])
            self._seal("crawls", "crawl = ?", crawl)

    def response(self, url: str) -> StoredResponse | None:
        """The cached response of `url`, from whichever crawl."""
        row = self._get("answers", "url = ?", url)
        if not row:
            return None
        stored = StoredResponse(*row)
        return replace(
            stored,
            headers=json.loads(row[2]),
            body=zlib.decompress(row[3]),
            keep=bool(stored.keep),
            signed_in=bool(stored.signed_in),
        )

    def visit(self, crawl: int, url: str) -> Visit | None:
        """How this crawl has dealt with `url`; None if it has not."""
        row = self._get("visits", "crawl = ? AND url = ?", crawl, url)
        return Visit(*row[1:]) if row else None

    def pages(self, crawl: int) -> dict[str, int]:
        """How many URLs of each host the crawl has dealt with."""
        return dict(self.db.execute("SELECT host, count(*) FROM visits WHERE crawl = ? GROUP BY host", [crawl]))

    def has_answered(self, crawl: int, host: str) -> bool:
        """Whether `host` has given this crawl anything but failures."""
        asked = "SELECT 1 FROM visits WHERE crawl = ? AND host = ? AND reason = '' LIMIT 1"
        return self.db.execute(asked, [crawl, host]).fetchone() is not None

    def save(self, crawl: int, visit: Visit, response: StoredResponse | None = None) -> None:
        """Both or neither: a URL counts as visited only when its response is on disk."""
        with self._transaction():
            if response:
                self._put("answers", _row(response))
            row = [crawl, visit.url, visit.host, visit.at, visit.attempts, visit.reason, visit.detail]
            self._put("visits", row)

    def drop(self, urls: Collection[str]) -> None:
        """Erase responses from the cache."""
        with self._transaction():
            self.db.executemany("DELETE FROM answers WHERE url = ?", [[url] for url in urls])

    def discard(self, crawl: int, url: str) -> None:
        """Erase a response and that this crawl has had it, so that `url` is asked for again."""
        with self._transaction():
            self.db.execute("DELETE FROM answers WHERE url = ?", [url])
            self.db.execute("DELETE FROM visits WHERE crawl = ? AND url = ?", [crawl, url])

    def next_at(self, host: str) -> float:
        """When the host may be asked again; 0 for one never asked."""
        row = self._get("hosts", "host = ?", host)
        return float(row[1]) if row else 0.0

    def set_next_at(self, host: str, until: float) -> None:
        """Enter when the host may be asked again."""
        self._put("hosts", [host, until])

    def expect(self, crawl: int, items: int) -> None:
        """Enter how many pages and rejects the crawl will give, as far as it knows; for whoever looks on."""
        self._put("expected", [crawl, items])

    def site_file(self, url: str) -> SiteFile | None:
        """The stored robots.txt or tdmrep.json at `url`."""
        row = self._get("site_files", "url = ?", url)
        return SiteFile(*row[1:]) if row else None

    def save_site_file(self, url: str, file: SiteFile) -> None:
        self._put("site_files", [url, file.status, file.body, file.detail, file.fetched_at])

    def _put(self, table: str, values: list[Any]) -> None:
        marks = ", ".join("?" * (len(values) + 1))
        self.db.execute(f"REPLACE INTO {table} ({COLUMNS[table]}, seal) VALUES ({marks})", [*values, seal_of(*values)])

    def _get(self, table: str, where: str, *values: Any) -> tuple[Any, ...] | None:
        """The row; None where there is none, or not what was written."""
        row = self.db.execute(f"SELECT {COLUMNS[table]}, seal FROM {table} WHERE {where}", values).fetchone()
        if row and not _is_intact(row):
            log.warning(
                tr("{file}: a row of {table} is damaged; what it said is asked for again", file=self.path, table=table)
            )
            return None
        return row[:-1] if row else None

    def _seal(self, table: str, where: str, *values: Any) -> int:
        sealing = f"UPDATE {table} SET seal = sealed({COLUMNS[table]}) WHERE {where}"
        return self.db.execute(sealing, values).rowcount

    def seal_all(self) -> None:
        """Seal the rows of earlier releases, as they are."""
        with self._transaction():
            for table in COLUMNS:
                self._seal(table, "seal = ''")

    def faults(self) -> Iterator[str]:
        """What is wrong with the file, and which rows are not what was written."""
        for (said,) in self.db.execute("PRAGMA integrity_check"):
            if said != "ok":
                yield str(said)
        for table in COLUMNS:
            rows = self.db.execute(f"SELECT {COLUMNS[table]}, seal FROM {table}")
            broken = sum(not _is_intact(row) for row in rows)
            if broken:
                yield Message("{number} rows of {table}", number=broken, table=table)

    def unsealed(self) -> int:
        """How many rows have no seal, as they are of earlier releases."""
        counts = (self.db.execute(f"SELECT count(*) FROM {table} WHERE seal = ''").fetchone()[0] for table in COLUMNS)
        return sum(counts)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self.db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self.db.execute("COMMIT")
        except BaseException:
            if self.db.in_transaction:  # SQLite itself has rolled back where the disk is full or broken
                self.db.execute("ROLLBACK")
            raise


@contextmanager
def _folder_lock(folder: Path) -> Iterator[None]:
    """Of two processes that switch a new database to WAL at once, SQLite tells one "locked" without waiting."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def forget(path: Path, gone: Callable[[str], bool]) -> int:
    """Erase every URL for which `gone` is true from the cache, also from the file's free pages; how many."""
    with opened(path) as store:
        store.db.create_function("gone", 1, gone)
        erased = store.db.execute("DELETE FROM answers WHERE gone(url)").rowcount
        store.db.execute("DELETE FROM visits WHERE gone(url)")
        store.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        store.db.execute("VACUUM")
        store.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # VACUUM has gone through the log too
        return erased


def seal_of(*values: Any) -> str:
    """The hash of a row's values. Numbers count as SQLite gives them back, without their type."""
    plain = [float(value) if isinstance(value, int | float) else value for value in values]
    return sha256(repr(plain).encode()).hexdigest()


def _is_intact(row: tuple[Any, ...]) -> bool:
    return row[-1] in ("", seal_of(*row[:-1]))


def is_corrupt(error: sqlite3.Error) -> bool:
    """Whether the file itself is to blame: pages, schema or text. A full disk or a lock is another matter."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
    return code in (sqlite3.SQLITE_ERROR, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


@contextmanager
def opened(path: Path) -> Iterator[Store]:
    """The store at `path`, for a short while. Raises: OSError where its disk refuses."""
    with telling_of_disk(path), closing(Store(path)) as store:
        yield store


def count(path: Path, gone: Callable[[str], bool]) -> int:
    """How many responses `forget` would erase."""
    with opened(path) as store:
        store.db.create_function("gone", 1, gone)
        return int(store.db.execute("SELECT count(*) FROM answers WHERE gone(url)").fetchone()[0])


def _row(response: StoredResponse) -> list[Any]:
    headers = json.dumps(response.headers, sort_keys=True)
    times = [response.fetched_at, response.fresh_until]
    stated = [response.version, response.robots, response.opt_out, *times, int(response.keep), int(response.signed_in)]
    return [response.url, response.status, headers, zlib.compress(response.body), *stated]
