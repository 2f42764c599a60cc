"""ATTRIBUTION.md: title, author, source and licence of published pages, as the Creative Commons licences demand."""

import re

import duckdb

from pipelines.errors import printable
from pipelines.signals.privacy import redact

MAX_LISTED_PAGES = 10_000  # per source and licence; every record has its author, title and address in columns as well

# Whoever answered second is in a pair and in no record, and so is who asked and voted in a chat.
_CREDITS = """
CREATE OR REPLACE TEMP VIEW credit AS
SELECT source, licence, url, title, author, 1 AS records, 0 AS pairs FROM published
UNION ALL SELECT source, licence, url, title, author, 0, 1 FROM published_pairs
"""

_SECTIONS = """
SELECT source, licence, sum(records)::BIGINT AS records, sum(pairs)::BIGINT AS pairs, count(DISTINCT url) AS pages
FROM credit
GROUP BY source, licence ORDER BY ALL
"""

# Pages are chosen first and aggregated then. Lists for all pages would not fit into memory and cannot be spilled.
_PAGES = """
WITH part AS (SELECT url, title, author FROM credit WHERE source = $source AND licence = $licence),
     listed AS (SELECT DISTINCT url FROM part ORDER BY url LIMIT $listed)
SELECT part.url, min(title) AS title, list_sort(list_distinct(list(author) FILTER (author <> ''))) AS authors
FROM part JOIN listed ON part.url IS NOT DISTINCT FROM listed.url
GROUP BY part.url
ORDER BY part.url
"""


def attribution(con: duckdb.DuckDBPyConnection) -> str:
    """The attribution in Markdown, from `published` and `published_pairs`."""
    con.execute(_CREDITS)
    parts = [
        "# Attribution\n",
        "The records and pairs of this data set were made from the pages below: split into question and answer, put\n"
        "into Markdown, cleaned of signatures and greetings, and with personal data masked. Each carries its own\n"
        "author, title, address and licence in the columns of those names. Share-alike licences hold for whatever is\n"
        "made of them.\n",
    ]
    for source, licence, records, pairs, pages in con.sql(_SECTIONS).fetchall():
        heading = f"## {escape_markdown(source)}: {escape_markdown(licence)}"
        counted = " and ".join([f"{records} records"] * bool(records) + [f"{pairs} pairs"] * bool(pairs))
        parts.append(f"{heading}\n\n{counted} from {pages} pages.\n")
        listed = con.execute(_PAGES, {"source": source, "licence": licence, "listed": MAX_LISTED_PAGES}).fetchall()
        parts.append("\n".join(_line(*page) for page in listed) + "\n")
        if pages > MAX_LISTED_PAGES:
            more = pages - MAX_LISTED_PAGES
            parts.append(f"… and {more} further pages; see the columns `url`, `title` and `author`.\n")
    return "\n".join(parts)


def _line(url: str, title: str, authors: list[str] | None) -> str:
    credit = f" by {', '.join(escape_markdown(author) for author in authors)}" if authors else ""
    address = re.sub(r"[<>\s]", "", url or "")
    where = f"<{address}>" if address.startswith(("https://", "http://")) else escape_markdown(address)
    return redact(", ".join(filter(None, (f"- {escape_markdown(title) or 'untitled'}{credit}", where))))


def code_span(text: str) -> str:
    """A text on one line as code in Markdown, whatever backticks are in it."""
    line = printable(" ".join(text.split()))
    fence = "`" * (1 + max(map(len, re.findall("`+", line)), default=0))
    return f"{fence} {line} {fence}" if "`" in line else f"{fence}{line}{fence}"


def escape_markdown(text: str | None) -> str:
    """Scraped text on one line, with all characters escaped that mean something in Markdown or HTML."""
    return re.sub(r"([\\`*_\[\]<>#!&~])", r"\\\1", printable(" ".join((text or "").split())))
