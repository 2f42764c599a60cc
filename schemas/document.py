"""What a connector parses from a page: a thread, an article or an exchange, or a reject for what it cannot use.

All text is Markdown, with fenced code, lists and tables, and without navigation and signatures.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal


@dataclass(frozen=True, slots=True)
class Post:
    """One contribution to a thread. `post_id` and `reply_to` are ids within the thread.

    `edited_at` is the time of the last edit. It is None where there was none or the site does not say.
    """

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
    """A conversation. The first post is the question. `key` is stable and unique within the source."""

    key: str
    url: str
    title: str
    posts: tuple[Post, ...]
    tags: tuple[str, ...] = ()
    licence: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """One section of an article, without the text of its subsections.

    `path` holds the headings from the one below the article's title down to this section's own. It is empty for the
    lead, which comes before the first heading.
    """

    path: tuple[str, ...]
    markdown: str
    anchor: str = ""


@dataclass(frozen=True, slots=True)
class Article:
    """A tutorial page or a wiki article.

    `language` is the tag that the page declares (`zh-Hant`, `pt_BR`), which may be its template's and wrong.
    `steps` is filled where the page itself declares steps. `context` holds the titles above it, outermost first: the
    parent pages in a wiki, the category and the section in a help centre. `edited_at` is as in `Post`. Where a wiki
    tells only of its newest revision, `created_at` is the time of that revision too.
    """

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
    language: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """A message of a conversation. `role` is user, assistant, tool or system; `tool_calls` is JSON, "" for none."""

    role: str
    content: str
    reasoning: str = ""
    tool_calls: str = ""


@dataclass(frozen=True, slots=True)
class Exchange:
    """Ready-made instruction data. `history` holds earlier messages, oldest first.

    `system`, `tools`, `reasoning`, `tool_calls` and the end of `history` are as in schemas/record.py. An output that is
    nothing but calls is "". With a non-empty `rejected` it is a preference pair too.
    """

    key: str
    url: str
    instruction: str
    output: str
    input: str = ""
    history: tuple[Message, ...] = ()
    rejected: str = ""
    title: str = ""
    tags: tuple[str, ...] = ()
    author: str = ""
    created_at: datetime | None = None
    score: int | None = None
    licence: str = ""
    system: str = ""
    tools: str = ""
    reasoning: str = ""
    tool_calls: str = ""
    rejected_reasoning: str = ""


@dataclass(frozen=True, slots=True)
class Reject:
    """Something that could not be used.

    `reason` is a snake_case word from a finite set, and the manifest counts it. `detail` says more and never quotes
    personal data. `level` is `column` for columns of a set that were not read, which costs no document.
    """

    key: str
    reason: str
    detail: str = ""
    level: Literal["document", "column"] = "document"


Document = Thread | Article | Exchange
