"""What a request to forget concerns: found in the pages, which are erased last, so that it can be found again."""

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
from schemas.page import GONE, Page, from_row

_REPEATED = re.compile(r"~\d+$")  # what normalise appends to an id that a page has twice


@dataclass
class Found:
    """What is left of each affected page, zipped (None: nothing), by batch and page_id; the records and pairs that
    vanish with them, or change their text; pages that could not be parsed."""

    left: dict[tuple[Path, str], bytes | None] = field(default_factory=dict)
    hosts: set[str] = field(default_factory=set)
    vanished: set[str] = field(default_factory=set)
    changed: set[str] = field(default_factory=set)
    unread: set[str] = field(default_factory=set)

    @property
    def affected(self) -> set[str]:
        return {page_id for _, page_id in self.left}

    @property
    def removed(self) -> set[str]:
        return {page_id for (_, page_id), left in self.left.items() if left is None}


@dataclass(frozen=True)
class _Seen:
    left: Page | None
    vanished: frozenset[str]
    changed: frozenset[str]


def zipped(page: Page | None) -> bytes | None:
    return zlib.compress(pickle.dumps(page)) if page else None


def unzipped(kept: bytes) -> Page:
    page: Page = pickle.loads(zlib.decompress(kept))
    return page


def batches(data: Path) -> Iterator[tuple[Path, Manifest]]:
    """Every finished batch of pages, stale ones too."""
    return ((folder, manifest) for folder, manifest in storage.manifests(data) if manifest.stage == "collect")


def connector_of(manifest: Manifest) -> Connector:
    """The connector that a batch was collected with. Raises UnreadableSource."""
    settings = manifest.params["settings"]
    kind = next(one for one in CONNECTORS if one.model_fields["connector"].default == settings["connector"])
    try:
        return kind.model_validate(settings)
    except ValidationError as error:
        raise UnreadableSource(f"{manifest.name}: its settings are not read any more: {error}") from error


def read_pages(path: Path) -> Iterator[Page]:
    with filesystem.open_parquet(path) as file:
        for batch in file.iter_batches(batch_size=64):
            yield from map(from_row, batch.to_pylist())


def search(data: Path, tombstones: Tombstones, about: Tombstones, found: Found) -> None:
    """Look at every page that `about` may concern, and add to `found` what comes of it under `stones`."""
    work = ((connector_of(manifest), page, tombstones.of_pages, at) for at, manifest, page in _concerned(data, about))
    looked = map_ordered(_inspect, work, workers=2, deadline=2 * documents.DEADLINE, memory=documents.MEMORY)
    for (_, page, _, at), seen in track(looked, "forget"):
        if isinstance(seen, BaseException):
            found.unread.add(page.page_id)
        elif seen:
            found.left[at, page.page_id] = zipped(seen.left)
            found.hosts.add(host(page.url))
            found.vanished |= seen.vanished
            found.changed |= seen.changed


def _concerned(data: Path, tombstones: Tombstones) -> Iterator[tuple[Path, Manifest, Page]]:
    for folder, manifest in batches(data):
        for page in chain.from_iterable(read_pages(folder / name) for name in manifest.tables("pages")):
            if documents.concerned(page, tombstones) or tombstones.url(page.url):
                yield folder, manifest, page


def _inspect(work: tuple[Connector, Page, Tombstones, Path]) -> _Seen | None:
    """None for a page that stays as it is."""
    connector, page, tombstones, _ = work
    left = (
        documents.Stripped(None, True)
        if tombstones.url(page.url)
        else documents.strip_page(connector, page, tombstones)
    )
    if not left.changed:
        return None
    before = _rows(connector, page)
    after = _rows(connector, left.item) if isinstance(left.item, Page) else {}
    changed = frozenset(name for name, row in after.items() if before.get(name) != row)
    return _Seen(left.item, frozenset(before.keys() - after.keys()), changed)  # type: ignore[arg-type]


