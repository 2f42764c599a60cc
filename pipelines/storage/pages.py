"""Which pages of a source stand today: the newest batch wins, and a page that is gone is gone."""

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
from schemas.page import GONE, PAGE, Page, from_row

CONTENT_COLUMNS = ("sha256", "status", "url", "licence", "opt_out")  # not when or how it was fetched


@dataclass(frozen=True)
class CurrentShard:
    """One shard of pages; `skip` names the keys that a later batch replaces."""

    path: Path
    rows: int
    skip: frozenset[str]

    def read(self) -> Iterator[Page]:
        """Its standing pages, in order of key, a few in memory at a time."""
        with filesystem.open_parquet(self.path) as file:
            rows = chain.from_iterable(batch.to_pylist() for batch in file.iter_batches(batch_size=64))
            yield from (from_row(row) for row in rows if row["key"] not in self.skip and row["status"] not in GONE)


@dataclass(frozen=True)
class CurrentPages:
    """A source's standing pages. `fingerprint` changes only when what they say changes."""

    fingerprint: str
    shards: tuple[CurrentShard, ...]


def batches(data: Path, source: str) -> list[tuple[Path, Manifest]]:
    """The finished batches of a source, oldest first. One made with other settings than the first is stale."""
    folders = sorted(storage.folder(data, "collect", source).glob("[0-9]*"))
    found = [(folder, manifest) for folder in folders if (manifest := storage.read_manifest(folder))]
    return [(folder, manifest) for folder, manifest in found if manifest.params == found[0][1].params]


def current_pages(data: Path, source: str) -> CurrentPages:
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
    """By shard, its own keys that a later batch has: the keys of all batches may be more than fit into memory."""
    with spilling_duckdb(storage.folder(data, "collect", source), 1) as (con, _):
        found = con.sql(_REPLACED.format(pages=duck.parquet(paths, PAGE))).fetchall()
    return {file: frozenset(keys) for file, keys in found}


def content_of(page: Page) -> tuple[object, ...]:
    return tuple(getattr(page, name) for name in CONTENT_COLUMNS)


def fingerprint(page: Page) -> str:
    """Of what is said under one key; a batch's is that of those of its pages, in order."""
    return digest([page.key, content_of(page)])


class LatestContent:
    """What was last said under each key, in a temporary database that need not fit into memory."""

    def __init__(self) -> None:
        self._db = sqlite3.connect("", isolation_level=None)
        self._db.execute("CREATE TABLE said (key TEXT PRIMARY KEY, print BLOB) WITHOUT ROWID")

    def __len__(self) -> int:
        return int(self._db.execute("SELECT count(*) FROM said").fetchone()[0])

    def is_news(self, key: str, values: tuple[object, ...]) -> bool:
        """Whether this is news, as far as a change matters (see SAID)."""
        return self._db.execute(_UPSERT, (key, bytes.fromhex(digest(values)))).rowcount > 0


_UPSERT = """
INSERT INTO said VALUES (?, ?)
ON CONFLICT (key) DO UPDATE SET print = excluded.print WHERE print <> excluded.print
"""


def latest_content(data: Path, source: str) -> LatestContent:
    """What the finished batches of a source say, the later ones over the earlier."""
    known = LatestContent()
    for folder, manifest in batches(data, source):
        for row in chain.from_iterable(_content_in(folder / name) for name in manifest.tables("pages")):
            known.is_news(row[0], row[1:])
    return known


def _content_in(path: Path) -> Iterator[tuple[Any, ...]]:
    for batch in filesystem.open_parquet(path).iter_batches(columns=["key", *CONTENT_COLUMNS]):
        yield from zip(*batch.select(["key", *CONTENT_COLUMNS]).to_pydict().values(), strict=True)
