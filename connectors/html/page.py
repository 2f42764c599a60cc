"""Reads a page of any site as a thread, where people answer each other on it, else as an article."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace

from lxml import etree
from lxml.html import HtmlElement

from connectors import html
from connectors.html.next_addresses import FURTHER, relation
from connectors.html.threads import address
from connectors.html.threads.posts import Found, believed, find_posts
from connectors.html.threads.site import declares_posts, thread_on
from connectors.html.threads.thread import board, thread_from, thread_of
from connectors.html.twins import with_markdown
from connectors.reading.stored_json import load
from schemas.document import Article, Document, Reject, Thread
from schemas.page import Page

PACKED = "application/json"


def read_page(page: Page, licence: str = "") -> Iterator[Document | Reject]:
    """The one document on a page of HTML, or on several that `pack` has made one; `licence` holds where none is stated.

    Rejects: those of `html.read_article`, board, later_page_of_thread and malformed_json; behind a thread one
    `deleted_or_hidden` for each post of which only a note is left.
    """
    if page.media_type == PACKED:
        yield from _packed(page, licence)
        return
    root = html.open_page(page)
    if isinstance(root, Reject):
        yield root
        return
    found = thread_on(root, page.url)
    if found and found.listed:
        yield board(page, found)
        return
    thread = _read_as_thread(found, root, page, licence) if found else []
    yield from thread or _without_thread(html.article_of(root, page, licence), root, page, licence)


def following(root: HtmlElement, url: str, first: str, number: int) -> str:
    """Where page `number` is of the article or thread at `first`, as the page at `url` before it says; "" for none.

    What only words or an arrow announce is part of an article if its address says so, and is not one of a listing.
    """
    stated = html.linked_page(root, "next", url)
    if html.page_number(stated, first) == number:
        return stated
    further = html.next_page(root, url)
    if html.page_number(further, first) == number and "/page/" not in further:
        return further
    return further if further and relation(url, further) == FURTHER and declares_posts(root) else ""


def pack(pages: list[tuple[str, HtmlElement]], twin: str = "") -> bytes:
    """The body of an article in several pages, in their order, each with its address; or of one with its twin in
    Markdown, which is then read in the place of the page's own body."""
    texts = [{"url": url, "html": etree.tostring(root, encoding="unicode", method="html")} for url, root in pages]
    texts[0].update({"markdown": twin} if twin else {})
    return json.dumps(texts, ensure_ascii=False).encode("utf-8", "replace")


def _packed(page: Page, licence: str) -> list[Document | Reject]:
    """One thread, or one article of the sections of all pages. What of a later page cannot be used is left out with
    its page."""
    saved = load(page.body)
    if page.opt_out or not isinstance(saved, list) or not saved or not all(isinstance(each, dict) for each in saved):
        return [Reject(page.key, "opt_out" if page.opt_out else "malformed_json", page.opt_out)]
    packed = [_unpacked(page, str(each.get("url")), str(each.get("html"))) for each in saved]
    if thread := _thread_in(packed, page, licence):
        return thread
    stated = [str(each.get("markdown") or "") for each in saved]
    first, *later = (_part(part, twin, licence) for part, twin in zip(packed, stated, strict=True))
    if isinstance(first, Reject):
        return [first]
    more = tuple(section for part in later if isinstance(part, Article) for section in part.sections)
    return [replace(first, url=page.url, sections=first.sections + more)]


def _part(page: Page, twin: str, licence: str) -> Article | Reject:
    root = html.open_page(page)
    if isinstance(root, Reject):
        return root
    return html.article_of(with_markdown(root, twin) if twin else root, page, licence)


def _unpacked(page: Page, url: str, text: str) -> Page:
    return replace(page, url=url, media_type="text/html; charset=utf-8", body=text.encode("utf-8", "replace"))


def _thread_in(packed: list[Page], page: Page, licence: str) -> list[Document | Reject]:
    """The thread that begins on the first of several pages, and its rejects, or one for a board; [] for an article."""
    opened = [(part.url, root) for part in packed if not isinstance(root := html.open_page(part), Reject)]
    if not opened or opened[0][0] != packed[0].url or not (found := thread_on(opened[0][1], page.url)):
        return []
    if found.listed:
        return [board(page, found)]
    return _if_thread(thread_of(page, opened, html.metadata(opened[0][1], page.url).licence or licence))


def _if_thread(found: Iterator[Thread | Reject]) -> list[Document | Reject]:
    """What `found` gives; [] where that is no thread, unless it is one that has lost its question."""
    first, *others = found
    return [] if isinstance(first, Reject) and first.reason != "deleted_or_hidden" else [first, *others]


def _without_thread(
    article: Article | Reject, root: HtmlElement, page: Page, licence: str
) -> Sequence[Document | Reject]:
    """A page that is no article may be a thread without any of the signs of one; else it stays as it is."""
    refused = isinstance(article, Reject) and article.reason == "no_main_content"
    found = find_posts(root, page.url) if refused else None
    if found and found.listed:
        return [board(page, found)]
    return (_read_as_thread(found, root, page, licence) if found and len(found.blocks) > 1 else []) or [article]


def _read_as_thread(found: Found, root: HtmlElement, page: Page, licence: str) -> list[Document | Reject]:
    of_licence = html.metadata(root, page.url).licence or licence
    thread = _if_thread(thread_from([believed(found)], page, root, of_licence))
    if thread and address.position(page.url):
        return [Reject(page.key, "later_page_of_thread", "its question is on another page")]
    return thread
