"""ATTRIBUTION.md: title, author, source and licence of published pages, as the Creative Commons licences demand."""

import re

import duckdb

from pipelines.errors import printable
from pipelines.signals.privacy import redact

MAX_LISTED_PAGES = 10_000  # per source and licence; every record has its author, title and address in columns as well

_SECTIONS = """
SELECT source, licence, count(*) AS records, count(DISTINCT url) AS pages
FROM published
GROUP BY ALL ORDER BY ALL
"""

# Pages are chosen first and aggregated then. Lists for all pages would not fit into memory and cannot be spilled.
_PAGES = """
WITH part AS (SELECT url, title, author FROM published WHERE source = $source AND licence = $licence),
     listed AS (SELECT DISTINCT url FROM part ORDER BY url LIMIT $listed)
SELECT part.url, min(title) AS title, list_sort(list_distinct(list(author) FILTER (author <> ''))) AS authors
FROM part JOIN listed ON part.url IS NOT DISTINCT FROM listed.url
GROUP BY part.url
ORDER BY part.url
"""


def attribution(con: duckdb.DuckDBPyConnection) -> str:
    """The attribution in Markdown, from the view `published`."""
    parts = [
        "# Attribution\n",
        "The records of this data set were made from the pages below: split into question and answer, put into\n"
        "Markdown, cleaned of signatures and greetings, and with personal data masked. Each record carries its own\n"
        "author, title, address and licence in the columns of those names. Share-alike licences hold for whatever is\n"
        "made of the records.\n",
    ]
    for source, licence, records, pages in con.sql(_SECTIONS).fetchall():
        heading = f"## {escape_markdown(source)}: {escape_markdown(licence)}"
        parts.append(f"{heading}\n\n{records} records from {pages} pages.\n")
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
    return redact(f"- {escape_markdown(title) or 'untitled'}{credit}, {where}")


def code_span(text: str) -> str:
    """A text on one line as code in Markdown, whatever backticks are in it."""
    line = printable(" ".join(text.split()))
    fence = "`" * (1 + max(map(len, re.findall("`+", line)), default=0))
    return f"{fence} {line} {fence}" if "`" in line else f"{fence}{line}{fence}"


def escape_markdown(text: str | None) -> str:
    """Scraped text on one line, with all characters escaped that mean something in Markdown or HTML."""
    return re.sub(r"([\\`*_\[\]<>#!&~])", r"\\\1", printable(" ".join((text or "").split())))
