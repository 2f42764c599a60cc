"""Who is let in, and for how long: names, kinds of body, clients that send or read too slowly."""

import asyncio
import json
import socket
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from pipelines.serve import access, connections
from pipelines.serve.access import LOOPBACK, AccessMiddleware
from pipelines.serve.connections import ImpatientProtocol
from pipelines.serve.detokenizer import Detokenizer
from tests.pipelines.serve.served import running
from tests.waiting import FAR


async def echo(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Answers with what it was sent, over and over for /long."""
    if scope["type"] != "http":
        return
    body = (await receive())["body"]
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
    for _ in range(2_000 if scope["path"] == "/long" else 0):
        await send({"type": "http.response.body", "body": b"x" * 10_000, "more_body": True})
    await send({"type": "http.response.body", "body": body})


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    yield from running(AccessMiddleware(echo, hosts=LOOPBACK, token=""), http=ImpatientProtocol)


def sent(url: str, *parts: bytes, wait: bool = True) -> bytes:
    """What the server answers to bytes on a socket until it closes the connection."""
    host, port = url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), FAR) as client:
        for part in parts:
            client.sendall(part)
        answer = b""
        while wait and (read := client.recv(1 << 16)):
            answer += read
    return answer


@pytest.mark.parametrize(
    ("hosts", "status"),
    [
        ([b"localhost"], 200), ([b"127.0.0.1:80"], 200), ([b"[::1]:8000"], 200), ([b"LOCALHOST"], 200),
        ([b"evil.example"], 421), ([b"localhost.evil"], 421), ([b"evil@127.0.0.1"], 421),
        ([b"127.0.0.1#.evil.com"], 421),
        ([b"127.0.0.1/.evil.com"], 421), ([b"127.0.0.1?evil"], 421), ([b"evil.com:80@localhost"], 421), ([b""], 421),
        ([b"127.0.0.1:x"], 421), ([b"[::1].evil.com"], 421), ([b"localhost,evil.com"], 421),
        ([b"localhost evil"], 421),
    ],
)  # fmt: skip
def test_it_answers_to_its_own_names_only(url: str, hosts: list[bytes], status: int) -> None:
    names = b"".join(b"Host: %s\r\n" % host for host in hosts)
    answer = sent(url, b"GET / HTTP/1.1\r\n%sConnection: close\r\n\r\n" % names)
    assert int(answer.split()[1]) == status


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("application/json", 200), ("application/json; charset=utf-8", 200), ("Application/JSON", 200),
        ("text/plain", 415), ("application/x-www-form-urlencoded", 415), ("multipart/form-data", 415), ("", 415),
    ],
)  # fmt: skip
def test_only_json_is_taken(url: str, kind: str, status: int) -> None:
    reply = httpx.post(url, content=b"{}", headers={"Content-Type": kind} if kind else {}, timeout=FAR)
    assert reply.status_code == status
    assert status == 200 or "Content-Type: application/json" in reply.json()["error"]["message"]


def test_silent_clients_and_slow_headers_are_ended(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "HEADER_SECONDS", 0.2)
    assert sent(url) == b""
    assert sent(url, b"GET / HTTP/1.1\r\n", b"Host: local") == b""
    again = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
    assert sent(url, again, b"GET / HT").startswith(b"HTTP/1.1 200")  # the second header never ends


def test_slow_bodies_are_ended(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access, "PATIENCE", 0.2)
    head = b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n"
    assert sent(url, head, b"{").startswith(b"HTTP/1.1 408")


def test_whoever_does_not_read_is_given_up() -> None:
    async def never(_: dict[str, Any]) -> None:
        await asyncio.Event().wait()

    with pytest.raises(TimeoutError):
        asyncio.run(access._within(0.01, never)({}))


def test_a_long_answer_is_sent_whole_to_whoever_reads(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "HEADER_SECONDS", 1.0)  # it is for headers only
    with httpx.stream("GET", f"{url}/long", timeout=FAR) as reply:
        time.sleep(1.5)
        assert sum(map(len, reply.iter_raw())) == 20_000_000


def passed(parts: list[bytes], path: str = "/v1/models", **more: Any) -> tuple[int, bytes, dict[bytes, bytes]]:
    """Status, body and headers of the answer to a request that came in parts, without a server; `more` is of the
    request's `headers`, or of the middleware."""
    answered: list[dict[str, Any]] = []
    messages = [{"type": "http.request", "body": part, "more_body": True} for part in parts]
    messages[-1:] = [messages[-1] | {"more_body": False}] if parts else [{"type": "http.disconnect"}]

    async def receive() -> dict[str, Any]:
        return messages.pop(0)

    async def send(message: dict[str, Any]) -> None:
        answered.append(message)

    headers = [(b"content-type", b"application/json"), *more.pop("headers", [(b"host", b"localhost")])]
    kind = b"http".decode()  # not the very text that the code holds
    scope = {"type": kind, "method": "POST", "path": path, "headers": headers}
    asyncio.run(AccessMiddleware(echo, **{"hosts": LOOPBACK, "token": ""} | more)(scope, receive, send))
    start, *bodies = answered
    return start["status"], b"".join(one["body"] for one in bodies), dict(start["headers"])


HOST = (b"host", b"localhost")


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/v1/models", [(b"authorization", b"Bearer sesame")], 200),
        ("/v1/models", [(b"authorization", b"sesame")], 200),
        ("/v1/models", [(b"authorization", b"Bearer sesam")], 401),
        ("/v1/models", [(b"authorization", b"Bearer sesame ")], 401),
        ("/v1/models", [(b"authorization", b"Bearer ")], 401),
        ("/v1/models", [], 401),
        ("/", [], 200), ("/health", [], 200), ("/", [(b"authorization", b"Bearer wrong")], 200),
        ("/health/", [], 401), ("//", [], 401),
    ],
)  # fmt: skip
def test_a_token_is_asked_for_wherever_something_is_told_of_the_model(
    path: str, headers: list[tuple[bytes, bytes]], status: int
) -> None:
    answer, body, told = passed([b"{}"], path, headers=[HOST, *headers], token="sesame")
    assert answer == status and (status == 200 or told[b"connection"] == b"close")
    if status == 401:
        assert (told[b"content-type"], json.loads(body)["error"]["code"]) == (b"application/json", "invalid_api_key")


