"""The current pages of a source: the newest version of each key over all batches, without deleted pages."""

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, starmap
from pathlib import Path
from typing import Any

from connectors.reading.sqlite_disk import telling_of_disk, temporary_folder
from pipelines import storage
from pipelines.storage import duck, integrity
from pipelines.storage.duck import spilling_duckdb
from schemas.manifest import Manifest, Shard, digest
from schemas.page import GONE_STATUSES, PAGE, Page, from_row

CONTENT_COLUMNS = ("sha256", "status", "url", "licence", "opt_out")  # without times and other details of the fetch


@dataclass(frozen=True)
class CurrentShard:
    """One shard of pages. `replaced` holds the keys that a later batch has again."""

    path: Path
    shard: Shard
    replaced: frozenset[str]

    def read(self) -> Iterator[Page]:
        """Its current pages, in the order of the shard, 64 in memory at a time. Raises: Damaged."""
        with integrity.open_checked(self.path, self.shard) as file:
            rows = chain.from_iterable(batch.to_pylist() for batch in file.iter_batches(batch_size=64))
            current = (row for row in rows if row["key"] not in self.replaced and row["status"] not in GONE_STATUSES)
            yield from map(from_row, current)


@dataclass(frozen=True)
class CurrentPages:
    """The current pages of a source, from its `batches` below `data`. No page is read until `shards` is asked for."""

    data: Path
    source: str
    batches: tuple[tuple[Path, Manifest], ...]

    @property
    def fingerprint(self) -> str:
        """Changes only when the content of the pages does."""
        return digest([manifest.fingerprint for _, manifest in self.batches])

    @cached_property
    def shards(self) -> tuple[CurrentShard, ...]:
        """The shards of all batches, oldest first. Raises: Damaged."""
        tables = [table for folder, manifest in self.batches for table in storage.tables(folder, manifest, "pages")]
        replaced = _replaced(self.data, self.source, tables) if len(self.batches) > 1 else {}
        return tuple(
            CurrentShard(path, shard, replaced.get(str(path.absolute()), frozenset())) for path, shard in tables
        )


def batches(data: Path, source: str) -> list[tuple[Path, Manifest]]:
    """The finished batches of a source, oldest first. Batches with other settings than the first are left out."""
    folders = sorted(storage.folder(data, "collect", source).glob("[0-9]*"))
    finished = [(folder, manifest) for folder in folders if (manifest := storage.read_manifest(folder))]
    return [(folder, manifest) for folder, manifest in finished if manifest.params == finished[0][1].params]


def current_pages(data: Path, source: str) -> CurrentPages:
    """The current pages of `source`."""
    return CurrentPages(data, source, tuple(batches(data, source)))


_REPLACED = """
SELECT file, list(key)
FROM (SELECT file, key, batch, max(batch) OVER (PARTITION BY key) AS newest
      FROM (SELECT file, key, split_part(file, '/', -2) AS batch FROM {pages}))
WHERE batch < newest
GROUP BY file
"""


def _replaced(data: Path, source: str, tables: list[tuple[Path, Shard]]) -> dict[str, frozenset[str]]:
    """The replaced keys by shard. DuckDB finds them, as the keys of all batches may not fit into memory."""
    integrity.check(tables)
    paths = [path for path, _ in tables]
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
        self._place = temporary_folder()
        self._db = sqlite3.connect("", isolation_level=None)
        self._db.execute("CREATE TABLE content (key TEXT PRIMARY KEY, hash BLOB) WITHOUT ROWID")

    def __len__(self) -> int:
        return int(self._db.execute("SELECT count(*) FROM content").fetchone()[0])

    def upsert(self, key: str, values: tuple[object, ...]) -> bool:
        """Store the content of a key. True where the key is new or its content changed.

        Raises: OSError, which names the temporary folder, where that is full or broken.
        """
        with telling_of_disk(self._place):
            return self._db.execute(_UPSERT, (key, bytes.fromhex(digest(values)))).rowcount > 0


_UPSERT = """
INSERT INTO content VALUES (?, ?)
ON CONFLICT (key) DO UPDATE SET hash = excluded.hash WHERE hash <> excluded.hash
"""


def load_latest_content(data: Path, source: str) -> LatestContent:
    """The latest content of every key in the finished batches of a source. Raises: Damaged."""
    latest = LatestContent()
    for folder, manifest in batches(data, source):
        for row in chain.from_iterable(starmap(_read_content, storage.tables(folder, manifest, "pages"))):
            latest.upsert(row[0], row[1:])
    return latest


def _read_content(path: Path, shard: Shard) -> Iterator[tuple[Any, ...]]:
    for batch in integrity.open_checked(path, shard).iter_batches(columns=["key", *CONTENT_COLUMNS]):
        yield from zip(*batch.select(["key", *CONTENT_COLUMNS]).to_pydict().values(), strict=True)
