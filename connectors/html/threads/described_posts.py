"""Threads that pages describe themselves: microdata, JSON-LD, and the data that Flarum puts into its pages.

JSON-LD holds a post's words without their markup, so its text is looked up in the page, where code is still code.
https://schema.org/DiscussionForumPosting, https://schema.org/QAPage
"""

import json
from collections.abc import Iterator
from functools import partial
from html import unescape
from typing import Any

import re2
from lxml.html import HtmlElement

from connectors import html
from connectors.html.microdata import properties, value
from connectors.html.schema_org import is_a, linked_data
from connectors.html.threads.block import Block, number, read_body
from connectors.html.threads.draft import Draft, Reading
from connectors.html.threads.evidence import Evidence, letters
from connectors.html.threads.generic import GENERIC
from connectors.html.threads.profiles import Profile

_POSTS = ("DiscussionForumPosting", "Question", "Answer", "Comment", "SocialMediaPosting", "CreativeWork")
_ASKING = ("DiscussionForumPosting", "Question")  # their `dateModified` may be the latest reply, as in XenForo
_THREADS = ("DiscussionForumPosting", "QAPage")
_BELOW = ("acceptedAnswer", "suggestedAnswer", "comment")
_ITEMS = " or ".join(f"contains(@itemtype, 'schema.org/{kind}')" for kind in _POSTS)
_MARKUP = re2.compile(
    r"(?i)</(?:p|div|a|b|i|em|strong|code|pre|ul|ol|li|blockquote|span|h[1-6])\s*>|<br\s*/?>|<(?:p|img|hr)(?:\s[^<>]*)?/?>"
)
_SAMPLE = 60


def declared_readings(root: HtmlElement, url: str, evidence: Evidence) -> Iterator[Reading]:
    """The posts as each of the descriptions in the page has them."""
    for drafts in (_microdata(root, url, evidence), _linked(root, url, evidence), _flarum(root, url)):
        if drafts:
            yield Reading("declared", tuple(drafts))


def is_declared_thread(root: HtmlElement) -> bool:
    """Whether the page says that it is a thread: a discussion, or one question and its answers."""
    declared = " or ".join(f"contains(@itemtype, 'schema.org/{kind}')" for kind in _THREADS)
    return bool(root.xpath(f"//*[@itemscope and ({declared})]")) or any(is_a(i, *_THREADS) for i in linked_data(root))


def described_title(root: HtmlElement) -> str:
    for item in linked_data(root):
        if is_a(item, *_ASKING):
            return " ".join(str(item.get("headline") or item.get("name") or "").split())
    return ""


def _microdata(root: HtmlElement, url: str, evidence: Evidence) -> list[Draft]:
    drafts = []
    for item in root.xpath(f"//*[@itemscope and ({_ITEMS})]"):
        bodies = properties(item, "text", "articleBody") or (_asks(item) and properties(item, "name"))
        if bodies:
            body, author = bodies[0], _author(item)
            time = _value(item, "datePublished", "dateCreated")
            read = partial(_read_item, item, body, author, time, url)
            drafts.append(Draft(item, body, evidence.prose[body], author, time, read, _asks(item)))
    return drafts


def _read_item(item: HtmlElement, body: HtmlElement, author: str, time: str, url: str) -> Block:
    markdown, quotes = read_body(body, GENERIC, url)
    return Block(
        post_id=_item_number(item),
        author=author,
        time=time,
        markdown=markdown,
        score=_count(_value(item, "upvoteCount")),
        accepted="acceptedAnswer" in (item.get("itemprop") or "").split(),
        parent=next((_item_number(each) for each in _posts_around(item)), "") if _is_comment(item) else "",
        quotes=quotes,
        edited="" if _asks(item) else _value(item, "dateModified"),
    )


def _item_number(item: HtmlElement) -> str:
    return number(item.get("id") or _value(item, "identifier", "url"))


def _is_comment(item: HtmlElement) -> bool:
    return (item.get("itemtype") or "").rstrip("/").endswith("Comment")


def _posts_around(item: HtmlElement) -> Iterator[HtmlElement]:
    kinds = ((each, each.get("itemtype") or "") for each in item.iterancestors())
    return (each for each, kind in kinds if kind.rpartition("/")[2] in _POSTS)


def _asks(item: HtmlElement) -> bool:
    return any(kind.rpartition("/")[2] in _ASKING for kind in (item.get("itemtype") or "").split())


def _value(item: HtmlElement, *names: str) -> str:
    return next((value(element) for element in properties(item, *names)), "")


def _author(item: HtmlElement) -> str:
    for each in properties(item, "author", "creator"):
        names = properties(each, "name") or each.xpath(".//a[normalize-space()]") or [each]
        return " ".join((names[0].get("content") or names[0].text_content()).split())
    return ""


def _linked(root: HtmlElement, url: str, evidence: Evidence) -> list[Draft]:
    asking = next((item for item in linked_data(root) if is_a(item, *_ASKING)), None)
    if asking is None:
        return []
    drafts = [_linked_draft(root, item, parent, url, evidence) for item, parent in _with_answers(asking)]
    return [draft for draft in drafts if draft.letters]


