"""Posts → a thread, with a reject for each post that cannot be used."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from schemas.document import Post, Reject, Thread

_TITLE_LENGTH = 150  # characters of the first line, which names a thread without a title


def build_thread(
    key: str, url: str, title: str, posts: Iterable[Post | Reject], tags: tuple[str, ...] = (), licence: str = ""
) -> Iterator[Thread | Reject]:
    """The rejects, in their order, then the thread of all other posts.

    `posts` are in the order of the conversation, the one that asks first, with a Reject in the place of each that
    cannot be used. A post without text becomes the reject `empty_post`, one whose id was there before `duplicate_id`.
    If the first cannot be used there is no thread, only one reject for `key`: with the first's reason, or
    `empty_question`. An empty `title` is replaced by the first line of the first post.
    """
    kept: dict[str, Post] = {}
    for post in posts:
        item = _checked(key, post, kept)
        if isinstance(item, Post):
            kept[item.post_id] = item
        elif kept:
            yield item
        else:
            yield replace(item, key=key, reason="empty_question" if item.reason == "empty_post" else item.reason)
            return
    if not kept:
        yield Reject(key, "empty_question", "no posts")
        return
    found = tuple(kept.values())
    yield Thread(key, url, title or _first_line(found[0]), found, tags, licence)


def _checked(key: str, post: Post | Reject, kept: dict[str, Post]) -> Post | Reject:
    if isinstance(post, Reject):
        return post
    reason = "duplicate_id" if post.post_id in kept else "" if post.markdown.strip() else "empty_post"
    return Reject(f"{key}/{post.post_id}", reason) if reason else post


def _first_line(post: Post) -> str:
    return post.markdown.strip().split("\n", 1)[0][:_TITLE_LENGTH]


def without_orphans(key: str, posts: Iterable[Post | Reject]) -> Iterator[Post | Reject]:
    """`posts`, of which whatever answers a post that cannot be used becomes the reject `reply_to_unusable`.

    For sites where every post answers one before it: such a reply speaks about what nobody can read.
    """
    usable: set[str] = set()
    for post in posts:
        if isinstance(post, Post) and post.markdown and post.post_id not in usable:
            if usable and post.reply_to not in usable:
                yield Reject(f"{key}/{post.post_id}", "reply_to_unusable")
                continue
            usable.add(post.post_id)
        yield post


def detach_orphans(posts: Iterable[Post | Reject]) -> list[Post | Reject]:
    """`posts`, of which whatever answers itself or a post that cannot be used answers none.

    For sites where a reply need not name what it answers: such a reply follows the conversation.
    """
    listed = list(posts)
    usable = {post.post_id for post in listed if isinstance(post, Post) and post.markdown}
    return [
        replace(post, reply_to="")
        if isinstance(post, Post) and (post.reply_to not in usable or post.reply_to == post.post_id)
        else post
        for post in listed
    ]
