"""One request, one answer, over a connection of its own: nothing is kept alive between polite delays."""

import socket
import ssl
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import certifi
import h11

from connectors.web import decode, guard, url
from connectors.web.limits import Limits

_PIECE = 65_536
_HEADERS = 100 * 1024
WITH_BODY = range(200, 300)
REDIRECTS = (301, 302, 303, 307, 308)


class WireError(Exception):
    """No usable answer. `reason` is a snake_case word."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason, self.detail = reason, detail


@dataclass(frozen=True, slots=True)
class Answer:
    """`headers` in lower case, repeated ones joined. `body` is read only with a 2xx status."""

    status: int
    headers: dict[str, str]
    body: bytes


def ask(address: str, headers: dict[str, str], limits: Limits, allowed: tuple[str, ...], most: int = 0) -> Answer:
    """GET `address`. With `most`, the body is cut there instead of refused beyond `limits.body`. Raises WireError."""
    try:
        with _connect(address, limits, allowed) as line:
            return _exchange(Line(line, limits), address, headers, most)
    except guard.Refused as error:
        raise WireError("refused_address", str(error)) from error
    except decode.TooLarge as error:
        raise WireError("too_large", str(error)) from error
    except decode.BadEncoding as error:
        raise WireError("bad_encoding", str(error)) from error
    except ssl.SSLCertVerificationError as error:
        raise WireError("bad_certificate", error.verify_message) from error
    except socket.gaierror as error:
        raise WireError("no_such_host", error.strerror or "") from error
    except TimeoutError as error:
        raise WireError("timeout", str(error)) from error
    except (decode.CutShort, h11.RemoteProtocolError) as error:
        raise WireError("broken_answer", str(error)[:200]) from error
    except (h11.LocalProtocolError, UnicodeError) as error:
        raise WireError("bad_url", str(error)[:200]) from error
    except OSError as error:
        raise WireError("connection_failed", error.strerror or str(error)) from error


class Line:
    """A socket with three clocks: idle, total, and the least speed."""

    def __init__(self, connection: socket.socket, limits: Limits) -> None:
        self.connection, self.limits = connection, limits
        self.began, self.received = time.monotonic(), 0

    def read(self) -> bytes:
        self.connection.settimeout(min(self.limits.idle, self._left()))
        data = self.connection.recv(_PIECE)
        self.received += len(data)
        self._left()
        return data

    def write(self, data: bytes) -> None:
        self.connection.settimeout(min(self.limits.idle, self._left()))
        self.connection.sendall(data)

    def _left(self) -> float:
        """Seconds until the total is spent. Raises TimeoutError when it is, or when the site only drips."""
        spent = time.monotonic() - self.began
        if spent >= self.limits.total:
            raise TimeoutError(f"not done after {self.limits.total:g} s")
        if spent > self.limits.floor_after and self.received < spent * self.limits.floor_rate:
            raise TimeoutError(f"slower than {self.limits.floor_rate:g} bytes/s")
        return self.limits.total - spent


def _connect(address: str, limits: Limits, allowed: tuple[str, ...]) -> socket.socket:
    host, port = url.host_and_port(address)
    connection = guard.dial(host, port, limits.connect, allowed)
    if not address.startswith("https:"):
        return connection
    try:
        connection.settimeout(limits.connect)
        return _tls().wrap_socket(connection, server_hostname=host)
    except BaseException:
        connection.close()
        raise


@cache
def _tls() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())  # a bare machine has no certificates of its own
    return context


def _exchange(line: Line, address: str, headers: dict[str, str], most: int) -> Answer:
    protocol = h11.Connection(h11.CLIENT, max_incomplete_event_size=_HEADERS)
    request = h11.Request(method="GET", target=url.target(address), headers=list(headers.items()))
    line.write((protocol.send(request) or b"") + (protocol.send(h11.EndOfMessage()) or b""))
    head = _next(line, protocol)
    while isinstance(head, h11.InformationalResponse):
        head = _next(line, protocol)
    assert isinstance(head, h11.Response)
    fields = _joined(head)
    if head.status_code not in WITH_BODY:
        return Answer(head.status_code, fields, b"")
    chunks = _chunks(line, protocol)
    encoding = fields.get("content-encoding", "")
    body = decode.read_body(chunks, encoding, most or line.limits.body, cut=bool(most))
    return Answer(head.status_code, fields, body)


def _chunks(line: Line, protocol: h11.Connection) -> Iterator[bytes]:
    while not isinstance(event := _next(line, protocol), h11.EndOfMessage):
        if isinstance(event, h11.Data):
            yield bytes(event.data)
    if protocol.trailing_data[0]:
        raise decode.CutShort("the answer is longer than its Content-Length")


def _next(line: Line, protocol: h11.Connection) -> h11.Event:
    while (event := protocol.next_event()) is h11.NEED_DATA:
        protocol.receive_data(line.read())
    if isinstance(event, h11.Event):
        return event
    raise decode.CutShort("the connection ended early")


def _joined(head: h11.Response) -> dict[str, str]:
    """Repeated headers joined by commas; cookies are not kept."""
    fields: dict[str, str] = {}
    for name, value in head.headers:
        key, text = name.decode("latin-1"), value.decode("latin-1")
        if key != "set-cookie":
            fields[key] = f"{fields[key]}, {text}" if key in fields else text
    return fields
