"""A live help centre, a hundred entries in an answer: https://developer.zendesk.com/api-reference/introduction/pagination/"""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from connectors.base import Response, Web
from connectors.reading.stored_json import answered, ask, integer
from connectors.web.url import same_site
from connectors.zendesk.entries import KIND_OF_LISTING, Entry, NameIndex, is_entry
from schemas.document import Reject

_PER_ANSWER = 100  # the most that the API gives
_LONGEST_WALK = 10_000

Listed = Iterator[tuple[list[Entry] | Reject, Response | None]]


def articles(
    web: Web, base: str, locale: str, cursor: str, names: NameIndex
) -> Iterator[tuple[Entry | Reject, Response | None]]:
    """By latest change, down to `cursor`."""
    asked = {"include": "users,sections,categories", "sort_by": "updated_at", "sort_order": "desc"}
    listing_url = f"{base}/api/v2/help_center/{locale}/articles.json"
    for entries, answer in _listed(web, listing_url, asked, "articles", names):
        if isinstance(entries, Reject):
            yield entries, answer
            return
        yield from ((entry, answer) for entry in entries)
        if cursor and all(str(entry.get("updated_at") or "") < cursor for entry in entries):
            return


def stated(web: Web, base: str, locale: str, part: str) -> int | None:
    """How many articles or posts there are: listings that are paged by number say so, those paged by cursor do not."""
    route = f"help_center/{locale}/articles" if part == "articles" else "community/posts"
    found = ask(web, f"{base}/api/v2/{route}.json?per_page=1")
    return integer(found.get("count")) if isinstance(found, dict) else None


def posts(web: Web, base: str, names: NameIndex) -> Iterator[tuple[Entry | Reject, list[Entry], Response | None]]:
    """Each with all of its comments, which are asked for again when the post or their number has changed."""
    for entries, answer in _listed(
        web, f"{base}/api/v2/community/posts.json", {"include": "users,topics"}, "posts", names
    ):
        if isinstance(entries, Reject):
            yield entries, [], answer
            return
        for entry in entries:
            comments = _comments(web, base, entry, names) if entry.get("comment_count") else []
            if isinstance(comments, Reject):
                yield Reject(f"p{entry['id']}", comments.reason, f"comments: {comments.detail}"), [], answer
            else:
                yield entry, comments, answer


def _comments(web: Web, base: str, post: Entry, names: NameIndex) -> list[Entry] | Reject:
    """All, or why not: half a thread would teach half an answer."""
    found: list[Entry] = []
    version = f"{post.get('updated_at')} {post.get('comment_count')}"
    listing_url = f"{base}/api/v2/community/posts/{post['id']}/comments.json"
    for entries, _ in _listed(web, listing_url, {"include": "users"}, "comments", names, version):
        if isinstance(entries, Reject):
            return entries
        found += entries
    return found


def _listed(
    web: Web, listing_url: str, asked: dict[str, str], name: str, names: NameIndex, version: str = ""
) -> Listed:
    """Every answer of a listing; the sections, topics and people in it are added to `names`."""
    url = f"{listing_url}?{urlencode({**asked, 'page[size]': _PER_ANSWER})}"
    seen: set[str] = set()
    while url and url not in seen and len(seen) < _LONGEST_WALK:
        seen.add(url)
        answer, found = answered(web, url, version, dict)
        if isinstance(found, Reject) or answer is None:
            yield found, None
            return
        if not isinstance(found.get(name), list):
            web.discard(answer)
            yield Reject(url, "malformed_json", f"no `{name}`"), None
            return
        for listing, kind in KIND_OF_LISTING.items():
            for entry in _entries(found, listing):
                names.add(kind, entry)
        yield _entries(found, name), answer
        follow = _next(found)
        if follow and not same_site(follow, listing_url, answer.url):
            yield Reject(url, "other_server", f"the listing goes on at {follow[:200]}"), None
            return
        url = follow


def _entries(answer: dict[str, Any], name: str) -> list[Entry]:
    listed = answer.get(name)
    return [entry for entry in listed if is_entry(entry)] if isinstance(listed, list) else []


def _next(answer: dict[str, Any]) -> str:
    """By cursor or by number, whichever the server pages by."""
    meta, links = answer.get("meta"), answer.get("links")
    more = isinstance(meta, dict) and meta.get("has_more") and isinstance(links, dict)
    follow = links.get("next") if more and isinstance(links, dict) else answer.get("next_page")
    return follow if isinstance(follow, str) else ""
