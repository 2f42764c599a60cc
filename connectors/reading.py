"""A page of any site, read as what it is: a thread where people answer each other, else an article."""

from collections.abc import Iterator

from lxml.html import HtmlElement

from connectors import html
from connectors.forum import address
from connectors.forum.repeated import read_repeated
from connectors.forum.structured import is_declared
from connectors.forum.thread import count_posts, thread_of
from schemas.document import Document, Reject, Thread
from schemas.page import Page

_FEWEST = 2  # posts that make a thread where the page does not say that it is one


def read_page(page: Page, licence: str = "") -> Iterator[Document | Reject]:
    """What is on a page of HTML. Rejects: those of `html.read_article`, and later_page_of_thread."""
    root = html.open_page(page)
    if isinstance(root, Reject):
        yield root
        return
    thread = _thread(root, page, licence) if _is_thread(root, page.url) else None
    yield thread or html.article_of(root, page, licence)


def _is_thread(root: HtmlElement, url: str) -> bool:
    if is_declared(root) or count_posts(root) >= _FEWEST:
        return True
    return bool(address.THREAD_LIKE.search(url)) and len(read_repeated(root, url)) >= _FEWEST


def _thread(root: HtmlElement, page: Page, licence: str) -> Thread | Reject | None:
    found = thread_of(page, [(page.url, root)], html.metadata(root, page.url).licence or licence)
    if isinstance(found, Reject):
        return None
    if address.position(page.url):
        return Reject(page.key, "later_page_of_thread", "its question is on another page")
    return found
