"""A page: one self-contained fetched unit, with evidence of the permission to use it."""

from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256

import pyarrow as pa

GONE_STATUSES = (404, 410)  # HTTP statuses of a deleted page
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)  # `fetched_at` of a page that was read from a local file


@dataclass(frozen=True, slots=True)
class Page:
    """Everything `parse` needs about one fetched unit: a thread with all its pages, one wiki article.

    `key` names the page within its source and never changes between crawls.
    `status` is the HTTP status; 404 and 410 mean that a page of an earlier crawl was deleted.
    `licence` is an SPDX id, or "" where none is stated. `robots` and `opt_out` quote the site. A non-empty `opt_out`
    means that the body was not stored.
    """

    source: str
    key: str
    url: str
    body: bytes
    media_type: str = "text/html"
    status: int = 200
    licence: str = ""
    fetched_at: datetime = EPOCH
    robots: str = ""
    opt_out: str = ""
    etag: str = ""
    last_modified: str = ""

    @property
    def page_id(self) -> str:
        """`<source>:<key>`, unique over all sources."""
        return f"{self.source}:{self.key}"

    @property
    def sha256(self) -> str:
        """The hash of the body, in hexadecimal."""
        return sha256(self.body).hexdigest()


PAGE = pa.schema(
    [
        ("page_id", pa.string()),
        ("source", pa.string()),
        ("key", pa.string()),
        ("url", pa.string()),
        ("fetched_at", pa.timestamp("us", tz="UTC")),
        ("status", pa.int16()),
        ("media_type", pa.string()),
        ("licence", pa.string()),
        ("robots", pa.string()),
        ("opt_out", pa.string()),
        ("etag", pa.string()),
        ("last_modified", pa.string()),
        ("sha256", pa.string()),
        ("body", pa.binary()),
    ]
)


def to_row(page: Page) -> dict[str, object]:
    """A row of PAGE. `fetched_at` is null for a page from a local file, which was never fetched."""
    row = {name: getattr(page, name) for name in PAGE.names}
    return row | {"fetched_at": None if page.fetched_at == EPOCH else page.fetched_at}


def from_row(row: dict[str, object]) -> Page:
    """The page of a row of PAGE."""
    fields = {name: row[name] for name in Page.__dataclass_fields__}
    return Page(**fields | {"fetched_at": row["fetched_at"] or EPOCH})  # type: ignore[arg-type]
