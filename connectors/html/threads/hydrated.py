"""Threads that a page shows only when its scripts have run: the data that it carries for them.

Frameworks (Next, Nuxt, Ember, and what is written as `window.__STATE__ = {…}`) put what the server has said into a
script. A post is an object with a text, and an author or a time; the question is the one with the page's title, or the
first; objects with titles of their own are other threads. Only asked where the page itself says less.
"""

import json
from collections.abc import Iterator
from functools import partial
from typing import Any

import re2
from lxml.html import HtmlElement

from connectors.html.threads.block import Block
from connectors.html.threads.described_posts import plain
from connectors.html.threads.draft import Draft, Reading
from connectors.html.threads.evidence import Evidence, is_name, letters
from connectors.html.threads.opening import Head, bare

_NAME = r"(?:window|self|globalThis)\s*(?:\.\s*\w+|\[[\"']\w+[\"']\])|var\s+\w+"
_STATE = re2.compile(rf"(?s)^\s*(?:{_NAME})\s*=\s*([\[{{].*)$")
_TEXTS = ("contenthtml", "bodyhtml", "content", "body", "cooked", "html", "message", "text", "detail", "answer")
_TITLES = ("title", "subject", "headline")
_PEOPLE = ("author", "user", "creator", "member", "owner", "poster", "username", "nickname", "authorname", "postedby")
_NAMES = ("displayname", "nickname", "username", "name", "login", "screenname")
_TIMES = (
    "createdat", "created", "createtime", "createdtime", "creationdate", "datecreated", "publishedat", "postedat",
    "date", "postdate", "posttime", "timestamp", "publishtime",
)  # fmt: skip
_LARGEST, _MOST, _DEEPEST = 5_000_000, 200_000, 40  # letters of a script, objects, levels
_SHORTEST = 20  # letters of a question
_FEW = 0.5  # of what the posts say: a page that says less shows none of them


def hydrated_reading(root: HtmlElement, page: Head, url: str, evidence: Evidence) -> Reading | None:
    """The thread in the page's data; None where there is none, or where the page says as much itself."""
    posts = [post for data in _stores(root) for post in _posts(data)]
    found = _thread(posts, page)
    size = sum(letters(_text(post)) for post in found)
    if not found or size < _SHORTEST or evidence.prose_of_page > _FEW * size:
        return None
    return Reading("declared", tuple(_draft(post, url, at == 0) for at, post in enumerate(found)))


def _stores(root: HtmlElement) -> Iterator[Any]:
    for script in root.iter("script"):
        text = script.text or ""
        is_json = "json" in (script.get("type") or "") and "ld+json" not in (script.get("type") or "")
        state = None if is_json or len(text) > _LARGEST else _STATE.match(text)
        if len(text) <= _LARGEST and (is_json or state):
            try:
                yield json.JSONDecoder(strict=False).raw_decode((state[1] if state else text).strip())[0]
            except (ValueError, RecursionError):
                continue


def _posts(data: Any) -> Iterator[dict[str, Any]]:
    """The objects that are posts, in their order, those that hold others before them. The first in an object with a
    title and no text, as a thread is beside its posts, has that title."""
    waiting: list[tuple[Any, int, list[str]]] = [(data, 0, [])]
    for _ in range(_MOST):
        if not waiting:
            return
        value, depth, titles = waiting.pop()
        if isinstance(value, dict):
            own = {_key(name): _referred(each, data) for name, each in value.items()}
            if _text(own) and (_author(own) or _time(own)):
                yield {"title": titles.pop(), **own} if titles else own
            elif _title(own):
                titles = [_title(own)]
        inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        deeper = (
            [(each, depth + 1, titles) for each in inner if isinstance(each, dict | list)] if depth < _DEEPEST else []
        )
        waiting += reversed(deeper)


def _referred(value: Any, data: Any) -> Any:
    """What a reference in a normalised store names, as Apollo writes them."""
    name = value.get("__ref") if isinstance(value, dict) and isinstance(data, dict) else None
    return data.get(name, value) if isinstance(name, str) else value


def _title(post: dict[str, Any]) -> str:
    return next((post[name] for name in _TITLES if isinstance(post.get(name), str)), "")


def _key(name: str) -> str:
    return name.replace("_", "").replace("-", "").lower()


def _text(post: dict[str, Any]) -> str:
    texts = (post.get(name) for name in _TEXTS)
    return next((text for text in texts if isinstance(text, str) and len(text.strip()) > 1), "")


def _author(post: dict[str, Any]) -> str:
    for stated in map(post.get, _PEOPLE):
        own = {_key(name): each for name, each in stated.items()} if isinstance(stated, dict) else {"name": stated}
        name = next((each for each in map(own.get, _NAMES) if isinstance(each, str) and is_name(each)), "")
        if name:
            return name
    return ""


def _time(post: dict[str, Any]) -> str:
    return next((str(each) for each in map(post.get, _TIMES) if isinstance(each, str | int) and len(str(each)) > 7), "")


def _thread(posts: list[dict[str, Any]], page: Head) -> list[dict[str, Any]]:
    """The question and what has no title of its own, each once."""
    titles = [bare(_title(post)) for post in posts]
    asking = next((at for at, title in enumerate(titles) if title and title in bare(page.title)), None)
    if asking is None:
        return []
    once = {
        _text(post): post for post, title in zip(posts, titles, strict=True) if not title or title == titles[asking]
    }
    asked = posts[asking]
    return [asked, *(post for text, post in once.items() if text != _text(asked))]


def _draft(post: dict[str, Any], url: str, asks: bool) -> Draft:
    author, time = _author(post), _time(post)
    return Draft(None, None, letters(_text(post)), author, time, partial(_read, post, author, time, url), asks)


def _read(post: dict[str, Any], author: str, time: str, url: str) -> Block:
    return Block(str(post.get("id") or ""), author, time, plain(_text(post), url))
