"""Pages without what people asked to be forgotten.

A page is bytes as a site sent them, and nobody can cut one post out of any site's bytes. So such a page is kept as
the documents it was parsed to, without the posts, sections and exchanges that were forgotten; its bytes are not kept.
"""

import html
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, replace

import re2
from pydantic import TypeAdapter

from connectors.base import Connector
from pipelines.suppression import Tombstones, folded_name
from pipelines.workers.pool import guarded
from schemas.document import Article, Document, Exchange, Post, Reject, Section, Thread
from schemas.page import GONE, Page

MEDIA_TYPE = "application/vnd.gristmill.documents+json"
REASON = "forgotten"
DEADLINE, MEMORY = 5.0, 1 << 30  # seconds of work; bytes
_KINDS: dict[str, TypeAdapter[Document | Reject]] = {
    kind.__name__: TypeAdapter(kind) for kind in (Thread, Article, Exchange, Reject)
}
_QUOTED = re2.compile(r"^\s{0,3}>[>\s]*")
_WORDS = re2.compile(r"[\pL\pN]+")
_SHORT = re2.compile(r"=\s*[\"']([^\"'<>]{1,80})[\"']|>([^<>]{1,80})<")
LEAST_NAME, LONGEST_NAME = 5, 80  # letters from which a name is hardly a word of the language as well, and up to which


@dataclass(frozen=True)
class Stripped:
    """`item` is what is left: None where nothing is, the item itself where nothing was forgotten."""

    item: Page | Reject | None
    changed: bool


def parse(connector: Connector, page: Page) -> Iterator[Document | Reject]:
    """The documents of a page, also of one that is kept as documents."""
    return _thaw(page) if page.media_type == MEDIA_TYPE else connector.parse(page)


def strip_page(connector: Connector, page: Page, tombstones: Tombstones) -> Stripped:
    """The page without what is forgotten; parses it."""
    before = tuple(parse(connector, page))
    after = tuple(without(document, page, tombstones) for document in before)
    if after == before and not _names_one(page, tombstones):
        return Stripped(page, False)
    if after and all(isinstance(document, Reject) for document in after):
        return Stripped(None, True)
    return Stripped(replace(page, body=_freeze(after), media_type=MEDIA_TYPE, etag="", last_modified=""), True)


def _names_one(page: Page, tombstones: Tombstones) -> bool:
    """Whether one of the short strings in the bytes is a forgotten name: whose words stand there, the parser may not
    tell, as it leaves out what is no use."""
    found = {text for text in strings(page.body) if len(text) <= LONGEST_NAME}
    return any(tombstones.author(page.source, name) for name in found)


def strings(body: bytes) -> Iterator[str]:
    """The strings of JSON; else attributes and what stands between two tags."""
    text = body.decode("utf-8", "replace")
    try:
        left = [json.loads(text)]
    except (ValueError, RecursionError):
        yield from (html.unescape(one or other) for one, other in _SHORT.findall(text))
        return
    while left:
        value = left.pop()
        if isinstance(value, str):
            yield value
        elif isinstance(value, list | dict):
            left += value.values() if isinstance(value, dict) else value


def concerned(page: Page, tombstones: Tombstones) -> bool:
    """Whether the page has to be parsed to know."""
    return page.status not in GONE and tombstones.concern(page.source, page.page_id, page.url)


def without(document: Document | Reject, page: Page, tombstones: Tombstones) -> Document | Reject:
    """The document without its forgotten parts; a thread without its question asks nothing, and is given up."""
    if isinstance(document, Reject):
        return document
    if tombstones.url(document.url) or tombstones.part(page.page_id, document.key, ""):
        return Reject(document.key, REASON)
    if isinstance(document, Thread):
        return _thread(document, page, tombstones)
    if tombstones.author(page.source, document.author):
        return Reject(document.key, REASON)
    return _article(document, page, tombstones) if isinstance(document, Article) else document


def _thread(thread: Thread, page: Page, tombstones: Tombstones) -> Thread | Reject:
    gone = [post for post in thread.posts if _is_gone(post, thread, page, tombstones)]
    if not gone:
        return thread
    if thread.posts[0] in gone or len(gone) == len(thread.posts):
        return Reject(thread.key, REASON)
    said = {plain(line) for post in gone for line in post.markdown.splitlines()} - {""}
    names = [post.author for post in gone if tombstones.author(page.source, post.author)]
    kept = (post for post in thread.posts if post not in gone)
    return replace(thread, posts=tuple(replace(post, markdown=unquoted(post.markdown, said, names)) for post in kept))


