"""Strips pages of what is in the suppression list.

A page is bytes as the site sent them, and a single post cannot be cut out of the bytes of every site. So the bytes of
such a page are discarded. The page is stored as the documents that were parsed from it, without the posts, sections
and exchanges in the list.
"""

import html
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any

import re2
from pydantic import TypeAdapter

from connectors.base import Connector
from pipelines.suppression import Tombstones, normalise_name
from pipelines.workers.pool import isolated
from schemas.document import Article, Document, Exchange, Post, Reject, Section, Thread
from schemas.page import GONE_STATUSES, Page

MEDIA_TYPE = "application/vnd.gristmill.documents+json"
REASON = "forgotten"
DEADLINE, MEMORY = 5.0, 1 << 29  # seconds of work; bytes beyond what is imported, which takes as much again
_KINDS: dict[str, TypeAdapter[Document | Reject]] = {
    kind.__name__: TypeAdapter(kind) for kind in (Thread, Article, Exchange, Reject)
}
ROLES = ("user", "assistant")
_QUOTED = re2.compile(r"^\s{0,3}>[>\s]*")
_WORDS = re2.compile(r"[\pL\pN]+")
_SHORT = re2.compile(r"=\s*[\"']([^\"'<>]{1,80})[\"']|>([^<>]{1,80})<")
MIN_NAME_LETTERS = 5  # a shorter name may be a word of the language as well
MAX_NAME_LETTERS = 80


@dataclass(frozen=True)
class StripResult:
    """`item` is what is left of a page or reject: None for nothing, the item itself where nothing had to go."""

    item: Page | Reject | None
    changed: bool


def parse(connector: Connector, page: Page) -> Iterator[Document | Reject]:
    """The documents of a page, which may be stored as bytes of the site or as documents."""
    return _deserialise(page) if page.media_type == MEDIA_TYPE else connector.parse(page)


def strip_page(connector: Connector, page: Page, tombstones: Tombstones) -> StripResult:
    """Parse the page, and remove what is in the list."""
    before = tuple(parse(connector, page))
    after = tuple(strip_document(document, page, tombstones) for document in before)
    if after == before and not _has_forgotten_name(page, tombstones):
        return StripResult(page, False)
    if after and all(isinstance(document, Reject) for document in after):
        return StripResult(None, True)
    return StripResult(replace(page, body=_serialise(after), media_type=MEDIA_TYPE, etag="", last_modified=""), True)


def _has_forgotten_name(page: Page, tombstones: Tombstones) -> bool:
    """Whether a short string in the bytes is a name in the list.

    The parsed documents do not show every author, since a parser leaves out what it cannot use.
    """
    candidates = {text for text in strings(page.body) if len(text) <= MAX_NAME_LETTERS}
    return any(tombstones.has_author(page.source, name) for name in candidates)


def strings(body: bytes) -> Iterator[str]:
    """All strings in JSON. Of anything else the short attributes and the short texts between two tags."""
    text = body.decode("utf-8", "replace")
    try:
        stack = [json.loads(text)]
    except (ValueError, RecursionError):
        yield from (html.unescape(attribute or content) for attribute, content in _SHORT.findall(text))
        return
    while stack:
        value = stack.pop()
        if isinstance(value, str):
            yield value
        elif isinstance(value, list | dict):
            stack += value.values() if isinstance(value, dict) else value


def needs_parsing(page: Page, tombstones: Tombstones) -> bool:
    """Whether the page has to be parsed to know if something in it is in the list."""
    return page.status not in GONE_STATUSES and tombstones.may_affect(page.source, page.page_id, page.url)


def strip_document(document: Document | Reject, page: Page, tombstones: Tombstones) -> Document | Reject:
    """The document without the parts in the list. A thread without its question becomes a Reject."""
    if isinstance(document, Reject):
        return document
    if tombstones.has_url(document.url) or tombstones.has_part(page.page_id, document.key, ""):
        return Reject(document.key, REASON)
    if isinstance(document, Thread):
        return _strip_thread(document, page, tombstones)
    if tombstones.has_author(page.source, document.author):
        return Reject(document.key, REASON)
    return _strip_article(document, page, tombstones) if isinstance(document, Article) else document


def _strip_thread(thread: Thread, page: Page, tombstones: Tombstones) -> Thread | Reject:
    forgotten = [post for post in thread.posts if _is_forgotten_post(post, thread, page, tombstones)]
    if not forgotten:
        return thread
    if thread.posts[0] in forgotten or len(forgotten) == len(thread.posts):
        return Reject(thread.key, REASON)
    lines = {normalise_line(line) for post in forgotten for line in post.markdown.splitlines()} - {""}
    names = [post.author for post in forgotten if tombstones.has_author(page.source, post.author)]
    kept = (post for post in thread.posts if post not in forgotten)
    stripped = (replace(post, markdown=remove_quotes(post.markdown, lines, names)) for post in kept)
    return replace(thread, posts=tuple(stripped))


