"""A submission and its comments as a thread of what people wrote."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import chain
from typing import Any

import re2

from connectors.reading.edits import edited
from connectors.reading.stored_json import integer, load
from connectors.reading.threads import build_thread, without_orphans
from connectors.reading.times import parse_time
from connectors.reddit.markdown import markdown, unescaped
from connectors.reddit.rows import COMMENT, SUBMISSION, Row
from schemas.document import Document, Post, Reject
from schemas.page import Page

_GONE = {"[deleted]": "deleted", "[removed]": "removed", "[deleted by user]": "deleted"}
_BOT_NAME = re2.compile(r"^AutoModerator$|^automoderator$|(?:[_-]bot|[a-z]Bot|_Bot)$")
_BOT_SAYS = re2.compile(
    r"(?i)\bi(?:'|’| a)m a bot\b|\bthis action was performed automatically\b|\bi am an? (?:automated )?bot\b"
)
_PICTURES = re2.compile(
    r"(?i)^https?://(?:[\w.-]+\.)?(?:i\.redd\.it|v\.redd\.it|imgur\.com|reddit\.com/gallery)/"
    r"|\.(?:jpe?g|png|gif|webp)(?:\?|$)"
)


def thread(page: Page) -> Iterator[Document | Reject]:
    """The thread in `page`, and a reject for each comment that cannot be used, or answers one that cannot."""
    rows = _load(page.body)
    if rows is None:
        yield Reject(page.key, "malformed_json", "not a thread of Reddit")
        return
    asking = rows[0]
    first = replace(_post(asking, page), reply_to="")
    others = (_with_votes(_post(row, page), first) for row in rows[1:])
    checked = (_usable(row, post, page) for row, post in zip(rows, chain([first], others), strict=True))
    posts = without_orphans(page.key, checked)
    yield from build_thread(page.key, page.url, _title(asking), posts, _tags(asking), page.licence)


def _load(body: bytes) -> list[Row] | None:
    """The row that asks, then those that answer."""
    found = load(body)
    comments = found.get("comments") if isinstance(found, dict) else None
    if not isinstance(found, dict) or not isinstance(comments, list):
        return None
    rows = [*([found["submission"]] if "submission" in found else []), *comments]
    return rows if rows and all(isinstance(row, dict) and isinstance(row.get("id"), str) for row in rows) else None


def _usable(row: Row, post: Post, page: Page) -> Post | Reject:
    reason = _unusable(row)
    return Reject(f"{page.key}/{post.post_id}", reason) if reason else post


def _unusable(row: Row) -> str:
    body, author = _text(row, "body") or _text(row, "selftext"), _text(row, "author")
    if row.get("removed_by_category"):
        return "removed"
    if gone := _GONE.get(body.strip()):
        return gone
    if _BOT_NAME.search(author) or (row["id"].startswith(COMMENT) and _BOT_SAYS.search(body)):
        return "bot"
    return "moderator_note" if row.get("distinguished") in ("moderator", "admin") and "link_id" in row else ""


def _post(row: Row, page: Page) -> Post:
    author, created_at = _text(row, "author"), parse_time(row.get("created_utc"))
    return Post(
        post_id=row["id"],
        markdown=markdown(_text(row, "body")) if "link_id" in row else _asked(row, page),
        author="" if author in _GONE else author,
        created_at=created_at,
        edited_at=edited(parse_time(row.get("edited")), created_at),
        score=_score(row),
        reply_to=_text(row, "parent_id"),
        url=_url(row, page),
        licence=page.licence,
    )


def _asked(row: Row, page: Page) -> str:
    """What a submission says; one that only points somewhere says where to, or that there is a picture."""
    text, url = markdown(_text(row, "selftext")), _text(row, "url")
    own = row.get("is_self") or not url or f"/comments/{row['id'].removeprefix(SUBMISSION)}/" in url
    if text or own:
        return text or _title(row)
    if _PICTURES.search(url):
        return "[image]"
    return _site(page) + url if url.startswith("/") else url


def _with_votes(post: Post, first: Post) -> Post:
    """Votes tell how well others answer; those on a submitter's own remark below the submission do not."""
    remark = bool(first.author) and post.author == first.author and post.reply_to == first.post_id
    return replace(post, score=None) if remark else post


def _score(row: Row) -> int | None:
    """Dumps of the first years tell the votes for and against apart."""
    if "score" in row:
        return integer(row["score"])
    up, down = integer(row.get("ups")), integer(row.get("downs"))
    return None if up is None else up - (down or 0)


def _url(row: Row, page: Page) -> str:
    if "link_id" not in row:
        return page.url
    path = f"/comments/{_text(row, 'link_id').removeprefix(SUBMISSION)}/_/{row['id'].removeprefix(COMMENT)}/"
    return _site(page) + (_text(row, "permalink") or path)


def _site(page: Page) -> str:
    return page.url.partition("/r/")[0].partition("/comments/")[0]


def _title(row: Row) -> str:
    return " ".join(unescaped(_text(row, "title")).split())


def _tags(row: Row) -> tuple[str, ...]:
    named = (_text(row, "subreddit"), unescaped(_text(row, "link_flair_text")).strip())
    return (*(tag for tag in named if tag), *(("nsfw",) if row.get("over_18") else ()))


def _text(row: dict[str, Any], name: str) -> str:
    value = row.get(name)
    return value if isinstance(value, str) else ""
