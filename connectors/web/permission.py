"""Whether a URL may be asked for. Two files of its site say so, fetched at most once a day: robots.txt, and the
tdmrep.json of the TDM Reservation Protocol."""

from urllib.parse import urljoin

from connectors.base import WebError
from connectors.web import robots
from connectors.web.clock import Clock
from connectors.web.fetcher import Fetcher
from connectors.web.limits import Limits
from connectors.web.optout import reservation
from connectors.web.store import SiteFile, Store
from connectors.web.transport import REDIRECTS, HTTPResponse
from connectors.web.url import host_key, normalise_url, origin, target

ROBOTS = "/robots.txt"
RESERVATIONS = "/.well-known/tdmrep.json"


class Permission:
    """RFC 9309: a missing file allows, one that cannot be had forbids. 401 and 403 forbid as well:
    who locks even the rules away does not invite."""

    def __init__(self, store: Store, limits: Limits, fetcher: Fetcher, clock: Clock) -> None:
        self.store, self.limits, self.fetcher, self.clock = store, limits, fetcher, clock
        self._parsed: dict[str, tuple[float, robots.Robots]] = {}

    def check(self, url: str) -> str:
        """The rule of robots.txt that allows `url`. Raises WebError `robots`, `robots_unreachable` or `opt_out`."""
        allowed = self._by_robots(url)
        if against := self._reserved(url):
            raise WebError(url, "opt_out", against)
        return allowed

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
            if outcome.response is None:
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
