"""Requests and replies of OpenAI's API, as far as they are served here. What is not served is refused by name."""

import json
import time
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal
from uuid import uuid4

from pydantic import BaseModel, ConfigDict, Field, model_validator

MAX_CHOICES = 16
Number = Annotated[float, Field(allow_inf_nan=False)]
Token = Annotated[int, Field(ge=0)]


class ApiError(Exception):
    """An error in OpenAI's shape."""

    def __init__(self, status: int, message: str, *, param: str | None = None, code: str | None = None) -> None:
        super().__init__(message)
        self.status, self.param, self.code = status, param, code

    def body(self) -> dict[str, Any]:
        kind = {401: "authentication_error", 429: "rate_limit_error", 500: "server_error"}
        what = {"message": str(self), "type": kind.get(self.status, "invalid_request_error")}
        return {"error": what | {"param": self.param, "code": self.code}}


class StreamOptions(BaseModel):
    model_config = ConfigDict(extra="ignore")
    include_usage: bool = False


class _Request(BaseModel):
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

    def stops(self) -> tuple[str, ...]:
        listed = [self.stop] if isinstance(self.stop, str) else self.stop
        return tuple(stop for stop in listed if stop)

    def refuse(self, **refused: bool) -> None:
        """Raises ApiError for the first setting that asks for something not served."""
        for name, asked in {"logit_bias": bool(self.logit_bias), **refused}.items():
            if asked:
                raise ApiError(400, f"{name} is not supported by this server", param=name, code="unsupported_parameter")


class CompletionRequest(_Request):
    prompt: str | list[str] | list[Token] | list[list[Token]]
    max_tokens: int = Field(16, ge=0)
    echo: bool = False
    best_of: int | None = None
    logprobs: int | None = None
    suffix: str = ""

    def check(self) -> None:
        best_of = self.best_of is not None and self.best_of != self.n
        self.refuse(best_of=best_of, logprobs=self.logprobs is not None, suffix=bool(self.suffix))

    def prompts(self) -> list[str | list[int]]:
        """One entry per prompt. Raises ApiError when there is none."""
        if isinstance(self.prompt, str):
            return [self.prompt]
        if not self.prompt or any(part == [] for part in self.prompt):
            raise ApiError(400, "prompt is empty", param="prompt")
        if isinstance(self.prompt[0], int):
            return [self.prompt]
        return list(self.prompt)


class TextPart(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    type: Literal["text"]
    text: str


class ChatMessage(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    role: Literal["system", "developer", "user", "assistant"]
    content: str | list[TextPart]
    name: str | None = None

    def turn(self) -> dict[str, str]:
        """As the chat template takes it; templates know `developer` by its older name."""
        text = self.content if isinstance(self.content, str) else "".join(part.text for part in self.content)
        return {"role": "system" if self.role == "developer" else self.role, "content": text}


class ChatRequest(_Request):
    messages: list[ChatMessage] = Field(min_length=1)
    max_tokens: int | None = Field(None, ge=1)
    max_completion_tokens: int | None = Field(None, ge=1)
    logprobs: bool = False
    tools: list[Any] = []
    response_format: dict[str, Any] = {"type": "text"}

    def check(self) -> None:
        shaped = self.response_format.get("type") != "text"
        self.refuse(logprobs=self.logprobs, tools=bool(self.tools), response_format=shaped)

    def limit(self) -> int | None:
        return self.max_completion_tokens or self.max_tokens


class Reply:
    """Builds the objects of one answer, whole or in chunks, for either endpoint."""

    def __init__(self, model: str, *, chat: bool) -> None:
        self.chat = chat
        prefix = "chatcmpl" if chat else "cmpl"
        self.head = {"id": f"{prefix}-{uuid4().hex}", "created": int(time.time()), "model": model}

    def whole(self, texts: Iterable[tuple[str, str]], usage: Mapping[str, int]) -> dict[str, Any]:
        """`texts` are (text, finish reason), one per choice."""
        kind = "chat.completion" if self.chat else "text_completion"
        choices = [self._choice(index, text, reason) for index, (text, reason) in enumerate(texts)]
        return {**self.head, "object": kind, "choices": choices, "usage": dict(usage)}

    def chunk(self, index: int, text: str, reason: str) -> dict[str, Any]:
        return self._chunk([self._choice(index, text, reason or None, part="delta")])

    def opening(self, index: int) -> dict[str, Any]:
        """A chat's first chunk says who speaks."""
        delta = {"role": "assistant", "content": ""}
        return self._chunk([{"index": index, "delta": delta, "logprobs": None, "finish_reason": None}])

    def closing(self, usage: Mapping[str, int]) -> dict[str, Any]:
        return self._chunk([]) | {"usage": dict(usage)}

    def _chunk(self, choices: list[dict[str, Any]]) -> dict[str, Any]:
        kind = "chat.completion.chunk" if self.chat else "text_completion"
        return {**self.head, "object": kind, "choices": choices}

    def _choice(self, index: int, text: str, reason: str | None, part: str = "message") -> dict[str, Any]:
        ending = {"index": index, "logprobs": None, "finish_reason": reason}
        if not self.chat:
            return {"text": text, **ending}
        who = {"role": "assistant"} if part == "message" else {}
        return {part: {**who, "content": text}, **ending}
