"""What headers say about time: how long a response is fresh, and when to come back (RFC 9111, RFC 9110)."""

from email.utils import parsedate_to_datetime

import re2

_DIRECTIVE = re2.compile(r'([a-z-]+)(?:\s*=\s*"?([^",;\s]*)"?)?')


def fresh_seconds(headers: dict[str, str], now: float, cap: float) -> float:
    """For how many seconds the answer may be reused without asking; 0 when it does not say.

    RFC 9111 would let us guess from Last-Modified (4.2.2). We do not: a crawl is run to see what has changed. Of
    Vary only `*` matters, since all our requests carry the same headers; `must-revalidate` forbids what we never
    do, to serve what is no longer fresh.
    """
    directives = dict(_DIRECTIVE.findall(headers.get("cache-control", "").lower()))
    if "no-cache" in directives or "no-store" in directives or headers.get("vary", "").strip() == "*":
        return 0
    made = date_seconds(headers.get("date", "")) or now
    expires = date_seconds(headers.get("expires", "")) or made
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
    date = date_seconds(value)
    return min(max(date - now, 0), cap) if date else 0


def _number(text: str) -> float:
    return float(text[:12]) if text.isascii() and text.isdecimal() else 0


def date_seconds(text: str) -> float | None:
    """Seconds since the epoch of an HTTP date; None for what is none."""
    try:
        return parsedate_to_datetime(text).timestamp()
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
