"""A story and its comments as a thread; the site's HTML as Markdown."""

import textwrap
from collections.abc import Iterator
from typing import Any

import re2

from connectors import html
from connectors.reading.stored_json import load
from connectors.reading.threads import build_thread, without_orphans
from connectors.reading.times import parse_time
from schemas.document import Document, Post, Reject
from schemas.page import Page

# https://news.ycombinator.com/showhn.html: what one has made is shown, and nothing asked
_CUSTOM = re2.compile(r"(?i)^((?:ask|show|tell|launch) hn|poll)\s*(?:\(yc [^)]{3,8}\))?\s*[:：–—-]\s*")
_PRESENTS = ("show", "tell", "launch")
_KINDS = ("story", "comment", "poll")
# The site links every address by itself and cuts what is shown of it
_LINK = re2.compile(r'<a href="([^"]*)"[^<>]*>[^<]*</a>')
_CODE = re2.compile(r"(?s)(<pre><code>)(.*?)(</code></pre>)")
_QUOTE = re2.compile(r"(?m)^(?:\\>|>) ?")


def thread(page: Page) -> Iterator[Document | Reject]:
    """The thread in `page`, and a reject for each comment that cannot be used, or answers one that cannot."""
    items = _load(page.body)
    if items is None:
        yield Reject(page.key, "malformed_json", "not a story of Hacker News")
        return
    custom, title = _title(items[0])
    if custom in _PRESENTS and not title.endswith(("?", "？")):
        yield Reject(page.key, "asks_nothing", f"{custom} HN")
        return
    posts = without_orphans(page.key, (_post(item, page, title) for item in items))
    yield from build_thread(page.key, page.url, title, posts, (custom,) if custom else (), page.licence)


def _load(body: bytes) -> list[dict[str, Any]] | None:
    found = load(body)
    items = found.get("items") if isinstance(found, dict) else None
    if not isinstance(items, list) or not all(isinstance(item, dict) and "id" in item for item in items):
        return None
    return items if items and isinstance(items[0].get("title"), str) else None


def _unusable(item: dict[str, Any]) -> str:
    """`dead` is what readers or the moderators took away."""
    for mark in ("deleted", "dead"):
        if item.get(mark):
            return mark
    kind = item.get("type", "comment")
    return "" if kind in _KINDS else "job" if kind == "job" else "unknown_type"


def _post(item: dict[str, Any], page: Page, title: str) -> Post | Reject:
    if reason := _unusable(item):
        return Reject(f"{page.key}/{item['id']}", reason)
    text = item.get("text")
    body = markdown(text, page.url) if isinstance(text, str) else ""
    asks = "parent" not in item
    address = item.get("url")
    if asks and isinstance(address, str):
        body = f"{address}\n\n{body}".strip()
    return Post(
        post_id=str(item["id"]),
        markdown=body or (title if asks else ""),
        author=str(item.get("by") or ""),
        created_at=parse_time(item.get("time")),
        reply_to="" if asks else str(item["parent"]),
        url=f"https://news.ycombinator.com/item?id={item['id']}",
        licence=page.licence,
    )


def markdown(text: str, url: str) -> str:
    """Addresses in full, code without the two spaces that mark it, and lines after > as quotes."""
    whole = _CODE.sub(_dedented, _LINK.sub(r"\1", text))
    try:
        return str(_QUOTE.sub("> ", html.to_markdown(whole, url))).strip()
    except html.Unreadable:
        return ""


def _dedented(code: "re2._Match") -> str:
    return f"{code[1]}{textwrap.dedent(code[2])}{code[3]}"


def _title(item: dict[str, Any]) -> tuple[str, str]:
    """(ask, "What …?") of "Ask HN: What …?"."""
    title = " ".join(item["title"].split())
    custom = _CUSTOM.match(title)
    rest = title[custom.end() :] if custom else title
    return (custom[1].lower().removesuffix(" hn"), rest) if custom and rest else ("", title)
