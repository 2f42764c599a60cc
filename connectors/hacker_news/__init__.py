"""Hacker News: stories with their comments, over the item API or from dumps of its items.

joined.py     items of dumps → threads, joined on disk
live.py       lists and items through `web`
thread.py     a thread's items → posts, with the site's HTML as Markdown
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import Field

from connectors.base import Kind, LocalPath, Settings, Web
from connectors.hacker_news.joined import joined
from connectors.hacker_news.live import live, stories
from connectors.hacker_news.thread import thread
from connectors.reading.local import files_at, ignored
from schemas.document import Document, Reject
from schemas.page import Page

_SUFFIXES = (".json", ".jsonl", ".ndjson", ".parquet", ".gz", ".zst", ".bz2", ".xz")


class HackerNews(Settings):
    """Hacker News: one page per story, with all its comments.

    `path` is a dump of items, or a folder of them: JSON Lines, a JSON array or Parquet, compressed or not, with the
    fields of the item API (id, type, by, time, text, parent, title, url, dead, deleted), which are those of the
    BigQuery exports too. Without it the stories of `lists` are fetched from `api`, an item at a time: each comment is a
    request. Votes on comments are not published, so that there is no score; job offers, and what by the site's
    custom presents something instead of asking (Show HN, Launch HN, Tell HN), are left out.
    """

    states_licence: ClassVar[bool] = False
    connector: Literal["hacker_news"] = "hacker_news"
    path: LocalPath | None = Field(None, description="A dump of items, or a folder of dumps.")
    api: str = Field("https://hacker-news.firebaseio.com", pattern=r"^https?://", description="Where /v0/ is.")
    lists: tuple[Literal["ask", "top", "new", "best"], ...] = Field(("ask",), description="Live: whose stories.")
    max_stories: int = Field(200, ge=1, description="Live: the most stories in one run.")

    @property
    def kind(self) -> Kind:
        return "forum"

    def files(self) -> tuple[Path, ...]:
        return files_at(self.path, self.name, "path", lambda file: file.suffix in _SUFFIXES)

    def expected(self, web: Web) -> int | None:
        """A page is a story; each of its comments is a request more."""
        found = None if self.path else stories(web, self.api.rstrip("/"), self.lists)
        return min(len(found), self.max_stories) if found else None

    def fetch(self, web: Web, cursor: str | None) -> Iterator[Page | Reject]:
        found = joined(self.files()) if self.path else live(web, self.api.rstrip("/"), self.lists, self.max_stories)
        for item in found:
            yield item if isinstance(item, Reject) else self._page(item)
        yield from ignored(self.path, self.files())

    def parse(self, page: Page) -> Iterator[Document | Reject]:
        yield from thread(page)

    def _page(self, items: list[dict[str, Any]]) -> Page:
        number = items[0]["id"]
        body = json.dumps({"items": items}, ensure_ascii=False, sort_keys=True).encode("utf-8", "replace")
        url = f"https://news.ycombinator.com/item?id={number}"
        return Page(self.name, str(number), url, body, "application/json", licence=self.licence)
