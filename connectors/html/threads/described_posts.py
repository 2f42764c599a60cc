"""Threads that pages describe themselves: microdata, JSON-LD, and the data that Flarum puts into its pages.

JSON-LD holds a post's words without their markup, so its text is looked up in the page, where code is still code.
https://schema.org/DiscussionForumPosting, https://schema.org/QAPage
"""

import json
from collections.abc import Iterator
from typing import Any

from lxml.html import HtmlElement

from connectors import html
from connectors.html.microdata import properties, value
from connectors.html.schema_org import is_a, linked_data
from connectors.html.threads.block import Block, number, read_body
from connectors.html.threads.generic import GENERIC
from connectors.html.threads.profiles import Profile

_POSTS = ("DiscussionForumPosting", "Question", "Answer", "Comment", "SocialMediaPosting", "CreativeWork")
_ASKING = ("DiscussionForumPosting", "Question")  # their `dateModified` may be the latest reply, as in XenForo
_THREADS = ("DiscussionForumPosting", "QAPage")
_BELOW = ("acceptedAnswer", "suggestedAnswer", "comment")
_ITEMS = " or ".join(f"contains(@itemtype, 'schema.org/{kind}')" for kind in _POSTS)
_SAMPLE = 60


def read_described_posts(root: HtmlElement, url: str) -> list[Block]:
    """The posts by whichever description holds the most; [] when there is none."""
    readings = [_microdata(root, url), _linked(root, url), _flarum(root, url)]
    return max(readings, key=lambda blocks: sum(block.whole for block in blocks))


def is_declared_thread(root: HtmlElement) -> bool:
    """Whether the page says that it is a thread: a discussion, or one question and its answers."""
    declared = " or ".join(f"contains(@itemtype, 'schema.org/{kind}')" for kind in _THREADS)
    return bool(root.xpath(f"//*[@itemscope and ({declared})]")) or any(is_a(i, *_THREADS) for i in linked_data(root))


def described_title(root: HtmlElement) -> str:
    for item in linked_data(root):
        if is_a(item, *_ASKING):
            return " ".join(str(item.get("headline") or item.get("name") or "").split())
    return ""


def _microdata(root: HtmlElement, url: str) -> list[Block]:
    blocks = []
    for item in root.xpath(f"//*[@itemscope and ({_ITEMS})]"):
        bodies = properties(item, "text", "articleBody")
        if bodies:
            markdown, quotes = read_body(bodies[0], GENERIC, url)
            accepted = "acceptedAnswer" in (item.get("itemprop") or "").split()
            post_id = item.get("id") or _value(item, "identifier", "url")
            blocks.append(
                Block(
                    number(post_id), _author(item), _value(item, "datePublished", "dateCreated"),
                    markdown, _count(_value(item, "upvoteCount")), accepted, "", quotes,
                    "" if _asks(item) else _value(item, "dateModified"),
                )
            )  # fmt: skip
    return blocks


def _asks(item: HtmlElement) -> bool:
    return any(kind.rpartition("/")[2] in _ASKING for kind in (item.get("itemtype") or "").split())


def _value(item: HtmlElement, *names: str) -> str:
    return next((value(element) for element in properties(item, *names)), "")


def _author(item: HtmlElement) -> str:
    for each in properties(item, "author", "creator"):
        names = properties(each, "name") or each.xpath(".//a[normalize-space()]") or [each]
        return " ".join((names[0].get("content") or names[0].text_content()).split())
    return ""


def _linked(root: HtmlElement, url: str) -> list[Block]:
    asking = next((item for item in linked_data(root) if is_a(item, *_ASKING)), None)
    if asking is None:
        return []
    blocks = [_linked_post(root, item, parent, url) for item, parent in _with_answers(asking)]
    return [block for block in blocks if block.markdown]


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


def _linked_post(root: HtmlElement, item: dict[str, Any], parent: str, url: str) -> Block:
    stated = str(item.get("text") or item.get("articleBody") or "")
    container = _find(root, stated)
    markdown, quotes = read_body(container, GENERIC, url) if container is not None else (_plain(stated, url), ())
    author = item.get("author")
    author = author[0] if isinstance(author, list) and author else author
    return Block(
        post_id=_number(item),
        author=" ".join(str(author.get("name", "") if isinstance(author, dict) else author or "").split()),
        time=str(item.get("datePublished") or item.get("dateCreated") or ""),
        markdown=markdown,
        score=_count(item.get("upvoteCount")),
        accepted=bool(item.get("accepted")),
        parent=parent,
        quotes=quotes,
        edited="" if is_a(item, *_ASKING) else str(item.get("dateModified") or ""),
    )


def _find(root: HtmlElement, stated: str) -> HtmlElement | None:
    """The smallest element that begins and ends with these words."""
    words = "".join(stated.split())
    if len(words) < 4:
        return None
    found = None
    for element in root.iter("div", "article", "section", "blockquote", "td", "p", "span", "li"):
        text = "".join(element.text_content().split())
        if len(words) <= len(text) <= 1.3 * len(words) + 20 and words[:_SAMPLE] in text and words[-_SAMPLE:] in text:
            found = element
    return found


def _plain(stated: str, url: str) -> str:
    if "<" not in stated:
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


def _flarum(root: HtmlElement, url: str) -> list[Block]:
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
        posts.sort(key=lambda row: int(row["attributes"].get("number") or 0))
        return [_flarum_post(row, names, url) for row in posts]
    return []


def _flarum_post(row: dict[str, Any], names: dict[str, str], url: str) -> Block:
    attributes = row["attributes"]
    user = row.get("relationships", {}).get("user", {}).get("data") or {}
    profile = Profile("flarum", drop=".PostMention", quote_link=(".PostMention@data-id",))
    markdown, quotes = read_body(html.parse(f"<div>{attributes['contentHtml']}</div>"), profile, url)
    author = names.get(str(user.get("id")), "")
    edited = str(attributes.get("editedAt") or "")
    return Block(
        str(row.get("id")), author, str(attributes.get("createdAt") or ""), markdown, quotes=quotes, edited=edited
    )