def test_where_no_token_is_asked_for_any_is_taken() -> None:
    """Clients send one always."""
    assert passed([b"{}"], headers=[HOST, (b"authorization", b"Bearer any")])[0] == 200


def test_what_is_no_request_reaches_the_app() -> None:
    seen = list[str]()

    async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
        seen.append(scope["type"])

    asyncio.run(AccessMiddleware(app, hosts=LOOPBACK, token="sesame")({"type": "lifespan"}, None, None))
    assert seen == ["lifespan"]


@pytest.mark.parametrize(
    ("hosts", "status"),
    [([b"any.example"], 200), ([b"any.example", b"any.example"], 421), ([b"evil@any"], 421), ([], 421)],
)
def test_a_server_of_any_name_still_wants_one(hosts: list[bytes], status: int) -> None:
    headers = [(b"host", host) for host in hosts]
    assert passed([b"{}"], headers=headers, hosts=())[0] == status


@pytest.mark.parametrize(
    ("parts", "status"),
    [
        ([b"x" * (1 << 20)], 200), ([b"x" * (1 << 19), b"", b"x" * (1 << 19)], 200), ([b"x" * (1 << 20), b"x"], 413),
        ([b"x" * ((1 << 20) + 1)], 413), ([b""], 200), ([], 200),
    ],
)  # fmt: skip
def test_a_mebibyte_is_taken_and_a_byte_more_is_not(parts: list[bytes], status: int) -> None:
    answer, body, _ = passed(parts)
    assert answer == status and (status == 413 or body == b"".join(parts))


class Bytes:
    """A tokenizer whose tokens are bytes of UTF-8."""

    def decode(self, ids: list[int], **_: Any) -> str:
        return bytes(ids).decode(errors="replace")


@pytest.mark.parametrize("cut", [1, 2, 3])
def test_the_first_bytes_of_a_character_are_not_sent(cut: int) -> None:
    text = Detokenizer(Bytes(), [], ())
    said = [text.add(byte)[0] for byte in b"a" + "\U0001f600".encode()[:cut]]
    assert "".join([*said, text.flush()]) == "a"
