"""How far the client goes, and how gently; one place for every number."""

from dataclasses import dataclass

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds, bytes and counts.

    RFC 9309 sets the robots numbers; the adaptive delay (so many times as long as the last answer took)
    is Heritrix's, the pause after five failures Nutch's.
    """

    connect: float = 10
    idle: float = 20
    total: float = 60
    floor_rate: float = 1024  # bytes a second, once `floor_after` has passed
    floor_after: float = 30
    body: int = 10 * MIB  # decoded
    redirects: int = 10
    retries: int = 3
    backoff: float = 2  # the first retry comes within this, the next within twice as much
    backoff_cap: float = 60
    adaptive: float = 5
    adaptive_cap: float = 60
    crawl_delay_cap: float = 300
    retry_after_cap: float = 86_400
    longest_wait: float = 300  # a host that wants more is left alone for this run
    failures: int = 5  # in a row, after which a host is left alone for this run
    pages_per_host: int = 10_000
    fresh_cap: float = 86_400
    robots_bytes: int = 500 * 1024
    robots_redirects: int = 5
    robots_age: float = 86_400
    robots_retry: float = 300  # how long an unreachable robots.txt is not asked for again


LIMITS = Limits()
