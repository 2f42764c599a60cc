"""Walking a forum over the web: boards page by page, and every thread on them with all its pages."""

import json
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

import re2
from lxml import etree
from lxml.html import HtmlElement

from connectors import html
from connectors.base import Response, Web, WebError
from connectors.forum.listing import Listed, engine, next_page, topics
from connectors.html.threads import address
from connectors.html.threads.dates import LONGEST, read_time
from connectors.html.threads.posts import read_posts, read_repeated
from connectors.html.threads.recognised import recognise
from connectors.web.rendered import filled
from connectors.web.url import bare
from schemas.document import Reject
from schemas.page import GONE_STATUSES, Page

MOST_PAGES = 2_000  # of one thread or board
_ZONES = timedelta(days=1)  # boards show times of a zone that they do not name
_INVISIBLE = "//script[not(contains(@type, 'json'))] | //style | //svg | //iframe | //input | //link[@rel='stylesheet']"
_TIMED = "//time[@datetime][not(*)] | //*[@title][not(*)][string-length() < 40]"


@dataclass
class Crawl:
    """One walk. `pattern` matches addresses of threads, where the user has said how they look. Threads of the host
    `home` have keys without it; those of others, whose numbers may be the same, keys with it."""

    web: Web
    source: str
    licence: str
    pattern: str
    most: int
    since: datetime | None
    home: str = ""
    seen: set[str] = field(default_factory=set)
    left: str = ""  # the first address that `most` has left out
    render: bool = False  # whether a browser runs pages on which scripts put boards or posts

    def walk(self, starts: tuple[str, ...]) -> Iterator[Page | Reject]:
        """Every thread at `starts`, boards or threads, each once. Pages; a Reject for what cannot be had or used."""
        self.home = _host(starts[0])
        for start in starts:
            got = self._get(start)
            if isinstance(got, Reject):
                yield got
            elif not got.opt_out and got.status == 200 and not self._is_thread(got):
                yield from self._board(got)
            else:
                yield from self._once(Listed(address.whole(start)))
        if self.left:
            yield Reject(self.left, "max_threads", f"{len(self.seen)} threads are read, more are left from here on")

    def _board(self, answer: Response) -> Iterator[Page | Reject]:
        pages = {answer.url}
        waiting = deque([answer])
        while waiting:
            board = waiting.popleft()
            root = _readable(board)
            if isinstance(root, Reject):
                yield root
                return
            listed = topics(root, board.url, self.pattern)
            if not listed and (len(pages) == 1 or not self.pattern):
                yield _without_threads(board)
            self.web.expect(len(self.seen | {self._key(thread.url).lower() for thread in listed}))
            for thread in listed:
                yield from self._once(thread)
            further = next_page(root, board.url, engine(root))
            if self._is_old(listed) or further in pages:
                return
            if self._full():
                self.left = self.left or further
                return
            if not further or len(pages) >= MOST_PAGES:
                yield from _left_over(root, board.url, further)
                return
            pages.add(further)
            got = self._get(further)
            if isinstance(got, Reject):
                yield got
            else:
                waiting.append(got)

    def _once(self, thread: Listed) -> Iterator[Page | Reject]:
        key = self._key(thread.url).lower()
        if key not in self.seen and self._full():
            self.left = self.left or thread.url
        elif key not in self.seen:
            self.seen.add(key)
            yield from self._thread(thread)

    def _key(self, url: str) -> str:
        """Of a thread: the same for http and https, with `www.` and without."""
        host = _host(url)
        return address.key(url) if host == self.home else f"{host}/{address.key(url)}"

    def _thread(self, thread: Listed) -> Iterator[Page | Reject]:
        """All pages of a thread, or none: a thread that breaks off would be taken for the whole."""
        saved: list[tuple[str, HtmlElement]] = []
        visited: set[str] = set()
        url, first = thread.url, None
        while url and url not in visited and len(visited) < MOST_PAGES:
            visited.add(url)
            answer = self._get(url, thread.version)
            if isinstance(answer, Reject):
                yield Reject(self._key(thread.url), answer.reason, f"page {len(visited)}: {answer.detail}")
                return
            first = first or answer
            if answer.opt_out or answer.status != 200:
                yield self._without_text(thread.url, answer)
                return
            root = _parsed(answer)
            if isinstance(root, Reject):
                yield Reject(self._key(thread.url), root.reason, root.detail)
                return
            saved.append((answer.url, root))
            url = next_page(root, answer.url, recognise(root))
        assert first
        place, last = saved[-1]
        left = list(_left_over(last, place, "" if url in visited else url))  # `pack` changes the tree
        yield self._page(thread.url, first, pack(saved))
        yield from left

    def _without_text(self, url: str, answer: Response) -> Page | Reject:
        if answer.opt_out or answer.status in GONE_STATUSES:
            return self._page(url, answer, b"")
        return Reject(self._key(url), f"http_{answer.status}")

    def _page(self, url: str, answer: Response, body: bytes) -> Page:
        return Page(
            source=self.source,
            key=self._key(url),
            url=url,
            body=body,
            media_type="application/json",
            status=answer.status,
            licence=self.licence,
            fetched_at=answer.fetched_at,
            robots=answer.robots,
            opt_out=answer.opt_out,
            etag=answer.headers.get("etag", ""),
            last_modified=answer.headers.get("last-modified", ""),
        )

    def _get(self, url: str, version: str = "") -> Response | Reject:
        try:
            answer = self.web.get(url, version=version)
            return filled(self.web, answer, partial(self._is_unfilled, answer.url)) if self.render else answer
        except WebError as error:
            return Reject(url, error.reason, error.detail)

    def _is_unfilled(self, url: str, text: str) -> bool:
        """Whether a page shows neither posts nor threads, and scripts may put them there. Raises html.Unreadable."""
        root = html.parse(text)
        known = self.pattern or engine(root)
        if read_posts(root, url) or (known and topics(root, url, self.pattern)):
            return False
        return html.is_unfilled(text) or (not topics(root, url, self.pattern) and bool(root.xpath("//script")))

    def _is_thread(self, answer: Response) -> bool:
        if self.pattern:
            return bool(re2.search(self.pattern, answer.url))
        root = _parsed(answer)
        if isinstance(root, Reject) or recognise(root):
            return True
        unknown = engine(root) is None and address.THREAD_LIKE.search(answer.url)
        return bool(unknown) and bool(read_repeated(root, answer.url))

    def _is_old(self, listed: list[Listed]) -> bool:
        """Whether nothing on this page of a board has happened since the last run; boards go by latest activity."""
        if not self.since or not listed:
            return False
        return all(each.active and each.active < self.since - _ZONES for each in listed)

    def _full(self) -> bool:
        return len(self.seen) >= self.most


