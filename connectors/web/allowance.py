"""How much a site lets one ask: limits that are used up, and when they are filled again, as headers and words tell.

GitHub, Zendesk, Reddit and others write `x-ratelimit-remaining` and `-reset`, some `x-rate-limit-…`; the IETF's drafts
`ratelimit-…`, and later one field `ratelimit` (draft-ietf-httpapi-ratelimit-headers).
"""

import re
from datetime import datetime

import re2

from connectors.web.freshness import date_seconds

_PREFIXES = ("x-ratelimit", "x-rate-limit", "ratelimit")
_NUMBER = re.compile(r"[0-9]{1,15}(?:\.[0-9]+)?")
_LEFT = re.compile(r"\b(?:r|remaining)\s*=\s*([0-9]{1,12})")
_AGAIN = re.compile(r"\b(?:t|reset)\s*=\s*([0-9]{1,12})")
_A_TIME = 1e9  # seconds since the epoch, in 2001: a reset beyond it is a time, one below it a number of seconds
_MILLISECONDS = 1e11  # one beyond this counts in thousandths
_WORDS = re2.compile(r"(?i)rate.?limit|too many requests|quota|throttl|slow down|abuse detection|频繁|频率")
_WAIT = re2.compile(
    r"(?i)(?:again|available|retry|wait|请)[^0-9]{0,60}([0-9]{1,6}) ?(s\b|sec|second|min|minute|hour|秒|分钟|小时)"
)
_UNITS = {"m": 60, "分": 60, "h": 3600, "小": 3600}


def limit_reset(headers: dict[str, str], now: float, cap: float) -> float:
    """Seconds until a used-up request limit is filled again; 0 where it is not used up, or does not say when."""
    waits = [_until(reset, now) for left, reset in _limits(headers) if _first(left) == 0]
    return min(max(waits, default=0.0), cap)


def tells_limit(headers: dict[str, str], body: bytes) -> bool:
    """Whether a refusal says that it is for asking too often."""
    used_up = any(_first(left) == 0 for left, _ in _limits(headers))
    return used_up or "retry-after" in headers or bool(_WORDS.search(body.decode("utf-8", "replace")))


def stated_wait(body: bytes, cap: float) -> float:
    """Seconds that a refusal asks for in words ("more requests available in 60 seconds"); 0 for none."""
    found = _WAIT.search(body.decode("utf-8", "replace"))
    return min(float(found[1]) * _UNITS.get(found[2][0].lower(), 1), cap) if found else 0


def _limits(headers: dict[str, str]) -> list[tuple[str, str]]:
    """(what is left, when it is filled again) of each limit that the headers state."""
    stated = [
        (headers[f"{prefix}-remaining"], headers.get(f"{prefix}-reset") or headers.get(f"{prefix}-reset-after", ""))
        for prefix in _PREFIXES
        if f"{prefix}-remaining" in headers
    ]
    for part in [headers["ratelimit"]] if "remaining" in headers.get("ratelimit", "") else _parts(headers):
        left, again = _LEFT.search(part), _AGAIN.search(part)
        stated += [(left[1], again[1] if again else "")] if left else []
    return stated


def _parts(headers: dict[str, str]) -> list[str]:
    return headers.get("ratelimit", "").split(",")


def _first(text: str) -> float | None:
    """Of a number that several hands have written (`0, 0`) the first; Reddit's has a point."""
    found = _NUMBER.match(text.strip())
    return float(found[0]) if found else None


def _until(reset: str, now: float) -> float:
    """Seconds until `reset`: a number of them, a time in seconds or thousandths, or a date."""
    number = _first(reset)
    if number is None or "-" in reset:
        time = _iso_seconds(reset) or date_seconds(reset)
        return max(time - now, 0) if time else 0
    if number > _A_TIME:
        return max((number / 1000 if number > _MILLISECONDS else number) - now, 0)
    return number


def _iso_seconds(text: str) -> float | None:
    try:
        time = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return time.timestamp() if time.tzinfo else None
