"""Requests that no program of ours sends, to all three servers: the dashboard, Prefect behind `up`, and `serve`.

Each is refused or is a page that everybody may see: nobody starts, writes or reads a thing of another site, no file of
the machine comes out, and hundreds who send slowly keep nobody else waiting.
"""

import socket
import threading
from collections.abc import Iterator

import pytest

from tests.conftest import Mill
from tests.pipelines.conftest import CHAT, make_model
from tests.pipelines.serve.served import running
from tests.waiting import FAR, until

pytestmark = pytest.mark.timeout(0)
SLOW = 300  # clients at once
UPGRADE = (
    "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)
EVIL = "Origin: http://evil.example\r\n"
XSRF = "2|00000000|00000000000000000000000000000000|1"
HOSTS = (
    "evil.example", "evil@127.0.0.1:{port}", "127.0.0.1#.evil.example", "127.0.0.1.", "2130706433", "0", "0x7f.1",
    "127.0.0.1:{port}.evil.example", "localhost.evil.example", "[::ffff:127.0.0.1]", "127.0.0.1 evil.example", "",
)  # fmt: skip
ORIGINS = (
    "http://evil.example", "null", "http://127.0.0.1:1", "https://127.0.0.1:{port}", "file://", "",
    "http://127.0.0.1:{port}.evil.example", "http://evil.example:{port}", "HTTP://127.0.0.1:{port}/",
)  # fmt: skip
PATHS = (
    "/../../../../etc/passwd", "/static/../../../../../etc/passwd", "/static/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
    "/static/..%2f..%2f..%2fetc%2fpasswd", "/app/static/../../etc/passwd", "/component/x/..%2f..%2f..%2fetc/passwd",
    "/_stcore/bidi-components/x/../../../etc/passwd", "/media/..%2f..%2f..%2fetc%2fpasswd", "/static//etc/passwd",
    "/static/..\\..\\..\\etc\\passwd", "/%00", "//evil.example/%2e%2e", "/\\evil.example", "/v1/../../etc/passwd",
    "/api/../../../etc/passwd", "/v2/%2e%2e/%2e%2e/etc/passwd",
)  # fmt: skip
UPLOADS = ("a/b", "..%2f..%2fx/..%2f..%2fy", "../../x")
BROKEN = (
    bytes(range(256)) * 20, b"\x16\x03\x01\x02\x00\x01\x00", b"GET / HTTP/9.9\r\n\r\n", b"GET /\r\n\r\n", b"\r\n" * 999,
    b"GET / HTTP/1.1\r\n\r\n", b"GET / HTTP/1.0\r\n\r\n",
    b"CONNECT evil.example:80 HTTP/1.1\r\nHost: localhost\r\n\r\n",
    b"GET /" + b"a" * 300_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"X: a\r\n" * 30_000 + b"\r\n",
    b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\nGET /x",
    b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999999999999\r\n\r\nx",
)  # fmt: skip


@pytest.fixture(scope="module", params=["dashboard", "prefect", "serve"])
def port(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    if request.param == "serve":
        from pipelines.serve.app import create_app
        from pipelines.serve.loading import load_model

        model = load_model(make_model(tmp_path_factory.mktemp("serve") / "model", CHAT))
        yield from (int(url.rpartition(":")[2]) for url in running(create_app(model)))
        return
    mill: Mill = request.getfixturevalue("mill")
    url = mill.dashboard if request.param == "dashboard" else mill.ui
    yield int(url.rpartition(":")[2])


def answer(port: int, data: bytes, ends: bool = False) -> bytes:
    """The first kilobytes of what is answered; nothing where the connection is closed or reset without a word.

    `ends`: the client says that it sends no more, for which a server would wait.
    """
    with socket.create_connection(("127.0.0.1", port), FAR) as stranger:
        stranger.settimeout(FAR)
        said = b""
        try:
            stranger.sendall(data)
            if ends:
                stranger.shutdown(socket.SHUT_WR)
            while len(said) < 4_000 and (more := stranger.recv(4_096)):
                said += more
        except OSError:
            pass
    return said


def request(path: str = "/", host: str = "127.0.0.1:{port}", more: str = "", method: str = "GET") -> str:
    return f"{method} {path} HTTP/1.1\r\nHost: {host}\r\n{more}Connection: close\r\n\r\n"


def strangers() -> Iterator[tuple[str, str]]:
    """Requests that must be refused, each with what it is."""
    writing = "Content-Type: application/json\r\nContent-Length: 2\r\n"
    for host in HOSTS:
        yield "host", request(host=host)
        yield "host of a WebSocket", request("/_stcore/stream", host, UPGRADE)
    for origin in ORIGINS:
        own = f"Origin: {origin}\r\n"
        yield "origin", request("/api/flow_runs/filter", more=own + writing, method="POST") + "{{}}"
        yield "origin of a WebSocket", request("/_stcore/stream", more=own + UPGRADE)
        yield "origin of an event stream", request("/api/events/out", more=own + UPGRADE)
    for place in UPLOADS:
        for more in ("", EVIL, f"{EVIL}X-Xsrftoken: {XSRF}\r\nCookie: _streamlit_xsrf={XSRF}\r\n"):
            for method in ("PUT", "DELETE"):
                yield (
                    "upload",
                    request(f"/_stcore/upload_file/{place}", more=f"{more}Content-Length: 0\r\n", method=method),
                )


def test_strangers_are_refused(port: int, request: pytest.FixtureRequest) -> None:
    is_serve, tried = request.node.callspec.params["port"] == "serve", 0
    for what, text in strangers():
        if (
            is_serve and "origin" in what
        ):  # it sets no cookie and asks JSON for its token; a page gets no answer to read
            continue
        said = answer(port, text.replace("{port}", str(port)).replace("{{}}", "{}").encode())
        status = int(said.split(b" ")[1]) if said.startswith(b"HTTP/1.1 ") else 0
        assert status == 0 or 400 <= status < 500, (what, text, said[:300])
        assert b"access-control-allow-origin: *" not in said.lower() and b"evil.example" not in said.lower()
        tried += 1
    print(f"\n{request.node.callspec.params['port']}: {tried} strangers refused")


def test_no_file_of_the_machine_comes_out(port: int) -> None:
    for path in PATHS:
        said = answer(port, request(path).replace("{port}", str(port)).encode())
        assert b"root:" not in said, path
        assert b"\r\nlocation: //" not in said.lower() and b"\r\nlocation: http://evil" not in said.lower(), path


def test_what_is_no_request_ends_nothing(port: int) -> None:
    for data in BROKEN:
        said = answer(port, data, ends=True)
        assert not said.startswith(b"HTTP/1.1 5"), (data[:80], said[:200])
    assert answer(port, request("/").replace("{port}", str(port)).encode()).startswith(b"HTTP/1.1 ")


def test_hundreds_who_are_slow_keep_nobody_waiting(port: int) -> None:
    begun = f"POST /v1/completions HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
    halves = (begun, f"{begun}Content-Type: application/json\r\nContent-Length: 100000\r\n\r\n{{")
    slow = [socket.create_connection(("127.0.0.1", port), FAR) for _ in range(SLOW)]
    for number, one in enumerate(slow):
        one.sendall(halves[number % 2].encode())
    done = threading.Event()

    def ask() -> None:
        answer(port, request("/").replace("{port}", str(port)).encode())
        done.set()

    threading.Thread(target=ask, daemon=True).start()
    until(done.is_set, "an answer to somebody else")
    for one in slow:
        one.close()
