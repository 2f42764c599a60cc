"""Asks politely and more than once: turns, rests, retries, and hosts that are left alone."""

import random
import time
from collections import Counter
from dataclasses import dataclass
from importlib.metadata import version

from connectors.base import BUSY, PASSING, WebError
from connectors.web import wire
from connectors.web.freshness import retry_after
from connectors.web.limits import Guest, Limits
from connectors.web.store import Store
from connectors.web.turns import Turns
from connectors.web.url import host_key

_ACCEPT = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of asking, after so many attempts. Without an answer, `reason` says why."""

    answer: wire.Answer | None = None
    reason: str = ""
    detail: str = ""
    attempts: int = 0

    @property
    def again(self) -> bool:
        """Another try may help: the host is in trouble."""
        return self.reason in PASSING


class Courier:
    def __init__(self, store: Store, guest: Guest, limits: Limits) -> None:
        self.guest, self.limits = guest, limits
        self.requests = self.bytes = 0
        self.turns = Turns(store, limits)
        self._failures: Counter[str] = Counter()
        self._headers = {"User-Agent": user_agent(guest.contact), "Accept": _ACCEPT}

    def ask(self, url: str, headers: dict[str, str], crawl_delay: float = 0, most: int = 0) -> Outcome:
        """GET `url` when its host's turn comes, and again while that may help.

        Raises WebError `host_paused` without asking when the host has failed too often in this run,
        or wants to be left alone for longer than a run waits.
        """
        host = host_key(url)
        if self._failures[host] >= self.limits.failures:
            raise WebError(url, "host_paused", f"{host} failed {self.limits.failures} times in a row")
        for attempt in range(1, self.limits.retries + 2):
            outcome = self._attempt(url, headers, crawl_delay, most, attempt)
            if not outcome.again:
                break
        self._failures[host] = self._failures[host] + 1 if outcome.again else 0
        return outcome

    def _attempt(self, url: str, headers: dict[str, str], crawl_delay: float, most: int, attempt: int) -> Outcome:
        host, delay = host_key(url), max(self.guest.delay, crawl_delay)
        with self.turns.turn(host, url):
            if delay:
                self.turns.rest(host, delay)  # if this process is killed now, the site was asked all the same
            began = time.monotonic()
            outcome = self._send(url, headers, most, attempt)
            spent = time.monotonic() - began
            self.turns.rest(host, 0 if outcome.reason == "refused_address" else self._rest(outcome, delay, spent))
        return outcome

    def _send(self, url: str, headers: dict[str, str], most: int, attempt: int) -> Outcome:
        try:
            answer = wire.ask(url, self._request_headers(url, headers), self.limits, self.guest.allow_private, most)
        except wire.WireError as error:
            self.requests += error.reason != "refused_address"
            return Outcome(None, error.reason, error.detail, attempt)
        self.requests += 1
        self.bytes += len(answer.body)
        return Outcome(answer, f"http_{answer.status}" if answer.status in BUSY else "", "", attempt)

    def _rest(self, outcome: Outcome, delay: float, spent: float) -> float:
        asked = 0.0
        if outcome.answer and outcome.again:
            asked = retry_after(outcome.answer.headers, time.time(), self.limits.retry_after_cap)
        backoff = self._backoff(outcome.attempts) if outcome.again else 0.0
        return max(delay, self._adaptive(spent), asked, backoff)

    def _backoff(self, attempt: int) -> float:
        """Full jitter: clients that failed together do not come back together."""
        return random.uniform(0, min(self.limits.backoff_cap, self.limits.backoff * 2 ** (attempt - 1)))

    def _adaptive(self, seconds: float) -> float:
        """A site that answers slowly is asked less often; one served for us at no delay is not."""
        if not self.guest.delay:
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
        }


def user_agent(contact: str) -> str:
    """`gristmill/0.1.0 (+contact)`."""
    address = " ".join(contact.split()).encode("ascii", "replace").decode()
    return f"gristmill/{version('gristmill')}" + (f" (+{address})" if address else "")