def _rows(connector: Connector, page: Page) -> dict[str, dict[str, Any]]:
    parsed = parse_page(connector, page)
    return {row["record_id"]: row for row in parsed.records} | {row["pair_id"]: row for row in parsed.pairs}


def parts_of(data: Path, record_ids: set[str], tombstones: Tombstones) -> list[Tombstone]:
    """The posts, sections and exchanges that records were made from, as tombstones, with those of the records."""
    made = [Tombstone("record", tombstones.hash("record", record_id)) for record_id in sorted(record_ids)]
    wanted = _by_page(record_ids)
    for folder, manifest in batches(data) if wanted else ():
        for page in chain.from_iterable(read_pages(folder / name) for name in manifest.tables("pages")):
            if page.page_id in wanted and page.status not in GONE:
                parts = _parts(connector_of(manifest), page, wanted[page.page_id])
                made += [tombstones.new_part(page.page_id, *part) for part in parts]
    return made


def _by_page(record_ids: set[str]) -> dict[str, set[str]]:
    """By all pages that a record may be of: the key of a page may hold a `#` itself."""
    found: dict[str, set[str]] = {}
    for record_id in record_ids:
        for at in (at for at, char in enumerate(record_id) if char == "#"):
            found.setdefault(record_id[:at], set()).add(_REPEATED.sub("", record_id))
    return found


def _parts(connector: Connector, page: Page, wanted: set[str]) -> Iterator[tuple[str, str]]:
    for document in documents.parse(connector, page):
        if not isinstance(document, Reject):
            for record_id in sorted(wanted & _ids(connector, page, document)):
                yield document.key, _part(connector, page, document, record_id)


def _part(connector: Connector, page: Page, document: Document, record_id: str) -> str:
    """The last part without which the record is not made; "" for the whole document."""
    for part, rest in _without_one(document):
        if record_id not in _ids(connector, page, rest):
            return part
    return ""


def _without_one(document: Document) -> Iterator[tuple[str, Document]]:
    if isinstance(document, Thread):
        for post in reversed(document.posts[1:]):
            yield post.post_id, replace(document, posts=tuple(one for one in document.posts if one is not post))
    elif isinstance(document, Article):
        for section in reversed(document.sections):
            kept = tuple(one for one in document.sections if one is not section)
            yield documents.section_part(section), replace(document, sections=kept)
        if document.steps:
            yield "steps", replace(document, steps=())


def _ids(connector: Connector, page: Page, document: Document) -> set[str]:
    return {record.record_id for record in extract(document, origin_of(connector, page)).records}


def texts(data: Path) -> list[tuple[str, str]]:
    """record_id and pair_hash of all that was measured."""
    with catalog.connect(data) as con:
        return con.sql("SELECT record_id, pair_hash FROM signals").fetchall()


def naming(data: Path, name: str) -> list[str]:
    """Records in whose text the name stands: what others say of somebody is theirs, and for a person to look at."""
    with catalog.connect(data) as con:
        text = "concat_ws(chr(10), instruction, input, output, CAST(history AS VARCHAR))"
        query = f"SELECT record_id FROM records WHERE contains(lower({text}), lower($name)) ORDER BY ALL"
        return [record_id for (record_id,) in con.execute(query, {"name": name.strip()}).fetchall()]


def local_sources(data: Path, affected: set[str]) -> list[str]:
    """Sources of these pages that read files of this machine: those files are not ours to change."""
    found = set()
    for folder, manifest in batches(data):
        names = [folder / name for name in manifest.tables("pages")]
        if any(
            affected & set(filesystem.open_parquet(path).read(columns=["page_id"])["page_id"].to_pylist())
            for path in names
        ):
            found |= {folder.parent.name} if _reads_files(connector_of(manifest)) else set()
    return sorted(found)


def _reads_files(connector: Connector) -> bool:
    try:
        return bool(connector.files())
    except OSError:
        return True
