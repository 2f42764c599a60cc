"""A MediaWiki, by API or dump."""

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from connectors.base import Kind, Settings, Web
from schemas.document import Document, Reject
from schemas.page import Page


class MediaWiki(Settings):
    """A MediaWiki, by API or dump."""

    connector: Literal["mediawiki"] = "mediawiki"

    @property
    def kind(self) -> Kind:
        return "knowledge_base"

    def files(self) -> tuple[Path, ...]:
        return ()

    def fetch(self, web: Web, cursor: str | None) -> Iterator[Page | Reject]:
        yield from ()

    def parse(self, page: Page) -> Iterator[Document | Reject]:
        yield Reject(page.key, "not_written_yet")
