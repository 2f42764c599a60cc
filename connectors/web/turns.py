"""One request per host at a time, whoever asks, and a rest after each; a restart changes nothing about it."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

from connectors.base import WebError
from connectors.web.limits import Limits
from connectors.web.store import Store


class Turns:
    """Kernel locks beside the store say who may ask a host (a killed process gives its turn back);
    the store says from when."""

    def __init__(self, store: Store, limits: Limits) -> None:
        self.store, self.limits = store, limits
        self.folder = store.path.with_suffix(".locks")
        self.folder.mkdir(parents=True, exist_ok=True)

    @contextmanager
    def turn(self, host: str, url: str) -> Iterator[None]:
        """Hold the host's turn, once its rest is over. Raises WebError `host_paused` if that is too far off."""
        with _locked(self.folder / sha256(host.encode()).hexdigest()[:16]):
            wait = self._wait(host)
            if wait > self.limits.longest_wait:
                raise WebError(url, "host_paused", f"{host} asked to be left alone for another {wait:.0f} s")
            time.sleep(wait)
            yield

    def rest(self, host: str, seconds: float) -> None:
        """Let the host alone for so long from now. Only whoever has the turn calls this."""
        self.store.rest(host, time.time() + seconds)

    def extend(self, host: str, seconds: float) -> None:
        """Let the host alone for at least so long from now."""
        self.store.rest(host, max(self.store.next_at(host), time.time() + seconds))

    def _wait(self, host: str) -> float:
        """A clock set back must not make a host wait for ever: nothing is ever asked for longer than the caps."""
        longest = max(self.limits.retry_after_cap, self.limits.crawl_delay_cap)
        wait = self.store.next_at(host) - time.time()
        return max(wait, 0.0) if wait <= longest else 0.0


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    file = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
    finally:
        os.close(file)
