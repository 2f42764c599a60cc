"""Reddit: threads from Pushshift's dumps, from saved listings, or over the JSON that the site serves.

rows.py       a dump or a listing → submissions and comments, as far as they are kept
joined.py     submissions and comments from anywhere in the files → threads, joined on disk
live.py       listings and threads through `web`
thread.py     a thread's rows → posts that people wrote
markdown.py   Reddit's Markdown → Markdown
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import Field, model_validator

from connectors.base import Kind, LocalPath, Settings, Web
from connectors.reading.local import files_at, ignored
from connectors.reddit.joined import joined
from connectors.reddit.live import live
from connectors.reddit.thread import thread
from pipelines.messages import Message
from schemas.document import Document, Reject
from schemas.page import Page

_SUFFIXES = (".zst", ".bz2", ".xz", ".gz", ".json", ".jsonl", ".ndjson", "")


class Reddit(Settings):
    """Reddit's threads: one page per submission, with its comments.

    `path` is a dump (Pushshift's RS_ submissions and RC_ comments, JSON Lines, compressed or not), a saved
    `/comments/<id>.json`, or a folder of either; comments find their submission wherever it is in these files.
    Without it the listings of `subreddits` at `url` are walked, and each thread whose number of comments has changed
    is fetched. The site's robots.txt has been closed to all since 2024, and it is obeyed: live, this is for those
    whom a site at `url` lets in. What bots and moderators say officially is left out, and what was deleted.
    """

    states_licence: ClassVar[bool] = False
    connector: Literal["reddit"] = "reddit"
    path: LocalPath | None = Field(None, description="A dump or saved thread, or a folder of them.")
    subreddits: tuple[str, ...] = Field((), description="Only these, whatever the case of their letters.")
    listing: Literal["new", "top"] = Field("new", description="Live: the newest, or the best of all time.")
    url: str = Field("https://www.reddit.com", pattern=r"^https?://", description="The site, for links too.")
    comment_threads: bool = Field(
        False, description="A comment that asks roots a thread where its submission is not in the dump."
    )

    @model_validator(mode="after")
    def _somewhere(self) -> "Reddit":
        if not self.path and not self.subreddits:
            raise ValueError(Message("set `path`, for dumps and saved threads, or `subreddits`, to walk them"))
        return self

    @property
    def kind(self) -> Kind:
        return "forum"

    def files(self) -> tuple[Path, ...]:
        return files_at(
            self.path, self.name, "path", lambda file: file.suffix in _SUFFIXES and not file.name.startswith(".")
        )

    def fetch(self, web: Web, cursor: str | None) -> Iterator[Page | Reject]:
        if self.path:
            found = joined(self.files(), frozenset(map(str.lower, self.subreddits)), self.comment_threads)
        else:
            found = live(web, self.url.rstrip("/"), self.subreddits, self.listing)
        for item in found:
            yield item if isinstance(item, Reject) else self._page(item)
        yield from ignored(self.path, self.files())

    def parse(self, page: Page) -> Iterator[Document | Reject]:
        yield from thread(page)

    def _page(self, rows: dict[str, Any]) -> Page:
        first = rows.get("submission") or rows["comments"][0]
        body = json.dumps(rows, ensure_ascii=False, sort_keys=True).encode("utf-8", "replace")
        url = f"{self.url.rstrip('/')}{first.get('permalink') or _address(first)}"
        return Page(self.name, first["id"], url, body, "application/json", licence=self.licence)


def _address(row: dict[str, Any]) -> str:
    submission = str(row.get("link_id") or row["id"]).removeprefix("t3_")
    return f"/comments/{submission}/" + (f"_/{row['id'].removeprefix('t1_')}/" if "link_id" in row else "")
