"""Pages of a live MediaWiki: https://www.mediawiki.org/wiki/API:Query

The wiki is walked by title, some hundreds of pages in an answer; what they say is then asked for by revision, which
never changes, so that a later crawl is served from the cache whatever was not edited. The templates that they use are
asked for by name, each once.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import chain
from typing import Any
from urllib.parse import urlencode

from connectors.base import SIGN_IN_HELPS, Response, Web, WebError
from connectors.html import spdx
from connectors.mediawiki.expansion import redirect_of, used
from connectors.mediawiki.revision import UNSPOKEN, USERS, Revision, address
from connectors.mediawiki.sources import Templates
from connectors.reading.stored_json import instead, integer, load
from connectors.web.freshness import retry_after
from schemas.document import Reject

# more than 50 revisions in one query are for bots; a group ends early at a page number that this divides, so
# that a new page moves the borders of its own group only
_GROUP = 50
_BORDER = 25
# https://www.mediawiki.org/wiki/Manual:Maxlag_parameter
# templates that use each other so deep; most pages need two rounds
_ROUNDS = 5
_MAXLAG = 5
_ATTEMPTS = 4
# https://www.mediawiki.org/wiki/API:Errors_and_warnings: what may have passed a little later
_PASSING = ("maxlag", "ratelimited", "readonly", "internal_api_error")
_LONGEST_PAUSE = 86_400
_LONGEST_WALK = 1_000_000

Params = dict[str, str | int]


@dataclass(frozen=True)
class _Site:
    main_page: str
    licence: str
    dropped: list[str]
    users: list[str]


def from_api(web: Web, api: str, namespaces: tuple[int, ...], cursor: str | None) -> Iterator[Revision | Reject]:
    """Every page, then those deleted since `cursor` with status 404; a reject where the wiki is silent."""
    try:
        site = _site(web, api)
        with Templates() as templates:
            for group in chain.from_iterable(_groups(_listed(web, api, space)) for space in namespaces):
                found = list(_contents(web, api, site, group))
                _gather(web, api, templates, [item for item in found if isinstance(item, Revision)])
                yield from (_with_sources(item, templates) for item in found)
        if cursor:
            yield from _deleted(web, api, site, namespaces, cursor)
    except WebError as error:
        yield Reject(error.url, error.reason, error.detail)


def articles(web: Web, api: str) -> int | None:
    """How many articles the wiki says that it has; redirects are none."""
    try:
        answer, _ = _ask(web, api, {"meta": "siteinfo", "siprop": "statistics"})
    except WebError:
        return None
    stated = answer["query"].get("statistics")
    return integer(stated.get("articles")) if isinstance(stated, dict) else None


def _site(web: Web, api: str) -> _Site:
    found, response = _ask(web, api, {"meta": "siteinfo", "siprop": "general|rightsinfo|namespaces"})
    answer = found["query"]
    if not isinstance(answer.get("general"), dict):
        web.discard(response)
        raise WebError(api, "malformed_json", "no siteinfo: not the API of a MediaWiki")
    rights = answer.get("rightsinfo", {})
    return _Site(
        main_page=answer["general"].get("base", ""),
        licence=spdx(rights.get("url", "")) or spdx(rights.get("text", "")),
        dropped=_spaces(answer, UNSPOKEN),
        users=_spaces(answer, USERS),
    )


def _spaces(answer: dict[str, Any], numbers: tuple[int, ...]) -> list[str]:
    """What the wiki calls these namespaces."""
    spaces = (answer.get("namespaces", {}).get(str(number), {}) for number in numbers)
    return sorted({name for space in spaces if (name := space.get("name") or space.get("*"))})


def _listed(web: Web, api: str, space: int) -> Iterator[dict[str, Any]]:
    params: Params = {"generator": "allpages", "gapnamespace": space, "gaplimit": "max", "prop": "info"}
    for query in _walk(web, api, params | {"maxlag": _MAXLAG}):
        yield from sorted(query.get("pages", ()), key=lambda page: str(page.get("title", "")))


def _groups(pages: Iterator[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    group: list[dict[str, Any]] = []
    for page in pages:
        group.append(page)
        if len(group) == _GROUP or page.get("pageid", 0) % _BORDER == 0:
            yield group
            group = []
    if group:
        yield group


def _contents(web: Web, api: str, site: _Site, group: list[dict[str, Any]]) -> Iterator[Revision | Reject]:
    """The pages of `group` in order; redirects are rejected unread."""
    wanted = sorted(page["lastrevid"] for page in group if page.get("lastrevid") and not page.get("redirect"))
    try:
        found = _revisions(web, api, wanted) if wanted else {}
    except WebError as error:
        yield from (Reject(str(page.get("pageid")), error.reason, error.detail) for page in group)
        return
    for page in group:
        key = str(page.get("pageid", page.get("title", "")))
        if page.get("redirect"):
            yield Reject(key, "redirect", page.get("title", ""))
        elif page.get("pageid") not in found:
            yield Reject(key, "no_revision", "the wiki gave no text of it")
        else:
            yield _revision(site, *found[page["pageid"]])


def _gather(web: Web, api: str, templates: Templates, found: list[Revision]) -> None:
    """Asks for the templates that `found` use, for those that these use, and so on. What a wiki does not tell leaves
    holes."""
    texts = [item.body["wikitext"] for item in found]
    for _ in range(_ROUNDS):
        names = templates.lacking({name for text in texts for name in (*used(text), redirect_of(text)) if name})
        texts = []
        for start in range(0, len(names), _GROUP):
            for title, text in _sources(web, api, names[start : start + _GROUP]):
                templates.add(title, text)
                texts.append(text)


def _sources(web: Web, api: str, names: list[str]) -> Iterator[tuple[str, str]]:
    params: Params = {"prop": "revisions", "titles": "|".join(f"Template:{name}" for name in names)}
    try:
        answer, _ = _ask(web, api, params | {"rvprop": "content", "rvslots": "main"})
    except WebError:
        return
    for page in answer["query"].get("pages", ()):
        if page.get("revisions"):
            yield page.get("title", "").partition(":")[2], _content(page["revisions"][0])


def _with_sources(item: Revision | Reject, templates: Templates) -> Revision | Reject:
    if isinstance(item, Reject):
        return item
    sources = templates.used_by(item.body["wikitext"])
    return replace(item, body=item.body | {"templates": sources}) if sources else item


def _revisions(web: Web, api: str, numbers: list[int]) -> dict[int, tuple[dict[str, Any], Response]]:
    """By page id: the page with its revision, and the answer that held it."""
    params: Params = {
        "prop": "revisions",
        "revids": "|".join(map(str, numbers)),
        "rvprop": "ids|timestamp|user|content|contentmodel",
        "rvslots": "main",
    }
    found: dict[int, tuple[dict[str, Any], Response]] = {}
    more: Params | None = {}
    while more is not None:
        answer, response = _ask(web, api, params | more, version="revisions")
        pages = answer["query"].get("pages", ())
        found |= {page["pageid"]: (page, response) for page in pages if page.get("revisions") and "pageid" in page}
        more = answer.get("continue") if len(found) < len(numbers) else None
    return found


def _revision(site: _Site, page: dict[str, Any], response: Response) -> Revision:
    newest = page["revisions"][0]
    body = {
        "title": page.get("title", ""),
        "ns": page.get("ns", 0),
        "redirect": "",
        "revid": str(newest.get("revid", "")),
        "timestamp": newest.get("timestamp", ""),
        "contributor": "" if newest.get("anon", False) is not False else newest.get("user", ""),
        "model": _slot(newest).get("contentmodel", "wikitext"),
        "dropped": site.dropped,
        "users": site.users,
        "wikitext": _content(newest),
    }
    url = address(site.main_page, body["title"])
    return Revision(
        str(page["pageid"]), url, body, site.licence, fetched_at=response.fetched_at, robots=response.robots
    )


def _slot(revision: dict[str, Any]) -> dict[str, Any]:
    slot: dict[str, Any] = revision.get("slots", {}).get("main", revision)
    return slot


def _content(revision: dict[str, Any]) -> str:
    slot = _slot(revision)
    return str(slot.get("content") or slot.get("*", ""))


def _deleted(web: Web, api: str, site: _Site, namespaces: tuple[int, ...], cursor: str) -> Iterator[Revision]:
    params: Params = {
        "list": "logevents",
        "letype": "delete",
        "leend": cursor,
        "lelimit": "max",
        "leprop": "ids|title|type",
    }
    seen: set[str] = set()
    for query in _walk(web, api, params):
        for event in query.get("logevents", ()):
            key = str(event.get("logpage") or event.get("pageid") or "")
            wanted = event.get("action") == "delete" and event.get("ns") in namespaces
            if wanted and key and key not in seen:
                seen.add(key)
                yield Revision(key, address(site.main_page, event.get("title", "")), status=404)


def _walk(web: Web, api: str, params: Params) -> Iterator[dict[str, Any]]:
    """Every answer to a query that goes on: https://www.mediawiki.org/wiki/API:Continue"""
    more: Params = {"continue": ""}  # else wikis before 1.26 go on in their old way
    for _ in range(_LONGEST_WALK):
        answer, _ = _ask(web, api, params | more)
        yield answer["query"]
        if not answer.get("continue") or answer["continue"] == more:
            return
        more = answer["continue"]


