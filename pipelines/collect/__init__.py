"""Stage 1: connector.fetch → 1_pages/<source>/<batch>/. Each run adds a batch of the pages that changed.

A page that says what it said before is not stored again; if none changed, there is no new batch, and nothing
after this stage runs. A source of local files whose files are untouched is not even opened.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import chain, islice
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

import pyarrow as pa

from connectors.base import Connector
from connectors.web import PoliteWeb, open_web
from pipelines import storage, suppression
from pipelines.recipe import Recipe
from pipelines.storage import filesystem, pages
from pipelines.suppression import documents
from pipelines.workers.progress import State, track
from schemas.document import Reject
from schemas.manifest import ListDigest, Manifest, digest
from schemas.page import PAGE, Page, to_row
from schemas.record import REJECT

VERSION = 2  # raised where connectors keep more than before: local files are then read again
STAGE = "collect"
SHARD_PAGES = 2_000
SHARD_BYTES = 32 << 20
WEB_STORE = "web.sqlite"
Cursor = Callable[[], str]


def run(recipe: Recipe, source: str, data: Path) -> Manifest:
    """Fetch what is new in one source; returns the manifest of its newest batch."""
    connector = recipe.source(source)
    params = _params(connector)
    done = pages.batches(data, source)
    same = bool(done) and done[0][1].params == params
    if same and connector.files():
        return done[-1][1]
    cursor = (done[-1][1].cursor or None) if same else None
    known = pages.latest_content(data, source) if same else pages.LatestContent()
    store = filesystem.local_folder(data) / storage.FOLDERS[STAGE] / WEB_STORE
    tombstones, left_out = suppression.load(data).of_pages, set[str]()
    with open_web(store, source=source, forgotten=tombstones.url, **recipe.web.model_dump()) as web:
        fetched = track(connector.fetch(web, cursor), f"collect {source}", state=partial(_state, web, len(known)))
        if tombstones:
            fetched = documents.strip_pages(connector, fetched, tombstones, web.touched, left_out)
        items = fetched if connector.files() else _changed(fetched, known)
        made = _build(data, source, len(done) + 1 if same else 1, params, items, partial(_cursor, web, cursor))
        web.drop(left_out)
    if made and not same:
        _remove_stale(data, source)
    return made or done[-1][1]


def _state(web: PoliteWeb, known: int) -> State:
    """The last run's pages are the best guess of how many there are, until the walk has found more."""
    done = web.tally
    asked = f"{done.requests} requests, {done.bytes / 1e6:.1f} MB" if done.requests else ""
    words = ", ".join(filter(None, (asked, f"{done.failed} errors" if done.failed else "")))
    return State(max(web.expected, known) or None, words)


def _params(connector: Connector) -> dict[str, Any]:
    """Settings, and size and time of local files: enough to see that they changed, as rsync does; and what reads them.
    A site is not asked for all of its pages again because a new version of ours would keep more of them."""
    stats = [(str(path), path.stat()) for path in connector.files()]
    files = digest([[name, stat.st_size, stat.st_mtime_ns] for name, stat in stats])
    settings = connector.model_dump(mode="json")  # type: ignore[attr-defined]
    return {"settings": settings, "files": files, **({"version": VERSION} if stats else {})}


def _changed(fetched: Iterable[Page | Reject], known: pages.LatestContent) -> Iterator[Page | Reject]:
    return (item for item in fetched if isinstance(item, Reject) or known.is_news(item.key, pages.content_of(item)))


def _cursor(web: PoliteWeb, before: str | None) -> str:
    """From when the next run asks for changes: still since `before` where this one has not seen all of them."""
    return (before or "") if web.paused or web.missed else web.begun_at.isoformat()


def _build(
    data: Path, source: str, batch: int, params: dict[str, Any], items: Iterable[Page | Reject], cursor: Cursor
) -> Manifest | None:
    """One batch, or None when it would hold no page and is not the source's first. `cursor` is asked at the end."""
    with TemporaryFile("w+") as rejects:
        shards = _shards(items, source, rejects)
        first = next(shards, None)
        if first is None and batch > 1:
            return None
        folder = storage.folder(data, STAGE, source) / f"{batch:06d}"
        about: dict[str, Any] = {"stage": STAGE, "name": f"{source}/{batch:06d}", "version": VERSION, "params": params}
        with storage.building(folder, **about, inputs={}, resume=False) as made:
            _fill(made, chain([first] if first else [], shards), rejects)
            made.cursor = cursor() if made.counts["pages"] else ""  # who had nothing does not ask for changes of it
    return storage.read_manifest(folder)


def _fill(made: storage.FolderBuilder, shards: Iterable[list[Page]], rejects: IO[str]) -> None:
    said = ListDigest()
    for number, shard in enumerate(shards):
        counts = {"pages": len(shard), "bytes": sum(len(page.body) for page in shard)}
        table = pa.Table.from_pylist([to_row(page) for page in shard], schema=PAGE)
        made.table(f"pages-{number:05d}.parquet", table, PAGE, counts)
        for page in shard:
            said.add(pages.fingerprint(page))
    made.fingerprint = said.hexdigest()
    rejects.seek(0)
    made.table("rejects-00000.parquet", _batches(rejects, made.counts), REJECT)


def _batches(rejects: IO[str], counts: Counter[str]) -> Iterator[pa.RecordBatch]:
    for lines in iter(lambda: list(islice(rejects, SHARD_PAGES)), []):
        rows = [json.loads(line) for line in lines]
        counts.update(f"rejected:{row['reason']}" for row in rows)
        yield pa.RecordBatch.from_pylist(rows, REJECT)


def _shards(items: Iterable[Page | Reject], source: str, rejects: IO[str]) -> Iterator[list[Page]]:
    """Pages by the shard; rejects are set aside as they come, in a file, for there may be as many of them."""
    shard: list[Page] = []
    size = 0
    for item in items:
        if isinstance(item, Reject):
            rejects.write(json.dumps(_reject_row(source, item)) + "\n")
            continue
        shard.append(item)
        size += len(item.body)
        if len(shard) >= SHARD_PAGES or size >= SHARD_BYTES:
            yield shard
            shard, size = [], 0
    if shard:
        yield shard


def _reject_row(source: str, reject: Reject) -> dict[str, str]:
    where = {"page_id": f"{source}:{reject.key}", "source": source, "key": reject.key, "level": "page"}
    return {**where, "reason": reject.reason, "detail": reject.detail}


def _remove_stale(data: Path, source: str) -> None:
    standing = {folder for folder, _ in pages.batches(data, source)}
    for folder in storage.folder(data, STAGE, source).glob("[0-9]*"):
        if folder not in standing:
            filesystem.remove_folder(folder)
