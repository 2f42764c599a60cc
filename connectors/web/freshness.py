"""What headers say about time: how long a response is fresh, and when to come back (RFC 9111, RFC 9110)."""

from email.utils import parsedate_to_datetime

import re2

_DIRECTIVE = re2.compile(r'([a-z-]+)(?:\s*=\s*"?([^",;\s]*)"?)?')
_A_TIME = 1e9  # seconds since the epoch, in 2001: a reset beyond it is a time, one below it a number of seconds


def fresh_seconds(headers: dict[str, str], now: float, cap: float) -> float:
    """For how many seconds the answer may be reused without asking; 0 when it does not say.

    RFC 9111 would let us guess from Last-Modified (4.2.2). We do not: a crawl is run to see what has changed. Of
    Vary only `*` matters, since all our requests carry the same headers; `must-revalidate` forbids what we never
    do, to serve what is no longer fresh.
    """
    directives = dict(_DIRECTIVE.findall(headers.get("cache-control", "").lower()))
    if "no-cache" in directives or "no-store" in directives or headers.get("vary", "").strip() == "*":
        return 0
    made = _date(headers.get("date", "")) or now
    expires = _date(headers.get("expires", "")) or made
    lifetime = _number(directives["max-age"]) if "max-age" in directives else expires - made
    age = max(_number(headers.get("age", "0")), now - made)  # 4.2.3
    return min(max(lifetime - age, 0), cap)


def must_not_keep(headers: dict[str, str]) -> bool:
    """Whether the site forbids to store the response beyond this crawl."""
    return "no-store" in dict(_DIRECTIVE.findall(headers.get("cache-control", "").lower()))


def retry_after(headers: dict[str, str], now: float, cap: float) -> float:
    """Seconds to stay away. What cannot be read, or lies in the past, is 0."""
    value = headers.get("retry-after", "").strip()
    if value.isascii() and value.isdecimal():
        return min(_number(value), cap)
    date = _date(value)
    return min(max(date - now, 0), cap) if date else 0


def limit_reset(headers: dict[str, str], now: float, cap: float) -> float:
    """Seconds until a used-up request limit is filled again; 0 where it is not used up.

    GitHub states the time (`x-ratelimit-reset`), the IETF's draft and others the seconds (`ratelimit-reset`).
    """
    for prefix in ("x-ratelimit", "ratelimit"):
        if headers.get(f"{prefix}-remaining", "").strip() == "0":
            reset = _number(headers.get(f"{prefix}-reset", "").strip())
            return min(max(reset - now if reset > _A_TIME else reset, 0), cap)
    return 0


def _number(text: str) -> float:
    return float(text[:12]) if text.isascii() and text.isdecimal() else 0


def _date(text: str) -> float | None:
    try:
        return parsedate_to_datetime(text).timestamp()
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
