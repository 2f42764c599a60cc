"""Stage 1: connector.fetch → 1_pages/<source>/<batch>/. Each run adds a batch of the pages that changed.

A page that says what it said before is not stored again; if none changed, there is no new batch, and nothing
after this stage runs. A source of local files whose files are untouched is not even opened.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

import pyarrow as pa

from connectors.base import Connector
from connectors.web import PoliteWeb, open_web
from pipelines import forgotten, pages, place, storage, tombstones
from pipelines.progress import State, track
from pipelines.recipe import Recipe
from schemas.document import Reject
from schemas.manifest import Manifest, digest
from schemas.page import PAGE, Page, to_row
from schemas.record import REJECT

VERSION = 1
STAGE = "collect"
SHARD_PAGES = 2_000
SHARD_BYTES = 32 << 20
WEB_STORE = "web.sqlite"


def run(recipe: Recipe, source: str, data: Path) -> Manifest:
    """Fetch what is new in one source; returns the manifest of its newest batch."""
    connector = recipe.source(source)
    params = _params(connector)
    done = pages.batches(data, source)
    same = bool(done) and done[0][1].params == params
    if same and connector.files():
        return done[-1][1]
    cursor = done[-1][1].cursor if same else None
    known = pages.standing(data, source) if same else {}
    store = place.nearby(data) / storage.FOLDERS[STAGE] / WEB_STORE
    stones, left_out = tombstones.load(data), set[str]()
    with open_web(store, source=source, forgotten=stones.url, **recipe.web.model_dump()) as web:
        fetched = track(connector.fetch(web, cursor), f"collect {source}", state=partial(_state, web, len(known)))
        if stones:
            fetched = forgotten.spared(connector, fetched, stones, web.touched, left_out)
        items = fetched if connector.files() else _changed(fetched, known)
        made = _build(data, source, len(done) + 1 if same else 1, params, items, web.begun_at)
        web.drop(left_out)
    if made and not same:
        _remove_stale(data, source)
    return made or done[-1][1]


def _state(web: PoliteWeb, known: int) -> State:
    """The last run's pages are the best guess of how many there are, until the walk has found more."""
    done = web.tally
    words = f"{done.requests} requests, {done.bytes / 1e6:.1f} MB, {done.failed} errors" if done.requests else ""
    return State(max(web.expected, known) or None, words)


def _params(connector: Connector) -> dict[str, Any]:
    """Settings, and size and time of local files: enough to see that they changed, as rsync does."""
    stats = [(str(path), path.stat()) for path in connector.files()]
    files = digest([[name, stat.st_size, stat.st_mtime_ns] for name, stat in stats])
    settings = connector.model_dump(mode="json")  # type: ignore[attr-defined]
    return {"settings": settings, "files": files}


def _changed(fetched: Iterable[Page | Reject], known: dict[str, tuple[object, ...]]) -> Iterator[Page | Reject]:
    for item in fetched:
        if isinstance(item, Reject):
            yield item
        elif known.get(item.key) != pages.said(item):
            known[item.key] = pages.said(item)
            yield item


def _build(
    data: Path, source: str, batch: int, params: dict[str, Any], items: Iterable[Page | Reject], began: datetime
) -> Manifest | None:
    """One batch, or None when it would hold no page and is not the source's first."""
    rejects: list[dict[str, str]] = []
    shards = _shards(items, source, rejects)
    first = next(shards, None)
    if first is None and batch > 1:
        return None
    folder = storage.folder(data, STAGE, source) / f"{batch:06d}"
    name, said = f"{source}/{batch:06d}", []
    with storage.building(
        folder, stage=STAGE, name=name, version=VERSION, params=params, inputs={}, resume=False
    ) as made:
        for number, shard in enumerate(chain([first] if first else [], shards)):
            counts = {"pages": len(shard), "bytes": sum(len(page.body) for page in shard)}
            table = pa.Table.from_pylist([to_row(page) for page in shard], schema=PAGE)
            made.table(f"pages-{number:05d}.parquet", table, PAGE, counts)
            said += [pages.fingerprint(page) for page in shard]
        made.table("rejects-00000.parquet", pa.Table.from_pylist(rejects, schema=REJECT), REJECT)
        made.counts.update(f"rejected:{reject['reason']}" for reject in rejects)
        made.fingerprint, made.cursor = digest(said), began.isoformat()
    return storage.read_manifest(folder)


def _shards(items: Iterable[Page | Reject], source: str, rejects: list[dict[str, str]]) -> Iterator[list[Page]]:
    """Pages by the shard; rejects are set aside as they come."""
    shard: list[Page] = []
    size = 0
    for item in items:
        if isinstance(item, Reject):
            rejects.append(_reject_row(source, item))
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
            place.remove(folder)
