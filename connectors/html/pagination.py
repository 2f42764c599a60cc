"""What a site has cut into pages, articles, threads or boards: which address goes on where another ends."""

from urllib.parse import parse_qsl, urljoin, urlsplit

import re2
from lxml.html import HtmlElement

from connectors.base import WebError
from connectors.html.next_addresses import FURTHER, NEVER, relation
from connectors.html.next_links import BY_CLASS, MAYBE, SURELY, is_elsewhere, is_loading, link_text, says_next
from connectors.web.url import normalise_url, without_session

MOST_PAGES = 50
_ENDING = re2.compile(r"(\.[A-Za-z]{1,6})?/?$")
_PAGE = re2.compile(r"^(?:[_/-]|/?page[_/-]?|[_-]p|/p/?)(\d{1,3})$")
_LINKS = "//link[@href][contains(@rel, 'next')] | //a | //button"
# Where a script finds the address that a button or link leads to
_DATA = ("data-href", "data-url", "data-next", "data-next-url", "data-next-page", "data-page-url", "data-link")
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


def next_page(root: HtmlElement, url: str) -> str:
    """The address of the page after the one at `url`, of a board, a thread or any listing; "" where none is announced.

    A link says it by its words, its class or an arrow, or is the number after this page's; and its address has to be
    one that goes on from `url`. Where the address leaves that open, the number of a page has to lead there too, or the
    words have to be such as are only said of pages.
    """
    base = _base(root, url)
    here = _normal(url, url)
    links = [(link, link_text(link), says_next(link)) for link in root.xpath(_LINKS)]
    numbers = {_address(link, base): int(text) for link, text, _ in links if text.isdecimal() and len(text) < 7}
    follows = 2 + max((number for to, number in numbers.items() if relation(to, here) == FURTHER), default=0)
    found = []
    for place, (link, text, stated) in enumerate(links):
        said = stated or BY_CLASS * (text == str(follows))
        to = _address(link, base) if said else ""
        kin = relation(here, to) if to else NEVER
        if _is_believed(kin, said, to in numbers) and not is_elsewhere(link):
            found.append((kin, numbers.get(to) == follows, said, -place, to))
    return max(found, default=("",))[-1]


def unreachable_next(root: HtmlElement, url: str) -> str:
    """The words of a link or button that announces a next page, or more of this one, and has no address: a script
    would fetch it. "" for none."""
    base = _base(root, url)
    announcing = (link for link in root.xpath(_LINKS) if says_next(link) == SURELY or is_loading(link))
    unreachable = (link for link in announcing if not _address(link, base) and not is_elsewhere(link))
    return next((_said(link) for link in unreachable), "")


def _said(link: HtmlElement) -> str:
    """What a link says, in text, in an attribute or in its picture's; "next" where that is nothing."""
    attributes = (link.get("aria-label"), link.get("title"), *link.xpath(".//img/@alt"))
    return link_text(link) or next((str(said) for said in attributes if said), "next")


def _is_believed(kin: int, said: int, numbered: bool) -> bool:
    if kin == FURTHER:
        return True
    return kin != NEVER and (said == SURELY or (said == MAYBE and numbered))


def _address(link: HtmlElement, base: str) -> str:
    href = (link.get("href") or "").strip()
    if href and not href.startswith("#") and not href.lower().startswith("javascript:"):
        return _normal(href, base)
    stated = (link.get(name) or "" for name in _DATA)
    return next((_normal(each, base) for each in stated if each.startswith(("http", "/", "?"))), "")


def _base(root: HtmlElement, url: str) -> str:
    return _normal(next(iter(root.xpath("//base/@href")), url), url) or url


def _normal(href: str, base: str) -> str:
    try:
        return without_session(normalise_url(href, base))
    except WebError:
        return ""
