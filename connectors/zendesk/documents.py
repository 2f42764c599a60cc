"""A kept article or post as a document."""

from collections.abc import Iterator
from typing import Any

import re2
from lxml.html import HtmlElement

from connectors import html
from connectors.reading.edits import edited
from connectors.reading.stored_json import load
from connectors.reading.threads import build_thread
from connectors.reading.times import parse_time
from schemas.document import Article, Post, Reject, Thread
from schemas.hole import hole
from schemas.page import Page

# Dynamic content and the site's own names; a ticket's fields are what an article on triggers writes about
_PLACEHOLDER = re2.compile(r"\{\{\s*(dc\.[A-Za-z0-9_.-]+|[a-z_]{2,40})\s*\}\}")
_CODE = ("pre", "code")


def parse_page(page: Page, licence: str) -> Iterator[Article | Thread | Reject]:
    """What a kept article or post says.

    Rejects: malformed_json, empty_article, malformed_comment, those of `build_thread`, and the reasons of Unreadable.
    """
    found = load(page.body)
    if not isinstance(found, dict) or not isinstance(found.get("title"), str) or not found["title"].strip():
        yield Reject(page.key, "malformed_json", "neither an article nor a post")
        return
    try:
        if found.get("type") == "article":
            yield _article(page, found, licence)
        else:
            yield from _discussion(page, found, licence)
    except html.Unreadable as error:
        yield Reject(page.key, error.reason, error.detail)


def _article(page: Page, found: dict[str, Any], licence: str) -> Article | Reject:
    title = " ".join(found["title"].split())
    sections = html.sections(_read(_text(found, "body")), title, page.url)
    if not sections:
        return Reject(page.key, "empty_article")
    created_at = parse_time(found.get("created_at"))
    return Article(
        key=page.key,
        url=page.url,
        title=title,
        sections=sections,
        tags=_words(found, "labels"),
        author=_text(found, "author"),
        created_at=created_at,
        edited_at=edited(parse_time(found.get("edited_at")), created_at),
        licence=page.licence or licence,
        context=_words(found, "context"),
    )


def _discussion(page: Page, found: dict[str, Any], licence: str) -> Iterator[Thread | Reject]:
    listed = found.get("posts")
    entries = enumerate(listed) if isinstance(listed, list) else ()
    posts = [_post(page, entry, number) for number, entry in entries]
    title, stated = " ".join(found["title"].split()), page.licence or licence
    yield from build_thread(page.key, page.url, title, posts, _words(found, "labels"), stated)


def _post(page: Page, entry: Any, number: int) -> Post | Reject:
    """The first is the post itself, the others are comments on it. Raises Unreadable."""
    if not isinstance(entry, dict):
        return Reject(f"{page.key}/{number}", "malformed_comment")
    score = entry.get("score")
    return Post(
        post_id=str(entry.get("id") or number) if number else "0",
        markdown=html.to_markdown(_read(_text(entry, "body")), page.url).strip(),
        author=_text(entry, "author"),
        created_at=parse_time(entry.get("created_at")),
        score=score if isinstance(score, int) else None,
        accepted=number > 0 and entry.get("official") is True,
        url=_text(entry, "html_url") or page.url,
        licence=page.licence,
    )


def _read(body: str) -> HtmlElement:
    """The tree of a body. A word that the site fills in for each reader, such as {{dc.brand}}, leaves a hole.

    Such a word in code is shown. Raises Unreadable.
    """
    root = html.parse(f"<div>{body}</div>")
    for element in root.iter():
        literal = element.tag in _CODE or any(True for _ in element.iterancestors(*_CODE))
        if element.text and not literal:
            element.text = _PLACEHOLDER.sub(_hole, element.text)
        if element.tail and not any(True for _ in element.iterancestors(*_CODE)):
            element.tail = _PLACEHOLDER.sub(_hole, element.tail)
    return root


def _hole(found: "re2._Match") -> str:
    return hole("placeholder", found[1])


def _text(entry: dict[str, Any], name: str) -> str:
    return entry[name] if isinstance(entry.get(name), str) else ""


def _words(found: dict[str, Any], name: str) -> tuple[str, ...]:
    listed = found.get(name)
    return tuple(word for word in listed if isinstance(word, str)) if isinstance(listed, list) else ()
