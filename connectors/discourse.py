"""Discourse forums: topics over the JSON that every Discourse serves, or from a folder of saved topics.

Gotcha: a topic's first answer holds only its first 20 posts; the ids of all are in `post_stream.stream`, and the
rest is asked for by id. Much in the JSON (views, readers) changes with every look; a page keeps only what was said.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar, Literal

from lxml.html import HtmlElement
from pydantic import Field

from connectors import html
from connectors.base import Kind, LocalPath, Settings, Web
from connectors.reading.edits import edited
from connectors.reading.local import files_at, ignored
from connectors.reading.stored_json import GONE_REASONS, answered, ask, integer, load, load_file
from connectors.reading.threads import build_thread
from connectors.reading.times import parse_time
from schemas.document import Document, Post, Reject, Thread
from schemas.page import Page

CHUNK = 20  # posts per request, as Discourse's own client asks for them
LIKE = 2  # the id of likes among a post's actions
REGULAR = 1  # post_type: moderators' actions, small actions and whispers are others
_TOPIC = ("id", "title", "slug", "tags", "category_id", "created_at", "archetype")
_POST = ("id", "post_number", "username", "created_at", "cooked", "reply_to_post_number")
# The reasons of edits by Discourse itself, which leave what was said as it was
_BY_ITSELF = ("downloaded local copies of images", "Automatically removed quote of whole previous post.")
_PREVIEWS = "//aside[contains(@class, 'onebox')] | //aside[contains(@class, 'quote') and div[@class='title']//a/@href]"
_CLUTTER = (
    "//aside[contains(@class, 'quote')]/div[@class='title'] | //div[@class='meta']"
    " | //a[@class='anchor'] | //span[contains(@class, 'badge')]"
    " | //div[contains(concat(' ', @class, ' '), ' poll ')]"  # what others may vote for, and how many did
)
_MARKS = ("accepted_answer", "hidden", "deleted_at", "user_deleted", "post_type")


class Discourse(Settings):
    """A Discourse forum, live at `url` or as a `folder` of topic JSON files saved from `url`.

    Live, the whole forum is walked by latest activity, or only `categories` (as `slug/id`); later runs stop where
    nothing has happened since the last one. Likes are the score; the accepted answer is known where the forum
    has that plugin.
    """

    states_licence: ClassVar[bool] = False
    connector: Literal["discourse"] = "discourse"
    url: str = Field(pattern=r"^https?://", description="Address of the forum, such as https://forum.example.")
    categories: tuple[str, ...] = Field((), description="Only these, each as slug/id, such as `support/6`.")
    max_topics: int = Field(100_000, ge=1, description="The most topics that are read.")
    folder: LocalPath | None = Field(None, description="Folder of saved topics (`/t/<id>.json`) to read instead.")

    @property
    def kind(self) -> Kind:
        return "forum"

    def files(self) -> tuple[Path, ...]:
        return files_at(self.folder, self.name, "folder", lambda file: file.suffix == ".json")

    def expected(self, web: Web) -> int | None:
        """Of all categories together: a forum tells no other number."""
        about = ask(web, f"{self.url.rstrip('/')}/about.json") if not self.categories else None
        stated = about.get("about") if isinstance(about, dict) else None
        stats = stated.get("stats") if isinstance(stated, dict) else None
        topics = stats.get("topics_count", stats.get("topic_count")) if isinstance(stats, dict) else None
        number = integer(topics)  # of both names, the later one first
        return None if number is None else min(number, self.max_topics)

    def fetch(self, web: Web, cursor: str | None) -> Iterator[Page | Reject]:
        return self._saved() if self.folder else self._live(web, cursor or "")

    def parse(self, page: Page) -> Iterator[Document | Reject]:
        yield from thread(page, self.licence)

    def _saved(self) -> Iterator[Page | Reject]:
        for path in self.files()[: self.max_topics]:
            topic = load_file(path)
            if isinstance(topic, Reject):
                yield topic
            else:
                yield self._page(topic) if _is_topic(topic) else Reject(path.name, "not_a_topic")
        yield from ignored(self.folder, self.files())

    def _live(self, web: Web, cursor: str) -> Iterator[Page | Reject]:
        seen: set[int] = set()
        for listed in self._listed(web, cursor):
            if isinstance(listed, Reject):
                yield listed
            elif listed["id"] not in seen and len(seen) < self.max_topics:
                seen.add(listed["id"])
                yield self._topic(web, listed)

    def _listed(self, web: Web, cursor: str) -> Iterator[dict[str, Any] | Reject]:
        """Topics by latest activity, down to `cursor`; pinned ones stand first whatever their age."""
        base = self.url.rstrip("/")
        starts = [f"{base}/c/{category}/l/latest.json" for category in self.categories] or [f"{base}/latest.json"]
        for start in starts:
            for number in range(self.max_topics):
                url = f"{start}?no_definitions=true&page={number}"
                _, listing = answered(web, url, kind=dict)
                topics = listing if isinstance(listing, Reject) else _listing(listing)
                if topics is None or isinstance(topics, Reject):
                    yield topics or Reject(url, "malformed_json", "not a list of topics")
                    break
                yield from topics
                if not topics or all(_activity(topic) < cursor for topic in topics if not topic.get("pinned")):
                    break

    def _topic(self, web: Web, listed: dict[str, Any]) -> Page | Reject:
        """A whole topic; its number of posts and likes and its latest activity stand for its version."""
        base, number = self.url.rstrip("/"), listed["id"]
        version = f"{_activity(listed)} {listed.get('posts_count')} {listed.get('like_count')}"
        _, topic = answered(web, f"{base}/t/{number}.json", version, dict)
        if isinstance(topic, Reject):
            gone = GONE_REASONS.get(topic.reason)
            return self._gone(number, gone) if gone else topic
        if not _is_topic(topic):
            return Reject(str(number), "not_a_topic")
        posts = topic["post_stream"]["posts"]
        missing = [post for post in topic["post_stream"].get("stream", []) if post not in {p.get("id") for p in posts}]
        for start in range(0, len(missing), CHUNK):
            wanted = "&".join(f"post_ids[]={post}" for post in missing[start : start + CHUNK])
            _, more = answered(web, f"{base}/t/{number}/posts.json?{wanted}", version, dict)
            if isinstance(more, Reject):
                return Reject(str(number), more.reason, f"posts after {len(posts)}: {more.detail}")
            posts += more.get("post_stream", {}).get("posts", [])
        return self._page(topic)

    def _page(self, topic: dict[str, Any]) -> Page:
        body = json.dumps(_kept_topic(topic), ensure_ascii=False, sort_keys=True).encode()
        return Page(self.name, *self._place(topic["id"]), body, "application/json", licence=self.licence)

    def _gone(self, number: int, status: int) -> Page:
        return Page(self.name, *self._place(number), b"", "application/json", status)

    def _place(self, number: int) -> tuple[str, str]:
        return f"t{number}", f"{self.url.rstrip('/')}/t/{number}"


def thread(page: Page, licence: str = "") -> Iterator[Thread | Reject]:
    """The topic in `page` with its regular posts, and a reject for each that is hidden, deleted or broken."""
    topic = load(page.body)
    if not _is_topic(topic):
        yield Reject(page.key, "malformed_json", "not a Discourse topic")
        return
    tags = tuple(tag if isinstance(tag, str) else str(tag.get("name", "")) for tag in topic.get("tags") or ())
    title, posts = " ".join(str(topic["title"]).split()), _posts(page, topic["post_stream"]["posts"])
    yield from build_thread(page.key, page.url, title, posts, tags, page.licence or licence)


def _posts(page: Page, listed: list[dict[str, Any]]) -> Iterator[Post | Reject]:
    regular = [post for post in listed if post.get("post_type", REGULAR) == REGULAR]
    if not regular or regular[0].get("post_number") != 1:
        yield Reject(page.key, "empty_question", "the first post is missing")
    for position, post in enumerate(regular, 1):
        reason = _unusable(post)
        yield Reject(f"{page.key}/{post.get('post_number') or position}", reason) if reason else _post(page, post)


def _post(page: Page, post: dict[str, Any]) -> Post:
    number, created_at = str(post["post_number"]), parse_time(post.get("created_at"))
    return Post(
        post_id=number,
        markdown=cooked(str(post["cooked"]), page.url),
        author=str(post.get("username") or ""),
        created_at=created_at,
        edited_at=edited(parse_time(post.get("edited_at")), created_at),
        score=_likes(post),
        accepted=bool(post.get("accepted_answer")),
        reply_to=str(post.get("reply_to_post_number") or ""),
        url=f"{page.url}/{number}",
        licence=page.licence,
    )


def cooked(markup: str, url: str) -> str:
    """Markdown of a post as Discourse renders it: emoji as their names, `[image]` for a picture; of what it draws for a
    link (another topic, another site) only the address."""
    try:
        tree = html.parse(f"<div>{markup}</div>")
    except html.Unreadable:
        return ""
    for emoji in tree.xpath("//img[contains(@class, 'emoji')]"):
        _replace(emoji, emoji.get("title") or emoji.get("alt") or "")
    for preview in tree.xpath(_PREVIEWS):
        _replace(preview, next(iter(preview.xpath("(.//header|.//div[@class='title'])//a/@href")), ""))
    for clutter in tree.xpath(_CLUTTER):
        _replace(clutter, "")
    for image in tree.xpath(
        "//a[contains(@class, 'lightbox')] | //img[not(ancestor::a[contains(@class, 'lightbox')])]"
    ):
        _replace(image, "[image]")
    return html.to_markdown(tree, url).strip()


def _replace(element: HtmlElement, text: str) -> None:
    element.tail = text + (element.tail or "")
    if element.getparent() is not None:
        element.drop_tree()


def _is_topic(topic: Any) -> bool:
    if not isinstance(topic, dict) or not isinstance(topic.get("id"), int) or "title" not in topic:
        return False
    stream = topic.get("post_stream")
    posts = stream.get("posts") if isinstance(stream, dict) else None
    return isinstance(posts, list) and all(isinstance(post, dict) for post in posts)


def _listing(answer: dict[str, Any]) -> list[dict[str, Any]] | None:
    """The topics of a listing; None where it is none."""
    listed = answer.get("topic_list")
    topics = listed.get("topics") if isinstance(listed, dict) else None
    if not isinstance(topics, list):
        return None
    return [topic for topic in topics if isinstance(topic, dict) and isinstance(topic.get("id"), int)]


def _activity(topic: dict[str, Any]) -> str:
    return str(topic.get("bumped_at") or topic.get("last_posted_at") or "")


def _kept_topic(topic: dict[str, Any]) -> dict[str, Any]:
    posts = [
        {**_only(post, _POST), **_only(post, _MARKS), **_edit(post), "likes": _likes(post)}
        for post in topic["post_stream"]["posts"]
    ]
    posts.sort(key=lambda post: post.get("post_number") or 0)
    return {**_only(topic, _TOPIC), "post_stream": {"posts": posts}}


def _edit(post: dict[str, Any]) -> dict[str, str]:
    """`updated_at` is the last edit of a post that has a second version. To others it happens when a forum moves to
    Discourse or draws its posts anew: to 3,299 of 6,747 in a whole forum."""
    version, stated = post.get("version"), post.get("updated_at")
    once = not isinstance(version, int) or version < 2 or post.get("edit_reason") in _BY_ITSELF
    return {} if once or not isinstance(stated, str) else {"edited_at": stated}


def _only(row: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: row[name] for name in names if row.get(name) not in (None, False, [])}


def _unusable(post: dict[str, Any]) -> str:
    if not isinstance(post.get("cooked"), str) or not isinstance(post.get("post_number"), int):
        return "malformed_post"
    if post.get("deleted_at") or post.get("user_deleted"):
        return "deleted"
    return "hidden" if post.get("hidden") else ""


def _likes(post: dict[str, Any]) -> int:
    if isinstance(post.get("likes"), int):
        return int(post["likes"])
    actions = post.get("actions_summary")
    likes = (action for action in actions or [] if isinstance(action, dict) and action.get("id") == LIKE)
    return next((int(action.get("count") or 0) for action in likes), 0)
