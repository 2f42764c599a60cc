"""One page of a Confluence wiki, from wherever it came, and what it says."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass

import re2

from connectors import html
from connectors.confluence import storage, wiki_markup
from connectors.reading.edits import edited
from connectors.reading.stored_json import load
from connectors.reading.times import parse_time
from schemas.document import Article, Reject, Section
from schemas.page import Page

SHORTEST = 80  # characters of Markdown below which a page says nothing
STORAGE, WIKI = "storage", "wiki"
_STORAGE = re2.compile(r"<(?:p|h[1-6]|div|ul|ol|table|ac:[a-z-]+)\b[^>]*>")
# How Confluence fills a new space's first page
_TEMPLATE = re2.compile(
    r"we've inserted some of our favou?rite macros on this home page|Go ahead, edit and customi[sz]e this home page"
)
_LONGEST_TEMPLATE = 4000
# An account's name that is an address, or the number that stands in its place
_NO_NAME = re2.compile(r"(?i)@|^(?:[0-9a-f]{20,}|\d+|\d+:[0-9a-f-]{30,}|unknown|anonymous)$")


@dataclass(frozen=True, slots=True)
class Content:
    """The newest version of a page or blog post. `syntax` says what `body` is written in; `ancestors` are the titles
    of the pages above, outermost first; times are ISO 8601."""

    title: str
    space: str = ""
    version: int = 0
    created_at: str = ""
    edited_at: str = ""
    author: str = ""
    labels: tuple[str, ...] = ()
    ancestors: tuple[str, ...] = ()
    syntax: str = STORAGE
    body: str = ""

    def dumped(self) -> bytes:
        return json.dumps(asdict(self), ensure_ascii=False, sort_keys=True).encode("utf-8", "replace")


def address(wiki: str, key: str) -> str:
    """The address of a page that neither a new title nor a new space changes."""
    return f"{wiki.rstrip('/')}/pages/viewpage.action?pageId={key}"


def syntax_of(body: str, kind: str) -> str:
    """`kind` is the body type of an export: 2 is the storage format, 0 or nothing the markup before Confluence 4."""
    return STORAGE if kind == "2" or _STORAGE.search(body[:2000]) else WIKI


def named(name: str) -> str:
    return "" if _NO_NAME.search(name) else name


def article(page: Page, licence: str) -> Iterator[Article | Reject]:
    """Rejects: malformed_json, empty_article, too_short, template, and the reasons of Unreadable."""
    content = _loaded(page.body)
    if content is None:
        yield Reject(page.key, "malformed_json", "not a page of Confluence")
        return
    try:
        found = _sections(content, page.url)
    except html.Unreadable as error:
        yield Reject(page.key, error.reason, error.detail)
        return
    reason = _says_nothing(found)
    if reason:
        yield Reject(page.key, reason)
        return
    created_at = parse_time(content.created_at)
    yield Article(
        key=page.key,
        url=page.url,
        title=content.title,
        sections=found,
        tags=content.labels,
        context=tuple(title.removesuffix(" Home") for title in content.ancestors),
        author=content.author,
        created_at=created_at,
        edited_at=edited(parse_time(content.edited_at), created_at),
        licence=page.licence or licence,
    )


def _says_nothing(sections: tuple[Section, ...]) -> str:
    length = sum(len(section.markdown) for section in sections)
    if length < SHORTEST:
        return "too_short" if length else "empty_article"
    return (
        "template"
        if length < _LONGEST_TEMPLATE and any(_TEMPLATE.search(section.markdown) for section in sections)
        else ""
    )


def _sections(content: Content, url: str) -> tuple[Section, ...]:
    markup = wiki_markup.to_html(content.body) if content.syntax == WIKI else storage.to_html(content.body)
    return html.sections(html.parse(f"<div>{markup}</div>"), content.title, url)


def _loaded(body: bytes) -> Content | None:
    found = load(body)
    texts = ("title", "space", "created_at", "author", "syntax", "body")
    lists = ("labels", "ancestors")
    if not isinstance(found, dict) or not all(isinstance(found.get(name), str) for name in texts):
        return None
    if not found["title"].strip() or not all(isinstance(found.get(name), list) for name in lists):
        return None
    return Content(
        title=" ".join(found["title"].split()),
        created_at=found["created_at"],
        edited_at=str(found.get("edited_at") or ""),  # pages of earlier releases have none
        author=found["author"],
        labels=tuple(map(str, found["labels"])),
        ancestors=tuple(map(str, found["ancestors"])),
        syntax=found["syntax"],
        body=found["body"],
    )
