"""MediaWiki: articles of a wiki, by its API or from an XML dump."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

from connectors.base import Kind, LocalPath, Settings, Web
from connectors.mediawiki.api import articles, from_api
from connectors.mediawiki.article import article, wikitext_of
from connectors.mediawiki.dump import from_dump
from connectors.mediawiki.revision import Revision
from connectors.mediawiki.talk import is_talk, threads
from pipelines.messages import Message
from schemas.document import Document, Reject
from schemas.page import Page

MEDIA_TYPE = "application/json"


class MediaWiki(Settings):
    """Articles and discussions of a MediaWiki, one page each: its newest revision in wikitext.

    Set either `api`, the address of a live wiki's api.php, or `dump`, a file of `<page>` elements as Special:Export
    and the Wikimedia dumps write them: plain, bzip2 (also multistream), gzip or xz. A live wiki states its licence;
    for a dump set `licence`. Of pages for talk each section is a thread: those in `namespaces` of odd numbers, and
    others that are signed like them, as a help desk is.
    """

    connector: Literal["mediawiki"] = "mediawiki"
    api: str = Field("", pattern=r"^(https?://.+)?$", description="Address of api.php.")
    dump: LocalPath | None = Field(None, description="An XML dump.")
    namespaces: tuple[int, ...] = Field(
        (0,), min_length=1, description="Numbers of the namespaces to read; 0: articles, 1: their talk pages."
    )

    @property
    def kind(self) -> Kind:
        return "knowledge_base"

    @property
    def states_licence(self) -> bool:
        return bool(self.api)

    @model_validator(mode="after")
    def _one_of(self) -> Self:
        if bool(self.api) == bool(self.dump):
            raise ValueError(Message("set one of `api` and `dump`"))
        return self

    def files(self) -> tuple[Path, ...]:
        """Raises FileNotFoundError when the dump is not there."""
        if self.dump and not self.dump.is_file():
            raise FileNotFoundError(
                Message(
                    "source {source}: no {dump}; set `dump` to an XML dump of a wiki", source=self.name, dump=self.dump
                )
            )
        return (self.dump,) if self.dump else ()

    def expected(self, web: Web) -> int | None:
        return articles(web, self.api) if self.namespaces == (0,) else None

    def fetch(self, web: Web, cursor: str | None) -> Iterator[Page | Reject]:
        """Dumps in their order, live wikis by namespace and title."""
        found = (
            from_dump(self.files()[0], self.namespaces)
            if self.dump
            else from_api(web, self.api, self.namespaces, cursor)
        )
        for item in found:
            yield item if isinstance(item, Reject) else self._page(item)

    def parse(self, page: Page) -> Iterator[Document | Reject]:
        body = wikitext_of(page)
        if not isinstance(body, Reject) and is_talk(body):
            yield from threads(page, body)
        else:
            yield from article(page)

    def _page(self, revision: Revision) -> Page:
        return Page(
            source=self.name,
            key=revision.key,
            url=revision.url,
            body=json.dumps(revision.body, ensure_ascii=False, sort_keys=True).encode("utf-8", "replace"),
            media_type=MEDIA_TYPE,
            status=revision.status,
            licence=revision.licence or self.licence,
            fetched_at=revision.fetched_at,
            robots=revision.robots,
        )