def _ask(web: Web, api: str, params: Params, version: str = "") -> tuple[dict[str, Any], Response]:
    """The answer and the response that held it; asked for again while the wiki is busy. Raises WebError.

    MediaWiki says even that it is busy with status 200. Such a response must not be kept, or the next attempt, and
    every later run, would be served it from the cache.
    """
    fixed: Params = {"action": "query", "format": "json", "formatversion": 2}
    url = f"{api}{'&' if '?' in api else '?'}{urlencode(fixed | params)}"
    reason, detail = "no_answer", ""
    for _ in range(_ATTEMPTS):
        response = web.get(url, version=version)
        if response.opt_out or response.status != 200:
            raise WebError(api, "opt_out" if response.opt_out else f"http_{response.status}", response.opt_out)
        answer = _json(response)
        if answer is not None and "error" not in answer:
            return answer, response
        web.discard(response)
        reason, detail = _failure(answer, response)
        if reason == "api_error" and not detail.startswith(_PASSING):
            break
        seconds = retry_after(response.headers, response.fetched_at.timestamp(), _LONGEST_PAUSE)
        web.pause(response.url, response.fetched_at + timedelta(seconds=seconds))
    raise WebError(api, reason, detail)


def _failure(answer: dict[str, Any] | None, response: Response) -> tuple[str, str]:
    """(reason, detail) of an answer that is of no use."""
    if answer is None:
        return "malformed_json", instead(response)
    code = str(answer["error"].get("code", ""))[:80]
    return "api_error", f"{code}: {SIGN_IN_HELPS}" if code == "readapidenied" else code


def _json(response: Response) -> dict[str, Any] | None:
    answer = load(response.body)
    ok = isinstance(answer, dict) and all(isinstance(answer.get(key) or {}, dict) for key in ("error", "query"))
    return _modern(answer) if ok else None


def _modern(answer: dict[str, Any]) -> dict[str, Any]:
    """An answer of a wiki before 1.25, which knows no `formatversion`, as later ones write it: pages in a list, marks
    as true. Where nothing was found there is no `query`, or a list."""
    query = answer["query"] = answer.get("query") or {}
    if isinstance(query.get("pages"), dict):
        query["pages"] = [{**page, **_marks(page)} for page in query["pages"].values() if isinstance(page, dict)]
    return answer


def _marks(page: dict[str, Any]) -> dict[str, bool]:
    return {mark: True for mark in ("redirect", "missing") if mark in page}
