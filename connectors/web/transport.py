"""One request, one response. `HTTPTransport` opens a connection for each: none is kept alive between polite delays.

Where the environment names a proxy, it is asked for what is at an http: address, and for a tunnel to an https: one.
"""

import socket
import ssl
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Protocol

import certifi
import h11

from connectors.web import decode, guard
from connectors.web import url as urls
from connectors.web.limits import Limits
from connectors.web.proxy import Proxy, proxy_for

_CHUNK = 65_536
_HEADERS = 100 * 1024
WITH_BODY = range(200, 300)
WITH_WORDS = (400, 403, 429, 503)  # refusals that may say in words that a limit is used up, and for how long
_WORDS = 16 * 1024  # bytes of them that are read
REDIRECTS = (301, 302, 303, 307, 308)


class TransportError(Exception):
    """No usable response. `reason` is a snake_case word, as in WebError."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(detail)
        self.reason, self.detail = reason, detail


@dataclass(frozen=True, slots=True)
class HTTPResponse:
    """`headers` has lower-case names, repeated ones joined. `body` is decoded; it is read with a 2xx status, and the
    beginning of it with one of WITH_WORDS."""

    status: int
    headers: dict[str, str]
    body: bytes


class Transport(Protocol):
    """What sends the client's requests. Everything else (robots rules, cache, redirects, retries, delays) is above."""

    def get(self, url: str, headers: dict[str, str], max_bytes: int = 0) -> HTTPResponse:
        """Send one GET request with these headers for a normalised `url`.

        With `max_bytes`, a longer body is cut there; without, one beyond the limit is an error. Raises TransportError.
        """
        ...


@dataclass(frozen=True, slots=True)
class HTTPTransport:
    """HTTP/1.1 over the network. Hosts in `allow_private` may have private addresses."""

    limits: Limits
    allow_private: tuple[str, ...] = ()

    def get(self, url: str, headers: dict[str, str], max_bytes: int = 0) -> HTTPResponse:
        """See `Transport.get`."""
        try:
            proxy = _proxy(url)
            with _connect(url, self.limits, self.allow_private, proxy) as opened:
                plain = proxy if url.startswith("http:") else None
                return _exchange(Connection(opened, self.limits), url, headers, max_bytes, plain)
        except guard.Refused as error:
            raise TransportError("refused_address", str(error)) from error
        except decode.TooLarge as error:
            raise TransportError("too_large", str(error)) from error
        except decode.BadEncoding as error:
            raise TransportError("bad_encoding", str(error)) from error
        except ssl.SSLCertVerificationError as error:
            raise TransportError("bad_certificate", error.verify_message) from error
        except socket.gaierror as error:
            raise TransportError("no_such_host", error.strerror or "") from error
        except TimeoutError as error:
            raise TransportError("timeout", str(error)) from error
        except (decode.Truncated, h11.RemoteProtocolError) as error:
            raise TransportError("broken_answer", str(error)[:200]) from error
        except (h11.LocalProtocolError, UnicodeError) as error:
            raise TransportError("bad_url", str(error)[:200]) from error
        except OSError as error:
            raise TransportError("connection_failed", error.strerror or str(error)) from error


class Connection:
    """A socket with three timeouts: idle, total, and the least speed."""

    def __init__(self, opened: socket.socket, limits: Limits) -> None:
        self.socket, self.limits = opened, limits
        self.began, self.received = time.monotonic(), 0

    def read(self) -> bytes:
        """The next bytes, b"" at the end. Raises TimeoutError, OSError."""
        self.socket.settimeout(min(self.limits.idle, self._time_left()))
        data = self.socket.recv(_CHUNK)
        self.received += len(data)
        self._time_left()
        return data

    def write(self, data: bytes) -> None:
        """Send all of `data`. Raises TimeoutError, OSError."""
        self.socket.settimeout(min(self.limits.idle, self._time_left()))
        self.socket.sendall(data)

    def _time_left(self) -> float:
        """Seconds of the total that are left. Raises TimeoutError when there are none, or the site is too slow."""
        spent = time.monotonic() - self.began
        if spent >= self.limits.total:
            raise TimeoutError(f"not done after {self.limits.total:g} s")
        if spent > self.limits.floor_after and self.received < spent * self.limits.floor_rate:
            raise TimeoutError(f"slower than {self.limits.floor_rate:g} bytes/s")
        return self.limits.total - spent


def _proxy(url: str) -> Proxy | None:
    try:
        return proxy_for(url)
    except ValueError as error:
        raise TransportError("connection_failed", str(error)) from error


