"""A judge: any model behind an OpenAI-compatible endpoint, which says which of two answers is better.

Each pair is shown in both orders, since judges prefer what stands first; where the two verdicts differ it is a tie
(MT-bench, Zheng et al. 2023). The key comes from the environment, GRISTMILL_JUDGE_KEY, and goes nowhere else.
"""

import json
import os
import re
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from pipelines.errors import WorkFailed, WrongInput

KEY = "GRISTMILL_JUDGE_KEY"
PATIENCE = 600  # seconds for one verdict
TOKENS = 512
MOST_BYTES = 1 << 20  # of an answer: one verdict of TOKENS tokens, or a list of models
VERDICTS = {"A": "first", "B": "second", "C": "tie"}
_VERDICT = re.compile(r"\[\[([ABC])\]\]")
_ASK = """\
Two assistants have answered the same request. Say which answer is better: more helpful, correct, and to the point. \
Neither the order of the answers nor their length must count. Explain in one or two sentences, and then end with \
[[A]] if the first is better, [[B]] if the second is, or [[C]] if neither is.

<request>
{question}
</request>

<first_answer>
{first}
</first_answer>

<second_answer>
{second}
</second_answer>
"""


@dataclass(frozen=True)
class Judge:
    """`url` is the base of the endpoint, as in http://127.0.0.1:8000/v1; `model` is asked for by that name."""

    url: str
    model: str

    def compare(self, question: str, ours: str, theirs: str) -> str:
        """win, tie or loss of our answer, by both orders; unread where the judge said no verdict.

        Raises: WorkFailed where the judge cannot be asked.
        """
        if ours.strip() == theirs.strip():
            return "tie"
        one, other = self._verdict(question, ours, theirs), self._verdict(question, theirs, ours)
        if "" in (one, other):
            return "unread"
        return {("first", "second"): "win", ("second", "first"): "loss"}.get((one, other), "tie")

    def _verdict(self, question: str, first: str, second: str) -> str:
        asked = _ASK.format(question=question, first=first, second=second)
        message = {"role": "user", "content": asked}
        body = {"model": self.model, "messages": [message], "temperature": 0, "max_tokens": TOKENS}
        answer = _ask(self.url, "chat/completions", body)
        try:
            said = str(answer["choices"][0]["message"]["content"] or "")
        except (KeyError, IndexError, TypeError):
            raise WorkFailed("--judge {url}: its answer is no chat completion", url=self.url) from None
        found = _VERDICT.findall(said)
        return VERDICTS[found[-1]] if found else ""


def at(url: str, model: str) -> Judge:
    """The judge at an address; without a name of a model, the first that it lists.

    Raises: WrongInput for what is no address, WorkFailed where it cannot be asked or lists none.
    """
    if not _is_address(url):
        raise WrongInput("--judge {url}: not an address; say one such as http://127.0.0.1:8000/v1", url=url)
    base = url.rstrip("/")
    if model:
        return Judge(base, model)
    try:
        return Judge(base, str(_ask(base, "models")["data"][0]["id"]))
    except (KeyError, IndexError, TypeError):
        raise WorkFailed("--judge {url}: it lists no model; name one with --judge-model", url=url) from None


def _is_address(url: str) -> bool:
    """Whether `url` is an address of a server alone: with a name or key in it, each message would show it."""
    try:
        parts = urlsplit(url)
        has_port = parts.port != 0
    except ValueError:
        return False
    blank = url.strip() == url and url.isascii() and url.isprintable() and " " not in url
    return parts.scheme in ("http", "https") and bool(parts.hostname) and has_port and "@" not in parts.netloc and blank


class _Here(HTTPRedirectHandler):
    """Another address than the one that was given does not get the key."""

    def redirect_request(self, *_: Any) -> None:
        return None


def _ask(url: str, path: str, body: dict[str, Any] | None = None) -> Any:
    headers = {"Content-Type": "application/json", "User-Agent": "gristmill"}
    headers |= {"Authorization": f"Bearer {key}"} if (key := os.environ.get(KEY)) else {}
    data = None if body is None else json.dumps(body).encode()
    try:
        with build_opener(_Here).open(Request(f"{url}/{path}", data, headers), timeout=PATIENCE) as answer:
            content = answer.read(MOST_BYTES + 1)
        if len(content) <= MOST_BYTES:
            return json.loads(content)
        why = f"more than {MOST_BYTES:,} bytes"
    except HTTPError as error:
        why = f"{error.code} {error.reason}"
    except (URLError, TimeoutError, OSError, HTTPException) as error:
        why = str(getattr(error, "reason", error)) or type(error).__name__
    except (ValueError, RecursionError):
        why = "no JSON"
    raise WorkFailed(
        "--judge {url}: {why}; see to it, and give the same command again: what is judged stays", url=url, why=why
    )
