"""Sends requests politely: one per host at a time, with delays, retries, and hosts that are left alone."""

import random
import time
from collections import Counter
from dataclasses import dataclass
from importlib.metadata import version

from connectors.base import BUSY, WebError
from connectors.web.allowance import limit_reset, stated_wait, tells_limit
from connectors.web.clock import Clock
from connectors.web.freshness import retry_after
from connectors.web.limits import Limits
from connectors.web.rate_limiter import RateLimiter
from connectors.web.sign_in import SignIn
from connectors.web.store import Store
from connectors.web.transport import HTTPResponse, Transport, TransportError
from connectors.web.url import host_key

# What another attempt of the same run may mend
_RETRIED = (
    *("no_such_host", "timeout", "broken_answer", "connection_failed"),
    *(f"http_{status}" for status in BUSY),
)
LIMITED = 10  # times as long is the wait after a limit of which nobody says how long it lasts
_ACCEPT = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a request after so many attempts. Without a response, `reason` says why."""

    response: HTTPResponse | None = None
    reason: str = ""
    detail: str = ""
    attempts: int = 0

    @property
    def retryable(self) -> bool:
        """Another attempt may help: the host is in trouble."""
        return self.reason in _RETRIED


class Fetcher:
    """`delay`: the least seconds between two requests to a host. `contact`: whom site owners may write to."""

    def __init__(
        self,
        store: Store,
        transport: Transport,
        limits: Limits,
        clock: Clock,
        *,
        contact: str,
        delay: float,
        sign_in: SignIn,
    ) -> None:
        self.transport, self.limits, self.clock, self.delay = transport, limits, clock, delay
        self.sign_in = sign_in
        self.requests = self.bytes = 0
        self.rate_limiter = RateLimiter(store, limits, clock)
        self._failures: Counter[str] = Counter()
        self._headers = {"User-Agent": user_agent(contact), "Accept": _ACCEPT}

    def fetch(self, url: str, headers: dict[str, str], crawl_delay: float = 0, max_bytes: int = 0) -> Outcome:
        """GET `url` when its host may be asked, and again while that may help.

        `crawl_delay`: seconds between requests that the site asks for. `max_bytes`: where to cut the body; 0: an error
        beyond the limit. Raises WebError `host_paused` without asking when the host has failed too often in this run,
        or wants to be left alone for longer than a run waits.
        """
        host = host_key(url)
        if self._failures[host] >= self.limits.failures:
            raise WebError(url, "host_paused", f"{host} failed {self.limits.failures} times in a row")
        for attempt in range(1, self.limits.retries + 2):
            outcome = self._attempt(url, headers, crawl_delay, max_bytes, attempt)
            if not outcome.retryable:
                break
        self._failures[host] = self._failures[host] + 1 if outcome.retryable else 0
        return outcome

    def _attempt(self, url: str, headers: dict[str, str], crawl_delay: float, max_bytes: int, attempt: int) -> Outcome:
        host, delay = host_key(url), max(self.delay, crawl_delay)
        with self.rate_limiter.acquire(host, url):
            if delay:
                self.rate_limiter.set_delay(
                    host, delay
                )  # if this process is killed now, the site was asked all the same
            began = time.monotonic()
            outcome = self._send(url, headers, max_bytes, attempt)
            spent = time.monotonic() - began
            asked = outcome.reason != "refused_address"
            self.rate_limiter.set_delay(host, self._next_delay(outcome, delay, spent) if asked else 0)
        return outcome

    def _send(self, url: str, headers: dict[str, str], max_bytes: int, attempt: int) -> Outcome:
        try:
            response = self.transport.get(url, self._request_headers(url, headers), max_bytes)
        except TransportError as error:
            self.requests += error.reason != "refused_address"
            return Outcome(None, error.reason, error.detail, attempt)
        self.requests += 1
        self.bytes += len(response.body)
        return Outcome(response, _trouble(response), "", attempt)

    def _next_delay(self, outcome: Outcome, delay: float, spent: float) -> float:
        """Seconds until the host may be asked again, after a request that took `spent`."""
        stated = 0.0
        if outcome.response:
            headers, now, cap = outcome.response.headers, self.clock.now(), self.limits.retry_after_cap
            stated = limit_reset(headers, now, cap)
            if outcome.retryable:
                stated = max(stated, retry_after(headers, now, cap), stated_wait(outcome.response.body, cap))
        backoff = self._backoff(outcome) if outcome.retryable else 0.0
        return max(delay, self._adaptive(spent), stated, backoff)

    def _backoff(self, outcome: Outcome) -> float:
        """Full jitter: clients that failed together do not come back together. Who asked too often waits longer."""
        times = LIMITED if outcome.reason == "http_429" else 1
        return random.uniform(
            0, min(self.limits.backoff_cap, times * self.limits.backoff * 2 ** (outcome.attempts - 1))
        )

    def _adaptive(self, seconds: float) -> float:
        """A site that answers slowly is asked less often; one served for us at no delay is not."""
        if not self.delay:
            return 0.0
        return min(self.limits.adaptive * seconds, self.limits.adaptive_cap)

    def _request_headers(self, url: str, headers: dict[str, str]) -> dict[str, str]:
        authority = url.split("/")[2]
        return {
            "Host": authority,
            **self._headers,
            "Accept-Encoding": "gzip, deflate",
            "Connection": "close",
            **headers,
            **self.sign_in.headers(url),
        }


def _trouble(response: HTTPResponse) -> str:
    """The reason to ask again later, or "". GitHub says 403 and Stack Exchange 400 where others say 429, that one asks
    too often: in a header, or only in words."""
    if response.status in (400, 403) and tells_limit(response.headers, response.body):
        return "http_429"
    return f"http_{response.status}" if response.status in BUSY else ""


def user_agent(contact: str) -> str:
    """`gristmill/0.1.0 (+contact)`."""
    address = " ".join(contact.split()).encode("ascii", "replace").decode()
    return f"gristmill/{version('gristmill')}" + (f" (+{address})" if address else "")
