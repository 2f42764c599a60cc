"""Stack Exchange: question threads from a site's data dump, or over the API.

dump.py          the files of a dump → threads, joined on disk
api.py           the same over the API
thread.py        a thread → posts in Markdown
mathematics.py   what the Markdown writer must not touch
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from pydantic import Field

from connectors.base import Kind, LocalPath, Settings, Web
from connectors.reading.local import files_below, ignored
from connectors.stackexchange.api import live, total
from connectors.stackexchange.dump import ARCHIVE, FILES, joined
from connectors.stackexchange.thread import licence_of, thread
from pipelines.messages import Message
from schemas.document import Document, Reject
from schemas.page import Page

MEDIA_TYPE = "application/json"
# Since July 2024 the download wants a tick at such a sentence. The licence of the posts, CC BY-SA, says nothing of it.
OFFICIAL = Message(
    "the site gives this download for one's own use and for projects that train no large language model; "
    "ask it, or take the API or a dump of before July 2024"
)


class StackExchange(Settings):
    """A Stack Exchange site: one page per question, with its answers, comments and links.

    `path` is the site's data dump: its .7z archive, a folder of such archives (the largest site has one for each
    file), or the unpacked folder with Posts.xml; Users.xml (names), Comments.xml and PostLinks.xml are used where they
    are. Archives are read without unpacking them to disk; each XML file may also be compressed with bzip2, gzip, xz or
    Zstandard under the same name. Who downloads a dump from the site itself, the only way since July 2024, agrees to
    terms against training: say so with `obtained`, and you are warned. Without `path`, the API is asked, later for what
    changed since. A question that repeats another has the tag `[duplicate]`, one closed for other reasons `[closed]`.
    """

    connector: Literal["stackexchange"] = "stackexchange"
    path: LocalPath | None = Field(None, description="A .7z archive of the dump, or a folder of them or of its XML.")
    obtained: Literal["", "official-download", "archive"] = Field(
        "", description="Where the dump is from: the site's own download, or an archive of before July 2024."
    )
    site: str = Field(pattern=r"^[a-z0-9.-]+$", description="Host of the site, for links: cooking.stackexchange.com.")
    comments: bool = Field(False, description="Comments become posts that reply to what they stand under.")
    api: str = Field("https://api.stackexchange.com", pattern=r"^https?://", description="Where the API is.")
    key: str = Field("", description="Key of a registered application: 10,000 requests a day instead of 300.")
    filter: str = Field("", description="A filter of your own for the API; by default one is made.")

    @property
    def kind(self) -> Kind:
        return "forum"

    @property
    def agreed(self) -> str:
        return OFFICIAL if self.path and self.obtained == "official-download" else ""

    def files(self) -> tuple[Path, ...]:
        """The files of the dump that are there. Raises FileNotFoundError where there is no dump."""
        if self.path is None:
            return ()
        if self.path.is_file():
            return (self.path,)
        found = files_below(self.path, lambda file: file.parent == self.path)
        if self.path / "Posts.xml" in found:
            return tuple(self.path / name for name in FILES if self.path / name in found)
        archives = tuple(file for file in found if file.suffix == ARCHIVE)
        if not archives:
            raise FileNotFoundError(
                Message(
                    "source {source}: neither Posts.xml nor a {archive} archive in {path}; set `path` to a dump",
                    source=self.name,
                    archive=ARCHIVE,
                    path=self.path,
                )
            )
        return archives

    def expected(self, web: Web) -> int | None:
        return None if self.path else total(web, self.api.rstrip("/"), self.site, self.key)

    def fetch(self, web: Web, cursor: str | None) -> Iterator[Page | Reject]:
        asked = {"site": self.site, "key": self.key, "filter": self.filter}
        found = joined(self.files()) if self.path else live(web, self.api.rstrip("/"), asked, cursor or "")
        for item in found:
            yield item if isinstance(item, Reject) else self._page(item)
        yield from ignored(self.path, self.files())

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
