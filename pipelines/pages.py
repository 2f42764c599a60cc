"""Which pages of a source stand today: the newest batch wins, and a page that is gone is gone."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from pipelines import place, storage
from schemas.manifest import Manifest, digest
from schemas.page import GONE, Page, from_row

SAID = ("sha256", "status", "url", "licence", "opt_out")  # not when or how it was fetched


@dataclass(frozen=True)
class LiveShard:
    """One shard of pages; `skip` names the keys that a later batch replaces."""

    path: Path
    rows: int
    skip: frozenset[str]

    def read(self) -> Iterator[Page]:
        """Its standing pages, in order of key, a few in memory at a time."""
        with place.parquet(self.path) as file:
            rows = chain.from_iterable(batch.to_pylist() for batch in file.iter_batches(batch_size=64))
            yield from (from_row(row) for row in rows if row["key"] not in self.skip and row["status"] not in GONE)


@dataclass(frozen=True)
class LivePages:
    """A source's standing pages. `fingerprint` changes only when what they say changes."""

    fingerprint: str
    shards: tuple[LiveShard, ...]


def batches(data: Path, source: str) -> list[tuple[Path, Manifest]]:
    """The finished batches of a source, oldest first. One made with other settings than the first is stale."""
    folders = sorted(storage.folder(data, "collect", source).glob("[0-9]*"))
    found = [(folder, manifest) for folder in folders if (manifest := storage.read_manifest(folder))]
    return [(folder, manifest) for folder, manifest in found if manifest.params == found[0][1].params]


def live(data: Path, source: str) -> LivePages:
    shards: list[LiveShard] = []
    newer: frozenset[str] = frozenset()
    done = batches(data, source)
    for folder, manifest in reversed(done):
        rows = {shard.path: shard.rows for shard in manifest.shards}
        names = manifest.tables("pages")
        shards[:0] = [LiveShard(folder / name, rows[name], newer) for name in names]
        if folder != done[0][0]:  # nothing is older than the first, and a dump has no other
            newer |= frozenset(key for name in names for key in _keys(folder / name))
    return LivePages(digest([manifest.fingerprint for _, manifest in done]), tuple(shards))


def said(page: Page) -> tuple[object, ...]:
    return tuple(getattr(page, name) for name in SAID)


def fingerprint(page: Page) -> str:
    """Of what is said under one key; a batch's is that of those of its pages, in order."""
    return digest([page.key, said(page)])


def standing(data: Path, source: str) -> dict[str, tuple[object, ...]]:
    """What was last said under each key, as far as a change of it matters (see SAID)."""
    found: dict[str, tuple[object, ...]] = {}
    for folder, manifest in batches(data, source):
        for name in manifest.tables("pages"):
            table = place.parquet(folder / name).read(["key", *SAID])
            found.update((key, tuple(row)) for key, *row in zip(*table.to_pydict().values(), strict=True))
    return found


def _keys(path: Path) -> list[str]:
    return place.parquet(path).read(["key"])["key"].to_pylist()