def _connect(url: str, limits: Limits, allowed: tuple[str, ...], proxy: Proxy | None) -> socket.socket:
    """A socket to whoever answers for `url`: its host, or the proxy before it."""
    host, port = urls.host_and_port(url)
    if proxy:
        guard.check_behind_proxy(host, port, allowed)
        opened = _to_proxy(proxy, limits)
    else:
        opened = guard.dial(host, port, limits.connect, allowed)
    if not url.startswith("https:"):
        return opened
    try:
        if proxy:
            _open_tunnel(Connection(opened, limits), f"[{host}]:{port}" if ":" in host else f"{host}:{port}", proxy)
        opened.settimeout(limits.connect)
        return _tls().wrap_socket(opened, server_hostname=host)
    except BaseException:
        opened.close()
        raise


def _to_proxy(proxy: Proxy, limits: Limits) -> socket.socket:
    """The environment is trusted: a proxy may have a private address."""
    try:
        return socket.create_connection((proxy.host, proxy.port), limits.connect)
    except OSError as error:
        why = error.strerror or str(error)
        raise TransportError("connection_failed", f"the proxy {proxy.host}:{proxy.port}: {why}") from error


def _open_tunnel(connection: "Connection", authority: str, proxy: Proxy) -> None:
    """RFC 9110 section 9.3.6. Raises TransportError where the proxy does not open one."""
    protocol = h11.Connection(h11.CLIENT, max_incomplete_event_size=_HEADERS)
    named = [("Host", authority), *proxy.headers.items()]
    request = h11.Request(method="CONNECT", target=authority, headers=named)
    connection.write((protocol.send(request) or b"") + (protocol.send(h11.EndOfMessage()) or b""))
    head = _head(connection, protocol)
    if head.status_code not in WITH_BODY:
        says = f"the proxy {proxy.host}:{proxy.port} answers {head.status_code} to a tunnel"
        raise TransportError("connection_failed", says)


@cache
def _tls() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())  # a bare machine has no certificates of its own
    return context


def _exchange(
    connection: Connection, url: str, headers: dict[str, str], max_bytes: int, proxy: Proxy | None
) -> HTTPResponse:
    """`proxy`: whom the request goes to instead of the host; it wants the whole address."""
    protocol = h11.Connection(h11.CLIENT, max_incomplete_event_size=_HEADERS)
    place, said = (url, {**headers, **proxy.headers}) if proxy else (urls.target(url), headers)
    request = h11.Request(method="GET", target=place, headers=list(said.items()))
    connection.write((protocol.send(request) or b"") + (protocol.send(h11.EndOfMessage()) or b""))
    head = _head(connection, protocol)
    fields = _joined_headers(head)
    chunks, encoding = _chunks(connection, protocol), fields.get("content-encoding", "")
    if head.status_code not in WITH_BODY:
        words = _words(chunks, encoding) if head.status_code in WITH_WORDS else b""
        return HTTPResponse(head.status_code, fields, words)
    body = decode.read_body(chunks, encoding, max_bytes or connection.limits.body, cut=bool(max_bytes))
    return HTTPResponse(head.status_code, fields, body)


def _words(chunks: Iterator[bytes], encoding: str) -> bytes:
    """The beginning of a refusal; b"" where it cannot be read, for its status says enough."""
    try:
        return decode.read_body(chunks, encoding, _WORDS, cut=True)
    except (decode.BadEncoding, decode.Truncated, h11.RemoteProtocolError, OSError):
        return b""


def _head(connection: Connection, protocol: h11.Connection) -> h11.Response:
    head = _next_event(connection, protocol)
    while isinstance(head, h11.InformationalResponse):
        head = _next_event(connection, protocol)
    assert isinstance(head, h11.Response)
    return head


def _chunks(connection: Connection, protocol: h11.Connection) -> Iterator[bytes]:
    while not isinstance(event := _next_event(connection, protocol), h11.EndOfMessage):
        if isinstance(event, h11.Data):
            yield bytes(event.data)
    if protocol.trailing_data[0]:
        raise decode.Truncated("the response is longer than its Content-Length")


def _next_event(connection: Connection, protocol: h11.Connection) -> h11.Event:
    while (event := protocol.next_event()) is h11.NEED_DATA:
        protocol.receive_data(connection.read())
    if isinstance(event, h11.Event):
        return event
    raise decode.Truncated("the connection ended early")


def _joined_headers(head: h11.Response) -> dict[str, str]:
    """Repeated headers joined by commas; cookies are not kept."""
    fields: dict[str, str] = {}
    for name, value in head.headers:
        key, text = name.decode("latin-1"), value.decode("latin-1")
        if key != "set-cookie":
            fields[key] = f"{fields[key]}, {text}" if key in fields else text
    return fields
