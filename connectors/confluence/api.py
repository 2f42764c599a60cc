"""Pages of a live wiki by its REST API: https://developer.atlassian.com/server/confluence/confluence-rest-api-examples/

A first run lists everything; later ones ask for what was modified since. The search takes minutes in the time zone
of the server, so that it is asked for a day more than needed.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode, urljoin

from connectors.base import Response, Web
from connectors.confluence.content import STORAGE, Content, named
from connectors.reading.stored_json import GONE_REASONS, answered, ask, integer
from connectors.reading.times import parse_time
from connectors.web.url import same_site
from schemas.document import Reject

FetchedContent = tuple[str, Content, Response]
KINDS = ("page", "blogpost")
# more than 25 pages with their text in one answer are refused by some servers, and cut by others
_PAGING = {"limit": "25", "expand": "body.storage,version,space,ancestors,history,metadata.labels"}
_LONGEST_WALK = 100_000


def from_api(web: Web, wiki: str, spaces: tuple[str, ...], cursor: str | None) -> Iterator[FetchedContent | Reject]:
    """Pages, then blog posts. A listing that breaks off ends with a reject."""
    base, since = wiki.rstrip("/"), parse_time(cursor)
    search = _search(base, spaces, since)
    seen: set[str] = set()
    for start in [search] if since else _listings(base, spaces):
        for entry, answer in _listed(web, base, start, search):
            if isinstance(entry, Reject):
                yield entry
            elif entry.get("type") in KINDS and str(entry.get("id")) not in seen:
                seen.add(str(entry.get("id")))
                yield _fetched_content(entry, answer)


def total(web: Web, wiki: str, spaces: tuple[str, ...]) -> int | None:
    """How many pages and blog posts anyone may read, by what a search of the wiki says."""
    asked = {"cql": _wanted(spaces), "limit": "1"}
    found = ask(web, f"{wiki.rstrip('/')}/rest/api/search?{urlencode(asked)}")
    return integer(found.get("totalSize")) if isinstance(found, dict) else None


def _listings(base: str, spaces: tuple[str, ...]) -> list[str]:
    places: list[dict[str, str]] = [{"spaceKey": key} for key in spaces] or [{}]
    asked = [{"type": kind, **place, "status": "current", **_PAGING} for place in places for kind in KINDS]
    return [f"{base}/rest/api/content?{urlencode(params)}" for params in asked]


def _search(base: str, spaces: tuple[str, ...], since: datetime | None) -> str:
    """By the time of creation, which no change moves while the answers are read."""
    query = f"{_wanted(spaces, since)} order by created"
    return f"{base}/rest/api/content/search?{urlencode({'cql': query, **_PAGING})}"


def _wanted(spaces: tuple[str, ...], since: datetime | None = None) -> str:
    """Which pages, in the wiki's own query language."""
    wanted = [f"type in ({','.join(KINDS)})"]
    if since:
        wanted.append(f'lastmodified >= "{since - timedelta(days=1):%Y-%m-%d %H:%M}"')
    if spaces:
        keys = ",".join(f'"{key}"' for key in spaces)
        wanted.append(f"space in ({keys})")
    return " and ".join(wanted)


def _listed(web: Web, base: str, url: str, search: str) -> Iterator[tuple[dict[str, Any] | Reject, Response | None]]:
    """Every entry of a listing; its links to what follows are relative to the wiki, and stay on it. Where there are
    no listings any more, as in the cloud, what a search finds."""
    asked: set[str] = set()
    while url and url not in asked and len(asked) < _LONGEST_WALK:
        asked.add(url)
        answer, found = answered(web, url, kind=dict)
        if isinstance(found, Reject) or answer is None:
            if found.reason in GONE_REASONS and search not in asked:
                url = search
                continue
            yield found, None
            return
        entries = found.get("results")
        if not isinstance(entries, list):
            web.discard(answer)
            yield Reject(url, "malformed_json", "no `results`"), None
            return
        yield from ((entry, answer) for entry in entries if isinstance(entry, dict))
        links = found.get("_links")
        follow = _next(base, links) if isinstance(links, dict) else ""
        if follow and not same_site(follow, base, answer.url):
            yield Reject(url, "other_server", f"the listing goes on at {follow[:200]}"), None
            return
        url = follow


def _next(base: str, links: dict[str, Any]) -> str:
    """Servers say the path with the wiki's own (`context`) or without it."""
    follow, context = links.get("next"), str(links.get("context") or "")
    if not isinstance(follow, str) or not follow:
        return ""
    if follow.startswith("/") and not (context and follow.startswith(f"{context}/")):
        return base + follow
    return urljoin(base + "/", follow)


def _fetched_content(entry: dict[str, Any], answer: Response | None) -> FetchedContent | Reject:
    key, title = str(entry.get("id") or ""), entry.get("title")
    if not key or not isinstance(title, str) or not title.strip():
        return Reject(key or "?", "missing_id", "a page without title or number")
    if entry.get("status", "current") != "current":
        return Reject(key, str(entry["status"]) if entry["status"] in ("draft", "archived") else "not_current")
    body = _at(entry, "body", "storage", "value")
    if not isinstance(body, str) or answer is None:
        return Reject(key, "no_body", "the wiki gave no text of it")
    return key, _content(entry, body), answer


def _content(entry: dict[str, Any], body: str) -> Content:
    creator = _at(entry, "history", "createdBy") or _at(entry, "version", "by")
    number = _at(entry, "version", "number")
    number = number if isinstance(number, int) else 0
    return Content(
        title=entry["title"],
        space=str(_at(entry, "space", "key") or ""),
        version=number,
        created_at=str(_at(entry, "history", "createdDate") or _at(entry, "version", "when") or ""),
        edited_at=str(_at(entry, "version", "when") or "") if number > 1 else "",
        author=named(str(_at(creator, "displayName") or _at(creator, "username") or "")),
        labels=tuple(sorted({name for name in _names(_at(entry, "metadata", "labels", "results"), "name")})),
        ancestors=tuple(_names(entry.get("ancestors"), "title")),
        syntax=STORAGE,
        body=body,
    )


def _names(entries: Any, name: str) -> list[str]:
    named_ones = [entry for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []
    return [entry[name] for entry in named_ones if isinstance(entry.get(name), str) and entry[name]]


def _at(value: Any, *path: str) -> Any:
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value
