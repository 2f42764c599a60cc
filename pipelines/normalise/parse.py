"""One page → plain rows. It runs in a worker process that may be killed, and reads and writes no files."""

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Any

from connectors.base import Connector
from pipelines.normalise import articles, exchanges, threads
from pipelines.normalise.clean import safe
from pipelines.normalise.holes import Holes, mark_document
from pipelines.normalise.records import Extraction, Origin, to_row
from pipelines.suppression import NO_TOMBSTONES, Tombstones, documents
from schemas.document import Article, Document, Reject, Thread
from schemas.page import Page

Row = dict[str, Any]


@dataclass(slots=True)
class PageResult:
    """The rows of one page. `documents_used` of its `documents` gave a record or a pair; `holes` counts by kind.

    `posts` counts what the documents are made of: posts of threads, sections of articles, and exchanges.
    """

    documents: int = 0
    documents_used: int = 0
    posts: int = 0
    records: list[Row] = field(default_factory=list)
    pairs: list[Row] = field(default_factory=list)
    rejects: list[Row] = field(default_factory=list)
    holes: Counter[str] = field(default_factory=Counter)


def origin_of(connector: Connector, page: Page, site_language: str = "") -> Origin:
    """What the records of a page inherit. The page's licence counts before the connector's."""
    return Origin(page.source, connector.kind, page.key, page.url, page.licence or connector.licence, site_language)


def parse_page(
    connector: Connector, page: Page, tombstones: Tombstones = NO_TOMBSTONES, site_language: str = ""
) -> PageResult:
    """Every document of the page as rows, without what `tombstones` suppress.

    A document that gives no record or pair is a reject, and so is a page of which no document gives one.
    """
    origin = origin_of(connector, page, site_language)
    result = PageResult()
    used_ids: set[str] = set()
    for found in documents.parse(connector, page):
        if isinstance(found, Reject) and found.level == "column":
            result.rejects.append(reject_row(origin, found.key, found.level, found.reason, found.detail))
            continue
        document = documents.strip_document(found, page, tombstones) if tombstones else found
        result.documents += 1
        extraction = Extraction()
        if not isinstance(document, Reject):
            document, holes = mark_document(document)
            result.posts += _count_posts(document)
            for (kind, _), count in holes.items():
                result.holes[kind] += count
            result.rejects += _hole_rows(origin, document.key, holes)
            extraction = extract(document, origin)
        _add_rows(result, extraction, used_ids, tombstones)
        result.rejects += _reject_rows(origin, document, extraction)
    if not result.documents_used:
        reasons = [row["reason"] for row in result.rejects if row["level"] != "column"]
        reason = reasons[-1] if reasons else "nothing_found"
        result.rejects.append(reject_row(origin, page.key, "page", reason))
    return result


def _count_posts(document: Document) -> int:
    if isinstance(document, Thread):
        return len(document.posts)
    return len(document.sections) if isinstance(document, Article) else 1


def extract(document: Document, origin: Origin) -> Extraction:
    """The records, pairs and rejects of one document."""
    if isinstance(document, Thread):
        return threads.extract(document, origin)
    if isinstance(document, Article):
        return articles.extract(document, origin)
    return exchanges.extract(document, origin)


def reject_row(origin: Origin, key: str, level: str, reason: str, detail: str = "") -> Row:
    """A row of the table `rejects`. `level` is page, document, part, column or hole; `key` names which one."""
    row = {"page_id": origin.page_id, "source": origin.source, "key": key, "level": level, "reason": reason}
    return {name: safe(value) for name, value in {**row, "detail": detail}.items()}


def _add_rows(result: PageResult, extraction: Extraction, used_ids: set[str], tombstones: Tombstones) -> None:
    result.documents_used += bool(extraction.records or extraction.pairs)
    for record in extraction.records:
        record_id = _unique_id(record.record_id, used_ids)
        if not tombstones.has_record(record_id):
            result.records.append(to_row(replace(record, record_id=record_id)))
    for pair in extraction.pairs:
        result.pairs.append(to_row(replace(pair, pair_id=_unique_id(pair.pair_id, used_ids))))


def _unique_id(wanted: str, used_ids: set[str]) -> str:
    """`wanted`, or `<wanted>~2` and so on where a page has it already, as with two sections of the same heading."""
    count, unique = 1, wanted
    while unique in used_ids:
        count += 1
        unique = f"{wanted}~{count}"
    used_ids.add(unique)
    return unique


def _hole_rows(origin: Origin, key: str, holes: Holes) -> list[Row]:
    """One row for each thing that could not be read, with its name and how often it stood in the document."""
    return [
        reject_row(origin, key, "hole", kind, f"{name} ×{count}".strip())
        for (kind, name), count in sorted(holes.items())
    ]


def _reject_rows(origin: Origin, document: Document | Reject, extraction: Extraction) -> list[Row]:
    if isinstance(document, Reject):
        return [reject_row(origin, document.key, "document", document.reason, document.detail)]
    rows = [reject_row(origin, part, "part", reason) for part, reason in extraction.rejects]
    if not (extraction.records or extraction.pairs):
        reason = extraction.rejects[0][1] if extraction.rejects else "nothing_to_teach"
        rows.append(reject_row(origin, document.key, "document", reason))
    return rows
