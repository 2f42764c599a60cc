"""Stage 1: connector.fetch → 1_pages/<source>/<batch>/. Each run adds a batch of the pages that changed.

A page with the same content as before is not stored again. Without a changed page there is no new batch, and no later
stage runs. Local files are not even opened where their sizes and times are the same.
"""

import json
import logging
import os
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import chain, islice
from pathlib import Path
from tempfile import TemporaryFile, gettempdir
from typing import IO, Any

import pyarrow as pa

from connectors.base import Connector
from connectors.reading.sqlite_disk import telling_of_disk
from connectors.web import PoliteWeb, SignIn, open_web, read_sign_in
from connectors.web.store import is_corrupt
from pipelines import storage, suppression
from pipelines.collect.seen import Seen
from pipelines.errors import WrongInput
from pipelines.messages import Message, tr
from pipelines.recipe import Recipe
from pipelines.storage import filesystem, pages
from pipelines.storage.integrity import Damaged
from pipelines.suppression import documents
from pipelines.workers.progress import ProgressState, track
from schemas.document import Reject
from schemas.manifest import ListDigest, Manifest, digest
from schemas.page import PAGE, Page, to_row
from schemas.record import REJECT

VERSION = 3  # goes up when connectors keep more than before; local files are then read again
STAGE = "collect"
SHARD_PAGES = 2_000
SHARD_BYTES = 32 << 20
WEB_STORE = "web.sqlite"
Cursor = Callable[[], str]
WEB_CURE = Message("remove it: what it remembers is asked of the sites again")

log = logging.getLogger("gristmill")


def run(recipe: Recipe, source: str, data: Path) -> Manifest:
    """Fetch new and changed pages of one source; returns the manifest of its newest batch."""
    connector = recipe.source(source)
    if connector.agreed:
        log.warning(tr("warning: source {source}: {says}", source=source, says=connector.agreed))
    params = _params(connector)
    done = pages.batches(data, source)
    same_settings = bool(done) and _with_added_settings(done[0][1].params, connector) == params
    if same_settings and connector.files():
        return done[-1][1]
    cursor = (done[-1][1].cursor or None) if same_settings else None
    latest = pages.load_latest_content(data, source) if same_settings else pages.LatestContent()
    store = filesystem.local_folder(data) / storage.FOLDERS[STAGE] / WEB_STORE
    tombstones, stripped_urls = suppression.load(data).for_pages, set[str]()
    seen = Seen()
    guest = {"sign_in": sign_in(), "licence": connector.licence, **recipe.web.model_dump()}
    with _told(store), open_web(store, source=source, forgotten=tombstones.has_url, **guest) as web:
        shown = partial(_progress, web, len(latest))
        fetched: Iterator[Page | Reject] = track(connector.fetch(web, cursor), f"collect {source}", state=shown)
        if tombstones:
            fetched = documents.strip_pages(connector, fetched, tombstones, web.touched, stripped_urls)
        fetched = seen.watch(fetched)
        items = fetched if connector.files() else _changed(fetched, latest)
        number, at_end = len(done) + 1 if same_settings else 1, partial(_cursor, web, seen, cursor)
        manifest = _build(data, source, number, params, items, at_end, needed=lambda: not (done and seen.is_dead))
        web.drop(stripped_urls)
    if manifest and not same_settings:
        _remove_stale(data, source)
    made = manifest or done[-1][1]
    if not seen.pages:
        seen.tell(source, stands=_stands(data, source))
    return made


def _stands(data: Path, source: str) -> bool:
    """Whether a page of the source is there to be used."""
    return any(True for shard in pages.current_pages(data, source).shards for _ in shard.read())


@contextmanager
def _told(store: Path) -> Iterator[None]:
    """Raises: Damaged where the web client's memory is no database any more, OSError where its disk refuses."""
    try:
        with telling_of_disk(store):
            yield
    except sqlite3.Error as error:
        if not is_corrupt(error):
            raise
        raise Damaged(store, str(error), WEB_CURE) from error


def sign_in() -> SignIn:
    """The tokens and cookies that the environment holds. Raises WrongInput where they cannot be read."""
    try:
        return read_sign_in(os.environ)
    except ValueError as error:
        raise WrongInput(str(error)) from error


def _progress(web: PoliteWeb, previous_pages: int) -> ProgressState:
    """Requests so far, and the expected number of pages: at least as many as the last run had."""
    tally = web.tally
    size = tally.bytes / 1e6
    requests = tr("{number} requests, {size:.1f} MB", number=tally.requests, size=size) if tally.requests else ""
    failed = tr("{number} errors", number=tally.failed) if tally.failed else ""
    note = ", ".join(filter(None, (requests, failed)))
    return ProgressState(max(web.expected, previous_pages) or None, note)


