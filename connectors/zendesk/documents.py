"""A kept article or post as a document."""

from collections.abc import Iterator
from typing import Any

from connectors import html
from connectors.reading.edits import edited
from connectors.reading.stored_json import load
from connectors.reading.threads import build_thread
from connectors.reading.times import parse_time
from schemas.document import Article, Post, Reject, Thread
from schemas.page import Page


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
    sections = html.sections(html.parse(f"<div>{_text(found, 'body')}</div>"), title, page.url)
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
        markdown=html.to_markdown(f"<div>{_text(entry, 'body')}</div>", page.url).strip(),
        author=_text(entry, "author"),
        created_at=parse_time(entry.get("created_at")),
        score=score if isinstance(score, int) else None,
        accepted=number > 0 and entry.get("official") is True,
        url=_text(entry, "html_url") or page.url,
        licence=page.licence,
    )


def _text(entry: dict[str, Any], name: str) -> str:
    return entry[name] if isinstance(entry.get(name), str) else ""


def _words(found: dict[str, Any], name: str) -> tuple[str, ...]:
    listed = found.get(name)
    return tuple(word for word in listed if isinstance(word, str)) if isinstance(listed, list) else ()
