"""A tutorial or documentation site: its pages below one address, each an article."""

from collections import deque
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Literal
from urllib.parse import urljoin

import re2
from lxml.html import HtmlElement
from pydantic import Field, model_validator

from connectors import html
from connectors.base import Address, Kind, LocalPath, Response, Settings, Web, WebError
from connectors.html import twins
from connectors.html.page import PACKED, following, pack, read_page
from connectors.reading import packed
from connectors.reading.local import files_at, ignored, is_named, without_packing
from connectors.web import sitemap
from connectors.web.rendered import filled, media_type
from connectors.web.url import bare, normalise_url, same_site, without_session
from connectors.website.frontier import Frontier
from pipelines.messages import Message
from schemas.document import Document, Reject
from schemas.page import GONE_STATUSES, Page

MOST_LINKS = 500
FEW = 3  # sitemaps of an index that a check asks for
_SAVED = (".html", ".htm", ".xhtml")


class Website(Settings):
    """A tutorial or documentation site, read from the web or from a folder of saved pages.

    From the web: the pages of `sitemap` if it is set, else those that links lead to from `start`, breadth first;
    either way only below `prefix`. http and https are one site, with `www.` and without; a `start` that its site
    redirects to another folder brings that folder with it. From a `folder`: every HTML file in it, packed (gzip and
    such) or not, as if served at `base_url`. An article that the site has cut into pages, each naming the next, is
    one article; a page that is a forum's thread, or a question with its answers, is read as that. Where the site
    offers a page as Markdown too, in its head or in an `llms.txt`, that is what is read.
    """

    connector: Literal["website"] = "website"
    start: Address | tuple[Address, ...] = Field((), description="Address of the first page, or several.")
    prefix: str = Field(
        "",
        pattern=r"^(https?://.+)?$",
        description="Only pages whose address begins so; by default the folder of each `start`.",
    )
    sitemap: str = Field(
        "",
        pattern=r"^(https?://.+)?$",
        description="Address of a sitemap, or of an index, to take pages from instead of links.",
    )
    exclude: tuple[str, ...] = Field((), description="Regular expressions (RE2); a matching address is left out.")
    max_pages: int = Field(10_000, ge=1, description="The most pages that are read.")
    render: bool = Field(False, description="Run pages whose text comes from scripts in Chromium (extra `render`).")
    folder: LocalPath | None = Field(None, description="Folder of saved pages to read instead of the web.")
    base_url: str = Field("", pattern=r"^(https?://.+)?$", description="Address that `folder` was saved from.")

    @model_validator(mode="after")
    def _one_place(self) -> "Website":
        if bool(self.folder) == bool(self.start or self.sitemap):
            raise ValueError(Message("set either `start` (or `sitemap`), for the web, or `folder`, for saved pages"))
        if self.folder and not self.base_url:
            raise ValueError(Message("`folder` needs `base_url`: the address that its pages were saved from"))
        for pattern in self.exclude:
            _check_pattern(pattern)
        return self

    @property
    def kind(self) -> Kind:
        return "tutorial"

    def files(self) -> tuple[Path, ...]:
        return files_at(self.folder, self.name, "folder", lambda file: is_named(file, _SAVED))

    def expected(self, web: Web) -> int | None:
        """The pages of a sitemap, or of an index of a few: more of them would keep who asks waiting."""
        top = _sitemap(web, normalise_url(self.sitemap)) if self.sitemap and not self.folder else None
        if not isinstance(top, sitemap.Sitemap) or len(top.sitemaps) > FEW:
            return None
        listed = [top, *(_sitemap(web, place) for place in top.sitemaps)]
        frontier = Frontier([bare(normalise_url(self.prefix or urljoin(self.sitemap, ".")))], self.exclude)
        for part in listed:
            frontier.add(list(part.pages) if isinstance(part, sitemap.Sitemap) else [])
        return min(len(frontier.seen), self.max_pages) or None

    def fetch(self, web: Web, cursor: str | None) -> Iterator[Page | Reject]:
        return self._saved() if self.folder else self._crawl(web)

    def parse(self, page: Page) -> Iterator[Document | Reject]:
        yield from read_page(page, self.licence)

    def _saved(self) -> Iterator[Page | Reject]:
        assert self.folder
        files, keys = self.files(), dict[str, str]()
        for path in files[: self.max_pages]:
            name = path.relative_to(self.folder).as_posix()
            key = without_packing(name)
            body = packed.content(path, html.tree.MAX_TEXT + 1)  # a longer one is refused by `parse`
            if key in keys:
                yield Reject(name, "duplicate_page", f"the page of {keys[key]}")
            elif body is None:
                yield Reject(key, "broken_archive", "it is cut or broken")
            else:
                keys[key] = name
                yield Page(self.name, key, urljoin(self.base_url, key), body, licence=self.licence)
        if left := files[self.max_pages :]:
            first = left[0].relative_to(self.folder).as_posix()
            yield Reject(first, "max_pages", f"{len(left)} files are left; `max_pages` sets how many are read")
        yield from ignored(self.folder, files)

    def _crawl(self, web: Web) -> Iterator[Page | Reject]:
        starts = [normalise_url(url) for url in ((self.start,) if isinstance(self.start, str) else self.start)]
        folders = [self.prefix] if self.prefix else [urljoin(url, ".") for url in starts or [self.sitemap]]
        frontier = Frontier([bare(normalise_url(folder)) for folder in folders], self.exclude)
        frontier.twins = _listed_twins(web, starts or [self.sitemap])
        if self.sitemap:
            yield from _read_sitemaps(web, normalise_url(self.sitemap), frontier)
        else:
            frontier.begin(starts, follow=not self.prefix)
        keys: dict[str, str] = {}
        while frontier.queue and len(keys) < self.max_pages:
            web.expect(min(len(frontier.seen), self.max_pages))
            url = frontier.queue.popleft()
            found = self._page(web, url, frontier)
            if isinstance(found, Page) and found.key in keys:
                found = Reject(url, "duplicate_page", f"the page of {keys[found.key]}")
            if isinstance(found, Page):
                keys[found.key] = url
            if found:
                yield found
        yield from frontier.left_over()

    def _page(self, web: Web, url: str, frontier: Frontier) -> Page | Reject | None:
        """What is at `url`; None where it is part of an article that is, or will be, fetched from its first page."""
        answer = _get(web, url, render=self.render)
        if isinstance(answer, Reject):
            return answer
        if answer.status in GONE_STATUSES:
            return self._make(answer, url, frontier, b"")
        return self._read(web, answer, url, frontier) if answer.status == 200 else Reject(url, f"http_{answer.status}")

    def _read(self, web: Web, answer: Response, url: str, frontier: Frontier) -> Page | Reject | None:
        place = without_session(normalise_url(answer.url or url))
        frontier.follow_start(url, place)
        if not frontier.is_below(place):
            cure = f"it redirects to {place}, which is not below `prefix`; set `start` or `prefix` for that address"
            return Reject(url, "outside_prefix", cure)
        if media_type(answer) not in html.MEDIA_TYPES:
            return Reject(url, "not_html", media_type(answer)[:80])
        if answer.opt_out:
            return self._make(answer, place, frontier, b"")
        try:
            root = html.parse(html.decode(answer.body, answer.headers.get("content-type", "")))
        except html.Unreadable:
            return self._make(answer, place, frontier, answer.body)  # `parse` says why it cannot be used
        if not self.sitemap:
            frontier.add(_links(root, place))
        if self._is_later_page(root, place, frontier):
            return None
        page = self._make(answer, _canonical(root, place, frontier), frontier, answer.body)
        whole = self._whole(web, page, root, frontier)
        return _with_twin(web, whole, place, root, frontier) if whole is page else whole

    def _is_later_page(self, root: HtmlElement, place: str, frontier: Frontier) -> bool:
        """Whether this page goes on where another ends, with which it is, or will be, fetched."""
        before = _absolute(html.linked_page(root, "prev", place), place)
        while before in frontier.later:
            before = frontier.later[before]
        if place in frontier.later:
            return True
        later = frontier.is_below(before) and html.page_number(place, before) > 1
        frontier.add([before] if later else [])
        if not later or bare(before) not in frontier.seen:
            return False
        frontier.set_aside[place] = before
        return True

    def _whole(self, web: Web, page: Page, root: HtmlElement, frontier: Frontier) -> Page | Reject:
        """The page with all that it is continued on, or none of it: an article that breaks off would pass for whole."""
        pages = [(page.url, root)]
        while len(pages) < html.MOST_PAGES:
            follows = _absolute(following(pages[-1][1], pages[-1][0], page.url, len(pages) + 1), page.url)
            if not follows or follows in dict(pages) or page.url in frontier.later:
                break
            frontier.later[follows] = page.url
            opened = _open(web, follows, render=self.render)
            if isinstance(opened, Reject):
                return replace(opened, key=page.key, detail=f"page {len(pages) + 1}: {opened.detail}")
            pages.append((follows, opened))
            frontier.add([] if self.sitemap else _links(opened, follows))
        frontier.note_unread(*pages[-1], reached=len(pages) < html.MOST_PAGES)
        return replace(page, body=pack(pages), media_type=PACKED) if len(pages) > 1 else page

    def _make(self, answer: Response, url: str, frontier: Frontier, body: bytes) -> Page:
        header = answer.headers.get("content-type", "")
        return Page(
            source=self.name,
            key=frontier.key(url),
            url=url,
            body=body,
            media_type=header if "charset" in header.lower() else media_type(answer) or "text/html",
            status=answer.status,
            licence=self.licence,
            fetched_at=answer.fetched_at,
            robots=answer.robots,
            opt_out=answer.opt_out,
            etag=answer.headers.get("etag", ""),
            last_modified=answer.headers.get("last-modified", ""),
        )


