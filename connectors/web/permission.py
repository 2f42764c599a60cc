"""May this URL be asked for? The robots.txt of its site, fetched at most once a day, answers."""

import time
from urllib.parse import urljoin

from connectors.base import WebError
from connectors.web import robots
from connectors.web.courier import Courier
from connectors.web.limits import Limits
from connectors.web.store import RobotsFile, Store
from connectors.web.url import host_key, normalise_url, origin, target
from connectors.web.wire import REDIRECTS, Answer


class Permission:
    """RFC 9309: a missing file allows, one that cannot be had forbids. 401 and 403 forbid as well:
    who locks even the rules away does not invite."""

    def __init__(self, store: Store, limits: Limits, courier: Courier) -> None:
        self.store, self.limits, self.courier = store, limits, courier
        self._parsed: dict[str, tuple[float, robots.Robots]] = {}

    def evidence(self, url: str) -> str:
        """The line that allows `url`. Raises WebError `robots`, `robots_unreachable` or `opt_out`."""
        file = self.file(origin(url))
        if file.status == 0:
            raise WebError(url, "robots_unreachable", file.detail)
        if file.status in (401, 403):
            raise WebError(url, "robots", f"robots.txt is closed ({file.status})")
        if file.status >= 400:
            return f"no robots.txt ({file.status})"
        rules = self._rules(origin(url), file)
        decision = rules.decide(target(url))
        if not decision.allowed:
            raise WebError(url, "robots", decision.evidence)
        if against := rules.opt_out(target(url)):
            raise WebError(url, "opt_out", against)
        return decision.evidence

    def delay(self, url: str) -> float:
        """The Crawl-delay the site asks of us, as far as its robots.txt is known; 0 when it asks none."""
        file = self.store.robots(origin(url))
        if file is None or file.status != 200:
            return 0.0
        return min(self._rules(origin(url), file).delay(), self.limits.crawl_delay_cap)

    def file(self, site: str) -> RobotsFile:
        """The site's robots.txt, from the store while it is young enough."""
        known = self.store.robots(site)
        if known and time.time() - known.fetched_at < self._age(known):
            return known
        file = self._fetch(f"{site}/robots.txt")
        self.store.save_robots(site, file)
        if delay := self.delay(site):  # which holds from this very request on
            self.courier.turns.extend(host_key(site), delay)
        return file

    def _age(self, file: RobotsFile) -> float:
        return self.limits.robots_age if file.status else self.limits.robots_retry

    def _fetch(self, url: str) -> RobotsFile:
        first = url
        for _ in range(self.limits.robots_redirects + 1):
            outcome = self.courier.ask(url, {}, most=self.limits.robots_bytes)
            if outcome.reason == "refused_address" and url == first:
                raise WebError(url, outcome.reason, outcome.detail)
            if outcome.answer is None:
                return self._unreachable(f"{outcome.reason} {outcome.detail}".strip())
            if outcome.answer.status not in REDIRECTS:
                return self._judged(outcome.answer)
            try:
                url = normalise_url(urljoin(url, outcome.answer.headers.get("location", "")))
            except WebError as error:
                return self._unreachable(f"it redirects to {error.reason}: {error.detail}")
        return self._unreachable(f"more than {self.limits.robots_redirects} redirects")

    def _judged(self, answer: Answer) -> RobotsFile:
        now = time.time()
        if 400 <= answer.status < 500 and answer.status != 429:
            return RobotsFile(answer.status, b"", "", now)
        if not 200 <= answer.status < 300:
            return self._unreachable(f"it answers {answer.status}")
        if not robots.is_text(answer.body):
            return self._unreachable("it is not text")
        return RobotsFile(200, _whole_lines(answer.body, self.limits.robots_bytes), "", now)

    def _unreachable(self, why: str) -> RobotsFile:
        return RobotsFile(0, b"", f"robots.txt cannot be had: {why}", time.time())

    def _rules(self, site: str, file: RobotsFile) -> robots.Robots:
        known = self._parsed.get(site)
        if known is None or known[0] != file.fetched_at:
            known = self._parsed[site] = (file.fetched_at, robots.parse(file.body))
        return known[1]


def _whole_lines(body: bytes, most: int) -> bytes:
    """A rule cut in half would be another rule."""
    return body if len(body) < most else body[: body.rfind(b"\n") + 1]
