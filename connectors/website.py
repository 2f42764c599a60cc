"""A tutorial or documentation site: its pages below one address, each an article."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal
from urllib.parse import unquote, urljoin, urlsplit

import re2
from lxml.html import HtmlElement
from pydantic import Field, model_validator

from connectors import html
from connectors.base import Address, Kind, LocalPath, Response, Settings, Web, WebError
from connectors.html.page import PACKED, pack, read_page
from connectors.web import sitemap
from connectors.web.url import normalise_url, without_session
from schemas.document import Document, Reject
from schemas.page import GONE, Page

# Limits of a crawl, after Nutch and Heritrix: deeper paths and repeated segments are traps
MOST_SEGMENTS = 20
MOST_REPEATS = 2
MOST_LINKS = 500
_NOT_PAGES = re2.compile(
    r"(?i)\.(?:css|js|json|xml|rss|atom|txt|md|pdf|epub|zip|gz|bz2|xz|tgz|tar|exe|dmg|png|jpe?g|gif|svg|webp|ico|mp[34]"
    r"|webm|ogg|woff2?|ttf|whl|deb|rpm)$"
)
_SAVED = (".html", ".htm", ".xhtml")


class Website(Settings):
    """A tutorial or documentation site, read from the web or from a folder of saved pages.

    From the web: the pages of `sitemap` if it is set, else those that links lead to from `start`, breadth
    first; either way only below `prefix`. From a `folder`: every HTML file in it, as if served at `base_url`.
    An article that the site has cut into pages, each naming the next, is one article; a page that is a forum's
    thread, or a question with its answers, is read as that.
    """

    connector: Literal["website"] = "website"
    start: Address | tuple[Address, ...] = Field((), description="Address of the first page, or several.")
    prefix: str = Field(
        "",
        pattern=r"^(https?://.+)?$",
        description="Only pages whose address begins so; by default the folder of the first page.",
    )
    sitemap: str = Field(
        "",
        pattern=r"^(https?://.+)?$",
        description="Address of a sitemap, or of an index, to take pages from instead of links.",
    )
    exclude: tuple[str, ...] = Field((), description="Regular expressions (RE2); a matching address is left out.")
    max_pages: int = Field(10_000, ge=1)
    folder: LocalPath | None = Field(None, description="Folder of saved pages to read instead of the web.")
    base_url: str = Field("", pattern=r"^(https?://.+)?$", description="Address that `folder` was saved from.")

    @model_validator(mode="after")
    def _one_place(self) -> "Website":
        if bool(self.folder) == bool(self.start or self.sitemap):
            raise ValueError("set either `start` (or `sitemap`), for the web, or `folder`, for saved pages")
        if self.folder and not self.base_url:
            raise ValueError("`folder` needs `base_url`: the address that its pages were saved from")
        for pattern in self.exclude:
            _check_pattern(pattern)
        return self

    @property
    def kind(self) -> Kind:
        return "tutorial"

    def files(self) -> tuple[Path, ...]:
        if self.folder is None:
            return ()
        return tuple(sorted(path for path in self.folder.rglob("*") if path.suffix.lower() in _SAVED))

    def fetch(self, web: Web, cursor: str | None) -> Iterator[Page | Reject]:
        return self._saved() if self.folder else self._crawl(web)

    def parse(self, page: Page) -> Iterator[Document | Reject]:
        yield from read_page(page, self.licence)

    def _saved(self) -> Iterator[Page | Reject]:
        assert self.folder
        for path in self.files()[: self.max_pages]:
            key = path.relative_to(self.folder).as_posix()
            yield Page(self.name, key, urljoin(self.base_url, key), path.read_bytes(), licence=self.licence)

    def _crawl(self, web: Web) -> Iterator[Page | Reject]:
        starts = (self.start,) if isinstance(self.start, str) else self.start
        prefix = self.prefix or urljoin((*starts, self.sitemap)[0], ".")
        frontier = _Frontier(normalise_url(prefix), self.exclude)
        if self.sitemap:
            yield from _read_sitemaps(web, normalise_url(self.sitemap), frontier)
        else:
            frontier.queue.extend(frontier.seen.setdefault(url, url) for url in map(normalise_url, starts))
        keys: set[str] = set()
        while frontier.queue and len(keys) < self.max_pages:
            web.expect(min(len(frontier.seen), self.max_pages))
            found = self._page(web, frontier.queue.popleft(), frontier)
            if isinstance(found, Reject):
                yield found
            elif found and found.key not in keys:
                keys.add(found.key)
                yield found
        if frontier.queue:
            left = f"{len(frontier.queue)} addresses or more are left; `max_pages` sets how many are read"
            yield Reject(frontier.queue[0], "max_pages", left)

    def _page(self, web: Web, url: str, frontier: "_Frontier") -> Page | Reject | None:
        """The page at `url`; None where it is no HTML or lies, after redirects, elsewhere."""
        answer = _get(web, url)
        if isinstance(answer, Reject):
            return answer
        if answer.status in GONE:
            return self._make(answer, url, frontier.prefix, b"")
        return self._read(web, answer, url, frontier) if answer.status == 200 else Reject(url, f"http_{answer.status}")

    def _read(self, web: Web, answer: Response, url: str, frontier: "_Frontier") -> Page | Reject | None:
        place = without_session(normalise_url(answer.url or url))
        if not place.startswith(frontier.prefix) or _media_type(answer) not in html.MEDIA_TYPES:
            return None
        if answer.opt_out:
            return self._make(answer, place, frontier.prefix, b"")
        try:
            root = html.parse(html.decode(answer.body, answer.headers.get("content-type", "")))
        except html.Unreadable:
            return self._make(answer, place, frontier.prefix, answer.body)  # `parse` says why it cannot be used
        if not self.sitemap:
            frontier.add(_links(root, place))
        if self._is_later_page(root, place, frontier):
            return None
        page = self._make(answer, _canonical(root, place, frontier.prefix), frontier.prefix, answer.body)
        return self._whole(web, page, root, frontier)

    def _is_later_page(self, root: HtmlElement, place: str, frontier: "_Frontier") -> bool:
        """Whether this page goes on where another ends, with which it is, or will be, fetched."""
        before = _absolute(html.linked_page(root, "prev", place), place)
        while before in frontier.later:
            before = frontier.later[before]
        if place in frontier.later:
            return True
        later = before.startswith(frontier.prefix) and html.page_number(place, before) > 1
        frontier.add([before] if later else [])
        return later and before in frontier.seen

    def _whole(self, web: Web, page: Page, root: HtmlElement, frontier: "_Frontier") -> Page | Reject:
        """The page with all that it is continued on, or none of it: an article that breaks off would pass for whole."""
        pages = [(page.url, root)]
        while len(pages) < html.MOST_PAGES:
            follows = _absolute(html.linked_page(pages[-1][1], "next", pages[-1][0]), page.url)
            if not follows or html.page_number(follows, page.url) != len(pages) + 1:
                break
            frontier.later[follows] = page.url
            opened = _open(web, follows)
            if isinstance(opened, Reject):
                return replace(opened, key=page.key, detail=f"page {len(pages) + 1}: {opened.detail}")
            pages.append((follows, opened))
            frontier.add([] if self.sitemap else _links(opened, follows))
        return replace(page, body=pack(pages), media_type=PACKED) if len(pages) > 1 else page

    def _make(self, answer: Response, url: str, prefix: str, body: bytes) -> Page:
        header = answer.headers.get("content-type", "")
        return Page(
            source=self.name,
            key=_key(url, prefix),
            url=url,
            body=body,
            media_type=header if "charset" in header.lower() else _media_type(answer) or "text/html",
            status=answer.status,
            licence=self.licence,
            fetched_at=answer.fetched_at,
            robots=answer.robots,
            opt_out=answer.opt_out,
            etag=answer.headers.get("etag", ""),
            last_modified=answer.headers.get("last-modified", ""),
        )


@dataclass
class _Frontier:
    """Addresses to visit, in the order in which they were found, each once."""

    prefix: str
    exclude: tuple[str, ...]
    queue: deque[str] = field(default_factory=deque)
    seen: dict[str, str] = field(default_factory=dict)
    later: dict[str, str] = field(default_factory=dict)  # pages of articles, and the first page of each

    def add(self, urls: list[str]) -> None:
        for url in urls:
            if url not in self.seen and self._wants(url):
                self.seen[url] = url
                self.queue.append(url)

    def _wants(self, url: str) -> bool:
        path = urlsplit(url).path
        segments = [part for part in path.split("/") if part]
        trap = len(segments) > MOST_SEGMENTS or any(segments.count(part) > MOST_REPEATS for part in segments)
        excluded = any(re2.search(pattern, url) for pattern in self.exclude)
        return url.startswith(self.prefix) and not trap and not excluded and not _NOT_PAGES.search(path)


def _check_pattern(pattern: str) -> None:
    try:
        re2.compile(pattern)
    except re2.error as error:
        raise ValueError(f"`exclude`: {pattern!r} is no RE2 pattern: {error}") from error


def _read_sitemaps(web: Web, url: str, frontier: _Frontier) -> Iterator[Reject]:
    """Fill the frontier from a sitemap and those that it lists."""
    waiting, seen = deque([url]), {url}
    while waiting:
        place = waiting.popleft()
        answer = _get(web, place)
        if isinstance(answer, Reject):
            yield answer
            continue
        try:
            listed = sitemap.parse(answer.body, place)
        except sitemap.SitemapError as error:
            yield Reject(place, "bad_sitemap", str(error))
            continue
        frontier.add(list(listed.pages))
        waiting.extend(further for further in listed.sitemaps if further not in seen)
        seen.update(listed.sitemaps)


def _get(web: Web, url: str) -> Response | Reject:
    try:
        return web.get(url)
    except WebError as error:
        return Reject(url, error.reason, error.detail)


def _open(web: Web, url: str) -> HtmlElement | Reject:
    """The tree of one more page of an article."""
    answer = _get(web, url)
    if isinstance(answer, Reject):
        return answer
    if answer.opt_out or answer.status != 200:
        return Reject(url, "opt_out" if answer.opt_out else f"http_{answer.status}", answer.opt_out)
    try:
        return html.parse(html.decode(answer.body, answer.headers.get("content-type", "")))
    except html.Unreadable as error:
        return Reject(url, error.reason, error.detail)


def _media_type(answer: Response) -> str:
    stated = answer.media_type or answer.headers.get("content-type", "")
    return stated.partition(";")[0].strip().lower()


def _links(root: HtmlElement, url: str) -> list[str]:
    """Where the page's links lead, in their order, each once."""
    base = _absolute(next(iter(root.xpath("//base/@href")), ""), url) or url
    found = dict.fromkeys(_absolute(href, base) for href in root.xpath("//a/@href")[: 10 * MOST_LINKS])
    return [link for link in found if link][:MOST_LINKS]


def _canonical(root: HtmlElement, url: str, prefix: str) -> str:
    """The address that the page calls its own, if that lies below the prefix and is not the site's front page.

    A translation that names the original is a page of its own all the same.
    """
    stated = _absolute(html.metadata(root, url).canonical, url)
    translations = {_absolute(href, url) for href in root.xpath("//link[@hreflang and @rel='alternate']/@href")}
    is_own = stated.startswith(prefix) and stated != prefix and not {stated, url} <= translations
    return stated if is_own else url


def _absolute(href: str, base: str) -> str:
    try:
        return without_session(normalise_url(href, base)) if href.strip() else ""
    except WebError:
        return ""


def _key(url: str, prefix: str) -> str:
    return unquote(url.removeprefix(prefix)) or "index"