def _check_pattern(pattern: str) -> None:
    try:
        re2.compile(pattern)
    except re2.error as error:
        raise ValueError(
            Message("`exclude`: {pattern!r} is no RE2 pattern: {error}", pattern=pattern, error=error)
        ) from error


def _read_sitemaps(web: Web, url: str, frontier: Frontier) -> Iterator[Reject]:
    """Fill the frontier from a sitemap and those that it lists."""
    waiting, seen = deque([url]), {url}
    while waiting:
        place = waiting.popleft()
        listed = _sitemap(web, place)
        if isinstance(listed, Reject):
            yield listed
            continue
        if not listed.sitemaps and not any(map(frontier.is_below, listed.pages)):
            yield Reject(place, "outside_prefix", f"none of its {len(listed.pages)} pages is below `prefix`")
        frontier.add(list(listed.pages))
        waiting.extend(further for further in listed.sitemaps if further not in seen)
        seen.update(listed.sitemaps)


def _sitemap(web: Web, url: str) -> sitemap.Sitemap | Reject:
    answer = _get(web, url)
    if isinstance(answer, Reject):
        return answer
    if answer.opt_out or answer.status != 200:
        return Reject(url, "opt_out" if answer.opt_out else f"http_{answer.status}", answer.opt_out)
    try:
        return sitemap.parse(answer.body, answer.url)
    except sitemap.SitemapError as error:
        return Reject(url, "bad_sitemap", str(error))


