"""Reading JSON that somebody else wrote."""

import json
from pathlib import Path
from typing import Any

from connectors.base import SIGN_IN_HELPS, Response, Web, WebError
from schemas.document import Reject
from schemas.page import GONE_STATUSES

LARGEST = 32 << 20  # bytes of a file of JSON that is read whole; its value takes up to 25 times as much memory
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


def load_file(path: Path) -> Any:
    """The value of a file as `load` has it; for one of more than LARGEST the Reject that says so."""
    with path.open("rb") as file:
        body = file.read(LARGEST + 1)
    return load(body) if len(body) <= LARGEST else Reject(path.name, "too_large", f"{path.stat().st_size} bytes")


def ask(web: Web, url: str, version: str = "") -> Any:
    """The JSON at `url`, or the Reject that says why it cannot be had; `null` is an answer as well."""
    return answered(web, url, version)[1]


def answered(web: Web, url: str, version: str = "", kind: type = object) -> tuple[Response | None, Any]:
    """The response of `url` and the JSON in it, which is of `kind`, or the Reject that says why it cannot be had.

    A response that cannot be read is not kept: a later run asks for it again, whatever its version.
    """
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
    if unread or not isinstance(found, kind):
        web.discard(answer)
        return answer, Reject(url, "malformed_json", instead(answer))
    return answer, found


def instead(answer: Response) -> str:
    """What an answer is that should have been JSON; "" where that is not known."""
    return f"it is a page: the address is wrong, or {SIGN_IN_HELPS}" if answer.body.lstrip().startswith(b"<") else ""


def integer(value: Any) -> int | None:
    """A number, also one that was written as a string; None for anything else, and for what is beyond 32 bits."""
    try:
        found = int(value) if isinstance(value, str) else round(value)
    except (ValueError, TypeError, OverflowError):
        return None
    return found if abs(found) < 1 << 31 and not isinstance(value, bool) else None
