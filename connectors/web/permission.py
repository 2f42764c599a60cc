"""May this URL be asked for? Two files of its site, fetched at most once a day, answer: robots.txt, and the
tdmrep.json of the TDM Reservation Protocol."""

import time
from urllib.parse import urljoin

from connectors.base import WebError
from connectors.web import robots
from connectors.web.courier import Courier
from connectors.web.limits import Limits
from connectors.web.optout import reservation
from connectors.web.store import SiteFile, Store
from connectors.web.url import host_key, normalise_url, origin, target
from connectors.web.wire import REDIRECTS, Answer

ROBOTS = "/robots.txt"
RESERVATIONS = "/.well-known/tdmrep.json"


class Permission:
    """RFC 9309: a missing file allows, one that cannot be had forbids. 401 and 403 forbid as well:
    who locks even the rules away does not invite."""

    def __init__(self, store: Store, limits: Limits, courier: Courier) -> None:
        self.store, self.limits, self.courier = store, limits, courier
        self._parsed: dict[str, tuple[float, robots.Robots]] = {}

    def evidence(self, url: str) -> str:
        """The line that allows `url`. Raises WebError `robots`, `robots_unreachable` or `opt_out`."""
        allowed = self._by_robots(url)
        if against := self._reserved(url):
            raise WebError(url, "opt_out", against)
        return allowed

    def delay(self, url: str) -> float:
        """The Crawl-delay the site asks of us, as far as its robots.txt is known; 0 when it asks none."""
        place = origin(url) + ROBOTS
        file = self.store.site_file(place)
        return self._delay(place, file) if file else 0.0

    def file(self, place: str) -> SiteFile:
        """One of the site's files, from the store while it is young enough."""
        known = self.store.site_file(place)
        if known and time.time() - known.fetched_at < self._age(place, known):
            return known
        file = self._fetch(place)
        if delay := self._delay(place, file):  # which holds from this very request on, whatever happens to us
            self.courier.turns.extend(host_key(place), delay)
        self.store.save_site_file(place, file)
        return file

    def _by_robots(self, url: str) -> str:
        place = origin(url) + ROBOTS
        file = self.file(place)
        if file.status == 0:
            raise WebError(url, "robots_unreachable", f"robots.txt: {file.detail}")
        if file.status in (401, 403):
            raise WebError(url, "robots", f"robots.txt is closed ({file.status})")
        if file.status >= 400:
            return f"no robots.txt ({file.status})"
        rules = self._rules(place, file)
        decision = rules.decide(target(url))
        if not decision.allowed:
            raise WebError(url, "robots", decision.evidence)
        if against := rules.opt_out(target(url)):
            raise WebError(url, "opt_out", against)
        return decision.evidence

    def _reserved(self, url: str) -> str:
        """What tdmrep.json says against `url`. To its protocol, a file that cannot be had is one that is not there."""
        place = origin(url) + RESERVATIONS
        rules = self.store.site_file(origin(url) + ROBOTS)
        if rules and rules.status == 200 and not self._rules(origin(url) + ROBOTS, rules).decide(RESERVATIONS).allowed:
            return ""
        file = self.file(place)
        return reservation(file.body, target(url)) if file.status == 200 else ""

    def _delay(self, place: str, file: SiteFile) -> float:
        if file.status != 200 or not place.endswith(ROBOTS):
            return 0.0
        return min(self._rules(place, file).delay(), self.limits.crawl_delay_cap)

    def _age(self, place: str, file: SiteFile) -> float:
        return self.limits.robots_age if file.status or place.endswith(RESERVATIONS) else self.limits.robots_retry

    def _fetch(self, place: str) -> SiteFile:
        url = place
        for _ in range(self.limits.robots_redirects + 1):
            outcome = self.courier.ask(url, {}, self.delay(url), self.limits.robots_bytes)
            if outcome.reason == "refused_address" and url == place:
                raise WebError(url, outcome.reason, outcome.detail)
            if outcome.answer is None:
                return _unreachable(f"{outcome.reason} {outcome.detail}".strip())
            if outcome.answer.status not in REDIRECTS:
                return self._judged(outcome.answer)
            try:
                url = normalise_url(urljoin(url, outcome.answer.headers.get("location", "")))
            except WebError as error:
                return _unreachable(f"it redirects to {error.reason}: {error.detail}")
        return _unreachable(f"more than {self.limits.robots_redirects} redirects")

    def _judged(self, answer: Answer) -> SiteFile:
        now = time.time()
        if 400 <= answer.status < 500 and answer.status != 429:
            return SiteFile(answer.status, b"", "", now)
        if not 200 <= answer.status < 300:
            return _unreachable(f"it answers {answer.status}")
        if not robots.is_text(answer.body):
            return _unreachable("it is not text")
        return SiteFile(200, _whole_lines(answer.body, self.limits.robots_bytes), "", now)

    def _rules(self, place: str, file: SiteFile) -> robots.Robots:
        known = self._parsed.get(place)
        if known is None or known[0] != file.fetched_at:
            known = self._parsed[place] = (file.fetched_at, robots.parse(file.body))
        return known[1]


def _unreachable(why: str) -> SiteFile:
    return SiteFile(0, b"", f"it cannot be had: {why}", time.time())


def _whole_lines(body: bytes, most: int) -> bytes:
    """A rule cut in half would be another rule."""
    return body if len(body) < most else body[: body.rfind(b"\n") + 1]
