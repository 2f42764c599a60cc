"""A connector of the web for tests: `/list` names threads, and each is a JSON list of [author, text]."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from connectors.base import Kind, Settings, Web, WebError
from schemas.document import Document, Post, Reject, Thread
from schemas.page import Page


class Board(Settings):
    connector: Literal["board"] = "board"
    url: str

    @property
    def kind(self) -> Kind:
        return "forum"

    def files(self) -> tuple[Path, ...]:
        return ()

    def fetch(self, web: Web, cursor: str | None) -> Iterator[Page | Reject]:
        for name in json.loads(web.get(f"{self.url}/list").body):
            url = f"{self.url}/t/{name}"
            try:
                yield Page(self.name, name, url, web.get(url).body, licence="MIT")
            except WebError as error:
                yield Reject(url, error.reason)

    def parse(self, page: Page) -> Iterator[Document | Reject]:
        told = json.loads(page.body)
        posts = [Post(str(at), text, author=author, score=1) for at, (author, text) in enumerate(told)]
        yield Thread(page.key, page.url, "How do I mend it?", tuple(posts))
