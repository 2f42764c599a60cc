"""Stage 1: connector.fetch → 1_pages/<source>/<batch>/. Each run adds a batch of the pages that changed.

A page that says what it said before is not stored again; if none changed, there is no new batch, and nothing
after this stage runs. A source of local files whose files are untouched is not even opened.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from hashlib import sha256
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
SHARD_REJECTS = 100_000
WEB_STORE = "web.sqlite"
Part = tuple[str, list[Any]]
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
    known = pages.standing(data, source) if same else {}
    store = place.nearby(data) / storage.FOLDERS[STAGE] / WEB_STORE
    stones, left_out = tombstones.load(data), set[str]()
    with open_web(store, source=source, forgotten=stones.url, **recipe.web.model_dump()) as web:
        fetched = track(connector.fetch(web, cursor), f"collect {source}", state=partial(_state, web, len(known)))
        if stones:
            fetched = forgotten.spared(connector, fetched, stones, web.touched, left_out)
        items = fetched if connector.files() else _changed(fetched, known)
        made = _build(data, source, len(done) + 1 if same else 1, params, items, partial(_cursor, web, cursor))
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


def _cursor(web: PoliteWeb, before: str | None) -> str:
    """From when the next run asks for changes: a crawl that it goes on with is still at those since `before`."""
    return before or "" if web.paused else web.begun_at.isoformat()


def _build(
    data: Path, source: str, batch: int, params: dict[str, Any], items: Iterable[Page | Reject], cursor: Cursor
) -> Manifest | None:
    """One batch, or None when it would hold no page and is not the source's first. `cursor` is asked at the end."""
    parts = _parts(items, source)
    first = list(_with_a_page(parts)) if batch > 1 else []
    if batch > 1 and not any(name == "pages" for name, _ in first):
        return None
    folder = storage.folder(data, STAGE, source) / f"{batch:06d}"
    name, said = f"{source}/{batch:06d}", Fingerprint()
    with storage.building(
        folder, stage=STAGE, name=name, version=VERSION, params=params, inputs={}, resume=False
    ) as made:
        for number, part in _numbered(chain(first, parts)):
            _write(made, number, part, said)
        made.fingerprint, made.cursor = said.hexdigest(), cursor()
    return storage.read_manifest(folder)


def _write(made: storage.Building, number: int, part: Part, said: "Fingerprint") -> None:
    table, rows = part
    path = f"{table}-{number:05d}.parquet"
    if table == "rejects":
        made.table(path, pa.Table.from_pylist(rows, schema=REJECT), REJECT)
        made.counts.update(f"rejected:{reject['reason']}" for reject in rows)
        return
    counts = {"pages": len(rows), "bytes": sum(len(page.body) for page in rows)}
    made.table(path, pa.Table.from_pylist([to_row(page) for page in rows], schema=PAGE), PAGE, counts)
    for page in rows:
        said.add(pages.fingerprint(page))


class Fingerprint:
    """`digest` of a list of digests that is never in memory."""

    def __init__(self) -> None:
        self._hash, self._before = sha256(b"["), b""

    def add(self, one: str) -> None:
        self._hash.update(self._before + json.dumps(one).encode())
        self._before = b","

    def hexdigest(self) -> str:
        whole = self._hash.copy()
        whole.update(b"]")
        return whole.hexdigest()


def _with_a_page(parts: Iterator[Part]) -> Iterator[Part]:
    """Up to and with the first shard of pages."""
    for part in parts:
        yield part
        if part[0] == "pages":
            return


def _numbered(parts: Iterable[Part]) -> Iterator[tuple[int, Part]]:
    counts: Counter[str] = Counter()
    for part in parts:
        yield counts[part[0]], part
        counts[part[0]] += 1


def _parts(items: Iterable[Page | Reject], source: str) -> Iterator[Part]:
    """Pages and rejects by the shard; a shard of rejects, maybe empty, is the last."""
    shard: list[Page] = []
    rejects: list[dict[str, str]] = []
    size = 0
    for item in items:
        if isinstance(item, Reject):
            rejects.append(_reject_row(source, item))
        else:
            shard.append(item)
            size += len(item.body)
        if len(rejects) >= SHARD_REJECTS:
            yield "rejects", rejects
            rejects = []
        if len(shard) >= SHARD_PAGES or size >= SHARD_BYTES:
            yield "pages", shard
            shard, size = [], 0
    if shard:
        yield "pages", shard
    yield "rejects", rejects


def _reject_row(source: str, reject: Reject) -> dict[str, str]:
    where = {"page_id": f"{source}:{reject.key}", "source": source, "key": reject.key, "level": "page"}
    return {**where, "reason": reject.reason, "detail": reject.detail}


def _remove_stale(data: Path, source: str) -> None:
    standing = {folder for folder, _ in pages.batches(data, source)}
    for folder in storage.folder(data, STAGE, source).glob("[0-9]*"):
        if folder not in standing:
            place.remove(folder)
