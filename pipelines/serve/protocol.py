"""Requests of OpenAI's API, as far as they are supported here.

A setting of the API that is not is refused by name. One that the API does not have is ignored, as clients of other
servers send theirs (`top_k`), and the response names it in its header `X-Ignored-Settings`.
"""

import json
from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

MAX_CHOICES = 16
MAX_LOGPROBS = 20
MAX_TOOLS = 128
MAX_DIGITS = 12  # of a token's number; Python reads no number of thousands of digits
MAX_MESSAGE = 1_000  # characters of an error: what it quotes may be as long as the request
ROLES = ("system", "developer", "user", "assistant", "tool")
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
        error = {"message": str(self)[:MAX_MESSAGE], "type": types.get(self.status, "invalid_request_error")}
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

    model_config = ConfigDict(extra="allow", strict=True)
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
    logit_bias: dict[str, Annotated[float, Field(ge=-100, le=100)]] = {}

    @model_validator(mode="before")
    @classmethod
    def _null_is_absent(cls, body: Any) -> Any:
        """Drop what is null; `engine` is what the first version of the API calls `model`."""
        try:
            json.dumps(body, ensure_ascii=False).encode()
        except UnicodeEncodeError as error:
            raise ValueError("a text holds half of a surrogate pair") from error
        if not isinstance(body, dict):
            return body
        given = {key: value for key, value in body.items() if value is not None}
        return {"model": given.pop("engine"), **given} if "engine" in given else given

    def ignored(self) -> list[str]:
        """The settings that no version of the API has."""
        return sorted(self.model_extra or {})

    def biases(self, vocabulary_size: int) -> tuple[tuple[int, float], ...]:
        """Pairs of a token and what is added to its logit. Raises: ApiError 400 for what is no token of the model."""
        for token in self.logit_bias:
            is_number = token.isascii() and token.isdigit() and len(token) <= MAX_DIGITS
            if not (is_number and int(token) < vocabulary_size):
                raise ApiError(400, f"logit_bias: {token} is not a token of this model", param="logit_bias")
        return tuple((int(token), bias) for token, bias in self.logit_bias.items())

    def stop_strings(self) -> tuple[str, ...]:
        """The stop strings without empty ones."""
        listed = [self.stop] if isinstance(self.stop, str) else self.stop
        return tuple(stop for stop in listed if stop)

    def _refuse(self, **unsupported: bool) -> None:
        """Raises ApiError 400 for the first setting that is used and not supported."""
        for name, used in unsupported.items():
            if used:
                raise ApiError(400, f"{name} is not supported by this server", param=name, code="unsupported_parameter")


class CompletionRequest(_Request):
    """The body of a request to /v1/completions."""

    prompt: str | list[str] | list[Token] | list[list[Token]]
    max_tokens: int = Field(16, ge=0)
    echo: bool = False
    best_of: int | None = Field(None, ge=1, le=MAX_CHOICES)
    logprobs: int | None = Field(None, ge=0, le=MAX_LOGPROBS)
    suffix: str = ""

    def check_supported(self) -> None:
        """Raises: ApiError 400 for a setting that this server does not support, or not beside another."""
        self._refuse(suffix=bool(self.suffix))
        if self.written() < self.n:
            raise ApiError(400, f"best_of: {self.best_of} is less than n, {self.n}", param="best_of")
        if self.stream and self.written() > self.n:
            raise ApiError(400, "best_of: the best are known at the end; a stream cannot tell them", param="best_of")

    def written(self) -> int:
        """How many completions of each prompt are written; the `n` best of them are returned."""
        return self.best_of or self.n

    def prompts(self) -> list[str | list[int]]:
        """The prompts, each as text or as token ids. Raises: ApiError 400 when there is none, or there are too many."""
        if isinstance(self.prompt, str):
            return [self.prompt]
        if not self.prompt or any(prompt == [] for prompt in self.prompt):
            raise ApiError(400, "prompt is empty", param="prompt")
        if isinstance(self.prompt[0], int):
            return [self.prompt]
        if (choices := len(self.prompt) * self.written()) > MAX_CHOICES:
            raise ApiError(400, f"{choices} choices in one request; at most {MAX_CHOICES}", param="n")
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
    if message.get("function_call"):
        yield "function_call", "a call of a function, older than tools"


def _without_empty(message: dict[str, Any]) -> dict[str, Any]:
    kept = {key: value for key, value in message.items() if key == "content" or value not in (None, [])}
    return kept | {"content": kept.get("content") or ""} if "tool_calls" in kept else kept


