"""Responses of OpenAI's API, whole or in chunks."""

import time
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple
from uuid import uuid4

from pipelines.serve.choice import Delta, Token
from pipelines.serve.tools import Call, Reader, Way


class Completed(NamedTuple):
    """A completion that has ended: all its text, why it ended, and its tokens where they were asked for.

    `echo` is what it is told to begin with, `reward` what a reward model says of it.
    """

    text: str
    finish_reason: str
    tokens: tuple[Token, ...] = ()
    echo: str = ""
    reward: float | None = None

    def added(self, delta: Delta) -> "Completed":
        """This with what came next."""
        return Completed(self.text + delta.text, delta.finish_reason or self.finish_reason, self.tokens + delta.tokens)

    def worth(self) -> float:
        """What the best of several have most of: the reward, or without a reward model the likelihood."""
        return self.likelihood() if self.reward is None else self.reward

    def likelihood(self) -> float:
        """The mean logarithm of its tokens' probabilities."""
        known = [token.logprob for token in self.tokens if token.logprob is not None]
        return sum(known) / len(known) if known else 0.0


class ResponseBuilder:
    """Builds the JSON objects of one response, whole or in chunks, for either endpoint."""

    def __init__(
        self,
        model: str,
        *,
        chat: bool,
        prompt_tokens: int,
        echoes: tuple[str, ...],
        logprobs: bool = False,
        ranked_by: str = "",
        calls: Way | None = None,
    ) -> None:
        """`echoes` has one text per choice, which that choice begins with. `logprobs`: tokens are told, too.

        `ranked_by`: what the choices were chosen by, where they are the best of several. `calls`: how a choice writes
        calls of tools; None: it is text.
        """
        self.chat, self.prompt_tokens, self.echoes, self.logprobs = chat, prompt_tokens, echoes, logprobs
        self.offsets = [0] * len(echoes)
        self.readers = [Reader(calls) for _ in echoes] if calls else []
        prefix = "chatcmpl" if chat else "cmpl"
        self.head: dict[str, Any] = {"id": f"{prefix}-{uuid4().hex}", "created": int(time.time()), "model": model}
        self.head |= {"ranked_by": ranked_by} if ranked_by else {}

    def response(self, completed: Iterable[Completed], completion_tokens: int) -> dict[str, Any]:
        """The whole response, with a choice for each of `completed`."""
        kind = "chat.completion" if self.chat else "text_completion"
        choices = [
            self._choice(index, each.echo + each.text, each.finish_reason, each.tokens)
            | ({} if each.reward is None else {"reward": round(each.reward, 4)})
            for index, each in enumerate(completed)
        ]
        return {**self.head, "object": kind, "choices": choices, "usage": self._usage(completion_tokens)}

    def first_chunks(self) -> Iterator[dict[str, Any]]:
        """The chunks before any generated text: the role in a chat, else the echoes."""
        for index, echo in enumerate(self.echoes):
            if self.chat:
                delta = {"role": "assistant", "content": ""}
                yield self._chunk([{"index": index, "delta": delta, "logprobs": None, "finish_reason": None}])
            elif echo:
                yield self.chunk(Delta(index, echo))

    def chunk(self, delta: Delta) -> dict[str, Any]:
        """New text of a choice."""
        choice = self._choice(delta.choice, delta.text, delta.finish_reason or None, delta.tokens, key="delta")
        return self._chunk([choice])

    def usage_chunk(self, completion_tokens: int) -> dict[str, Any]:
        """The chunk after the last text: no choices, only token counts."""
        return self._chunk([]) | {"usage": self._usage(completion_tokens)}

    def _usage(self, completion_tokens: int) -> dict[str, int]:
        total = self.prompt_tokens + completion_tokens
        return {
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": completion_tokens,
            "total_tokens": total,
        }

    def _chunk(self, choices: list[dict[str, Any]]) -> dict[str, Any]:
        kind = "chat.completion.chunk" if self.chat else "text_completion"
        return {**self.head, "object": kind, "choices": choices}

    def _choice(
        self, index: int, text: str, finish_reason: str | None, tokens: tuple[Token, ...], key: str = "message"
    ) -> dict[str, Any]:
        ending = {"index": index, "logprobs": self._logprobs(index, tokens), "finish_reason": finish_reason}
        if not self.chat:
            return {"text": text, **ending}
        role = {"role": "assistant"} if key == "message" else {}
        said, calls = self._said(index, text, bool(finish_reason))
        if not calls:
            return {key: {**role, "content": said}, **ending}
        told = [call.told(number) for number, call in enumerate(calls)]
        if role:  # only parts of a stream are numbered
            told = [{name: call[name] for name in call if name != "index"} for call in told]
        reason = "tool_calls" if finish_reason == "stop" else finish_reason
        return {key: {**role, "content": said or None, "tool_calls": told}, **ending, "finish_reason": reason}

    def _said(self, index: int, text: str, is_end: bool) -> tuple[str, list[Call]]:
        """What of a text is none of a call, and at its end the calls."""
        if not self.readers:
            return text, []
        said = self.readers[index].add(text)
        rest, calls = self.readers[index].end() if is_end else ("", [])
        return said + rest, calls

    def _logprobs(self, index: int, tokens: tuple[Token, ...]) -> dict[str, Any] | None:
        """The tokens as either endpoint tells them; offsets are in the text as the tokens spell it."""
        if not self.logprobs:
            return None
        if self.chat:
            return {"content": [_with_bytes(each.text, each.logprob) | {"top_logprobs": _top(each)} for each in tokens]}
        offsets = []
        for token in tokens:
            offsets.append(self.offsets[index])
            self.offsets[index] += len(token.text)
        return {
            "tokens": [token.text for token in tokens],
            "token_logprobs": [token.logprob for token in tokens],
            "top_logprobs": [None if token.logprob is None else dict(reversed(token.top)) for token in tokens],
            "text_offset": offsets,
        }


def _top(token: Token) -> list[dict[str, Any]]:
    return [_with_bytes(text, logprob) for text, logprob in token.top]


def _with_bytes(text: str, logprob: float | None) -> dict[str, Any]:
    return {"token": text, "logprob": logprob, "bytes": list(text.encode())}
