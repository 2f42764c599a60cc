"""Addresses of threads and boards: one for all pages of each, and which page an address is of."""

from urllib.parse import parse_qsl, unquote, urlencode, urljoin, urlsplit, urlunsplit

import re2

from connectors.base import WebError
from connectors.web.url import normalise_url

# What names a page, a post, a session or a way of looking, and not the thread
_NOT_IDENTITY = frozenset((
    "page", "start", "pagenumber", "pp", "st", "p", "post", "pid", "nojs", "s", "sid", "phpsessid", "highlight", "sort",
    "order", "orderby", "sortby", "view", "viewfull", "goto", "extra", "mode", "answer", "nested_view", "lang",
    "mobile", "do", "tab", "ref", "offset", "paged", "pageno", "pn", "after",
    "utm_source", "utm_medium", "utm_campaign",
))  # fmt: skip
_PAGE_IN_PATH = re2.compile(r"(?i)(?:/page[-/]?|-page-|/seite[-/]?|/p)(\d{1,6})(\.html?)?/?$")
_DISCUZ = re2.compile(r"(thread-\d+|forum-\w+)-(\d+)(-\d+)?\.html")
_SMF = re2.compile(r"((?:topic|board)[=,]\d+)\.(?:(\d+)|msg\d+|new)")
_POST_IN_PATH = re2.compile(
    r"(?i)(/(?:topic|d)/\d+[^/]*(?:/[^/]*[^/\d][^/]*)?)/\d+/?$|(/threads/[^/]+/)(?:post-\d+|unread|latest)/?$"
)
THREAD_LIKE = re2.compile(r"(?i)thread|topic|/t/|/d/|/question|discussion|[?&]t(?:id)?=\d")


def absolute(href: str, base: str) -> str:
    """`href` as the client spells it; "" for what is no address of the web."""
    try:
        return normalise_url(href, base) if href.strip() and not href.strip().startswith("#") else ""
    except WebError:
        return ""


def whole(url: str) -> str:
    """The address of the first page of the thread or board that `url` is a page of."""
    parts = urlsplit(url)
    path = _DISCUZ.sub(lambda found: f"{found[1]}-1{found[3] or ''}.html", parts.path)
    path = _PAGE_IN_PATH.sub(lambda found: found[2] or "/" * found[0].endswith("/"), path)
    path = _POST_IN_PATH.sub(lambda found: found[1] or found[2], path)
    path = _SMF.sub(r"\1.0", path)
    query = [(name, value) for name, value in parse_qsl(parts.query, True) if name.lower() not in _NOT_IDENTITY]
    kept = _SMF.sub(r"\1.0", urlencode(query, safe="/,.:;"))
    if parts.query and "=" not in parts.query:
        kept = _PAGE_IN_PATH.sub("", parts.query)
    return urlunsplit((parts.scheme, parts.netloc, path or "/", kept, ""))


def same(url: str) -> str:
    """What all addresses of one thread share, whatever its title says today."""
    return whole(url).rstrip("/").lower()


def key(url: str) -> str:
    parts = urlsplit(whole(url))
    return unquote(parts.path.strip("/") + (f"?{parts.query}" if parts.query else "")) or "index"


def position(url: str) -> int:
    """Which page an address is of: its number, or how many posts come before it; 0 for the first."""
    parts = urlsplit(url)
    query = {name.lower(): value for name, value in parse_qsl(parts.query)}
    for name in ("page", "pagenumber", "paged", "pageno", "pn"):
        if query.get(name, "").isdecimal():
            return _from_one(query[name])
    for name in ("start", "st", "offset"):
        if query.get(name, "").isdecimal():
            return int(query[name][:9])
    found = _SMF.search(parts.path) or _SMF.search(parts.query)
    if found:
        return int((found[2] or "0")[:9])
    paged = _PAGE_IN_PATH.search(parts.path) or _PAGE_IN_PATH.search(parts.query)
    discuz = _DISCUZ.search(parts.path)
    return _from_one(paged[1] if paged else discuz[2]) if paged or discuz else 0


def joined(base: str, path: str) -> str:
    return urljoin(base if base.endswith("/") else f"{base}/", path)


def _from_one(number: str) -> int:
    return max(0, int(number[:9]) - 1)