def pack(pages: list[tuple[str, HtmlElement]]) -> bytes:
    """The body of a page: a thread's pages with their addresses."""
    return json.dumps([{"url": url, "html": _stable_html(root)} for url, root in pages], ensure_ascii=False).encode()


def _stable_html(root: HtmlElement) -> str:
    """The page without what no reader sees and every look changes: scripts, tokens in forms. "2 minutes ago" becomes
    the time that stands beside it."""
    for part in root.xpath(_INVISIBLE):
        if part.getparent() is not None:
            part.drop_tree()
    for part in root.xpath(_TIMED):
        stated = part.get("datetime") or part.get("title") or ""
        if len(stated) < LONGEST and read_time(stated) and not read_time(part.text or ""):
            part.text = stated
    return str(etree.tostring(root, encoding="unicode", method="html"))


def _parsed(answer: Response) -> HtmlElement | Reject:
    try:
        return html.parse(html.decode(answer.body, answer.headers.get("content-type", "")))
    except html.Unreadable as error:
        return Reject(answer.url, error.reason, error.detail)


def _readable(board: Response) -> HtmlElement | Reject:
    """The tree of one page of a board, or why it cannot be read."""
    if board.opt_out or board.status != 200:
        return Reject(board.url, "opt_out" if board.opt_out else f"http_{board.status}", board.opt_out)
    return _parsed(board)


def _without_threads(board: Response) -> Reject:
    reason, detail = html.refused(html.decode(board.body, board.headers.get("content-type", "")))
    if reason in ("", "no_main_content", "too_short"):
        return Reject(board.url, "no_threads", "neither posts nor links to threads")
    return Reject(board.url, reason, detail)


def _left_over(root: HtmlElement, url: str, further: str) -> Iterator[Reject]:
    """What the last page that was read of a thread or board announces, and nobody has fetched."""
    said = "" if further else html.unreachable_next(root, url)
    if further:
        yield Reject(further, "most_pages", f"{MOST_PAGES} pages of {address.whole(url)} were read; this is the next")
    elif said:
        yield Reject(url, "unreachable_next_page", f"{said!r} is not a link: only a script would fetch it")


def _host(url: str) -> str:
    return bare(address.absolute(url, "") or url).partition("/")[0]
