"""A tutorial or documentation site: its pages below one address, each an article."""

from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Literal
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

import re2
from pydantic import Field, model_validator

from connectors import html
from connectors.base import Kind, LocalPath, Response, Settings, Web, WebError
from schemas.document import Article, Document, Reject
from schemas.page import Page

# Limits of a crawl, after Nutch and Heritrix: deeper paths and repeated segments are traps
MAX_DEPTH = 20
MAX_REPEATS = 2
MAX_LINKS = 500
GONE = (404, 410)
_HTML = ("text/html", "application/xhtml+xml", "")
_NOT_PAGES = re2.compile(
    r"(?i)\.(?:css|js|json|xml|rss|atom|txt|md|pdf|epub|zip|gz|bz2|xz|tgz|tar|exe|dmg|png|jpe?g|gif|svg|webp|ico|mp[34]|webm|ogg|woff2?|ttf|whl|deb|rpm)$"
)
_LOCATION = re2.compile(r"<loc>\s*(?:<!\[CDATA\[)?\s*([^<\]\s]+)")


class Website(Settings):
    """A tutorial or documentation site, read from the web or from a folder of saved pages.

    From the web: the sitemap's pages if `sitemap` is set, else those that links lead to from `start`, breadth
    first; either way only below `prefix`. From a `folder`: every HTML file in it, as if served at `base_url`.
    """

    connector: Literal["website"] = "website"
    start: str | tuple[str, ...] = Field((), description="Address of the first page, or several.")
    prefix: str = Field("", description="Only pages whose address begins so; by default the folder of the first page.")
    sitemap: str = Field("", description="Address of a sitemap or sitemap index to take pages from instead of links.")
    exclude: tuple[str, ...] = Field((), description="Regular expressions (RE2); a matching address is left out.")
    max_pages: int = Field(10_000, ge=1)
    folder: LocalPath | None = Field(None, description="Folder of saved pages to read instead of the web.")
    base_url: str = Field("", description="Address that `folder` was saved from.")

    @model_validator(mode="after")
    def _one_place(self) -> "Website":
        if bool(self.folder) == bool(self.start or self.sitemap):
            raise ValueError("set either `start` (or `sitemap`), for the web, or `folder`, for saved pages")
        if self.folder and not self.base_url:
            raise ValueError("`folder` needs `base_url`: the address that its pages were saved from")
        return self

    @property
    def kind(self) -> Kind:
        return "tutorial"

    def files(self) -> tuple[Path, ...]:
        if self.folder is None:
            return ()
        return tuple(
            sorted(path for path in self.folder.rglob("*") if path.suffix.lower() in (".html", ".htm", ".xhtml"))
        )

    def fetch(self, web: Web, cursor: str | None) -> Iterator[Page | Reject]:
        return self._saved() if self.folder else self._crawl(web)

    def parse(self, page: Page) -> Iterator[Document | Reject]:
        yield article(page, self.licence)

    def _saved(self) -> Iterator[Page | Reject]:
        assert self.folder
        for path in self.files()[: self.max_pages]:
            key = path.relative_to(self.folder).as_posix()
            yield Page(self.name, key, urljoin(self.base_url, key), path.read_bytes(), licence=self.licence)

    def _crawl(self, web: Web) -> Iterator[Page | Reject]:
        prefix = self._prefix()
        queue = deque([(self.sitemap, True)] if self.sitemap else [(url, False) for url in self._starts()])
        seen = {url for url, _ in queue}
        keys: set[str] = set()
        while queue and len(keys) < self.max_pages:
            url, is_sitemap = queue.popleft()
            answer = _get(web, url)
            if isinstance(answer, Reject):
                yield answer
                continue
            found = _sitemap(answer) if is_sitemap else []
            page = None if is_sitemap else self._page(answer, url, prefix)
            if isinstance(page, Reject):
                yield page
            elif page and page.key not in keys:
                keys.add(page.key)
                yield page
                found = [] if self.sitemap else [(link, False) for link in _links(page)]
            for link, nested in found:
                if link not in seen and (nested or self._wanted(link, prefix)):
                    seen.add(link)
                    queue.append((link, nested))

    def _starts(self) -> tuple[str, ...]:
        given = (self.start,) if isinstance(self.start, str) else self.start
        return tuple(normalise_url(url) for url in given)

    def _prefix(self) -> str:
        return self.prefix or urljoin((self._starts() or (self.sitemap,))[0], ".")

    def _wanted(self, url: str, prefix: str) -> bool:
        path = urlsplit(url).path
        segments = [part for part in path.split("/") if part]
        trap = len(segments) > MAX_DEPTH or any(segments.count(part) > MAX_REPEATS for part in segments)
        excluded = any(re2.search(pattern, url) for pattern in self.exclude)
        return url.startswith(prefix) and not trap and not excluded and not _NOT_PAGES.search(path)

    def _page(self, answer: Response, url: str, prefix: str) -> Page | Reject | None:
        """The page of an answer; None where it is no HTML or lies, after redirects, elsewhere."""
        place = normalise_url(answer.url or url)
        if answer.status in GONE:
            return self._make(answer, url, prefix, b"")
        if answer.status != 200:
            return Reject(url, "http_status", str(answer.status))
        if not place.startswith(prefix) or _media_type(answer) not in _HTML:
            return None
        return self._make(answer, _canonical(answer, place, prefix), prefix, answer.body)

    def _make(self, answer: Response, url: str, prefix: str, body: bytes) -> Page:
        header = answer.headers.get("content-type", "")
        return Page(
            source=self.name,
            key=_key(url, prefix),
            url=url,
            body=b"" if answer.opt_out else body,
            media_type=header if "charset" in header.lower() else _media_type(answer) or "text/html",
            status=answer.status,
            licence=self.licence,
            fetched_at=answer.fetched_at,
            robots=answer.robots,
            opt_out=answer.opt_out,
            etag=answer.headers.get("etag", ""),
            last_modified=answer.headers.get("last-modified", ""),
        )