def _with_answers(item: dict[str, Any], parent: str = "") -> Iterator[tuple[dict[str, Any], str]]:
    """The item and all below it, each with the number of what it answers."""
    yield item, parent
    for name in _BELOW:
        below = item.get(name)
        for each in below if isinstance(below, list) else [below]:
            if isinstance(each, dict):
                yield from _with_answers({"accepted": name == "acceptedAnswer", **each}, _number(item))


def _number(item: dict[str, Any]) -> str:
    return number(str(item.get("@id") or item.get("url") or item.get("identifier") or ""))


def _asked_by_name(item: dict[str, Any]) -> str:
    """A question that has answers and no text is asked by its name alone."""
    answered = is_a(item, "Question") and any(item.get(name) for name in _BELOW[:2])
    return str(item.get("name") or "") if answered else ""


def _linked_draft(root: HtmlElement, item: dict[str, Any], parent: str, url: str, evidence: Evidence) -> Draft:
    stated = unescape(str(item.get("text") or item.get("articleBody") or _asked_by_name(item)))
    container = _find(root, stated, evidence)
    author = item.get("author")
    author = author[0] if isinstance(author, list) and author else author
    name = " ".join(str(author.get("name", "") if isinstance(author, dict) else author or "").split())
    time = str(item.get("datePublished") or item.get("dateCreated") or "")
    read = partial(_read_linked, item, parent, stated, container, name, time, url)
    return Draft(container, container, letters(stated), unescape(name), time, read, is_a(item, *_ASKING))


def _read_linked(
    item: dict[str, Any], parent: str, stated: str, container: HtmlElement | None, name: str, time: str, url: str
) -> Block:
    markdown, quotes = read_body(container, GENERIC, url) if container is not None else (plain(stated, url), ())
    return Block(
        post_id=_number(item),
        author=unescape(name),
        time=time,
        markdown=markdown,
        score=_count(item.get("upvoteCount")),
        accepted=bool(item.get("accepted")),
        parent=parent,
        quotes=quotes,
        edited="" if is_a(item, *_ASKING) else str(item.get("dateModified") or ""),
    )


def _find(root: HtmlElement, stated: str, evidence: Evidence) -> HtmlElement | None:
    """The smallest element that begins and ends with these words."""
    words = "".join(stated.split())
    if len(words) < 4:
        return None
    found = None
    for element in root.iter("div", "article", "section", "blockquote", "td", "p", "span", "li"):
        if not len(words) <= evidence.mass[element] <= 1.3 * len(words) + 20:
            continue
        text = "".join(element.text_content().split())
        if words[:_SAMPLE] in text and words[-_SAMPLE:] in text:
            found = element
    return found


def plain(stated: str, url: str) -> str:
    """A text that may have markup, as Markdown."""
    if not _MARKUP.search(stated):  # `List<String>` is none
        return stated.strip()
    try:
        return html.to_markdown(stated, url).strip()
    except html.Unreadable:
        return ""


def _count(stated: Any) -> int | None:
    try:
        return int(str(stated))
    except ValueError:
        return None


def _flarum(root: HtmlElement, url: str) -> list[Draft]:
    """https://docs.flarum.org: the page carries the answer of its own API, which has the times that its HTML lacks."""
    for script in root.xpath("//script[@id='flarum-json-payload']"):
        try:
            data = json.loads(script.text or "")
        except (ValueError, RecursionError):
            continue
        listed = data.get("apiDocument") if isinstance(data, dict) else None
        included = listed.get("included") if isinstance(listed, dict) else None
        rows = [row for row in included or [] if isinstance(row, dict) and isinstance(row.get("attributes"), dict)]
        users = [row for row in rows if row.get("type") == "users"]
        names = {str(user.get("id")): str(user["attributes"].get("displayName", "")) for user in users}
        posts = [row for row in rows if row.get("type") == "posts" and row["attributes"].get("contentHtml")]
        posts.sort(key=lambda row: _count(row["attributes"].get("number")) or 0)
        return [_flarum_draft(row, names, url) for row in posts]
    return []


def _flarum_draft(row: dict[str, Any], names: dict[str, str], url: str) -> Draft:
    attributes = row["attributes"]
    user: Any = row
    for key in ("relationships", "user", "data"):
        user = user.get(key) if isinstance(user, dict) else None
    user = user if isinstance(user, dict) else {}
    author, time = names.get(str(user.get("id")), ""), str(attributes.get("createdAt") or "")
    size = letters(str(attributes["contentHtml"]))
    return Draft(None, None, size, author, time, partial(_read_flarum, row, author, time, url))


def _read_flarum(row: dict[str, Any], author: str, time: str, url: str) -> Block:
    attributes = row["attributes"]
    profile = Profile("flarum", drop=".PostMention", quote_link=(".PostMention@data-id",))
    markdown, quotes = read_body(html.parse(f"<div>{attributes['contentHtml']}</div>"), profile, url)
    edited = str(attributes.get("editedAt") or "")
    return Block(str(row.get("id")), author, time, markdown, quotes=quotes, edited=edited)
