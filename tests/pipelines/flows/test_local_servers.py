"""The guard before Prefect's server and the dashboard: who is answered, over HTTP and over WebSockets."""

import asyncio
import socket
import threading
from typing import Any

import pytest

from pipelines.flows import server
from pipelines.flows.local_servers import LocalOnly, origins, policy

PORT = 4200
OWN = [b"http://127.0.0.1:4200", b"http://localhost:4200", b"http://[::1]:4200"]
FOREIGN = [
    b"http://evil.example", b"null", b"", b"http://127.0.0.1:3000", b"http://127.0.0.1", b"https://127.0.0.1:4200",
    b"http://localhost:4200.evil.example", b"http://evil.example:4200", b"file://", b"http://127.0.0.1:4200/",
]  # fmt: skip
NAMES = [b"127.0.0.1:4200", b"localhost:4200", b"localhost", b"[::1]:4200"]
STRANGERS = [b"evil.example", b"evil@127.0.0.1", b"127.0.0.1#.evil.example", b"localhost.evil.example", b""]


def answered(kind: str, headers: list[tuple[bytes, bytes]]) -> Any:
    """What the guard lets a client see: the app's answer, or its own status or closing code."""
    seen = answers({"type": "app"}, kind=kind, headers=headers)
    return seen[0].get("status") or seen[0].get("code") or seen[0]["type"]


def answers(*said: dict[str, Any], kind: str = "http", headers: Any = ((b"host", b"localhost"),)) -> Any:
    """The messages that come out of the guard around an app that says these."""
    seen: list[dict[str, Any]] = []

    async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
        for message in said:
            await send(message)

    async def send(message: dict[str, Any]) -> None:
        seen.append(message)

    asyncio.run(LocalOnly(app, PORT)({"type": kind, "headers": headers}, None, send))
    return seen


def test_its_own_pages_and_programs_are_answered() -> None:
    assert sorted(origins(PORT)) == sorted(origin.decode() for origin in OWN)
    for kind in ("http", "websocket"):
        assert {answered(kind, [(b"host", name)]) for name in NAMES} == {"app"}
        assert {answered(kind, [(b"host", NAMES[0]), (b"origin", origin)]) for origin in OWN} == {"app"}
    assert answered("lifespan", []) == "app"


@pytest.mark.parametrize(("kind", "refused"), [("http", 403), ("websocket", 1008)])
@pytest.mark.parametrize("origin", FOREIGN)
def test_pages_of_others_are_refused(kind: str, refused: int, origin: bytes) -> None:
    assert answered(kind, [(b"host", NAMES[0]), (b"origin", origin)]) == refused
    assert answered(kind, [(b"host", NAMES[0]), (b"origin", OWN[0]), (b"origin", origin)]) == refused


@pytest.mark.parametrize(("kind", "refused"), [("http", 421), ("websocket", 1008)])
@pytest.mark.parametrize("host", STRANGERS)
def test_other_host_names_are_refused(kind: str, refused: int, host: bytes) -> None:
    assert answered(kind, [(b"host", host)]) == refused
    assert answered(kind, []) == refused
    assert answered(kind, [(b"host", NAMES[0]), (b"host", host)]) == refused


def test_no_page_may_ask_another_host() -> None:
    """Every kind of thing has its places, and each place is the server itself, or lies in the page."""
    allowed = {kind: where for kind, *where in (part.split() for part in policy(PORT).split("; "))}
    assert {"default-src", "connect-src", "form-action", "base-uri", "frame-ancestors"} <= allowed.keys()
    places = {place for where in allowed.values() for place in where}
    own = {f"{scheme}://{name}:{PORT}" for scheme in ("http", "ws") for name in ("127.0.0.1", "localhost")}
    assert places == {"'self'", "'none'", "'unsafe-inline'", "'unsafe-eval'", "data:", "blob:"} | own
    assert "'unsafe-inline'" not in allowed["script-src"] and "data:" not in allowed["script-src"]


@pytest.mark.parametrize("headers", [{}, {"headers": [(b"etag", b"1")]}])
def test_the_policy_goes_with_each_answer(headers: dict[str, Any]) -> None:
    seen = answers({"type": "http.response.start", "status": 200} | headers, {"type": "http.response.body"})
    sent = dict(seen[0]["headers"])
    assert sent.pop(b"content-security-policy").decode() == policy(PORT)
    assert sent == dict(headers.get("headers", [])) and seen[1] == {"type": "http.response.body"}


def test_what_answers_with_no_http_is_not_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def echo() -> None:
            client, _ = listening.accept()
            with client:
                client.sendall(client.recv(4096))

        thread = threading.Thread(target=echo)
        thread.start()
        assert not server.is_up(f"http://127.0.0.1:{listening.getsockname()[1]}/health")
        thread.join()
