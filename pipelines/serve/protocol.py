"""Requests and responses of OpenAI's API, as far as they are supported here. What is not is refused by name."""

import json
import time
from collections.abc import Iterable, Iterator
from typing import Annotated, Any, Literal
from uuid import uuid4

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

MAX_CHOICES = 16
ROLES = ("system", "developer", "user", "assistant")
Number = Annotated[float, Field(allow_inf_nan=False)]
Token = Annotated[int, Field(ge=0)]


class ApiError(Exception):
    """An error that the client gets, in OpenAI's shape. `param` names the setting at fault."""

    def __init__(self, status: int, message: str, *, param: str | None = None, code: str | None = None) -> None:
        super().__init__(message)
        self.status, self.param, self.code = status, param, code

    def body(self) -> dict[str, Any]:
        """The JSON object of the response."""
        types = {401: "authentication_error", 429: "rate_limit_error", 500: "server_error"}
        error = {"message": str(self), "type": types.get(self.status, "invalid_request_error")}
        return {"error": error | {"param": self.param, "code": self.code}}


def as_api_error(error: Exception) -> ApiError:
    """The error that the client gets for `error`. What is not meant for clients becomes a 500 without details."""
    return error if isinstance(error, ApiError) else ApiError(500, "the server failed; its log says why")


class StreamOptions(BaseModel):
    """`stream_options` of a request."""

    model_config = ConfigDict(extra="ignore")
    include_usage: bool = False


class _Request(BaseModel):
    """The settings that both endpoints share."""

    model_config = ConfigDict(extra="forbid", strict=True)
    model: str
    n: int = Field(1, ge=1, le=MAX_CHOICES)
    stop: str | Annotated[list[str], Field(max_length=4)] = []
    temperature: Number = Field(1.0, ge=0, le=2)
    top_p: Number = Field(1.0, ge=0, le=1)
    presence_penalty: Number = Field(0.0, ge=-2, le=2)
    frequency_penalty: Number = Field(0.0, ge=-2, le=2)
    seed: Annotated[int, Field(ge=-(2**63), lt=2**63)] | None = None
    stream: bool = False
    stream_options: StreamOptions = StreamOptions()
    user: str = ""
    logit_bias: dict[str, Any] = {}

    @model_validator(mode="before")
    @classmethod
    def _null_is_absent(cls, body: Any) -> Any:
        try:
            json.dumps(body, ensure_ascii=False).encode()
        except UnicodeEncodeError as error:
            raise ValueError("a text holds half of a surrogate pair") from error
        return {key: value for key, value in body.items() if value is not None} if isinstance(body, dict) else body

    def stop_strings(self) -> tuple[str, ...]:
        """The stop strings without empty ones."""
        listed = [self.stop] if isinstance(self.stop, str) else self.stop
        return tuple(stop for stop in listed if stop)

    def _refuse(self, **unsupported: bool) -> None:
        """Raises ApiError 400 for the first setting that is used and not supported."""
        for name, used in {"logit_bias": bool(self.logit_bias), **unsupported}.items():
            if used:
                raise ApiError(400, f"{name} is not supported by this server", param=name, code="unsupported_parameter")


class CompletionRequest(_Request):
    """The body of a request to /v1/completions."""

    prompt: str | list[str] | list[Token] | list[list[Token]]
    max_tokens: int = Field(16, ge=0)
    echo: bool = False
    best_of: int | None = None
    logprobs: int | None = None
    suffix: str = ""

    def check_supported(self) -> None:
        """Raises: ApiError 400 for a setting that this server does not support."""
        best_of = self.best_of is not None and self.best_of != self.n
        self._refuse(best_of=best_of, logprobs=self.logprobs is not None, suffix=bool(self.suffix))

    def prompts(self) -> list[str | list[int]]:
        """The prompts, each as text or as token ids. Raises: ApiError 400 when there is none."""
        if isinstance(self.prompt, str):
            return [self.prompt]
        if not self.prompt or any(prompt == [] for prompt in self.prompt):
            raise ApiError(400, "prompt is empty", param="prompt")
        if isinstance(self.prompt[0], int):
            return [self.prompt]
        return list(self.prompt)


class TextContent(BaseModel):
    """One part of a message's content. Images and sound are not supported."""

    model_config = ConfigDict(extra="forbid", strict=True)
    type: Literal["text"]
    text: str


