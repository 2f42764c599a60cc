"""What all kinds of documents share on their way to records: origin, ids, and the rows that are written."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from typing import Any

from connectors.base import Kind
from pipelines.normalise.clean import safe
from schemas.record import Pair, Record

_NOT_A_LETTER = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True)
class Origin:
    """What a page gives to all its records. `licence` is used where a document states none.

    `site_language` is what most pages of the source are in, "" where that is unknown.
    """

    source: str
    source_kind: Kind
    key: str
    url: str
    licence: str
    site_language: str = ""

    @property
    def page_id(self) -> str:
        """`<source>:<page key>`."""
        return f"{self.source}:{self.key}"


@dataclass(slots=True)
class Extraction:
    """What one document gave. `rejects` are (part, reason) for each part that gave nothing."""

    records: list[Record] = field(default_factory=list)
    pairs: list[Pair] = field(default_factory=list)
    rejects: list[tuple[str, str]] = field(default_factory=list)


def part_id(origin: Origin, document_key: str, part: str) -> str:
    """The id of a record or pair: `<source>:<page key>#<part>`.

    Where a page holds several documents, the part begins with the document's key.
    """
    prefix = "" if document_key == origin.key else f"{document_key}/"
    return f"{origin.page_id}#{prefix}{part}"


def licences(stated: Iterable[str]) -> str:
    """The licences of texts that one record joins, as an SPDX expression: `CC-BY-SA-3.0 AND CC-BY-SA-4.0`.

    "" where one of them has none: nobody has said that the whole may be copied.
    """
    parts = set(stated)
    return " AND ".join(sorted(parts)) if all(parts) else ""


def slug(text: str) -> str:
    """The letters and digits of `text`, of any script, in lower case and joined by hyphens."""
    return _NOT_A_LETTER.sub("-", text.lower()).strip("-")


def to_row(row: Record | Pair) -> dict[str, Any]:
    """The row as Arrow takes it. Every string is valid Unicode in NFC without control characters."""
    return {column.name: _safe(getattr(row, column.name)) for column in fields(row)}


def _safe(value: Any) -> Any:
    if isinstance(value, str):
        return safe(value)
    if isinstance(value, tuple | list):
        return [_safe(item) for item in value]
    if isinstance(value, dict):
        return {name: _safe(item) for name, item in value.items()}
    return value