def _get(web: Web, url: str) -> Response | Reject:
    try:
        return web.get(url)
    except WebError as error:
        return Reject(url, error.reason, error.detail)


def _media_type(answer: Response) -> str:
    stated = answer.media_type or answer.headers.get("content-type", "")
    return stated.partition(";")[0].strip().lower()


def _sitemap(answer: Response) -> list[tuple[str, bool]]:
    """Addresses in a sitemap; those of an index are sitemaps themselves."""
    text = answer.body.decode("utf-8", "replace")
    nested = "<sitemapindex" in text
    return [
        (found.replace("&amp;", "&") if nested else normalise_url(found.replace("&amp;", "&")), nested)
        for found in _LOCATION.findall(text)
    ]


def _links(page: Page) -> list[str]:
    try:
        root = html.parse(html.decode(page.body, page.media_type))
    except html.Unreadable:
        return []
    base = next(iter(root.xpath("//base/@href")), "")
    found: dict[str, None] = {}
    for href in root.xpath("//a/@href")[: 10 * MAX_LINKS]:
        link = _joined(urljoin(page.url, base), href)
        if link:
            found[link] = None
    return list(found)[:MAX_LINKS]


def _joined(base: str, href: str) -> str:
    try:
        return normalise_url(urljoin(base, href.strip()))
    except ValueError:
        return ""


def normalise_url(url: str) -> str:
    """The address without its fragment, with host and scheme in lower case and no default port."""
    parts = urlsplit(urldefrag(url)[0])
    host = (parts.hostname or "").lower()
    port = parts.port if parts.port not in (None, {"http": 80, "https": 443}.get(parts.scheme)) else None
    place = f"[{host}]" if ":" in host else host
    return parts._replace(
        scheme=parts.scheme.lower(), netloc=f"{place}:{port}" if port else place, path=parts.path or "/"
    ).geturl()


def _canonical(answer: Response, url: str, prefix: str) -> str:
    """The address that the page calls its own, if that lies below the prefix."""
    try:
        root = html.parse(html.decode(answer.body, answer.headers.get("content-type", "")))
    except html.Unreadable:
        return url
    stated = _joined(url, html.metadata(root, url).canonical)
    return stated if stated.startswith(prefix) and stated != prefix else url


def _key(url: str, prefix: str) -> str:
    below = url[len(prefix) :] if url.startswith(prefix) else url
    return unquote(below) or "index"


def article(page: Page, licence: str = "") -> Article | Reject:
    """The page as an article; any page can call it, whatever fetched it."""
    if page.opt_out:
        return Reject(page.key, "opt_out", page.opt_out)
    if page.media_type.partition(";")[0].strip().lower() not in _HTML:
        return Reject(page.key, "not_html", page.media_type)
    try:
        root = html.parse(html.decode(page.body, page.media_type))
    except html.Unreadable as error:
        return Reject(page.key, error.reason, error.detail)
    about = html.metadata(root, page.url)
    if about.opt_out:
        return Reject(page.key, "opt_out", about.opt_out)
    content = html.main_content(root)
    if content is None:
        return Reject(page.key, "no_main_content")
    found = html.sections(content, about.title, page.url)
    if sum(len(section.markdown) for section in found) < 80:
        return Reject(page.key, "too_short")
    return Article(
        key=page.key,
        url=page.url,
        title=about.title or page.key,
        sections=found,
        steps=html.steps(html.linked_data(root)),
        author=about.author,
        created_at=about.published,
        licence=about.licence or page.licence or licence,
    )
