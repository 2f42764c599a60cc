"""The polite client: what connectors call `web`."""

import time
from collections import Counter, deque
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from connectors.base import PASSING, Response, WebError
from connectors.web import freshness
from connectors.web.courier import Courier, Outcome
from connectors.web.limits import LIMITS, Guest, Limits
from connectors.web.optout import opt_out
from connectors.web.permission import ROBOTS, Permission
from connectors.web.store import Store, Stored, Visit
from connectors.web.url import host_key, normalise_url, target
from connectors.web.wire import REDIRECTS, Answer

SEEN = 10_000  # addresses remembered for `touched`: more than any one page is made of
_KEPT = (*range(200, 300), *REDIRECTS, 304, 404, 410)


@dataclass(frozen=True, slots=True)
class Tally:
    """What a run has done so far, for whoever shows progress. `stored`: answers that cost no request."""

    requests: int
    stored: int
    bytes: int
    failed: int


class PoliteWeb:
    """The `Web` of connectors/base.py for one source; `open_web` makes it."""

    def __init__(
        self, store: Store, guest: Guest, source: str, limits: Limits, forgotten: Callable[[str], bool]
    ) -> None:
        self.store, self.limits, self.forgotten = store, limits, forgotten
        self._asked, self._touched = deque[str](maxlen=SEEN), tuple[str, ...]()
        self.crawl, begun = store.begin(source, time.time())
        self.begun_at = datetime.fromtimestamp(begun, UTC)
        self._courier = Courier(store, guest, limits)
        self._permission = Permission(store, limits, self._courier)
        self._pages = Counter(store.pages(self.crawl))
        self._stored = self._failed = self.expected = 0
        self.paused = self.missed = False

    @property
    def tally(self) -> Tally:
        return Tally(self._courier.requests, self._stored, self._courier.bytes, self._failed)

    def get(self, url: str, *, version: str = "") -> Response:
        """See `Web.get`. Redirects are followed, each hop held to the same rules as the first."""
        try:
            return self._follow(normalise_url(url), version)
        except WebError as error:
            self._failed += 1
            self.missed = self.missed or error.reason in PASSING
            raise

    def touched(self) -> tuple[str, ...]:
        """The addresses whose answers were given since this was last called; where there are none, those of before:
        a connector may yield several pages from what it asked for at once."""
        if self._asked:
            self._touched = tuple(self._asked)
            self._asked.clear()
        return self._touched

    def drop(self, urls: Collection[str]) -> None:
        """Keep no answer of these after this crawl."""
        self.store.drop(urls)

    def expect(self, items: int) -> None:
        """See `Web.expect`."""
        self.expected = items

    def rest(self, url: str, until: datetime) -> None:
        """See `Web.rest`. A wait that goes beyond this run leaves the crawl open, for the next one to go on with."""
        seconds = until.timestamp() - time.time()
        if seconds > 0:
            self._courier.turns.extend(host_key(normalise_url(url)), seconds)
        self.paused = self.paused or seconds > self.limits.longest_wait

    def finish(self) -> None:
        """The source has been walked to its end and its pages are safe."""
        self.store.finish(self.crawl, time.time())

    def _follow(self, url: str, version: str) -> Response:
        trail = [url]
        step = self._step(trail, version)
        while step.status in REDIRECTS:
            trail.append(self._next(trail, step))
            step = self._step(trail, version)
        return _response(step)

    def _step(self, trail: list[str], version: str) -> Stored:
        url = trail[-1]
        try:
            return self._robots_txt(url) if target(url) == ROBOTS else self._exchange(url, version)
        except WebError as error:
            if len(trail) == 1:
                raise
            raise WebError(trail[0], error.reason, f"on the way to {url}: {error.detail}") from error

    def _next(self, trail: list[str], step: Stored) -> str:
        location = step.headers.get("location", "")
        try:
            follow = normalise_url(location, base=step.url)
        except WebError as error:
            raise WebError(trail[0], "bad_redirect", error.detail) from error
        if not location or follow in trail:
            raise WebError(trail[0], "redirect_loop", f"back to {follow}")
        if len(trail) > self.limits.redirects:
            raise WebError(trail[0], "too_many_redirects", f"more than {self.limits.redirects}")
        return follow

    def _exchange(self, url: str, version: str) -> Stored:
        """One hop: from this crawl, from the cache while it holds, else from the site."""
        if self.forgotten(url):
            raise WebError(url, "forgotten", "somebody asked for it")
        self._asked.append(url)
        visit = self.store.visit(self.crawl, url)
        if visit and visit.reason:
            raise WebError(url, visit.reason, visit.detail)
        known = self.store.answer(url)
        if known and visit:
            self._stored += 1
            return known
        self._check_budget(url)
        evidence = self._permission.evidence(url)
        if known and _holds(known, version):
            self._stored += 1
            return self._save(url, replace(known, robots=evidence))
        return self._fetch(url, version, known, evidence)

    def _fetch(self, url: str, version: str, known: Stored | None, evidence: str) -> Stored:
        outcome = self._courier.ask(url, _validators(known), self._permission.delay(url))
        answer = outcome.answer
        if answer is None or answer.status not in _KEPT or (answer.status == 304 and not known):
            reason = outcome.reason or f"http_{answer.status if answer else 0}"
            self.store.save(self.crawl, self._visit(url, Outcome(None, reason, outcome.detail, outcome.attempts)))
            raise WebError(url, reason, outcome.detail)
        if answer.status == 304 and known:
            return self._save(url, self._confirmed(known, answer, version, evidence), outcome)
        return self._save(url, self._new(url, answer, version, evidence), outcome)

    def _new(self, url: str, answer: Answer, version: str, evidence: str) -> Stored:
        now = time.time()
        against = opt_out(answer.headers, answer.body, _media_type(answer.headers))
        return Stored(
            url=url,
            status=answer.status,
            headers=answer.headers,
            body=b"" if against else answer.body,
            version=version,
            robots=evidence,
            opt_out=against,
            fetched_at=now,
            fresh_until=now + freshness.fresh_seconds(answer.headers, now, self.limits.fresh_cap),
            keep=not freshness.must_not_keep(answer.headers),
        )

    def _confirmed(self, known: Stored, answer: Answer, version: str, evidence: str) -> Stored:
        """The cached answer under the headers of its confirmation, which may forbid what was allowed before."""
        headers = {name: value for name, value in known.headers.items() if name != "age"} | answer.headers
        fresh = self._new(known.url, Answer(known.status, headers, known.body), version or known.version, evidence)
        return replace(fresh, fetched_at=known.fetched_at)

    def _save(self, url: str, answer: Stored, outcome: Outcome = Outcome()) -> Stored:  # noqa: B008
        self.store.save(self.crawl, self._visit(url, outcome), answer)
        return answer

    def _visit(self, url: str, outcome: Outcome) -> Visit:
        host = host_key(url)
        self._pages[host] += 1
        return Visit(url, host, time.time(), outcome.attempts, outcome.reason, outcome.detail)

    def _check_budget(self, url: str) -> None:
        host = host_key(url)
        if self._pages[host] >= self.limits.pages_per_host:
            most = f"{self.limits.pages_per_host} pages of {host} in one crawl; `pages_per_host` under [web] sets it"
            raise WebError(url, "host_budget", most)

    def _robots_txt(self, url: str) -> Stored:
        """The rules themselves are always allowed, and never asked for twice."""
        file = self._permission.file(url)
        if not file.status:
            raise WebError(url, "robots_unreachable", file.detail)
        headers = {"content-type": "text/plain"}
        return Stored(url, file.status, headers, file.body, "", "robots.txt itself", "", file.fetched_at, 0)


