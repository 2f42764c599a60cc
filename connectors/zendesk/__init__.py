"""Zendesk: articles of a help centre and posts of its community, by its API or from saved JSON."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import Field

from connectors.base import Kind, LocalPath, Response, Settings, Web
from connectors.reading.local import files_at, ignored
from connectors.reading.spill import TooMany, spilled
from connectors.zendesk.api import articles, posts, stated
from connectors.zendesk.documents import parse_page
from connectors.zendesk.entries import NameIndex, article_page, post_page
from connectors.zendesk.saved import SavedObjects, saved_objects
from schemas.document import Document, Reject
from schemas.page import EPOCH, Page

ContentKind = Literal["articles", "posts"]


class Zendesk(Settings):
    """Articles of a Zendesk help centre in one language, and posts of its community with their comments.

    Live, what anyone may read at `url`; later only articles that were changed, and comments of posts that were. From
    `folder`: JSON files of that help centre, as the API answers or exports write them. Votes are the score, and an
    official comment is the accepted answer. Drafts and outdated translations are left out. Set `licence`: Zendesk
    states none.
    """

    states_licence: ClassVar[bool] = False
    connector: Literal["zendesk"] = "zendesk"
    url: str = Field(pattern=r"^https?://.+", description="Where the help centre is, such as https://support.example.")
    locale: str = Field("en-us", pattern=r"^[a-z]{2,3}(-[a-z0-9-]+)?$", description="Language of the articles.")
    parts: tuple[ContentKind, ...] = Field(("articles", "posts"), min_length=1, description="Only one of these.")
    folder: LocalPath | None = Field(None, description="Folder of saved JSON to read instead.")

    @property
    def kind(self) -> Kind:
        return "knowledge_base"

    def files(self) -> tuple[Path, ...]:
        return files_at(self.folder, self.name, "folder", lambda file: file.suffix == ".json")

    def expected(self, web: Web) -> int | None:
        told = [stated(web, self.url.rstrip("/"), self.locale, part) for part in self.parts]
        known = [number for number in told if number is not None]
        return sum(known) if known else None

    def fetch(self, web: Web, cursor: str | None) -> Iterator[Page | Reject]:
        """Articles, then posts."""
        return self._saved() if self.folder else self._live(web, cursor or "")

    def parse(self, page: Page) -> Iterator[Document | Reject]:
        yield from parse_page(page, self.licence)

    def _live(self, web: Web, cursor: str) -> Iterator[Page | Reject]:
        """What changes meanwhile may be listed twice."""
        seen: set[str] = set()
        with spilled(NameIndex.TABLES) as db:
            for item in self._listed(web, self.url.rstrip("/"), cursor, NameIndex(db)):
                if isinstance(item, Reject) or item.key not in seen:
                    yield item
                seen.add(item.key)

    def _listed(self, web: Web, base: str, cursor: str, names: NameIndex) -> Iterator[Page | Reject]:
        if "articles" in self.parts:
            for entry, answer in articles(web, base, self.locale, cursor, names):
                yield entry if isinstance(entry, Reject) else self._page(article_page(entry, names), answer)
        if "posts" in self.parts:
            for entry, comments, answer in posts(web, base, names):
                yield entry if isinstance(entry, Reject) else self._page(post_page(entry, comments, names), answer)

    def _saved(self) -> Iterator[Page | Reject]:
        with saved_objects() as saved:
            for path in self.files():
                yield from saved.read(path)
            yield from ignored(self.folder, self.files())
            saved.settle()
            yield from (Reject(key, "duplicate_id", "the latest one was kept") for key in saved.doubled())
            for entry in saved.entries("article") if "articles" in self.parts else ():
                wrong = entry.get("locale") not in (None, self.locale)
                found = Reject(f"a{entry['id']}", "other_locale") if wrong else article_page(entry, saved.names)
                yield self._page(found)
            if "posts" in self.parts:
                yield from self._saved_posts(saved)

    def _saved_posts(self, saved: SavedObjects) -> Iterator[Page | Reject]:
        for entry in saved.entries("post"):
            try:
                yield self._page(post_page(entry, saved.comments(entry["id"]), saved.names))
            except TooMany as error:
                yield Reject(f"p{entry['id']}", "too_large", str(error))
        for post, count in saved.left_over():
            on = f"p{post}" if post else "comments"
            yield Reject(on, "no_post", f"{count} comments on {'a post that is not here' if post else 'no post'}")

    def _page(self, found: dict[str, Any] | Reject, answer: Response | None = None) -> Page | Reject:
        if isinstance(found, Reject):
            return found
        stated = found["html_url"] if found["html_url"].startswith(("https://", "http://")) else ""
        route = f"hc/{self.locale}/articles" if found["type"] == "article" else "hc/community/posts"
        return Page(
            source=self.name,
            key=f"{found['type'][0]}{found['id']}",
            url=stated or f"{self.url.rstrip('/')}/{route}/{found['id']}",
            body=json.dumps(found, ensure_ascii=False, sort_keys=True).encode("utf-8", "replace"),
            media_type="application/json",
            licence=self.licence,
            fetched_at=answer.fetched_at if answer else EPOCH,
            robots=answer.robots if answer else "",
        )
