"""The polite client: what connectors call `web`."""

from collections import Counter, deque
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from connectors.base import Response, WebError, may_pass
from connectors.web import freshness, rsl
from connectors.web.browser import Browser
from connectors.web.clock import Clock, SystemClock
from connectors.web.fetcher import Fetcher, Outcome
from connectors.web.limits import LIMITS, Limits
from connectors.web.optout import opt_out, shown_head
from connectors.web.permission import ROBOTS, Permission
from connectors.web.sign_in import SignIn
from connectors.web.store import Store, StoredResponse, Visit
from connectors.web.transport import REDIRECTS, HTTPResponse, HTTPTransport, Transport
from connectors.web.url import host_key, normalise_url, target

TOLD_EVERY = 2.0  # seconds between two times that the store is told what is expected
SEEN = 10_000  # addresses remembered for `touched`: more than any one page is made of
_KEPT = (*range(200, 300), *REDIRECTS, 304, 404, 410)
_REFUSALS = ("http_401", "http_403")


@dataclass(frozen=True, slots=True)
class Tally:
    """What a run has done so far, for whoever shows progress. `stored`: responses that cost no request."""

    requests: int
    stored: int
    bytes: int
    failed: int


class PoliteWeb:
    """The `Web` of connectors/base.py for one source; `open_web` makes it."""

    def __init__(
        self,
        store: Store,
        fetcher: Fetcher,
        source: str,
        limits: Limits,
        forgotten: Callable[[str], bool],
        licence: str,
    ) -> None:
        self.store, self.limits, self.forgotten, self._licence = store, limits, forgotten, licence
        self._fetcher, self._clock = fetcher, fetcher.clock
        self._asked, self._touched = deque[str](maxlen=SEEN), tuple[str, ...]()
        self.crawl, begun = store.begin(source, self._clock.now())
        self.begun_at = datetime.fromtimestamp(begun, UTC)
        self._permission = Permission(store, limits, fetcher, self._clock)
        self._pages = Counter(store.pages(self.crawl))
        self._stored = self._failed = self.expected = 0
        self._told_at = 0.0
        self._discarded = set[str]()
        self.paused = self._missed = False
        self.browser = Browser(self.get, fetcher.sign_in.covers)

    @property
    def tally(self) -> Tally:
        """What this run has done so far."""
        return Tally(self._fetcher.requests, self._stored, self._fetcher.bytes, self._failed)

    @property
    def missed(self) -> bool:
        """Whether something could not be had that may be had another time."""
        return self._missed or bool(self._discarded)

    def get(self, url: str, *, version: str = "") -> Response:
        """See `Web.get`. Redirects are followed, each hop held to the same rules as the first. Raises WebError."""
        try:
            response = self._follow(normalise_url(url), version)
        except WebError as error:
            self._failed += 1
            self._missed = self._missed or may_pass(error.reason)
            self.paused = self.paused or (error.reason == "host_paused" and self._is_limited(error.url))
            raise
        self._discarded.discard(response.url)
        return response

    def render(self, url: str) -> Response:
        """See `Web.render`. Raises WebError, also `no_browser` and `script_timeout`."""
        answer = self.get(url)
        body = self.browser.render(answer.url).encode("utf-8", "replace")
        if len(body) > self.limits.body:
            raise WebError(url, "too_large", f"{len(body)} bytes once its scripts have run")
        against = answer.opt_out or opt_out(answer.headers, body, "text/html")
        headers = answer.headers | {"content-type": "text/html; charset=utf-8"}
        return replace(answer, body=b"" if against else body, headers=headers, opt_out=against)

    def discard(self, response: Response) -> None:
        """See `Web.discard`."""
        self._discarded.add(response.url)
        self.store.discard(self.crawl, response.url)

    def touched(self) -> tuple[str, ...]:
        """The addresses whose responses were given since this was last called; where there are none, those of before:
        a connector may yield several pages from what it asked for at once."""
        if self._asked:
            self._touched = tuple(self._asked)
            self._asked.clear()
        return self._touched

    def drop(self, urls: Collection[str]) -> None:
        """Keep no response of these after this crawl."""
        self.store.drop(urls)

    def expect(self, items: int) -> None:
        """See `Web.expect`."""
        now = self._clock.now()
        if items != self.expected and now >= self._told_at + TOLD_EVERY:
            self.store.expect(self.crawl, items)
            self._told_at = now
        self.expected = items

    def pause(self, url: str, until: datetime) -> None:
        """See `Web.pause`. A wait that goes beyond this run leaves the crawl open, for the next one to go on with."""
        seconds = until.timestamp() - self._clock.now()
        if seconds > 0:
            self._fetcher.rate_limiter.extend_delay(host_key(normalise_url(url)), seconds)
        self.paused = self.paused or seconds > self.limits.longest_wait

    def _is_limited(self, url: str) -> bool:
        """A site that has answered in this crawl wants to be left alone: the next run goes on with this crawl. One that
        has not answered at all is dead, and its crawl would never end."""
        host = host_key(normalise_url(url))
        return self._fetcher.rate_limiter.is_left_alone(host) and self.store.has_answered(self.crawl, host)

    def finish(self) -> None:
        """The source has been walked to its end and its pages are safe."""
        self.store.finish(self.crawl, self._clock.now())

    def _follow(self, url: str, version: str) -> Response:
        trail = [url]
        step = self._step(trail, version)
        while step.status in REDIRECTS:
            trail.append(self._next(trail, step))
            step = self._step(trail, version)
        return _response(step)

    def _step(self, trail: list[str], version: str) -> StoredResponse:
        url = trail[-1]
        try:
            return self._robots_txt(url) if target(url) == ROBOTS else self._exchange(url, version)
        except WebError as error:
            if len(trail) == 1:
                raise
            raise WebError(trail[0], error.reason, f"on the way to {url}: {error.detail}") from error

    def _next(self, trail: list[str], step: StoredResponse) -> str:
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

    def _exchange(self, url: str, version: str) -> StoredResponse:
        """One hop: from this crawl, from the cache while it holds, else from the site."""
        if self.forgotten(url):
            raise WebError(url, "forgotten", "somebody asked for it")
        signed_in = self._fetcher.sign_in.covers(url)
        if signed_in and not self._licence:
            raise WebError(url, "no_licence", "what is behind a sign-in is read where the recipe states its `licence`")
        self._asked.append(url)
        visit = self.store.visit(self.crawl, url)
        if visit and visit.reason:
            raise WebError(url, visit.reason, visit.detail)
        known = self.store.response(url)
        if known and known.signed_in != signed_in:
            known = None  # not everybody is shown the same
        if known and visit:
            self._stored += 1
            return known
        self._check_budget(url)
        rule = self._permission.check(url)
        if known and _is_current(known, version, self._clock.now()):
            self._stored += 1
            return self._save(url, replace(known, robots=rule))
        return self._fetch(url, version, known, rule)

    def _fetch(self, url: str, version: str, known: StoredResponse | None, rule: str) -> StoredResponse:
        outcome = self._fetcher.fetch(url, _validators(known), self._permission.delay(url))
        response = outcome.response
        if response is None or response.status not in _KEPT or (response.status == 304 and not known):
            reason = outcome.reason or f"http_{response.status if response else 0}"
            detail = self._fetcher.sign_in.refused(url) if reason in _REFUSALS else outcome.detail
            self.store.save(self.crawl, self._visit(url, Outcome(None, reason, detail, outcome.attempts)))
            raise WebError(url, reason, detail)
        if response.status == 304 and known:
            return self._save(url, self._confirmed(known, response, version, rule), outcome)
        return self._save(url, self._new(url, response, version, rule), outcome)

    def _new(self, url: str, response: HTTPResponse, version: str, rule: str) -> StoredResponse:
        now = self._clock.now()
        against = opt_out(response.headers, response.body, _media_type(response.headers)) or self._terms(url, response)
        return StoredResponse(
            url=url,
            status=response.status,
            headers=response.headers,
            body=b"" if against else response.body,
            version=version,
            robots=rule,
            opt_out=against,
            fetched_at=now,
            fresh_until=now + freshness.fresh_seconds(response.headers, now, self.limits.fresh_cap),
            keep=not freshness.must_not_keep(response.headers),
            signed_in=self._fetcher.sign_in.covers(url),
        )

    def _terms(self, url: str, response: HTTPResponse) -> str:
        """What the licences that a response names, or holds, say against training on it."""
        head = shown_head(response.body, _media_type(response.headers))
        for document in rsl.inline(head):
            if against := rsl.refusal(rsl.read(document), url):
                return f"<script type={rsl.MEDIA_TYPE}>: {against}"
        return self._permission.terms_against(url, rsl.linked(response.headers, head, url))

    def _confirmed(self, known: StoredResponse, response: HTTPResponse, version: str, rule: str) -> StoredResponse:
        """The cached response under the headers of its confirmation, which may forbid what was allowed before."""
        headers = {name: value for name, value in known.headers.items() if name != "age"} | response.headers
        fresh = self._new(known.url, HTTPResponse(known.status, headers, known.body), version or known.version, rule)
        return replace(fresh, fetched_at=known.fetched_at)

    def _save(self, url: str, response: StoredResponse, outcome: Outcome = Outcome()) -> StoredResponse:  # noqa: B008
        self.store.save(self.crawl, self._visit(url, outcome), response)
        return response

    def _visit(self, url: str, outcome: Outcome) -> Visit:
        host = host_key(url)
        self._pages[host] += 1
        return Visit(url, host, self._clock.now(), outcome.attempts, outcome.reason, outcome.detail)

    def _check_budget(self, url: str) -> None:
        host = host_key(url)
        if self._pages[host] >= self.limits.pages_per_host:
            most = f"{self.limits.pages_per_host} pages of {host} in one crawl; `pages_per_host` under [web] sets it"
            raise WebError(url, "host_budget", most)

    def _robots_txt(self, url: str) -> StoredResponse:
        """The rules themselves are always allowed, and never asked for twice."""
        file = self._permission.site_file(url)
        if not file.status:
            raise WebError(url, "robots_unreachable", file.detail)
        headers = {"content-type": "text/plain"}
        return StoredResponse(url, file.status, headers, file.body, "", "robots.txt itself", "", file.fetched_at, 0)


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
    transport: Transport | None = None,
    clock: Clock | None = None,
    sign_in: SignIn = SignIn(),  # noqa: B008 (frozen)
    licence: str = "",
) -> Iterator[PoliteWeb]:
    """The client of one source, over the cache at `store`: begins a crawl, or continues an unfinished one.

    Publish the pages inside the block. Left normally, the crawl is finished and the next one asks anew;
    left by an exception or a kill, or while a site wants to be left alone for longer than a run waits, it stays
    open and the next run is served what this one had. What is `forgotten` is never asked for (WebError `forgotten`).

    `contact`: whom site owners may write to. `delay`: the least seconds between requests to a host. `allow_private`:
    hosts with private addresses that may be asked, as `host` or `host:port`. `transport` sends the requests, by
    default over the network; `clock` says the time and waits. `sign_in`: tokens and cookies by origin; what is behind
    one is asked for only with `licence`, under which the recipe says that the source stands.
    """
    opened = Store(store)
    sender = transport or HTTPTransport(limits, tuple(allow_private))
    try:
        bounded = replace(limits, pages_per_host=pages_per_host or limits.pages_per_host)
        fetcher = Fetcher(
            opened, sender, bounded, clock or SystemClock(), contact=contact, delay=delay, sign_in=sign_in
        )
        web = PoliteWeb(opened, fetcher, source, bounded, forgotten, licence)
        with web.browser:
            yield web
        if not web.paused:
            web.finish()
    finally:
        opened.close()


def _is_current(known: StoredResponse, version: str, now: float) -> bool:
    """Whether the cached response may be used without asking. A version that differs says that it changed."""
    if not known.keep:
        return False
    return known.version == version if version else now < known.fresh_until


def _validators(known: StoredResponse | None) -> dict[str, str]:
    """None for what was opted out: the opt-out may have been lifted, and the text is not here."""
    if known is None or known.status != 200 or known.opt_out:
        return {}
    stated = {"If-None-Match": known.headers.get("etag"), "If-Modified-Since": known.headers.get("last-modified")}
    return {name: value for name, value in stated.items() if value}


def _response(stored: StoredResponse) -> Response:
    return Response(
        url=stored.url,
        status=stored.status,
        body=stored.body,
        headers=stored.headers,
        media_type=_media_type(stored.headers),
        fetched_at=datetime.fromtimestamp(stored.fetched_at, UTC),
        robots=stored.robots,
        opt_out=stored.opt_out,
    )


def _media_type(headers: dict[str, str]) -> str:
    return headers.get("content-type", "").partition(";")[0].strip().lower()
