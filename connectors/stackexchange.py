"""A Stack Exchange data dump."""

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from connectors.base import Kind, Settings, Web
from schemas.document import Document, Reject
from schemas.page import Page


class StackExchange(Settings):
    """A Stack Exchange data dump."""

    connector: Literal["stackexchange"] = "stackexchange"

    @property
    def kind(self) -> Kind:
        return "forum"

    def files(self) -> tuple[Path, ...]:
        return ()

    def fetch(self, web: Web, cursor: str | None) -> Iterator[Page | Reject]:
        yield from ()

    def parse(self, page: Page) -> Iterator[Document | Reject]:
        yield Reject(page.key, "not_written_yet")
