"""One request per host at a time, whichever process sends it, and a delay after each; also across restarts."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

from connectors.base import WebError
from connectors.web.clock import Clock
from connectors.web.limits import Limits
from connectors.web.store import Store


class RateLimiter:
    """File locks beside the store say who may ask a host (a killed process gives its lock back);
    the store says from when."""

    def __init__(self, store: Store, limits: Limits, clock: Clock) -> None:
        self.store, self.limits, self.clock = store, limits, clock
        self.folder = store.path.with_suffix(".locks")
        self.folder.mkdir(parents=True, exist_ok=True)

    @contextmanager
    def acquire(self, host: str, url: str) -> Iterator[None]:
        """Hold the host's lock, once its delay is over. Raises WebError `host_paused` if that is too far off."""
        with _file_lock(self.folder / sha256(host.encode()).hexdigest()[:16]):
            wait = self._wait(host)
            if wait > self.limits.longest_wait:
                raise WebError(url, "host_paused", f"{host} asked to be left alone for another {wait:.0f} s")
            self.clock.sleep(wait)
            yield

    def set_delay(self, host: str, seconds: float) -> None:
        """The host may be asked again so long from now. Only whoever holds the lock calls this."""
        self.store.set_next_at(host, self.clock.now() + seconds)

    def extend_delay(self, host: str, seconds: float) -> None:
        """The host may be asked again so long from now, or later if that was known before."""
        self.store.set_next_at(host, max(self.store.next_at(host), self.clock.now() + seconds))

    def is_left_alone(self, host: str) -> bool:
        """Whether the host wants to be left alone for longer than a run waits."""
        return self._wait(host) > self.limits.longest_wait

    def _wait(self, host: str) -> float:
        """Seconds until the host may be asked. A clock set back must not make it wait for ever: no delay is longer
        than the caps."""
        longest = max(self.limits.retry_after_cap, self.limits.crawl_delay_cap)
        wait = self.store.next_at(host) - self.clock.now()
        return max(wait, 0.0) if wait <= longest else 0.0


@contextmanager
def _file_lock(path: Path) -> Iterator[None]:
    file = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
    finally:
        os.close(file)