class CalledFunction(BaseModel):
    """The function of a call; `arguments` is JSON."""

    model_config = ConfigDict(extra="ignore", strict=True)
    name: str
    arguments: str = "{}"

    @field_validator("arguments")
    @classmethod
    def _is_json(cls, arguments: str) -> str:
        try:
            json.loads(arguments)
        except RecursionError:
            raise ApiError(400, "messages: the arguments of a call are nested too deep", param="messages") from None
        return arguments


class ToolCall(BaseModel):
    """A call of a tool that the assistant made before."""

    model_config = ConfigDict(extra="ignore", strict=True)
    type: Literal["function"] = "function"
    function: CalledFunction

    def for_template(self) -> dict[str, Any]:
        """The call as chat templates take it."""
        function = {"name": self.function.name, "arguments": json.loads(self.function.arguments)}
        return {"type": "function", "function": function}


class ChatMessage(BaseModel):
    """One message of a conversation."""

    model_config = ConfigDict(extra="forbid", strict=True)
    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: str | list[TextContent]
    name: str | None = None
    tool_calls: list[ToolCall] = []
    tool_call_id: str | None = None

    def for_template(self) -> dict[str, Any]:
        """The message as chat templates take it; they know `developer` by its older name, `system`."""
        text = self.content if isinstance(self.content, str) else "".join(part.text for part in self.content)
        said = {"role": "system" if self.role == "developer" else self.role, "content": text}
        calls = [call.for_template() for call in self.tool_calls]
        return said | {"tool_calls": calls} if calls else said


class ToolFunction(BaseModel):
    """The function of a tool on offer; `parameters` is a JSON Schema."""

    model_config = ConfigDict(extra="ignore", strict=True)
    name: str = Field(pattern=r"^[\w.-]{1,64}$")
    description: str | None = None
    parameters: dict[str, Any] | None = None


class Tool(BaseModel):
    """A tool on offer."""

    model_config = ConfigDict(extra="forbid", strict=True)
    type: Literal["function"]
    function: ToolFunction


class NamedTool(BaseModel):
    """`tool_choice` that names the tool."""

    model_config = ConfigDict(extra="ignore", strict=True)
    type: Literal["function"]
    function: CalledFunction


class JsonSchema(BaseModel):
    """What an answer must fit, as `response_format.json_schema` of a request. It is always strict here."""

    model_config = ConfigDict(extra="ignore", strict=True)
    json_schema: dict[str, Any] = Field(alias="schema")


class ResponseFormat(BaseModel):
    """`response_format` of a request."""

    model_config = ConfigDict(extra="forbid", strict=True)
    type: Literal["text", "json_object", "json_schema"] = "text"
    json_schema: JsonSchema | None = None

    def schema_of(self) -> dict[str, Any] | None:
        """The JSON Schema that an answer must fit; None for any text. Raises: ApiError 400 where it is missing."""
        if self.type != "json_schema":
            return {"type": "object"} if self.type == "json_object" else None
        if self.json_schema is None:
            raise ApiError(400, "response_format: json_schema is missing", param="response_format")
        return self.json_schema.json_schema


class ChatRequest(_Request):
    """The body of a request to /v1/chat/completions."""

    messages: Annotated[list[ChatMessage], BeforeValidator(_plain_messages)] = Field(min_length=1)
    max_tokens: int | None = Field(None, ge=1)
    max_completion_tokens: int | None = Field(None, ge=1)
    logprobs: bool = False
    top_logprobs: int = Field(0, ge=0, le=MAX_LOGPROBS)
    tools: list[Tool] = Field([], max_length=MAX_TOOLS)
    tool_choice: Literal["none", "auto", "required"] | NamedTool = "auto"
    parallel_tool_calls: bool = True
    response_format: ResponseFormat = ResponseFormat()

    def check_supported(self) -> None:
        """Raises: ApiError 400 for a setting that this server does not support, or not beside another."""
        if self.must_call() and not self.offered():
            raise ApiError(400, "tool_choice: asks for a call of a tool that is not in tools", param="tool_choice")
        if self.offered() and self.response_format.type != "text":
            raise ApiError(400, "response_format: is not supported beside tools", param="response_format")
        if self.top_logprobs and not self.logprobs:
            raise ApiError(400, "top_logprobs: set logprobs to true, too", param="top_logprobs")

    def must_call(self) -> bool:
        """Whether the answer must be a call."""
        return isinstance(self.tool_choice, NamedTool) or self.tool_choice == "required"

    def offered(self) -> list[dict[str, Any]]:
        """The tools that the model may call."""
        name = self.tool_choice.function.name if isinstance(self.tool_choice, NamedTool) else None
        kept = [tool for tool in self.tools if self.tool_choice != "none" and name in (None, tool.function.name)]
        return [tool.model_dump(exclude_none=True) for tool in kept]

    def completion_limit(self) -> int | None:
        """The most tokens to generate, if the request sets a limit."""
        return self.max_completion_tokens or self.max_tokens
