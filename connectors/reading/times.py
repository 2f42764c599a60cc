"""When something was said, as sources state it: ISO 8601, seconds since 1970, or the dates of mail."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import re2

_LONGEST = 100  # characters
# Fewer digits are a year or a day of ISO 8601: 20240102
_EPOCH = re2.compile(r"^\d{9,10}(?:\.\d{1,9})?$")
_FAULTS = (ValueError, TypeError, OverflowError, OSError, IndexError)


def parse_time(stated: Any) -> datetime | None:
    """The time that a source states, in UTC; None for what states none, or one that cannot be.

    `stated` is text in ISO 8601 or RFC 5322, seconds since 1970 as a number or as text, or a datetime or a date, which
    YAML, TOML and Parquet give. Times without a zone are in UTC, whatever the zone of this machine; a day without a
    time of day is its midnight. Never raises.
    """
    if isinstance(stated, date):
        stated = stated.isoformat()
    if isinstance(stated, str):
        return _from_text(stated.strip()[:_LONGEST])
    is_number = isinstance(stated, int | float) and not isinstance(stated, bool)
    return _first(stated, _from_epoch) if is_number else None


def _from_text(text: str) -> datetime | None:
    if _EPOCH.match(text):
        return _first(float(text), _from_epoch)
    if text.isdecimal() and len(text) != len("20240102"):
        return None
    return _first(text, datetime.fromisoformat, parsedate_to_datetime)


def _first(stated: Any, *readings: Callable[[Any], datetime]) -> datetime | None:
    for reading in readings:
        try:
            time = reading(stated)
            return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)
        except _FAULTS:
            continue
    return None


def _from_epoch(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
