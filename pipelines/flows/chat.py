"""Questions to a served model, and what it says while it says it. Imports neither Prefect nor torch."""

import json
import threading
import urllib.error
import urllib.request
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import takewhile
from typing import Any

from pipelines.errors import WorkFailed
from pipelines.flows import server
from pipelines.flows.model_server import Served
from pipelines.messages import Message

SECONDS = 600  # of silence
MOST = 1 << 20  # bytes of an answer of JSON


@dataclass
class Answer:
    """What a model says: a thread adds to it, and pages read it. `error` says why there is no more.

    `cut`: it ended because it may have no more tokens.
    """

    text: str = ""
    error: str = ""
    cut: bool = False
    ended: bool = False
    stopped: threading.Event = field(default_factory=threading.Event)

    def stop(self) -> None:
        """Take no more of it. The server notices within a token or two, and writes no more either."""
        self.stopped.set()
        self.ended = True


def names(served: Served) -> list[str]:
    """The models of a server, the tuned one first, then its base. Raises WorkFailed where it does not answer."""
    try:
        with _open(served, "v1/models") as response:
            return [str(one["id"]) for one in json.loads(response.read(MOST))["data"]]
    except (*server.UNREACHABLE, ValueError, KeyError) as error:
        raise WorkFailed("the model's server does not answer: {error}", error=error) from error


def ask(served: Served, model: str, messages: Iterable[Mapping[str, str]], **settings: Any) -> Answer:
    """Begin an answer to messages; `settings` are OpenAI's, such as `max_tokens`, `temperature` and `seed`."""
    answer = Answer()
    body = {"model": model, "messages": [dict(one) for one in messages], "stream": True, **settings}
    threading.Thread(target=_write, args=(served, body, answer), daemon=True).start()
    return answer


def _write(served: Served, body: Mapping[str, Any], answer: Answer) -> None:
    try:
        with _open(served, "v1/chat/completions", json.dumps(body).encode()) as response:
            for line in takewhile(lambda _: not answer.stopped.is_set(), response):
                _add(line, answer)
    except urllib.error.HTTPError as error:
        answer.error = _refusal(error)
    except (*server.UNREACHABLE, ValueError) as error:
        answer.error = Message("the model's server does not answer: {error}", error=error)
    finally:
        answer.ended = True


def _open(served: Served, path: str, body: bytes | None = None) -> Any:
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {served.token}"}
    return server.loopback().open(urllib.request.Request(f"{served.url}/{path}", body, headers), timeout=SECONDS)


def _add(line: bytes, answer: Answer) -> None:
    """Take a line of server-sent events."""
    event = json.loads(line[6:]) if line.startswith(b"data: {") else {}
    answer.error = event.get("error", {}).get("message", "")
    for choice in event.get("choices", ()):
        answer.text += choice["delta"].get("content") or ""
        answer.cut = choice.get("finish_reason") == "length"


def _refusal(error: urllib.error.HTTPError) -> str:
    try:
        return str(json.loads(error.read(MOST))["error"]["message"])
    except (ValueError, KeyError, TypeError):
        return str(error)
