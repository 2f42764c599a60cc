"""Who may ask, and how much: host names, the token, and the size of a request. Plain ASGI, before any routing."""

import hmac
import json
from collections.abc import Awaitable, Callable, Collection
from typing import Any
from urllib.parse import urlsplit

from pipelines.serve.protocol import ApiError

MAX_BODY = 1 << 20  # bytes
LOOPBACK = ("localhost", "127.0.0.1", "::1")
OPEN_PATHS = ("/", "/health")  # they say nothing about the model
Receive = Callable[[], Awaitable[dict[str, Any]]]


class AccessMiddleware:
    """An ASGI app around another one. It refuses foreign host names, wrong tokens and bodies that are too large."""

    def __init__(self, app: Any, *, hosts: Collection[str], token: str) -> None:
        """`hosts` are the names that the server answers to, so that a web page elsewhere cannot rebind its own name to
        this machine; empty: any, for servers that ask for the token. `token` empty: none is asked for.
        """
        self.app, self.hosts, self.token = app, frozenset(hosts), token.encode()

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Any) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        error = self._host_error(headers) or self._token_error(scope["path"], headers)
        if not error:
            body = await _read(receive)
            error = ApiError(413, f"the body is larger than {MAX_BODY} bytes") if body is None else None
        if error:
            await _send_error(send, error)
        else:
            await self.app(scope, _replay(body or b"", receive), send)

    def _host_error(self, headers: dict[bytes, bytes]) -> ApiError | None:
        try:
            host = urlsplit(f"//{headers.get(b'host', b'').decode('latin-1')}").hostname
        except ValueError:
            host = None
        known = bool(host) and (not self.hosts or host in self.hosts)
        return None if known else ApiError(421, "this server does not answer to that host name")

    def _token_error(self, path: str, headers: dict[bytes, bytes]) -> ApiError | None:
        sent = headers.get(b"authorization", b"").removeprefix(b"Bearer ")
        if not self.token or path in OPEN_PATHS or hmac.compare_digest(sent, self.token):
            return None
        return ApiError(401, "send the server's token as `Authorization: Bearer …`", code="invalid_api_key")


async def _read(receive: Receive) -> bytes | None:
    """The whole body, or None as soon as it is too large, whatever its headers say."""
    chunks: list[bytes] = []
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return b""
        chunks.append(message.get("body", b""))
        size += len(chunks[-1])
        if size > MAX_BODY:
            return None
        more = message.get("more_body", False)
    return b"".join(chunks)


def _replay(body: bytes, receive: Receive) -> Receive:
    """A `receive` for the wrapped app: the body that was read already, then what the client sends."""
    pending = [{"type": "http.request", "body": body, "more_body": False}]

    async def replayed() -> dict[str, Any]:
        return pending.pop() if pending else await receive()

    return replayed


async def _send_error(send: Any, error: ApiError) -> None:
    headers = [(b"content-type", b"application/json"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": error.status, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps(error.body()).encode()})
