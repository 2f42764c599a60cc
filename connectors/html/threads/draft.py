"""A post that has been found and not yet written down, and the readings of a page that such posts make up."""

from collections.abc import Callable
from dataclasses import dataclass

from lxml.html import HtmlElement

from connectors.html.threads.block import Block


@dataclass(frozen=True, slots=True)
class Draft:
    """One post. `place` is the element around it, with author and time; `body` holds its words, `letters` of them.
    Both are None where the words are in a script. `read` writes it down as Markdown, which takes time. `asks` where
    the page says that the post opens the thread; `since`: the place of the page at which who wrote it or when is said,
    where that is before `place`, else -1."""

    place: HtmlElement | None
    body: HtmlElement | None
    letters: float
    author: str
    time: str
    read: Callable[[], Block]
    asks: bool = False
    since: int = -1


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to understand a page: its posts in order. `kind` is declared, profile, blocks, bodies, between, or
    nameless for blocks that have no author in them."""

    kind: str
    drafts: tuple[Draft, ...]
