"""A web server that misbehaves as it is told, and writes down who came when."""

import contextlib
import socket
import struct
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256

from tests.waiting import FAR

ROBOTS, RESERVATIONS = "/robots.txt", "/.well-known/tdmrep.json"
Fault = Callable[[socket.socket], None]


@dataclass(frozen=True)
class Slow:
    """An answer that takes its time."""

    seconds: float
    reply: bytes


@dataclass(frozen=True)
class Tagged:
    """A page with an ETag, for which whoever has it gets a 304."""

    body: bytes


Reply = bytes | Fault | Slow | Tagged


@dataclass
class Arrival:
    """`answered` is when the answer was about to be sent: nobody who waits for it can have it earlier, so that the
    time from there to the next arrival is the least that the client has waited, on a machine under any load."""

    path: str
    headers: dict[str, str]
    began: float
    answered: float = 0.0


@dataclass
class Site:
    """`pages` maps a path to its reply, or to replies given in turn, of which the last is repeated; `otherwise` makes
    up those that it lacks."""

    pages: dict[str, Reply | list[Reply]] = field(default_factory=dict)
    log: list[Arrival] = field(default_factory=list)
    otherwise: Callable[[str], Reply] = lambda path: answer(404)

    def __enter__(self) -> "Site":
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def url(self, path: str = "/", host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.port}{path}"

    def paths(self) -> list[str]:
        """What was asked for, without the files that say what may be asked for."""
        return [arrival.path for arrival in self.log if arrival.path not in (ROBOTS, RESERVATIONS)]

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        began = time.time()
        with connection:
            lines = _request(connection)
            if not lines:
                return
            path = lines[0].split(" ")[1]
            headers = dict(line.lower().split(": ", 1) for line in lines[1:] if ": " in line)
            arrival = Arrival(path, headers, began)
            self.log.append(arrival)
            reply = self._reply(path)
            if isinstance(reply, Slow):
                time.sleep(reply.seconds)
                reply = reply.reply
            if isinstance(reply, Tagged):
                reply = reply_to(reply, headers)
            arrival.answered = time.time()
            with contextlib.suppress(OSError):  # the client had enough
                connection.sendall(reply) if isinstance(reply, bytes) else reply(connection)

    def _reply(self, path: str) -> Reply:
        reply = self.pages[path] if path in self.pages else self.otherwise(path)
        if not isinstance(reply, list):
            return reply
        return reply.pop(0) if len(reply) > 1 else reply[0]


def answer(status: int = 200, body: bytes | str = b"", **headers: str) -> bytes:
    """A whole HTTP answer; `x_robots_tag="noai"` becomes a header; Content-Length is right unless given."""
    data = body.encode() if isinstance(body, str) else body
    fields = {"content-length": str(len(data)), "content-type": "text/html"}
    fields.update({name.replace("_", "-"): value for name, value in headers.items()})
    lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"HTTP/1.1 {status} Said\r\n{lines}\r\n".encode("latin-1") + data


def reply_to(page: Tagged, headers: dict[str, str]) -> bytes:
    tag = f'"{sha256(page.body).hexdigest()[:8]}"'
    return answer(304, etag=tag) if headers.get("if-none-match") == tag else answer(200, page.body, etag=tag)


def redirect(to: str, status: int = 302) -> bytes:
    return answer(status, location=to)


def reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def silent(connection: socket.socket) -> None:
    """Says nothing until the client goes away."""
    connection.settimeout(FAR)
    connection.recv(1)


def slow_headers(connection: socket.socket) -> None:
    """A byte of a header now and then, until the client goes away."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nx-slow: ")
    _dribble(connection)


def drip(connection: socket.socket) -> None:
    """A byte now and then: never idle, never done, until the client goes away."""
    connection.sendall(answer(200, content_length="100000"))
    _dribble(connection)


def _dribble(connection: socket.socket) -> None:
    for _ in range(int(FAR / 0.05)):
        connection.sendall(b"x")
        time.sleep(0.05)


def endless(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\n\r\n")
    for _ in range(10_000):
        connection.sendall(b"x" * 65_536)


def _request(connection: socket.socket) -> list[str]:
    data = b""
    while b"\r\n\r\n" not in data:
        received = connection.recv(65_536)
        if not received:
            return []
        data += received
    return data.decode("latin-1").split("\r\n")
