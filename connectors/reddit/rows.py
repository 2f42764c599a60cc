"""What dumps and listings hold: submissions and comments, told apart, with an id that can be trusted."""

from collections.abc import Iterator
from typing import Any

import re2

from schemas.document import Reject

Row = dict[str, Any]
SUBMISSION, COMMENT = "t3_", "t1_"  # what the names of things begin with: https://www.reddit.com/dev/api
_ID = re2.compile(r"^[0-9a-z]{1,12}$")
_SUBMISSION = (
    *("title", "selftext", "author", "created_utc", "score", "subreddit", "permalink", "url", "is_self", "over_18"),
    *("link_flair_text", "distinguished", "removed_by_category", "edited"),
)
_COMMENT = (
    *("link_id", "parent_id", "body", "author", "created_utc", "score", "ups", "downs", "subreddit", "permalink"),
    *("distinguished", "edited"),
)


def rows(value: Any, position: str) -> Iterator[Row | Reject]:
    """The rows in `value`: a line of a dump, or a listing with all that is below it, those who answer after those
    whom they answer."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        data = one.get("data") if isinstance(one, dict) else None
        if isinstance(one, dict) and one.get("kind") == "Listing" and isinstance(data, dict):
            children = data.get("children")
            waiting += reversed(children if isinstance(children, list) else [])
        elif isinstance(one, dict) and one.get("kind") == "more" and isinstance(data, dict):
            missing = data.get("children")
            yield Reject(f"{position}/{data.get('id', 'more')}", "not_listed", f"{len(missing or ())} comments")
        else:
            found = data if isinstance(one, dict) and "kind" in one else one
            yield _row(found, position)
            waiting += [found["replies"]] if isinstance(found, dict) and found.get("replies") else []


def number(name: str) -> int:
    """The number that an id writes to the base of 36."""
    return int(name.partition("_")[2], 36)


def _row(found: Any, position: str) -> Row | Reject:
    """`id` with its prefix, and what is kept. Views, awards and who moderates change and say nothing."""
    name = str(found.get("id") or "") if isinstance(found, dict) else ""
    if not _ID.match(name):
        return Reject(position, "missing_id", "neither a submission nor a comment")
    if isinstance(found.get("title"), str):
        return {"id": SUBMISSION + name, **_only(found, _SUBMISSION), **_crossposted(found)}
    kept = {"id": COMMENT + name, **_only(found, _COMMENT)}
    link = str(kept.get("link_id") or "")
    if not isinstance(kept.get("body"), str) or not link.startswith(SUBMISSION) or not _ID.match(link[3:]):
        return Reject(COMMENT + name, "malformed_comment", "no body, or no submission that it belongs to")
    return kept


def _only(found: Row, names: tuple[str, ...]) -> Row:
    return {name: found[name] for name in names if found.get(name) not in (None, "", False)}


def _crossposted(found: Row) -> Row:
    """A crosspost shows the text of the submission it points to."""
    parents = found.get("crosspost_parent_list")
    parent = parents[0] if isinstance(parents, list) and parents else None
    text = parent.get("selftext") if isinstance(parent, dict) else None
    return {"selftext": text} if text and isinstance(text, str) and not found.get("selftext") else {}
