"""A judge on loopback: what is sent, how verdicts are read, and what goes wrong."""

import json
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from pipelines.errors import WorkFailed, WrongInput
from pipelines.evaluate import judge

Answer = Callable[[str, dict[str, Any]], Any]  # of a path and what was sent: a status, or what is sent back


@contextmanager
def server(answer: Answer) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """An endpoint, and what it was asked: path, headers and body."""
    asked: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer({})

        def do_POST(self) -> None:
            self._answer(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

        def _answer(self, body: dict[str, Any]) -> None:
            asked.append({"path": self.path, "headers": dict(self.headers), "body": body})
            value = answer(self.path, body)
            status = value if isinstance(value, int) else 200
            content = value if isinstance(value, bytes) else json.dumps(value).encode()
            self.send_response(status)
            if status == 302:
                self.send_header("Location", "http://127.0.0.1:1/elsewhere")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as made:
        thread = Thread(target=made.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{made.server_port}/v1", asked
        made.shutdown()


def said(text: str) -> dict[str, Any]:
    return {"choices": [{"message": {"content": text}}]}


def prefers(better: str) -> Answer:
    """A judge that finds one text better, wherever it stands."""

    def answer(_: str, body: dict[str, Any]) -> Any:
        first = body["messages"][0]["content"].partition("<first_answer>")[2].partition("</first_answer>")[0]
        return said(f"It is. [[{'A' if better in first else 'B'}]]")

    return answer


def test_both_orders_have_to_agree() -> None:
    with server(prefers("good")) as (url, asked):
        one = judge.Judge(url, "m")
        assert one.compare("?", "good", "bad") == "win"
        assert one.compare("?", "bad", "good") == "loss"
        assert one.compare("?", "bad", "bad ") == "tie" and len(asked) == 4, "equal answers are not shown"
    with server(lambda *_: said("[[A]]")) as (url, _):
        assert judge.Judge(url, "m").compare("?", "a", "b") == "tie", "what stands first always wins"
    with server(lambda *_: said("Not [[A]], rather [[C]]")) as (url, _):
        assert judge.Judge(url, "m").compare("?", "a", "b") == "tie"
    with server(lambda *_: said("I like both.")) as (url, _):
        assert judge.Judge(url, "m").compare("?", "a", "b") == "unread"


def test_what_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(judge.KEY, "secret")
    with server(prefers("good")) as (url, asked):
        judge.Judge(url, "m").compare("Why {so}?", "good", "bad")
    assert [one["path"] for one in asked] == ["/v1/chat/completions"] * 2
    assert {one["headers"]["Authorization"] for one in asked} == {"Bearer secret"}
    body = asked[0]["body"]
    assert (body["model"], body["temperature"]) == ("m", 0)
    assert all(text in body["messages"][0]["content"] for text in ("Why {so}?", "good", "bad"))


def test_without_a_key_none_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(judge.KEY, raising=False)
    with server(prefers("good")) as (url, asked):
        judge.Judge(url, "m").compare("?", "good", "bad")
    assert "Authorization" not in asked[0]["headers"]


def test_the_first_model_that_it_lists_is_asked() -> None:
    with server(lambda path, _: {"data": [{"id": "one"}, {"id": "two"}]}) as (url, asked):
        assert judge.at(f"{url}/", "") == judge.Judge(url, "one")
        assert judge.at(url, "two") == judge.Judge(url, "two")
        assert [one["path"] for one in asked] == ["/v1/models"]


@pytest.mark.parametrize(
    ("answer", "says"),
    [(500, "500"), (401, "401"), (302, "302"), (b"<html>", "no JSON"), (b"[" * 99_999, "no JSON"),
     ({"error": "no"}, "no chat completion"), (b" " * (judge.MOST_BYTES + 9), "more than 1,048,576 bytes")],
)  # fmt: skip
def test_what_goes_wrong_is_told(answer: Any, says: str) -> None:
    with server(lambda *_: answer) as (url, asked):
        with pytest.raises(WorkFailed, match=f"--judge {url}: .*{says}"):
            judge.Judge(url, "m").compare("?", "a", "b")
        assert len(asked) == 1, "another address is not asked"


def test_a_judge_that_is_not_there_or_lists_nothing() -> None:
    with server(lambda *_: {"data": []}) as (url, _), pytest.raises(WorkFailed, match="--judge-model"):
        judge.at(url, "")
    with pytest.raises(WorkFailed, match="same command again"):
        judge.Judge(url, "m").compare("?", "a", "b")


def test_what_is_no_http_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def answer() -> None:
            client, _ = listening.accept()
            with client:
                client.recv(9_999)
                client.sendall(b"SSH-2.0-OpenSSH_9.9\r\n")

        thread = Thread(target=answer)
        thread.start()
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        with pytest.raises(WorkFailed, match=f"--judge {url}: .*SSH-2.0"):
            judge.Judge(url, "m").compare("?", "a", "b")
        thread.join()


@pytest.mark.parametrize(
    "url",
    [
        "ftp://judge.example/v1", "judge.example", "file:///etc/passwd", "http://", "http://judge.example:port/v1",
        "http://judge.example:99999/v1", "http://[::1/v1", "http://key@judge.example/v1", "http://judge.example/v 1",
        "http://judge.example/v1\r\nX: y", "http://\u7684.example/v1",
    ],
)  # fmt: skip
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(WrongInput, match="not an address"):
        judge.at(url, "m")
