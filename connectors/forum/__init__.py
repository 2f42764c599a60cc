"""Forums of any make: threads from boards on the web, or from a folder of saved pages.

`crawl` walks boards and threads. `html.threads` reads a thread's posts: of what the page declares, what the engine's
selectors find and what repeats, it takes the reading that is most like a thread.
"""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import ClassVar, Literal

import re2
from lxml.html import HtmlElement
from pydantic import Field, model_validator

from connectors import html
from connectors.base import Address, Kind, LocalPath, Settings, Web
from connectors.forum.crawl import Crawl, pack
from connectors.forum.listing import next_page
from connectors.html.threads import address
from connectors.html.threads.recognised import recognise
from connectors.html.threads.thread import read_thread
from connectors.reading import packed
from connectors.reading.local import files_at, ignored, is_named, without_packing
from connectors.web.url import bare
from pipelines.messages import Message
from schemas.document import Document, Reject
from schemas.page import Page

_SAVED = (".html", ".htm", ".xhtml", ".php")


class Forum(Settings):
    """A forum or a site of questions and answers of any engine, from the web or from a folder of saved thread pages.

    Many engines are known (`html/threads/engines.toml`); posts of those never seen are found by what repeats.

    From the web: every thread on the boards at `start`, with all its pages; `start` may name threads too. Later runs
    ask only for threads in which the board shows new posts, where it shows that. Pages of one thread in a `folder`
    are joined when they name their address (`<link rel="canonical">`). A next page that is announced and cannot be had
    is a reject.
    """

    states_licence: ClassVar[bool] = False
    connector: Literal["forum"] = "forum"
    start: Address | tuple[Address, ...] = Field((), description="Address of a board or a thread, or several.")
    threads: str = Field("", description="Regular expression (RE2) that the addresses of threads match, where unusual.")
    max_threads: int = Field(100_000, ge=1, description="The most threads that are read.")
    render: bool = Field(False, description="Run pages whose text comes from scripts in Chromium (extra `render`).")
    folder: LocalPath | None = Field(None, description="Folder of saved thread pages to read instead of the web.")
    base_url: str = Field("", pattern=r"^(https?://.+)?$", description="Address that `folder` was saved from.")

    @model_validator(mode="after")
    def _one_place(self) -> "Forum":
        if bool(self.folder) == bool(self.start):
            raise ValueError(Message("set either `start`, for the web, or `folder`, for saved pages"))
        if self.folder and not self.base_url:
            raise ValueError(Message("`folder` needs `base_url`: the address that its pages were saved from"))
        try:
            re2.compile(self.threads)
        except re2.error as error:
            raise ValueError(
                Message("`threads`: {threads!r} is no RE2 pattern: {error}", threads=self.threads, error=error)
            ) from error
        return self

    @property
    def kind(self) -> Kind:
        return "forum"

    def files(self) -> tuple[Path, ...]:
        return files_at(self.folder, self.name, "folder", lambda file: is_named(file, _SAVED))

    def fetch(self, web: Web, cursor: str | None) -> Iterator[Page | Reject]:
        if self.folder:
            return self._saved()
        starts = (self.start,) if isinstance(self.start, str) else self.start
        since = datetime.fromisoformat(cursor) if cursor else None
        crawl = Crawl(web, self.name, self.licence, self.threads, self.max_threads, since, render=self.render)
        return crawl.walk(starts)

    def parse(self, page: Page) -> Iterator[Document | Reject]:
        yield from read_thread(page, self.licence)

    def _saved(self) -> Iterator[Page | Reject]:
        """One page per thread; a thread's files in the order of their page numbers."""
        yield from ignored(self.folder, self.files())
        threads: dict[str, list[tuple[int, str, Path]]] = {}
        for path in self.files():
            url = self._address(path)
            if isinstance(url, Reject):
                yield url
            else:
                threads.setdefault(address.same(url), []).append((address.position(url), url, path))
        found = list(threads.values())
        for files in found[: self.max_threads]:
            pages = [(url, _opened(path)) for _, url, path in sorted(files)]
            missing = _missing(pages)
            url = address.whole(pages[0][0])
            yield Page(self.name, address.key(url), url, pack(pages), "application/json", licence=self.licence)
            yield from missing
        if left := found[self.max_threads :]:
            told = f"{len(left)} threads are left; `max_threads` sets how many are read"
            yield Reject(left[0][0][1], "max_threads", told)

    def _address(self, path: Path) -> str | Reject:
        assert self.folder
        name = without_packing(path.relative_to(self.folder).as_posix())
        own = address.absolute(address.joined(self.base_url, name), self.base_url)
        try:
            stated = html.metadata(_opened(path), own).canonical
        except html.Unreadable as error:
            return Reject(name, error.reason, error.detail)
        return address.absolute(stated, own) or own


def _opened(path: Path) -> HtmlElement:
    """The tree of a saved page. Raises html.Unreadable."""
    body = packed.content(path, html.tree.MAX_TEXT + 1)
    if body is None:
        raise html.Unreadable("broken_archive", "it is cut or broken")
    return html.parse(html.decode(body))


def _missing(pages: list[tuple[str, HtmlElement]]) -> list[Reject]:
    """The pages of a thread that those at hand announce, and that are not among them."""
    saved = {bare(url) for url, _ in pages}
    following = [(url, next_page(root, url, recognise(root))) for url, root in pages]
    return [
        Reject(to, "missing_page", f"it goes on from {url}, and was not saved")
        for url, to in following
        if to and bare(to) not in saved
    ]
