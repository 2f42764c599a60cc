"""Whether a URL may be asked for. Files of its site say so, fetched at most once a day: robots.txt, the tdmrep.json of
the TDM Reservation Protocol, and the RSL licences that robots.txt or a response names."""

from collections.abc import Collection
from contextlib import suppress
from urllib.parse import urljoin

from connectors.base import WebError, may_pass
from connectors.web import robots, rsl
from connectors.web.clock import Clock
from connectors.web.fetcher import Fetcher
from connectors.web.limits import Limits
from connectors.web.optout import reservation
from connectors.web.store import SiteFile, Store
from connectors.web.transport import REDIRECTS, HTTPResponse
from connectors.web.url import host_key, normalise_url, origin, target

ROBOTS = "/robots.txt"
RESERVATIONS = "/.well-known/tdmrep.json"
MOST_LICENCES = 5  # of one robots.txt that are read


class Permission:
    """RFC 9309: a missing file allows, one that cannot be had forbids. 401 and 403 forbid as well:
    who locks even the rules away does not invite."""

    def __init__(self, store: Store, limits: Limits, fetcher: Fetcher, clock: Clock) -> None:
        self.store, self.limits, self.fetcher, self.clock = store, limits, fetcher, clock
        self._parsed: dict[str, tuple[float, robots.Robots]] = {}
        self._read_terms: dict[str, tuple[float, tuple[rsl.Terms, ...]]] = {}

    def check(self, url: str) -> str:
        """The rule of robots.txt that allows `url`. Raises WebError `robots`, `robots_unreachable`, `opt_out` or
        `terms_unreachable`."""
        allowed = self._by_robots(url)
        if against := self._reserved(url):
            raise WebError(url, "opt_out", against)
        if against := self.terms_against(url, self._licences(url)):
            raise WebError(url, "opt_out", f"robots.txt: {against}")
        return allowed

    def terms_against(self, url: str, addresses: Collection[str]) -> str:
        """What the licence documents at `addresses` say against training on `url`, "" for nothing.

        One that is not there, or is no RSL, says nothing. Raises WebError `terms_unreachable` for one that its site
        cannot give now, `host_paused`.
        """
        for address in addresses:
            if against := rsl.refusal(self._terms(url, address), url):
                return f"{address}: {against}"
        return ""

    def delay(self, url: str) -> float:
        """The Crawl-delay the site asks of us, as far as its robots.txt is known; 0 when it asks none."""
        file_url = origin(url) + ROBOTS
        file = self.store.site_file(file_url)
        return self._delay(file_url, file) if file else 0.0

    def site_file(self, file_url: str) -> SiteFile:
        """One of the site's files, from the store while it is young enough. Raises WebError `refused_address`,
        `host_paused`."""
        known = self.store.site_file(file_url)
        if known and self.clock.now() - known.fetched_at < self._age(file_url, known):
            return known
        file = self._fetch(file_url)
        if delay := self._delay(file_url, file):  # which holds from this very request on, whatever happens to us
            self.fetcher.rate_limiter.extend_delay(host_key(file_url), delay)
        self.store.save_site_file(file_url, file)
        return file

    def _by_robots(self, url: str) -> str:
        file_url = origin(url) + ROBOTS
        file = self.site_file(file_url)
        if file.status == 0:
            raise WebError(url, "robots_unreachable", f"robots.txt: {file.detail}")
        if file.status in (401, 403):
            raise WebError(url, "robots", f"robots.txt is closed ({file.status})")
        if file.status >= 400:
            return f"no robots.txt ({file.status})"
        rules = self._rules(file_url, file)
        decision = rules.decide(target(url))
        if not decision.allowed:
            raise WebError(url, "robots", decision.rule)
        if against := rules.opt_out(target(url)):
            raise WebError(url, "opt_out", against)
        return decision.rule

    def _reserved(self, url: str) -> str:
        """What tdmrep.json says against `url`. To its protocol, a file that cannot be had is one that is not there."""
        file_url = origin(url) + RESERVATIONS
        rules = self.store.site_file(origin(url) + ROBOTS)
        if rules and rules.status == 200 and not self._rules(origin(url) + ROBOTS, rules).decide(RESERVATIONS).allowed:
            return ""
        file = self.site_file(file_url)
        return reservation(file.body, target(url)) if file.status == 200 else ""

    def _licences(self, url: str) -> list[str]:
        file_url = origin(url) + ROBOTS
        file = self.store.site_file(file_url)
        stated = self._rules(file_url, file).licences() if file and file.status == 200 else []
        found = []
        for address in stated[:MOST_LICENCES]:
            with suppress(WebError):  # an address that is none names nothing
                found.append(normalise_url(address))
        return found

    def _terms(self, url: str, address: str) -> tuple[rsl.Terms, ...]:
        try:
            file = self.site_file(address)
        except WebError as error:
            reason = error.reason if may_pass(error.reason) else "terms_unreachable"
            raise WebError(url, reason, f"{address}: {error.detail}") from error
        if file.status == 0:
            raise WebError(url, "terms_unreachable", f"{address}: {file.detail}")
        known = self._read_terms.get(address)
        if known is None or known[0] != file.fetched_at:
            known = self._read_terms[address] = (file.fetched_at, rsl.read(file.body))
        return known[1]

    def _delay(self, file_url: str, file: SiteFile) -> float:
        if file.status != 200 or not file_url.endswith(ROBOTS):
            return 0.0
        return min(self._rules(file_url, file).delay(), self.limits.crawl_delay_cap)

    def _age(self, file_url: str, file: SiteFile) -> float:
        return self.limits.robots_age if file.status or file_url.endswith(RESERVATIONS) else self.limits.robots_retry

    def _fetch(self, file_url: str) -> SiteFile:
        url = file_url
        for _ in range(self.limits.robots_redirects + 1):
            outcome = self.fetcher.fetch(url, {}, self.delay(url), self.limits.robots_bytes)
            if outcome.reason == "refused_address" and url == file_url:
                raise WebError(url, outcome.reason, outcome.detail)
            if outcome.response is None or outcome.reason:  # a limit may have the status of a refusal
                return self._unreachable(f"{outcome.reason} {outcome.detail}".strip())
            if outcome.response.status not in REDIRECTS:
                return self._read(outcome.response)
            try:
                url = normalise_url(urljoin(url, outcome.response.headers.get("location", "")))
            except WebError as error:
                return self._unreachable(f"it redirects to {error.reason}: {error.detail}")
        return self._unreachable(f"more than {self.limits.robots_redirects} redirects")

    def _read(self, response: HTTPResponse) -> SiteFile:
        now = self.clock.now()
        if 400 <= response.status < 500 and response.status != 429:
            return SiteFile(response.status, b"", "", now)
        if not 200 <= response.status < 300:
            return self._unreachable(f"it answers {response.status}")
        if not robots.is_text(response.body):
            return self._unreachable("it is not text")
        return SiteFile(200, _whole_lines(response.body, self.limits.robots_bytes), "", now)

    def _unreachable(self, why: str) -> SiteFile:
        return SiteFile(0, b"", f"it cannot be had: {why}", self.clock.now())

    def _rules(self, file_url: str, file: SiteFile) -> robots.Robots:
        known = self._parsed.get(file_url)
        if known is None or known[0] != file.fetched_at:
            known = self._parsed[file_url] = (file.fetched_at, robots.parse(file.body))
        return known[1]


def _whole_lines(body: bytes, most: int) -> bytes:
    """A rule cut in half would be another rule."""
    return body if len(body) < most else body[: body.rfind(b"\n") + 1]
