"""Reading JSON that somebody else wrote."""

import json
from datetime import UTC, datetime
from typing import Any

from connectors.base import Response, Web, WebError
from schemas.document import Reject
from schemas.page import GONE_STATUSES

GONE_REASONS = {f"http_{status}": status for status in GONE_STATUSES}  # of a Reject for what is no more


def load(body: bytes) -> Any:
    """The value of `body`, half characters (lone surrogates) replaced; None for what is no JSON or nested too deep."""
    try:
        value = json.loads(body)
        if b"\\ud" in body.lower():
            value = json.loads(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return None
    return value


def ask(web: Web, url: str, version: str = "") -> Any:
    """The JSON at `url`, or the Reject that says why it cannot be had; `null` is an answer as well."""
    return answered(web, url, version)[1]


def answered(web: Web, url: str, version: str = "", kind: type = object) -> tuple[Response | None, Any]:
    """The answer of `url` and the JSON in it, which is of `kind`, or the Reject that says why it cannot be had."""
    try:
        answer = web.get(url, version=version)
    except WebError as error:
        return None, Reject(url, error.reason, error.detail)
    if answer.opt_out:
        return None, Reject(url, "opt_out", answer.opt_out)
    if answer.status != 200:
        return None, Reject(url, f"http_{answer.status}")
    found = load(answer.body)
    unread = found is None and answer.body.strip() != b"null"
    return answer, found if isinstance(found, kind) and not unread else Reject(url, "malformed_json")


def integer(value: Any) -> int | None:
    """A number, also one that was written as a string; None for anything else, and for what is beyond 32 bits."""
    try:
        found = int(value) if isinstance(value, str) else round(value)
    except (ValueError, TypeError, OverflowError):
        return None
    return found if abs(found) < 1 << 31 and not isinstance(value, bool) else None


def moment(value: Any) -> datetime | None:
    """Seconds since 1970, as a number or as a string of one, or a date of ISO 8601; UTC where it does not say."""
    try:
        return None if isinstance(value, bool) else datetime.fromtimestamp(float(value), UTC)
    except (ValueError, TypeError, OverflowError, OSError):
        return _dated(value) if isinstance(value, str) else None


def _dated(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
        return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
