"""Finds what a request to forget concerns. The pages show it; they are erased last, so it can be found again."""

import pickle
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from connectors import CONNECTORS
from connectors.base import Connector
from pipelines import catalog, storage
from pipelines.normalise.parse import extract, origin_of, parse_page
from pipelines.storage import filesystem
from pipelines.suppression import Tombstone, Tombstones, UnreadableSource, documents, host
from pipelines.workers.pool import map_ordered
from pipelines.workers.progress import track
from schemas.document import Article, Document, Reject, Thread
from schemas.manifest import Manifest
from schemas.page import GONE_STATUSES, Page, from_row

_REPEATED = re.compile(r"~\d+$")  # what normalise appends to an id that a page has twice


@dataclass
class Impact:
    """The pages, records and pairs that a request concerns.

    `remaining` holds what is left of each affected page, compressed (None: nothing), by batch and page_id. `hosts` are
    those of the pages. `vanished` are the ids of records and pairs that go with them, `changed` of those whose text
    changes. `unread` are the page_ids of pages that could not be parsed.
    """

    remaining: dict[tuple[Path, str], bytes | None] = field(default_factory=dict)
    hosts: set[str] = field(default_factory=set)
    vanished: set[str] = field(default_factory=set)
    changed: set[str] = field(default_factory=set)
    unread: set[str] = field(default_factory=set)

    @property
    def affected(self) -> set[str]:
        """The page_ids of all pages that are removed or changed."""
        return {page_id for _, page_id in self.remaining}

    @property
    def removed(self) -> set[str]:
        """The page_ids of pages of which nothing is left."""
        return {page_id for (_, page_id), page in self.remaining.items() if page is None}


@dataclass(frozen=True)
class _PageImpact:
    remaining: Page | None
    vanished: frozenset[str]
    changed: frozenset[str]


def compress_page(page: Page | None) -> bytes | None:
    """A page as compressed bytes, since many have to be held in memory; None for None."""
    return zlib.compress(pickle.dumps(page)) if page else None


def decompress_page(compressed: bytes) -> Page:
    """The page of `compress_page`."""
    page: Page = pickle.loads(zlib.decompress(compressed))
    return page


def all_batches(data: Path) -> Iterator[tuple[Path, Manifest]]:
    """Every finished batch of pages of every source, also those with earlier settings."""
    return ((folder, manifest) for folder, manifest in storage.manifests(data) if manifest.stage == "collect")


def connector_of(manifest: Manifest) -> Connector:
    """The connector that a batch was collected with.

    Raises: UnreadableSource where this version does not accept its settings.
    """
    settings = manifest.params["settings"]
    kind = next(
        connector for connector in CONNECTORS if connector.model_fields["connector"].default == settings["connector"]
    )
    try:
        return kind.model_validate(settings)
    except ValidationError as error:
        raise UnreadableSource(
            "{source}: its settings are not read any more: {error}", source=manifest.name, error=error
        ) from error


def read_pages(path: Path) -> Iterator[Page]:
    """All pages of a shard, 64 in memory at a time."""
    with filesystem.open_parquet(path) as file:
        for batch in file.iter_batches(batch_size=64):
            yield from map(from_row, batch.to_pylist())


def find_impact(data: Path, tombstones: Tombstones, new: Tombstones, impact: Impact) -> None:
    """Strip every page that a `new` tombstone may concern of all `tombstones`, and add the result to `impact`."""
    candidates = _candidate_pages(data, new)
    work = ((connector_of(manifest), page, tombstones.for_pages, batch) for batch, manifest, page in candidates)
    results = map_ordered(_inspect, work, workers=2, deadline=2 * documents.DEADLINE, memory=documents.MEMORY)
    for (_, page, _, batch), result in track(results, "forget"):
        if isinstance(result, BaseException):
            impact.unread.add(page.page_id)
        elif result:
            impact.remaining[batch, page.page_id] = compress_page(result.remaining)
            impact.hosts.add(host(page.url))
            impact.vanished |= result.vanished
            impact.changed |= result.changed


def _candidate_pages(data: Path, tombstones: Tombstones) -> Iterator[tuple[Path, Manifest, Page]]:
    for folder, manifest in all_batches(data):
        for page in chain.from_iterable(read_pages(folder / name) for name in manifest.tables("pages")):
            if documents.needs_parsing(page, tombstones) or tombstones.has_url(page.url):
                yield folder, manifest, page