def _is_gone(post: Post, thread: Thread, page: Page, tombstones: Tombstones) -> bool:
    by = tombstones.author(page.source, post.author)
    return by or tombstones.url(post.url) or tombstones.part(page.page_id, thread.key, post.post_id)


def unquoted(markdown: str, said: set[str], names: list[str]) -> str:
    """Without quoted lines of what was said, and without the name of who said it: wherever it stands if it is hardly a
    word besides, else where it is called (`@name`)."""
    lines = []
    for line in markdown.splitlines():
        quoted = _QUOTED.match(line)
        words = plain(line)
        if quoted and (words in said or any(folded_name(name) in folded_name(line) for name in names)):
            continue
        if quoted and len(words) > 20 and any(words in one for one in said):
            continue
        lines.append(line)
    text = "\n".join(lines)
    for name in names:
        text = text.replace(f"@{name}", "@…")
        if not name.isascii() and len(name) >= LEAST_NAME // 2 + 1:  # a character of Chinese says more than a letter
            text = text.replace(name, "…")
        elif name.isascii() and len(name) >= LEAST_NAME:
            text = re2.sub(rf"\b{re2.escape(name)}\b", lambda _: "…", text)
    return text


def plain(line: str) -> str:
    return " ".join(_WORDS.findall(line.lower()))


def _article(article: Article, page: Page, tombstones: Tombstones) -> Article | Reject:
    kept = tuple(section for section in article.sections if not _section_gone(section, article, page, tombstones))
    steps = () if tombstones.part(page.page_id, article.key, "steps") else article.steps
    if kept == article.sections and steps == article.steps:
        return article
    return replace(article, sections=kept, steps=steps) if kept or steps else Reject(article.key, REASON)


def _section_gone(section: Section, article: Article, page: Page, tombstones: Tombstones) -> bool:
    at = bool(section.anchor) and tombstones.url(f"{article.url or page.url}#{section.anchor}")
    return at or tombstones.part(page.page_id, article.key, section_part(section))


def section_part(section: Section) -> str:
    return "\n".join(["section", section.anchor, *section.path])


def _freeze(documents: Iterable[Document | Reject]) -> bytes:
    rows = [{"kind": type(document).__name__, "is": asdict(document)} for document in documents]
    return json.dumps(rows, ensure_ascii=False, default=lambda value: value.isoformat()).encode()


def _thaw(page: Page) -> Iterator[Document | Reject]:
    for row in json.loads(page.body):
        yield _KINDS[row["kind"]].validate_python(row["is"])


def strip_pages(
    connector: Connector,
    fetched: Iterable[Page | Reject],
    tombstones: Tombstones,
    touched: Callable[[], tuple[str, ...]],
    left_out: set[str],
) -> Iterator[Page | Reject]:
    """What is fetched, without what is forgotten; the addresses it came from are entered in `left_out`.

    `touched` tells which addresses were asked since it was last called. A page that may be concerned and cannot be
    parsed in time or memory is a reject: nobody can say whose words are in it.
    """
    with guarded(_strip_page, deadline=DEADLINE, memory=MEMORY) as spare_apart:
        for item in fetched:
            asked = touched()
            left = _by_address(item, tombstones)
            if isinstance(left.item, Page) and concerned(left.item, tombstones):
                found = spare_apart((connector, left.item, tombstones))
                left = Stripped(Reject(item.key, "parse_failed"), True) if isinstance(found, BaseException) else found
            left_out.update(asked if left.changed and isinstance(item, Page) else ())
            if left.item is not None:
                yield left.item


def _by_address(item: Page | Reject, tombstones: Tombstones) -> Stripped:
    told = item.key if isinstance(item, Reject) else item.url
    gone = tombstones.url(told) or (isinstance(item, Reject) and item.reason == REASON)
    return Stripped(None if gone else item, gone)


def _strip_page(work: tuple[Connector, Page, Tombstones]) -> Stripped:
    return strip_page(*work)
