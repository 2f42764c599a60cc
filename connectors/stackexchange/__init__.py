"""Stack Exchange: question threads from a site's data dump."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from pydantic import Field

from connectors.base import Kind, LocalPath, Settings, Web
from connectors.stackexchange.dump import FILES, joined
from connectors.stackexchange.thread import licence_of, thread
from schemas.document import Document, Reject
from schemas.page import Page

MEDIA_TYPE = "application/json"


class StackExchange(Settings):
    """A Stack Exchange site's data dump: one page per question, with its answers, comments and links.

    `path` is the unpacked folder with Posts.xml; Users.xml (names), Comments.xml and PostLinks.xml are read
    where they are. Each file may also be compressed with bzip2, gzip or xz under the same name.
    """

    connector: Literal["stackexchange"] = "stackexchange"
    path: LocalPath = Field(description="Folder with Posts.xml.")
    site: str = Field(pattern=r"^[a-z0-9.-]+$", description="Host of the site, for links: cooking.stackexchange.com.")
    comments: bool = Field(False, description="Comments become posts that reply to what they stand under.")

    @property
    def kind(self) -> Kind:
        return "forum"

    def files(self) -> tuple[Path, ...]:
        """The files of the dump that are there. Raises FileNotFoundError without Posts.xml."""
        posts = self.path / "Posts.xml"
        if not posts.is_file():
            raise FileNotFoundError(f"source {self.name}: no {posts}; set `path` to the folder of an unpacked dump")
        return tuple(self.path / name for name in FILES if (self.path / name).is_file())

    def fetch(self, web: Web, cursor: str | None) -> Iterator[Page | Reject]:
        for item in joined(self.files()):
            yield item if isinstance(item, Reject) else self._page(item)

    def parse(self, page: Page) -> Iterator[Document | Reject]:
        yield from thread(page, self.comments)

    def _page(self, body: dict[str, object]) -> Page:
        question: dict[str, str] = body["question"]  # type: ignore[assignment]
        number = question["Id"]
        return Page(
            source=self.name,
            key=f"q{number}",
            url=f"https://{self.site}/questions/{number}",
            body=json.dumps(body, ensure_ascii=False, sort_keys=True).encode("utf-8", "replace"),
            media_type=MEDIA_TYPE,
            licence=licence_of(question) or self.licence,
        )
