"""Who may ask, and how much: host names, the token, and the size of a request. Plain ASGI, before any routing."""

import hmac
import json
from collections.abc import Awaitable, Callable, Collection
from typing import Any
from urllib.parse import urlsplit

from pipelines.serve.api import ApiError

MAX_BODY = 1 << 20
LOOPBACK = ("localhost", "127.0.0.1", "::1")
OPEN = ("/", "/health")  # nothing of the model is said there
Receive = Callable[[], Awaitable[dict[str, Any]]]


class Guard:
    """Wraps an ASGI app. `hosts` are the names it answers to (a web page elsewhere cannot rebind to others);
    empty: any, for servers that ask for the token."""

    def __init__(self, app: Any, *, hosts: Collection[str], token: str) -> None:
        self.app, self.hosts, self.token = app, frozenset(hosts), token.encode()

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Any) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        refused = self._refuse_host(headers) or self._refuse_token(scope["path"], headers)
        if not refused:
            body = await _read(receive)
            refused = ApiError(413, f"the body is larger than {MAX_BODY} bytes") if body is None else None
        if refused:
            await _send_error(send, refused)
        else:
            await self.app(scope, _replay(body or b"", receive), send)

    def _refuse_host(self, headers: dict[bytes, bytes]) -> ApiError | None:
        try:
            host = urlsplit(f"//{headers.get(b'host', b'').decode('latin-1')}").hostname
        except ValueError:
            host = None
        known = bool(host) and (not self.hosts or host in self.hosts)
        return None if known else ApiError(421, "this server does not answer to that host name")

    def _refuse_token(self, path: str, headers: dict[bytes, bytes]) -> ApiError | None:
        given = headers.get(b"authorization", b"").removeprefix(b"Bearer ")
        if not self.token or path in OPEN or hmac.compare_digest(given, self.token):
            return None
        return ApiError(401, "send the server's token as `Authorization: Bearer …`", code="invalid_api_key")


async def _read(receive: Receive) -> bytes | None:
    """The whole body, or None as soon as it is too large, whatever its headers say."""
    parts: list[bytes] = []
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return b""
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > MAX_BODY:
            return None
        more = message.get("more_body", False)
    return b"".join(parts)


def _replay(body: bytes, receive: Receive) -> Receive:
    pending = [{"type": "http.request", "body": body, "more_body": False}]

    async def replayed() -> dict[str, Any]:
        return pending.pop() if pending else await receive()

    return replayed


async def _send_error(send: Any, error: ApiError) -> None:
    headers = [(b"content-type", b"application/json"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": error.status, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps(error.body()).encode()})
