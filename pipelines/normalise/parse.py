"""One page → plain rows. Runs in a worker that may be killed; knows nothing of files."""

from dataclasses import dataclass, field, replace
from typing import Any

from connectors.base import Connector
from pipelines.normalise import articles, exchanges, threads
from pipelines.normalise.clean import safe
from pipelines.normalise.records import Made, Origin, to_row
from pipelines.suppression import NO_TOMBSTONES, Tombstones, documents
from schemas.document import Article, Document, Reject, Thread
from schemas.page import Page

Row = dict[str, Any]


@dataclass(slots=True)
class Parsed:
    """What one page gave. `used` of its `documents` gave a record or a pair."""

    documents: int = 0
    used: int = 0
    records: list[Row] = field(default_factory=list)
    pairs: list[Row] = field(default_factory=list)
    rejects: list[Row] = field(default_factory=list)


def origin_of(connector: Connector, page: Page) -> Origin:
    return Origin(page.source, connector.kind, page.key, page.url, page.licence or connector.licence)


def parse_page(connector: Connector, page: Page, tombstones: Tombstones = NO_TOMBSTONES) -> Parsed:
    """Every document of the page as rows, without what is forgotten. A document without rows, and a page without
    documents, is a reject."""
    origin = origin_of(connector, page)
    parsed = Parsed()
    taken: set[str] = set()
    for found in documents.parse(connector, page):
        document = documents.strip_document(found, page, tombstones) if tombstones else found
        parsed.documents += 1
        made = (
            Made(rejects=[(document.key, document.reason)]) if isinstance(document, Reject) else make(document, origin)
        )
        _enter(parsed, made, taken, tombstones)
        parsed.rejects += _rejects(origin, document, made)
    if not parsed.used:
        reason = parsed.rejects[-1]["reason"] if parsed.rejects else "nothing_found"
        parsed.rejects.append(reject(origin, page.key, "page", reason))
    return parsed


def make(document: Document, origin: Origin) -> Made:
    if isinstance(document, Thread):
        return threads.records_from(document, origin)
    if isinstance(document, Article):
        return articles.records_from(document, origin)
    return exchanges.records_from(document, origin)


def reject(origin: Origin, key: str, level: str, reason: str, detail: str = "") -> Row:
    row = {"page_id": origin.page_id, "source": origin.source, "key": key, "level": level, "reason": reason}
    return {name: safe(value) for name, value in {**row, "detail": detail}.items()}


def _enter(parsed: Parsed, made: Made, taken: set[str], tombstones: Tombstones) -> None:
    parsed.used += bool(made.records or made.pairs)
    for record in made.records:
        record_id = _unique(record.record_id, taken)
        if not tombstones.has_record(record_id):
            parsed.records.append(to_row(replace(record, record_id=record_id)))
    for pair in made.pairs:
        parsed.pairs.append(to_row(replace(pair, pair_id=_unique(pair.pair_id, taken))))


def _unique(name: str, taken: set[str]) -> str:
    """Two sections of one heading keep apart: the second is `…~2`."""
    count, free = 1, name
    while free in taken:
        count += 1
        free = f"{name}~{count}"
    taken.add(free)
    return free


def _rejects(origin: Origin, document: Document | Reject, made: Made) -> list[Row]:
    if isinstance(document, Reject):
        return [reject(origin, document.key, "document", document.reason, document.detail)]
    rows = [reject(origin, part, "part", reason) for part, reason in made.rejects]
    if not (made.records or made.pairs):
        reason = made.rejects[0][1] if made.rejects else "nothing_to_teach"
        rows.append(reject(origin, document.key, "document", reason))
    return rows
