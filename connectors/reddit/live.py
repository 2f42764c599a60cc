"""Listings of subreddits and the threads in them, over the site's JSON."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from connectors.base import Web
from connectors.reading.stored_json import ask
from connectors.reddit.rows import SUBMISSION, Row, rows
from schemas.document import Reject

PER_PAGE = 100  # the most that a listing gives
MOST_PAGES = 10  # a listing ends after a thousand
COMMENTS = 500  # the most that a thread gives to guests


def live(web: Web, url: str, subreddits: tuple[str, ...], listing: str) -> Iterator[Row | Reject]:
    """Each listed thread, as {submission, comments}; what a thread leaves out is a Reject with its number."""
    seen: set[str] = set()
    for subreddit in subreddits:
        for listed in _listed(web, f"{url}/r/{subreddit}/{listing}.json", listing):
            if isinstance(listed, Reject):
                yield listed
            elif listed["id"] not in seen:
                seen.add(listed["id"])
                yield from _fetch_thread(web, url, listed)


def _listed(web: Web, listing_url: str, listing: str) -> Iterator[Row | Reject]:
    after = ""
    for _ in range(MOST_PAGES):
        asked = {"limit": PER_PAGE, **({"t": "all"} if listing == "top" else {}), **({"after": after} if after else {})}
        found = ask(web, f"{listing_url}?{urlencode(asked)}")
        if isinstance(found, Reject):
            yield found
            return
        data = found.get("data") if isinstance(found, dict) else None
        children = data.get("children") if isinstance(data, dict) else None
        if not isinstance(data, dict) or not isinstance(children, list):
            yield Reject(listing_url, "malformed_json", "not a listing")
            return
        yield from (row for child in children for row in _entry(child, listing_url))
        after = str(data.get("after") or "")
        if not after:
            return


def _entry(child: Any, listing_url: str) -> Iterator[Row | Reject]:
    """The thread that a listing names, or why it cannot be used."""
    row = next(rows(child, listing_url), None)
    data = child.get("data") if isinstance(child, dict) else None
    if isinstance(row, dict) and isinstance(data, dict):
        yield row | {"num_comments": data.get("num_comments")}
    elif row is not None:
        yield row if isinstance(row, Reject) else Reject(listing_url, "malformed_json", "not a thread")


def _fetch_thread(web: Web, url: str, listed: Row) -> Iterator[Row | Reject]:
    """Votes alone make no new version: the site blurs them at every look."""
    version = f"{listed['num_comments']} {listed.get('edited', False)}"
    address = f"{url}/comments/{listed['id'].removeprefix(SUBMISSION)}.json?limit={COMMENTS}"
    answer = ask(web, address, version)
    if isinstance(answer, Reject):
        yield Reject(listed["id"], answer.reason, answer.detail)
        return
    listings = answer if isinstance(answer, list) else [answer]
    found = [row for value in listings for row in rows(value, listed["id"])]
    kept = [row for row in found if isinstance(row, dict)]
    yield from (row for row in found if isinstance(row, Reject))
    if kept and kept[0]["id"] == listed["id"]:
        yield {"submission": kept[0], "comments": kept[1:]}
    else:
        yield Reject(listed["id"], "malformed_json", "not a thread")