def _params(connector: Connector) -> dict[str, Any]:
    """The connector's settings, with sizes and times of local files, which show a change as they do for rsync.

    VERSION counts for local files only. A new version does not fetch all pages of a site again.
    """
    stats = [(str(path), path.stat()) for path in connector.files()]
    files = digest([[name, stat.st_size, stat.st_mtime_ns] for name, stat in stats])
    settings = connector.model_dump(mode="json", exclude={"title"})  # type: ignore[attr-defined]
    return {"settings": settings, "files": files, **({"version": VERSION} if stats else {})}


def _with_added_settings(params: dict[str, Any], connector: Connector) -> dict[str, Any]:
    """The params of an older release as of today: a setting that was added since is at its default. Without this, all
    pages of a site would be fetched again after an update."""
    now = connector.model_dump(mode="json", exclude={"title"})  # type: ignore[attr-defined]
    fields = type(connector).model_fields  # type: ignore[attr-defined]
    before = params.get("settings", {})
    added = {name: now[name] for name in now if name not in before and getattr(connector, name) == fields[name].default}
    return {**params, "settings": {**added, **before}}


def _changed(fetched: Iterable[Page | Reject], latest: pages.LatestContent) -> Iterator[Page | Reject]:
    return (item for item in fetched if isinstance(item, Reject) or latest.upsert(item.key, pages.content_values(item)))


def _cursor(web: PoliteWeb, seen: Seen, before: str | None) -> str:
    """The time from which the next run asks for changes: `before` again where this run has not seen all of them."""
    incomplete = web.paused or web.missed or seen.missed
    return (before or "") if incomplete else web.begun_at.isoformat()


def _build(
    data: Path,
    source: str,
    batch: int,
    params: dict[str, Any],
    items: Iterable[Page | Reject],
    cursor: Cursor,
    needed: Callable[[], bool],
) -> Manifest | None:
    """Build a batch; None where it would hold no page and is not the first, or not `needed`: a dead site takes nothing
    away, whatever settings its pages were fetched with. `cursor` and `needed` are called at the end."""
    with _waiting_rejects() as rejects:
        shards = _shards(items, source, rejects)
        first = next(shards, None)
        if first is None and (batch > 1 or not needed()):
            return None
        folder = storage.folder(data, STAGE, source) / f"{batch:06d}"
        key: dict[str, Any] = {"stage": STAGE, "name": f"{source}/{batch:06d}", "version": VERSION, "params": params}
        with storage.building(folder, **key, inputs={}, resume=False) as builder:
            _write_batch(builder, chain([first] if first else [], shards), rejects)
            builder.cursor = (
                cursor() if builder.counts["pages"] else ""
            )  # without pages the next run fetches everything
    return storage.read_manifest(folder)


@contextmanager
def _waiting_rejects() -> Iterator[IO[str]]:
    """A file for rejects. What a full disk has refused it refuses once more while the file is closed."""
    rejects = TemporaryFile("w+")  # noqa: SIM115
    try:
        yield rejects
    finally:
        with filesystem.naming(Path(gettempdir())):
            rejects.close()


def _write_batch(builder: storage.FolderBuilder, shards: Iterable[list[Page]], rejects: IO[str]) -> None:
    fingerprint = ListDigest()
    for number, shard in enumerate(shards):
        counts = {"pages": len(shard), "bytes": sum(len(page.body) for page in shard)}
        table = pa.Table.from_pylist([to_row(page) for page in shard], schema=PAGE)
        builder.table(f"pages-{number:05d}.parquet", table, PAGE, counts)
        for page in shard:
            fingerprint.add(pages.fingerprint(page))
    builder.fingerprint = fingerprint.hexdigest()
    with filesystem.naming(Path(gettempdir())):  # what is not yet written is written now
        rejects.seek(0)
    builder.table("rejects-00000.parquet", _reject_batches(rejects, builder.counts), REJECT)


def _reject_batches(rejects: IO[str], counts: Counter[str]) -> Iterator[pa.RecordBatch]:
    for lines in iter(lambda: list(islice(rejects, SHARD_PAGES)), []):
        rows = [json.loads(line) for line in lines]
        counts.update(f"rejected:{row['reason']}" for row in rows)
        yield pa.RecordBatch.from_pylist(rows, REJECT)


def _shards(items: Iterable[Page | Reject], source: str, rejects: IO[str]) -> Iterator[list[Page]]:
    """Pages in shards. Rejects are written to a file as they come, since they may outgrow memory."""
    shard: list[Page] = []
    size = 0
    for item in items:
        if isinstance(item, Reject):
            with filesystem.naming(Path(gettempdir())):
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
    columns = {"page_id": f"{source}:{reject.key}", "source": source, "key": reject.key, "level": "page"}
    return {**columns, "reason": reject.reason, "detail": reject.detail}


def _remove_stale(data: Path, source: str) -> None:
    current = {folder for folder, _ in pages.batches(data, source)}
    for folder in storage.folder(data, STAGE, source).glob("[0-9]*"):
        if folder not in current:
            filesystem.remove_folder(folder)
