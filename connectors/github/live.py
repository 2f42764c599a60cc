"""GitHub's REST API: listings of a hundred, and the comments of all issues at once.

One by one, ten thousand issues want ten thousand requests for their comments; in bulk, a hundredth of their comments.
https://docs.github.com/en/rest/using-the-rest-api/using-pagination-in-the-rest-api
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import re2

from connectors.base import Response, Web
from connectors.reading.spill import spilled
from connectors.reading.stored_json import answered
from connectors.web.url import origin
from schemas.document import Reject

PER_PAGE = 100  # the most that the API gives
_NEXT = re2.compile(r'<([^<>]*)>[^<>,]*;\s*rel="?next"?')
_LAST = re2.compile(r'<[^<>]*[?&]page=(\d{1,9})[^<>]*>[^<>,]*;\s*rel="?last"?')
_NUMBER = re2.compile(r"/issues/(\d{1,18})$")
_TABLE = "create table comments (issue integer, comment text); create index by_issue on comments (issue)"
Entry = dict[str, Any]
Bulk = Callable[[int], list[Entry]]  # the comments of an issue by its number, the oldest first; [] where there are none


@dataclass(frozen=True, slots=True)
class Listings:
    """The API through the polite client. `max_pages`: the most pages of one listing that are asked for."""

    web: Web
    max_pages: int

    def one(self, url: str) -> Entry | Reject:
        """The object at `url`."""
        _, found = answered(self.web, url, kind=dict)
        return found  # type: ignore[no-any-return]

    def count(self, url: str, asked: dict[str, str]) -> int | None:
        """How many entries a listing has: with one on a page, the number of its last page."""
        answer, found = answered(self.web, f"{url}?{urlencode({**asked, 'per_page': 1})}", kind=list)
        if answer is None or isinstance(found, Reject):
            return None
        last = _LAST.search(answer.headers.get("link", ""))
        return int(last[1]) if last else len(found) or None

    def all(self, url: str, asked: dict[str, str], version: str = "") -> Iterator[Entry | Reject]:
        """Every entry of a listing: by the links of its pages where there are any, else until a short page."""
        place = f"{url}?{urlencode({**asked, 'per_page': PER_PAGE, 'page': 1})}"
        for number in range(1, self.max_pages + 1):
            answer, found = answered(self.web, place, version, list)
            if isinstance(found, Reject):
                yield found
                return
            yield from (entry for entry in found if isinstance(entry, dict))
            counted = f"{url}?{urlencode({**asked, 'per_page': PER_PAGE, 'page': number + 1})}"
            place = _follow(answer, place, counted if len(found) == PER_PAGE else "")
            if place and origin(place) != origin(url):
                yield Reject(url, "foreign_next_page", f"the walk ends at a link to {origin(place)[:80]}")
                return
            if not place:
                return
        yield Reject(url, "max_pages", f"`max_pages` of {self.max_pages} ended the walk")


def _follow(answer: Response | None, place: str, counted: str) -> str:
    """The page after `place`; `counted` is its address where the answer links to none."""
    links = answer.headers.get("link", "") if answer else ""
    if not links:
        return counted
    found = _NEXT.search(links)
    return found[1] if found else ""


@contextmanager
def comments_by_issue(listings: Listings, repository: str) -> Iterator[Bulk]:
    """The comments of all issues of the repository whose address is given; none where that is "".

    They are put down on disk, since a repository may have a million. Where the walk ends early, those of the issues
    it did not come to are missing, and the caller asks for them one issue at a time.
    """
    with spilled(_TABLE) as db:
        asked = {"sort": "created", "direction": "asc"}
        found = listings.all(f"{repository}/issues/comments", asked) if repository else iter(())
        rows = ((_issue(entry), json.dumps(entry)) for entry in found if isinstance(entry, dict))
        db.executemany("insert into comments values (?, ?)", rows)
        query = "select comment from comments where issue = ? order by rowid"
        yield lambda number: [json.loads(row[0]) for row in db.execute(query, [number])]


def _issue(comment: Entry) -> int:
    """The number of the issue that a comment belongs to; 0 where it does not say."""
    found = _NUMBER.search(str(comment.get("issue_url") or ""))
    return int(found[1]) if found else 0