def _is_forgotten_post(post: Post, thread: Thread, page: Page, tombstones: Tombstones) -> bool:
    by_author = tombstones.has_author(page.source, post.author)
    return by_author or tombstones.has_url(post.url) or tombstones.has_part(page.page_id, thread.key, post.post_id)


def remove_quotes(markdown: str, forgotten: set[str], names: list[str]) -> str:
    """Markdown without quotes of the `forgotten` lines, which are normalised, and without the names of their authors.

    A long name is removed everywhere, a short one, which may be a word as well, only where it is called (`@name`).
    """
    lines = []
    for line in markdown.splitlines():
        quoted = _QUOTED.match(line)
        words = normalise_line(line)
        if quoted and (words in forgotten or any(normalise_name(name) in normalise_name(line) for name in names)):
            continue
        if quoted and len(words) > 20 and any(words in other for other in forgotten):
            continue
        lines.append(line)
    text = "\n".join(lines)
    for name in names:
        text = text.replace(f"@{name}", "@…")
        # a Chinese character says more than a letter, so a shorter name is clear enough
        if not name.isascii() and len(name) >= MIN_NAME_LETTERS // 2 + 1:
            text = text.replace(name, "…")
        elif name.isascii() and len(name) >= MIN_NAME_LETTERS:
            text = re2.sub(rf"\b{re2.escape(name)}\b", lambda _: "…", text)
    return text


def normalise_line(line: str) -> str:
    """The words of a line in lower case, without punctuation and markup."""
    return " ".join(_WORDS.findall(line.lower()))


def _strip_article(article: Article, page: Page, tombstones: Tombstones) -> Article | Reject:
    kept = tuple(
        section for section in article.sections if not _is_forgotten_section(section, article, page, tombstones)
    )
    steps = () if tombstones.has_part(page.page_id, article.key, "steps") else article.steps
    if kept == article.sections and steps == article.steps:
        return article
    return replace(article, sections=kept, steps=steps) if kept or steps else Reject(article.key, REASON)


def _is_forgotten_section(section: Section, article: Article, page: Page, tombstones: Tombstones) -> bool:
    by_url = bool(section.anchor) and tombstones.has_url(f"{article.url or page.url}#{section.anchor}")
    return by_url or tombstones.has_part(page.page_id, article.key, section_part(section))


def section_part(section: Section) -> str:
    """The name of a section as a part of its article."""
    return "\n".join(["section", section.anchor, *section.path])


def _serialise(documents: Iterable[Document | Reject]) -> bytes:
    rows = [{"kind": type(document).__name__, "is": asdict(document)} for document in documents]
    return json.dumps(rows, ensure_ascii=False, default=lambda value: value.isoformat()).encode()


def _deserialise(page: Page) -> Iterator[Document | Reject]:
    for row in json.loads(page.body):
        yield _KINDS[row["kind"]].validate_python(_with_messages(row["is"]))


def _with_messages(document: dict[str, Any]) -> dict[str, Any]:
    """An exchange that an earlier release stored has pairs of a question and an answer as its history."""
    turns = document.get("history", ())
    if not turns or isinstance(turns[0], dict):
        return document
    said = [{"role": role, "content": text} for turn in turns for role, text in zip(ROLES, turn, strict=True)]
    return document | {"history": said}


def strip_pages(
    connector: Connector,
    fetched: Iterable[Page | Reject],
    tombstones: Tombstones,
    touched: Callable[[], tuple[str, ...]],
    stripped_urls: set[str],
) -> Iterator[Page | Reject]:
    """Fetched pages and rejects, without what is in the list.

    `touched` gives the addresses that were requested since its last call. Those of changed pages are added to
    `stripped_urls`. A page that may be concerned and cannot be parsed within DEADLINE and MEMORY becomes a reject,
    because nobody knows whose words are in it.
    """
    with isolated(_strip_item, deadline=DEADLINE, memory=MEMORY) as strip_isolated:
        for item in fetched:
            requested = touched()
            result = _strip_by_url(item, tombstones)
            if isinstance(result.item, Page) and needs_parsing(result.item, tombstones):
                outcome = strip_isolated((connector, result.item, tombstones))
                failed = StripResult(Reject(item.key, "parse_failed"), True)
                result = failed if isinstance(outcome, BaseException) else outcome
            stripped_urls.update(requested if result.changed and isinstance(item, Page) else ())
            if result.item is not None:
                yield result.item


def _strip_by_url(item: Page | Reject, tombstones: Tombstones) -> StripResult:
    url = item.key if isinstance(item, Reject) else item.url
    forgotten = tombstones.has_url(url) or (isinstance(item, Reject) and item.reason == REASON)
    return StripResult(None if forgotten else item, forgotten)


def _strip_item(work: tuple[Connector, Page, Tombstones]) -> StripResult:
    """`strip_page` with one argument, as a worker process needs it."""
    return strip_page(*work)