def _inspect(work: tuple[Connector, Page, Tombstones, Path]) -> _PageImpact | None:
    """None for a page that stays as it is."""
    connector, page, tombstones, _ = work
    stripped = (
        documents.StripResult(None, True)
        if tombstones.has_url(page.url)
        else documents.strip_page(connector, page, tombstones)
    )
    if not stripped.changed:
        return None
    before = _rows(connector, page)
    after = _rows(connector, stripped.item) if isinstance(stripped.item, Page) else {}
    changed = frozenset(name for name, row in after.items() if before.get(name) != row)
    return _PageImpact(stripped.item, frozenset(before.keys() - after.keys()), changed)  # type: ignore[arg-type]


def _rows(connector: Connector, page: Page) -> dict[str, dict[str, Any]]:
    """The records and pairs of a page by id, without the numbers of answers before and sections after: they say
    nothing of what these said, and the next run counts anew."""
    parsed = parse_page(connector, page)
    records = {row["record_id"]: row | {"answers_before": None, "sections_after": None} for row in parsed.records}
    return records | {row["pair_id"]: row for row in parsed.pairs}


def record_tombstones(data: Path, record_ids: set[str], tombstones: Tombstones) -> list[Tombstone]:
    """Tombstones for records, and for the posts, sections and exchanges that they were made from."""
    found = [Tombstone("record", tombstones.hash("record", record_id)) for record_id in sorted(record_ids)]
    wanted = _by_page(record_ids)
    for folder, manifest in all_batches(data) if wanted else ():
        for page in chain.from_iterable(read_pages(folder / name) for name in manifest.tables("pages")):
            if page.page_id in wanted and page.status not in GONE_STATUSES:
                parts = _parts(connector_of(manifest), page, wanted[page.page_id])
                found += [tombstones.new_part(page.page_id, *part) for part in parts]
    return found


def _by_page(record_ids: set[str]) -> dict[str, set[str]]:
    """Record ids by the page_id that they may belong to. A record may have several, as a page's key may hold a `#`."""
    pages: dict[str, set[str]] = {}
    for record_id in record_ids:
        for end in (index for index, char in enumerate(record_id) if char == "#"):
            pages.setdefault(record_id[:end], set()).add(_REPEATED.sub("", record_id))
    return pages


def _parts(connector: Connector, page: Page, wanted: set[str]) -> Iterator[tuple[str, str]]:
    """(document key, part) for each wanted record of a page."""
    for document in documents.parse(connector, page):
        if not isinstance(document, Reject):
            for record_id in sorted(wanted & _record_ids(connector, page, document)):
                yield document.key, _part(connector, page, document, record_id)


def _part(connector: Connector, page: Page, document: Document, record_id: str) -> str:
    """The last part of the document that the record needs; "" where it needs no single part."""
    for part, rest in _leave_one_out(document):
        if record_id not in _record_ids(connector, page, rest):
            return part
    return ""


def _leave_one_out(document: Document) -> Iterator[tuple[str, Document]]:
    """Each part of a document, last first, with the document without it. The question of a thread always stays."""
    if isinstance(document, Thread):
        for post in reversed(document.posts[1:]):
            yield post.post_id, replace(document, posts=tuple(other for other in document.posts if other is not post))
    elif isinstance(document, Article):
        for section in reversed(document.sections):
            kept = tuple(other for other in document.sections if other is not section)
            yield documents.section_part(section), replace(document, sections=kept)
        if document.steps:
            yield "steps", replace(document, steps=())


def _record_ids(connector: Connector, page: Page, document: Document) -> set[str]:
    return {record.record_id for record in extract(document, origin_of(connector, page)).records}


def pair_hashes(data: Path) -> list[tuple[str, str]]:
    """record_id and pair_hash of every record that has signals."""
    with catalog.connect(data) as con:
        return con.sql("SELECT record_id, pair_hash FROM signals").fetchall()


def records_naming(data: Path, name: str) -> list[str]:
    """Records whose text holds the name. They belong to other authors, so a person has to look at them."""
    with catalog.connect(data) as con:
        text = "concat_ws(chr(10), instruction, input, output, CAST(history AS VARCHAR), "
        text += "system, tools, reasoning, tool_calls)"
        query = f"SELECT record_id FROM records WHERE contains(lower({text}), lower($name)) ORDER BY ALL"
        return [record_id for (record_id,) in con.execute(query, {"name": name.strip()}).fetchall()]


def local_sources(data: Path, affected: set[str]) -> list[str]:
    """Sources of these pages that read files of this machine, which `forget` does not change."""
    sources = set[str]()
    for folder, manifest in all_batches(data):
        names = [folder / name for name in manifest.tables("pages")]
        if any(
            affected & set(filesystem.open_parquet(path).read(columns=["page_id"])["page_id"].to_pylist())
            for path in names
        ):
            sources |= {folder.parent.name} if _reads_files(connector_of(manifest)) else set()
    return sorted(sources)


def _reads_files(connector: Connector) -> bool:
    try:
        return bool(connector.files())
    except OSError:
        return True
