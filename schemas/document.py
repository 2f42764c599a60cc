"""What a connector finds in a page: a thread, an article, a ready-made exchange, or nothing it can use.

Text is Markdown everywhere: fenced code, lists and tables kept, navigation and signatures gone.
"""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Post:
    """One contribution to a thread. `post_id` and `reply_to` are ids within the thread. `edited_at` is when the text
    was last changed; None where it was not, or nobody says."""

    post_id: str
    markdown: str
    author: str = ""
    created_at: datetime | None = None
    score: int | None = None
    accepted: bool = False
    reply_to: str = ""
    url: str = ""
    licence: str = ""
    edited_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Thread:
    """A conversation; the first post asks. `key` is unique within the page's source and stable."""

    key: str
    url: str
    title: str
    posts: tuple[Post, ...]
    tags: tuple[str, ...] = ()
    licence: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """One section of an article, without the text of its subsections.

    `path` holds the headings from below the article's title down to this section's own;
    the lead before the first heading has an empty path.
    """

    path: tuple[str, ...]
    markdown: str
    anchor: str = ""


@dataclass(frozen=True, slots=True)
class Article:
    """A tutorial page or a wiki article. `steps` is filled where the page itself declares steps; `context` is what it
    stands under, outermost first: the pages above it in a wiki, the category and the section in a help centre.
    `edited_at` is that of a `Post`; a wiki that tells only of its newest revision has its time as `created_at` too."""

    key: str
    url: str
    title: str
    sections: tuple[Section, ...]
    steps: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    author: str = ""
    created_at: datetime | None = None
    licence: str = ""
    context: tuple[str, ...] = ()
    edited_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Exchange:
    """Ready-made instruction data. `history` holds earlier (user, assistant) turns;
    a non-empty `rejected` makes it a preference too."""

    key: str
    url: str
    instruction: str
    output: str
    input: str = ""
    history: tuple[tuple[str, str], ...] = ()
    rejected: str = ""
    title: str = ""
    tags: tuple[str, ...] = ()
    author: str = ""
    created_at: datetime | None = None
    score: int | None = None
    licence: str = ""


@dataclass(frozen=True, slots=True)
class Reject:
    """Something that could not be used. `reason` is a snake_case word from a finite set, counted in
    the manifest; `detail` says more and never quotes personal data."""

    key: str
    reason: str
    detail: str = ""


Document = Thread | Article | Exchange
