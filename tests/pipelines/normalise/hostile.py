"""A connector whose pages say what they do to the worker that parses them."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from connectors.base import Kind, Settings, Web
from schemas.document import Article, Document, Exchange, Post, Reject, Section, Thread
from schemas.page import Page


class Hostile(Settings):
    connector: Literal["hostile"] = "hostile"
    folder: Path = Path("/nowhere")

    @property
    def kind(self) -> Kind:
        return "forum"

    def files(self) -> tuple[Path, ...]:
        return ()

    def fetch(self, web: Web, cursor: str | None) -> Iterator[Page | Reject]:
        yield from ()

    def parse(self, page: Page) -> Iterator[Document | Reject]:
        said = page.body.decode("utf-8", "surrogatepass")
        if said == "hang":
            while True:
                pass
        elif said == "crash":
            os.kill(os.getpid(), 9)
        elif said == "eat":
            _ = bytearray(4 << 30)
        elif said == "raise":
            raise ValueError("a secret of the page")
        elif said == "nothing":
            return
        elif said == "reject":
            yield Reject(page.key, "not_an_article", "a test")
        else:
            yield from documents(page.key, said)


def documents(key: str, said: str) -> Iterator[Document]:
    yield Thread(
        key,
        f"http://forum.test/{key}",
        f"How do I boil {said}?",
        (
            Post("1", f"I have {said}.", "ann"),
            Post("2", f"Put {said} into boiling water.", "bob", score=5, accepted=True),
            Post("3", f"Do not boil {said}.", "eve", score=0),
        ),
    )
    yield Article(f"{key}/wiki", "", said, (Section((), f"All about {said}."), Section(("See also",), "Nothing.")))
    yield Exchange(f"{key}/ready", "", f"Name {said}.", said)
    yield Exchange(f"{key}/empty", "", "Say nothing.", "")
