"""Trees of replies, in which what cannot be used takes along what answers it."""

from collections.abc import Iterable, Iterator

from schemas.document import Post, Reject


def readable(key: str, posts: Iterable[tuple[Post, str]]) -> Iterator[Post | Reject]:
    """Posts, each with the reason why it cannot be used or "", nobody before whom they answer, the first asking.

    What answers a post that cannot be used is a reject as well: it speaks about what nobody can read. Without the
    first post there is only its reject.
    """
    known: set[str] = set()
    for post, unusable in posts:
        reason = unusable or ("" if post.markdown else "empty_post")
        if not known and reason:
            yield Reject(key, "empty_question" if reason == "empty_post" else reason)
            return
        if not reason and post.post_id in known:
            reason = "duplicate_id"
        elif not reason and known and post.reply_to not in known:
            reason = "reply_to_unusable"
        if reason:
            yield Reject(f"{key}/{post.post_id}", reason)
        else:
            known.add(post.post_id)
            yield post