@contextmanager
def open_web(  # noqa: PLR0913 (the settings of a recipe, by name)
    store: Path,
    *,
    source: str,
    contact: str = "",
    delay: float = 5.0,
    allow_private: tuple[str, ...] = (),
    pages_per_host: int = 0,
    limits: Limits = LIMITS,
    forgotten: Callable[[str], bool] = lambda url: False,
) -> Iterator[PoliteWeb]:
    """The client of one source, over the cache at `store`: begins a crawl, or continues an unfinished one.

    Publish the pages inside the block. Left normally, the crawl is finished and the next one asks anew;
    left by an exception or a kill, or while a site wants to be left alone for longer than a run waits, it stays
    open and the next run is served what this one had. An address for which `forgotten` is true is never asked for:
    WebError `forgotten`.
    """
    opened = Store(store)
    guest = Guest(contact, delay, tuple(allow_private))
    try:
        bounded = replace(limits, pages_per_host=pages_per_host or limits.pages_per_host)
        web = PoliteWeb(opened, guest, source, bounded, forgotten)
        yield web
        if not web.paused:
            web.finish()
    finally:
        opened.close()


def _holds(known: Stored, version: str) -> bool:
    """Whether the cached answer needs no question. A version that differs says that it changed."""
    if not known.keep:
        return False
    return known.version == version if version else time.time() < known.fresh_until


def _validators(known: Stored | None) -> dict[str, str]:
    """None for what was opted out: the opt-out may have been lifted, and the text is not here."""
    if known is None or known.status != 200 or known.opt_out:
        return {}
    stated = {"If-None-Match": known.headers.get("etag"), "If-Modified-Since": known.headers.get("last-modified")}
    return {name: value for name, value in stated.items() if value}


def _response(answer: Stored) -> Response:
    return Response(
        url=answer.url,
        status=answer.status,
        body=answer.body,
        headers=answer.headers,
        media_type=_media_type(answer.headers),
        fetched_at=datetime.fromtimestamp(answer.fetched_at, UTC),
        robots=answer.robots,
        opt_out=answer.opt_out,
    )


def _media_type(headers: dict[str, str]) -> str:
    return headers.get("content-type", "").partition(";")[0].strip().lower()
