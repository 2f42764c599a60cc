"""Who may see the dashboard, and in whose name they decide: whom a proxy has signed in, or who knows the password.

The name goes on to the pages in a header of our own. A browser that has said the password once is known by a cookie,
since not all of them send it with a WebSocket.
"""

import asyncio
import base64
import hmac
import secrets
from dataclasses import dataclass, replace
from http.cookies import CookieError, SimpleCookie
from ipaddress import ip_address, ip_network
from typing import Any
from urllib.parse import urlsplit

from pipelines.errors import WrongInput
from pipelines.serve.access import LOOPBACK

USER = b"x-gristmill-user"
COOKIE = "gristmill"
PASSWORD = "GRISTMILL_PASSWORD"  # the variable; an option would stand in the list of processes
MIN_PASSWORD = 16  # bytes
LONGEST_NAME = 200
OPEN = "/_stcore/health"  # says nothing but that the server is up
SLOW = 1.0  # seconds that a wrong password costs
OF_LOOPBACK = ("127.0.0.0/8", "::1/128")


@dataclass(frozen=True)
class Access:
    """How a dashboard is reached. `url` is its address for people, `header` a proxy's with the name of whom it has
    signed in, believed from `proxies` (addresses or networks) only."""

    host: str = "127.0.0.1"
    url: str = ""
    header: str = ""
    proxies: tuple[str, ...] = ()
    password: str = ""


def checked(access: Access) -> Access:
    """The same, complete. Raises WrongInput where strangers could come in, or a name could be made up."""
    inside = access.host in LOOPBACK
    if access.password and len(access.password.encode()) < MIN_PASSWORD:
        raise WrongInput("{variable}: must have {number} bytes or more", variable=PASSWORD, number=MIN_PASSWORD)
    if access.header and not access.proxies and not inside:
        raise WrongInput("--user-header {header}: name the proxy's address with --proxy", header=access.header)
    if not inside and not access.password and not access.header:
        raise WrongInput(
            "{host} can be reached from elsewhere: set {variable} to a secret of {number} bytes or more, or name the "
            "header of a proxy that signs people in with --user-header",
            host=access.host,
            variable=PASSWORD,
            number=MIN_PASSWORD,
        )
    if not inside and not access.url:
        raise WrongInput("--host {host}: say with --url how people reach it", host=access.host)
    if access.url and not _is_of_the_web(access.url):
        raise WrongInput("--url {url}: must begin with http:// or https://", url=access.url)
    for proxy in access.proxies:
        _network(proxy)
    return replace(access, proxies=access.proxies or OF_LOOPBACK)


class SignIn:
    """An ASGI app around another one, for those who may come in. It gives their name to the pages as USER."""

    def __init__(self, app: Any, access: Access) -> None:
        self.app, self.access, self.key = app, access, secrets.token_bytes(32)
        self.proxies = [_network(proxy) for proxy in access.proxies]

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] not in ("http", "websocket") or scope["path"] == OPEN:
            await self.app(scope, receive, send)
            return
        user = self._user(scope)
        if user is None:
            await self._refuse(scope, send)
            return
        headers = [pair for pair in scope["headers"] if pair[0] != USER]
        headers += [(USER, base64.b64encode(user.encode()))] if user else []
        await self.app(scope | {"headers": headers}, receive, self._sending(send, user))

    def _user(self, scope: dict[str, Any]) -> str | None:
        """A name; "" where nobody is asked for one; None for a stranger."""
        if self.access.header and self._is_proxy(scope):
            told = _values(scope, self.access.header.lower())
            return (_name(told[0]) or None) if len(told) == 1 else None
        if self.access.password:
            return self._by_password(scope) or self._by_cookie(scope)
        return None if self.access.header else ""

    def _is_proxy(self, scope: dict[str, Any]) -> bool:
        address = (scope.get("client") or ("",))[0]
        return bool(address) and any(ip_address(address) in network for network in self.proxies)

    def _by_password(self, scope: dict[str, Any]) -> str | None:
        for told in _values(scope, "authorization"):
            name, colon, word = _decoded(told.removeprefix(b"Basic ")).partition(b":")
            if colon and hmac.compare_digest(word, self.access.password.encode()):
                return _name(name) or "?"
        return None

    def _by_cookie(self, scope: dict[str, Any]) -> str | None:
        for told in _values(scope, "cookie"):
            try:
                sent = SimpleCookie(told.decode("latin-1")).get(COOKIE)
            except CookieError:
                continue
            name, _, seal = sent.value.partition(".") if sent else ("", "", "")
            if seal and hmac.compare_digest(seal.encode(), self._seal(name).encode()):
                return _decoded(name.encode()).decode()
        return None

    def _seal(self, name: str) -> str:
        return hmac.new(self.key, name.encode(), "sha256").hexdigest()

    def _sending(self, send: Any, user: str) -> Any:
        if not self.access.password:
            return send
        name = base64.b64encode(user.encode()).decode().rstrip("=")
        safe = "; Secure" if self.access.url.startswith("https:") else ""
        cookie = f"{COOKIE}={name}.{self._seal(name)}; Path=/; HttpOnly; SameSite=Strict{safe}".encode()

        async def sending(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.start":
                message = message | {"headers": [*message.get("headers", []), (b"set-cookie", cookie)]}
            await send(message)

        return sending

    async def _refuse(self, scope: dict[str, Any], send: Any) -> None:
        if _values(scope, "authorization"):
            await asyncio.sleep(SLOW)
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008, "reason": "sign in first"})
            return
        asks = [(b"www-authenticate", b'Basic realm="Gristmill", charset="UTF-8"')] if self.access.password else []
        status, said = (401, b"sign in") if asks else (403, b"only through the proxy that signs people in")
        headers = [(b"content-type", b"text/plain"), (b"cache-control", b"no-store"), *asks]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": said})


def user_of(header: str) -> str:
    """The name in the header USER, as the pages get it."""
    return _decoded(header.encode()).decode()


def _values(scope: dict[str, Any], name: str) -> list[bytes]:
    return [value for each, value in scope["headers"] if each == name.encode()]


def _decoded(text: bytes) -> bytes:
    try:
        return base64.b64decode(text + b"=" * (-len(text) % 4), validate=True)
    except ValueError:
        return b""


def _name(told: bytes) -> str:
    """A name as it may stand beside a decision: printable, and not endless."""
    name = told.decode("utf-8", "replace").strip()
    return name[:LONGEST_NAME] if name.isprintable() else ""


def _is_of_the_web(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)


def _network(text: str) -> Any:
    try:
        return ip_network(text, strict=False)
    except ValueError as error:
        raise WrongInput("--proxy {text}: {error}", text=text, error=error) from error
