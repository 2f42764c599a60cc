"""The current pages of a source: the newest version of each key over all batches, without deleted pages."""

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from pipelines import storage
from pipelines.storage import duck, filesystem
from pipelines.storage.duck import spilling_duckdb
from schemas.manifest import Manifest, digest
from schemas.page import GONE_STATUSES, PAGE, Page, from_row

CONTENT_COLUMNS = ("sha256", "status", "url", "licence", "opt_out")  # without times and other details of the fetch


@dataclass(frozen=True)
class CurrentShard:
    """One shard of pages. `replaced` holds the keys that a later batch has again."""

    path: Path
    rows: int
    replaced: frozenset[str]

    def read(self) -> Iterator[Page]:
        """Its current pages, in the order of the shard, 64 in memory at a time."""
        with filesystem.open_parquet(self.path) as file:
            rows = chain.from_iterable(batch.to_pylist() for batch in file.iter_batches(batch_size=64))
            current = (row for row in rows if row["key"] not in self.replaced and row["status"] not in GONE_STATUSES)
            yield from map(from_row, current)


@dataclass(frozen=True)
class CurrentPages:
    """The current pages of a source. `fingerprint` changes only when their content does."""

    fingerprint: str
    shards: tuple[CurrentShard, ...]


def batches(data: Path, source: str) -> list[tuple[Path, Manifest]]:
    """The finished batches of a source, oldest first. Batches with other settings than the first are left out."""
    folders = sorted(storage.folder(data, "collect", source).glob("[0-9]*"))
    finished = [(folder, manifest) for folder in folders if (manifest := storage.read_manifest(folder))]
    return [(folder, manifest) for folder, manifest in finished if manifest.params == finished[0][1].params]


def current_pages(data: Path, source: str) -> CurrentPages:
    """The current pages of `source`, as shards; no page is read yet."""
    done = batches(data, source)
    tables = [(folder / name, manifest) for folder, manifest in done for name in manifest.tables("pages")]
    rows = {folder / shard.path: shard.rows for folder, manifest in done for shard in manifest.shards}
    replaced = _replaced(data, source, [path for path, _ in tables]) if len(done) > 1 else {}
    shards = tuple(
        CurrentShard(path, rows[path], replaced.get(str(path.absolute()), frozenset())) for path, _ in tables
    )
    return CurrentPages(digest([manifest.fingerprint for _, manifest in done]), shards)


_REPLACED = """
SELECT file, list(key)
FROM (SELECT file, key, batch, max(batch) OVER (PARTITION BY key) AS newest
      FROM (SELECT file, key, split_part(file, '/', -2) AS batch FROM {pages}))
WHERE batch < newest
GROUP BY file
"""


def _replaced(data: Path, source: str, paths: list[Path]) -> dict[str, frozenset[str]]:
    """The replaced keys by shard. DuckDB finds them, as the keys of all batches may not fit into memory."""
    with spilling_duckdb(storage.folder(data, "collect", source), 1) as (con, _):
        rows = con.sql(_REPLACED.format(pages=duck.parquet(paths, PAGE))).fetchall()
    return {file: frozenset(keys) for file, keys in rows}


def content_values(page: Page) -> tuple[object, ...]:
    """The values of CONTENT_COLUMNS."""
    return tuple(getattr(page, name) for name in CONTENT_COLUMNS)


def fingerprint(page: Page) -> str:
    """Hash of the page's key and content. The fingerprint of a batch is the hash of those of its pages, in order."""
    return digest([page.key, content_values(page)])


class LatestContent:
    """The latest content of each key, as hashes in a temporary database on disk, which may outgrow memory."""

    def __init__(self) -> None:
        self._db = sqlite3.connect("", isolation_level=None)
        self._db.execute("CREATE TABLE content (key TEXT PRIMARY KEY, hash BLOB) WITHOUT ROWID")

    def __len__(self) -> int:
        return int(self._db.execute("SELECT count(*) FROM content").fetchone()[0])

    def upsert(self, key: str, values: tuple[object, ...]) -> bool:
        """Store the content of a key. True where the key is new or its content changed."""
        return self._db.execute(_UPSERT, (key, bytes.fromhex(digest(values)))).rowcount > 0


_UPSERT = """
INSERT INTO content VALUES (?, ?)
ON CONFLICT (key) DO UPDATE SET hash = excluded.hash WHERE hash <> excluded.hash
"""


def load_latest_content(data: Path, source: str) -> LatestContent:
    """The latest content of every key in the finished batches of a source."""
    latest = LatestContent()
    for folder, manifest in batches(data, source):
        for row in chain.from_iterable(_read_content(folder / name) for name in manifest.tables("pages")):
            latest.upsert(row[0], row[1:])
    return latest


def _read_content(path: Path) -> Iterator[tuple[Any, ...]]:
    for batch in filesystem.open_parquet(path).iter_batches(columns=["key", *CONTENT_COLUMNS]):
        yield from zip(*batch.select(["key", *CONTENT_COLUMNS]).to_pydict().values(), strict=True)
