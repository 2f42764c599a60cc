"""Which pages of a source stand today: the newest batch wins, and a page that is gone is gone."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq

from pipelines import storage
from schemas.manifest import Manifest, digest
from schemas.page import Page, from_row

GONE = (404, 410)


@dataclass(frozen=True)
class LiveShard:
    """One shard of pages; `skip` names the keys that a later batch replaces."""

    path: Path
    rows: int
    skip: frozenset[str]

    def read(self) -> Iterator[Page]:
        """Its standing pages, in order of key, a few in memory at a time."""
        with pq.ParquetFile(self.path, page_checksum_verification=True) as file:
            for batch in file.iter_batches(batch_size=64):
                for row in batch.to_pylist():
                    if row["key"] not in self.skip and row["status"] not in GONE:
                        yield from_row(row)


@dataclass(frozen=True)
class LivePages:
    """A source's standing pages. `fingerprint` changes only when what they say changes."""

    fingerprint: str
    shards: tuple[LiveShard, ...]


def batches(data: Path, source: str) -> list[tuple[Path, Manifest]]:
    """The finished batches of a source, oldest first."""
    folders = sorted(storage.folder(data, "collect", source).glob("[0-9]*"))
    found = ((folder, storage.read_manifest(folder)) for folder in folders)
    return [(folder, manifest) for folder, manifest in found if manifest]


def live(data: Path, source: str) -> LivePages:
    shards: list[LiveShard] = []
    newer: frozenset[str] = frozenset()
    done = batches(data, source)
    for folder, manifest in reversed(done):
        rows = {shard.path: shard.rows for shard in manifest.shards}
        names = manifest.tables("pages")
        shards[:0] = [LiveShard(folder / name, rows[name], newer) for name in names]
        newer |= frozenset(key for name in names for key in _keys(folder / name))
    return LivePages(digest([manifest.fingerprint for _, manifest in done]), tuple(shards))


def _keys(path: Path) -> list[str]:
    return pq.read_table(path, columns=["key"])["key"].to_pylist()
