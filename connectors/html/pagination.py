"""Articles that a site has cut into pages: which address goes on where another ends."""

from urllib.parse import parse_qsl, urljoin, urlsplit

import re2
from lxml.html import HtmlElement

MOST_PAGES = 50
_ENDING = re2.compile(r"(\.[A-Za-z]{1,6})?/?$")
_PAGE = re2.compile(r"^(?:[_/-]|/?page[_/-]?|[_-]p|/p/?)(\d{1,3})$")
_IN_QUERY = ("page", "p", "pg", "pageno")


def linked_page(root: HtmlElement, relation: str, url: str) -> str:
    """The address that the page itself names as `next` or `prev`; "" for none."""
    for link in root.xpath("//link[@rel][@href] | //a[@rel][@href]"):
        if relation in link.get("rel").lower().split():
            try:
                return str(urljoin(url, link.get("href").strip()))
            except ValueError:
                return ""
    return ""


def page_number(url: str, first: str) -> int:
    """Which page of the article at `first` is at `url`: 2 for `a_2.html` of `a.html`, for `a?page=2` of `a`; else 0.

    Chapters that follow each other, as `1.html` and `2.html`, are articles of their own.
    """
    here, start = urlsplit(url), urlsplit(first)
    if (here.scheme, here.netloc) != (start.scheme, start.netloc):
        return 0
    if here.path.rstrip("/") == start.path.rstrip("/"):
        return _number_in_query(here.query, start.query)
    stem = _ENDING.sub("", start.path)
    if here.query != start.query or not stem or not here.path.startswith(stem):
        return 0
    found = _PAGE.match(_ENDING.sub("", here.path).removeprefix(stem))
    return int(found[1]) if found else 0


def _number_in_query(query: str, first: str) -> int:
    known = parse_qsl(first)
    more = [pair for pair in parse_qsl(query) if pair not in known]
    paged = len(more) == 1 and more[0][0].lower() in _IN_QUERY and more[0][1].isdecimal()
    return int(more[0][1][:4]) if paged and more[0][0] not in dict(known) else 0
