"""Who may ask, how much and how slowly: host names, the token, a request's kind, size and time. Plain ASGI, before any
routing."""

import asyncio
import hmac
import json
import re
from collections.abc import Awaitable, Callable, Collection, Iterable
from typing import Any

from pipelines.serve.protocol import ApiError

MAX_BODY = 1 << 20  # bytes
LOOPBACK = ("localhost", "127.0.0.1", "::1")
PATIENCE = 60.0  # seconds that a client may take to send its body, or to take in a part of the answer
# a name or an address, and perhaps a port; nothing that readers of addresses disagree about
HOST = re.compile(rb"(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9._-]+))(?::[0-9]{1,5})?")
OPEN_PATHS = ("/", "/health")  # they say nothing about the model
Receive = Callable[[], Awaitable[dict[str, Any]]]


def host_name(headers: Iterable[tuple[bytes, bytes]]) -> str:
    """The name in a request's one Host header, without the port; "" where there is none that all would read alike."""
    sent = [HOST.fullmatch(value) for name, value in headers if name == b"host"]
    names = [(each[1] or each[2]).decode().lower() for each in sent if each]
    return names[0] if len(names) == len(sent) == 1 else ""


class AccessMiddleware:
    """An ASGI app around another one. It refuses foreign host names, wrong tokens, and bodies that are too large, too
    slow or no JSON: pages of other sites may send text without being asked."""

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
        error = self._host_error(scope) or self._token_error(scope["path"], headers) or _kind_error(scope, headers)
        body = error or await _read(receive)
        if isinstance(body, ApiError):
            await _send_error(send, body)
        else:
            await self.app(scope, _replay(body, receive), _within(PATIENCE, send))

    def _host_error(self, scope: dict[str, Any]) -> ApiError | None:
        name = host_name(scope["headers"])
        known = bool(name) and (not self.hosts or name in self.hosts)
        return None if known else ApiError(421, "this server does not answer to that host name")

    def _token_error(self, path: str, headers: dict[bytes, bytes]) -> ApiError | None:
        sent = headers.get(b"authorization", b"").removeprefix(b"Bearer ")
        if not self.token or path in OPEN_PATHS or hmac.compare_digest(sent, self.token):
            return None
        return ApiError(401, "send the server's token as `Authorization: Bearer …`", code="invalid_api_key")


def _kind_error(scope: dict[str, Any], headers: dict[bytes, bytes]) -> ApiError | None:
    kind = headers.get(b"content-type", b"").split(b";")[0].strip().lower()
    if scope["method"] != "POST" or kind == b"application/json":
        return None
    return ApiError(415, "send JSON, with the header `Content-Type: application/json`")


async def _read(receive: Receive) -> bytes | ApiError:
    """The whole body; an error as soon as it is too large, whatever its headers say, or takes longer than PATIENCE."""
    try:
        return await asyncio.wait_for(_body(receive), PATIENCE)
    except TimeoutError:
        return ApiError(408, f"the body took longer than {PATIENCE:.0f} seconds")


async def _body(receive: Receive) -> bytes | ApiError:
    body = bytearray()
    while (message := await receive())["type"] != "http.disconnect":
        body += message.get("body", b"")
        if len(body) > MAX_BODY:
            return ApiError(413, f"the body is larger than {MAX_BODY} bytes")
        if not message.get("more_body", False):
            return bytes(body)
    return b""


def _within(seconds: float, send: Any) -> Any:
    """A `send` that gives up on a client who does not read."""

    async def bounded(message: dict[str, Any]) -> None:
        async with asyncio.timeout(seconds):
            await send(message)

    return bounded


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