def _get(web: Web, url: str, *, render: bool = False) -> Response | Reject:
    """With `render`, a page once its scripts have put there what it is to show."""
    try:
        answer = web.get(url)
        return filled(web, answer, html.is_unfilled) if render else answer
    except WebError as error:
        return Reject(url, error.reason, error.detail)


def _open(web: Web, url: str, *, render: bool) -> HtmlElement | Reject:
    """The tree of one more page of an article."""
    answer = _get(web, url, render=render)
    if isinstance(answer, Reject):
        return answer
    if answer.opt_out or answer.status != 200:
        return Reject(url, "opt_out" if answer.opt_out else f"http_{answer.status}", answer.opt_out)
    try:
        return html.parse(html.decode(answer.body, answer.headers.get("content-type", "")))
    except html.Unreadable as error:
        return Reject(url, error.reason, error.detail)


def _listed_twins(web: Web, starts: list[str]) -> dict[str, str]:
    """What the site's `llms.txt` lists, at its root and beside each start. Where there is none, nothing is lost."""
    found: dict[str, str] = {}
    for place in dict.fromkeys(normalise_url(path, url) for url in starts for path in ("/llms.txt", "llms.txt")):
        found |= twins.listed(_markdown(web, place), place)
    return found


def _with_twin(web: Web, page: Page, url: str, root: HtmlElement, frontier: Frontier) -> Page:
    """The page with its twin in Markdown, if it has one on its own site that can be had and is plain."""
    address = _absolute(twins.named(root) or frontier.twins.get(twins.shared_address(url), ""), url)
    text = _markdown(web, address) if address and same_site(address, url) else ""
    return replace(page, body=pack([(page.url, root)], text), media_type=PACKED) if twins.is_plain(text) else page


def _markdown(web: Web, url: str) -> str:
    """The text at `url`; "" where it cannot be had or is no text."""
    answer = _get(web, url)
    usable = isinstance(answer, Response) and answer.status == 200 and not answer.opt_out
    if not isinstance(answer, Response) or not usable or media_type(answer) not in twins.MEDIA_TYPES:
        return ""
    try:
        return html.decode(answer.body, answer.headers.get("content-type", ""))
    except html.Unreadable:
        return ""


def _links(root: HtmlElement, url: str) -> list[str]:
    """Where the page's links lead, in their order, each once."""
    base = _absolute(next(iter(root.xpath("//base/@href")), ""), url) or url
    found = dict.fromkeys(_absolute(href, base) for href in root.xpath("//a/@href")[: 10 * MOST_LINKS])
    return [link for link in found if link][:MOST_LINKS]


def _canonical(root: HtmlElement, url: str, frontier: Frontier) -> str:
    """The address that the page calls its own, if that lies below a prefix and is not the front page there.

    A translation that names the original is a page of its own all the same.
    """
    stated = _absolute(html.metadata(root, url).canonical, url)
    translations = {_absolute(href, url) for href in root.xpath("//link[@hreflang and @rel='alternate']/@href")}
    is_own = frontier.is_below(stated) and bare(stated) not in frontier.prefixes and not {stated, url} <= translations
    return stated if is_own else url


def _absolute(href: str, base: str) -> str:
    try:
        return without_session(normalise_url(href, base)) if href.strip() else ""
    except WebError:
        return ""