def _plain_messages(messages: Any) -> Any:
    """Messages without the settings that are null or empty, as clients send back what they were sent.

    Raises: ApiError 400 that names the first role or part that this server does not know.
    """
    if not isinstance(messages, list):
        return messages
    for index, message in enumerate(messages):
        for name, what in _unknown_parts(message) if isinstance(message, dict) else ():
            text = f"messages[{index}].{name}: {what!r} is not supported by this server"
            raise ApiError(400, text, param="messages", code="unsupported_parameter")
    return [_without_empty(each) if isinstance(each, dict) else each for each in messages]


def _unknown_parts(message: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Role and kinds of content that no chat template here takes: (where, what)."""
    if isinstance(role := message.get("role"), str) and role not in ROLES:
        yield "role", role
    content = message.get("content")
    for index, part in enumerate(content if isinstance(content, list) else ()):
        kind = part.get("type") if isinstance(part, dict) else None
        if isinstance(kind, str) and kind != "text":
            yield f"content[{index}].type", kind
    yield from ((name, "a call of a tool") for name in ("tool_calls", "function_call") if message.get(name))


def _without_empty(message: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in message.items() if key == "content" or value not in (None, [])}


class ChatMessage(BaseModel):
    """One message of a conversation."""

    model_config = ConfigDict(extra="forbid", strict=True)
    role: Literal["system", "developer", "user", "assistant"]
    content: str | list[TextContent]
    name: str | None = None

    def for_template(self) -> dict[str, str]:
        """The message as chat templates take it; they know `developer` by its older name, `system`."""
        text = self.content if isinstance(self.content, str) else "".join(part.text for part in self.content)
        return {"role": "system" if self.role == "developer" else self.role, "content": text}


class ChatRequest(_Request):
    """The body of a request to /v1/chat/completions."""

    messages: Annotated[list[ChatMessage], BeforeValidator(_plain_messages)] = Field(min_length=1)
    max_tokens: int | None = Field(None, ge=1)
    max_completion_tokens: int | None = Field(None, ge=1)
    logprobs: bool = False
    tools: list[Any] = []
    response_format: dict[str, Any] = {"type": "text"}

    def check_supported(self) -> None:
        """Raises: ApiError 400 for a setting that this server does not support."""
        formatted = self.response_format.get("type") != "text"
        self._refuse(logprobs=self.logprobs, tools=bool(self.tools), response_format=formatted)

    def completion_limit(self) -> int | None:
        """The most tokens to generate, if the request sets a limit."""
        return self.max_completion_tokens or self.max_tokens


class ResponseBuilder:
    """Builds the JSON objects of one response, whole or in chunks, for either endpoint."""

    def __init__(self, model: str, *, chat: bool, prompt_tokens: int, echoes: tuple[str, ...]) -> None:
        """`echoes` has one text per choice, which that choice begins with."""
        self.chat, self.prompt_tokens, self.echoes = chat, prompt_tokens, echoes
        prefix = "chatcmpl" if chat else "cmpl"
        self.head = {"id": f"{prefix}-{uuid4().hex}", "created": int(time.time()), "model": model}

    def response(self, texts: Iterable[tuple[str, str]], completion_tokens: int) -> dict[str, Any]:
        """The whole response. `texts` are (text, finish reason), one per choice."""
        kind = "chat.completion" if self.chat else "text_completion"
        choices = [self._choice(index, text, reason) for index, (text, reason) in enumerate(texts)]
        return {**self.head, "object": kind, "choices": choices, "usage": self._usage(completion_tokens)}

    def first_chunks(self) -> Iterator[dict[str, Any]]:
        """The chunks before any generated text: the role in a chat, else the echoes."""
        for index, echo in enumerate(self.echoes):
            if self.chat:
                delta = {"role": "assistant", "content": ""}
                yield self._chunk([{"index": index, "delta": delta, "logprobs": None, "finish_reason": None}])
            elif echo:
                yield self.chunk(index, echo, "")

    def chunk(self, index: int, text: str, finish_reason: str) -> dict[str, Any]:
        """New text of the choice at `index`; `finish_reason` is "" until its last."""
        return self._chunk([self._choice(index, text, finish_reason or None, key="delta")])

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

    def _choice(self, index: int, text: str, finish_reason: str | None, key: str = "message") -> dict[str, Any]:
        ending = {"index": index, "logprobs": None, "finish_reason": finish_reason}
        if not self.chat:
            return {"text": text, **ending}
        role = {"role": "assistant"} if key == "message" else {}
        return {key: {**role, "content": text}, **ending}
