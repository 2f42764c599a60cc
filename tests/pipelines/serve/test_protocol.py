"""What a request may say, at each edge, without a model: taken, refused by the name of the setting, or ignored."""

from typing import Any

import pytest
from pydantic import ValidationError

from pipelines.serve import protocol
from pipelines.serve.protocol import ApiError, ChatRequest, CompletionRequest

USER = {"role": "user", "content": "How?"}
TOOL = {"type": "function", "function": {"name": "look", "parameters": {"type": "object"}}}
OTHER = {"type": "function", "function": {"name": "find"}}
CALL = {"type": "function", "function": {"name": "look", "arguments": '{"a": [1]}'}}


def completion(**settings: Any) -> CompletionRequest:
    return CompletionRequest.model_validate({"model": "tiny", "prompt": "How?"} | settings)


def chat(*messages: Any, **settings: Any) -> ChatRequest:
    return ChatRequest.model_validate({"model": "tiny", "messages": [*messages] or [USER]} | settings)


@pytest.mark.parametrize(
    ("name", "least", "most", "beyond"),
    [
        ("n", 1, 16, 1),
        ("temperature", 0, 2, 0.01),
        ("top_p", 0, 1, 0.01),
        ("presence_penalty", -2, 2, 0.01),
        ("frequency_penalty", -2, 2, 0.01),
        ("seed", -(2**63), 2**63 - 1, 1),
        ("max_tokens", 0, 2**70, 1),
        ("best_of", 1, 16, 1),
        ("logprobs", 0, 20, 1),
    ],
)
def test_a_number_is_taken_up_to_its_edges(name: str, least: int, most: int, beyond: float) -> None:
    for value in (least, most):
        assert getattr(completion(**{name: value}), name) == value
    for value in (least - beyond, most + beyond, "1", True, float("nan"), float("inf"), [1]):
        if name != "max_tokens" or value != most + beyond:
            with pytest.raises(ValidationError):
                completion(**{name: value})


@pytest.mark.parametrize(
    ("name", "least", "most"), [("max_tokens", 1, 9), ("max_completion_tokens", 1, 9), ("top_logprobs", 0, 20)]
)
def test_a_number_of_a_chat_is_taken_up_to_its_edges(name: str, least: int, most: int) -> None:
    assert [getattr(chat(**{name: value}), name) for value in (least, most)] == [least, most]
    for value in (least - 1, 21 if most == 20 else "1"):
        with pytest.raises(ValidationError):
            chat(**{name: value})


def test_what_is_not_said_has_openais_defaults() -> None:
    said = completion().model_dump(exclude={"model", "prompt", "stream_options"})
    numbers = {"n": 1, "temperature": 1.0, "top_p": 1.0, "presence_penalty": 0.0, "frequency_penalty": 0.0}
    texts = {"stop": [], "user": "", "suffix": "", "logit_bias": {}}
    absent = dict.fromkeys(("seed", "best_of", "logprobs"))
    assert said == numbers | texts | absent | {"max_tokens": 16, "echo": False, "stream": False}
    assert not completion().stream_options.include_usage
    asked = chat()
    assert asked.parallel_tool_calls and not asked.logprobs and asked.top_logprobs == 0
    assert (asked.max_tokens, asked.max_completion_tokens, asked.completion_limit()) == (None, None, None)
    assert (asked.tools, asked.tool_choice, asked.response_format.type) == ([], "auto", "text")


def test_null_is_absent_engine_is_the_model_and_what_nobody_knows_is_named() -> None:
    asked = CompletionRequest.model_validate({"engine": "old", "prompt": "x", "seed": None, "top_k": 4, "a": 1})
    assert (asked.model, asked.seed, asked.ignored()) == ("old", None, ["a", "top_k"])
    assert completion(engine="old").model == "tiny"
    for body in ([], "x", 3):
        with pytest.raises(ValidationError) as refused:
            CompletionRequest.model_validate(body)
        assert refused.value.errors()[0]["input"] == body
    with pytest.raises(ValidationError, match="half of a surrogate pair"):
        completion(prompt="\ud800")


def test_stops_are_one_or_at_most_four_and_never_empty() -> None:
    assert completion(stop="a").stop_strings() == ("a",)
    assert completion(stop=["a", "", "b", "c"]).stop_strings() == ("a", "b", "c")
    assert completion(stop="").stop_strings() == ()
    with pytest.raises(ValidationError):
        completion(stop=["a"] * 5)


@pytest.mark.parametrize("token", ["9", "-1", "", "x", "²", "1" * 13, "0x1"])
def test_a_bias_is_of_a_token_of_the_model(token: str) -> None:
    with pytest.raises(ApiError) as refused:
        completion(logit_bias={token: 1.0}).biases(9)
    assert (refused.value.status, refused.value.param) == (400, "logit_bias")
    assert str(refused.value) == f"logit_bias: {token} is not a token of this model"


def test_biases_are_pairs_within_their_edges() -> None:
    asked = completion(logit_bias={"8": 100.0, "0": -100.0, "000000000003": 1.0})
    assert asked.biases(9) == ((8, 100.0), (0, -100.0), (3, 1.0))
    for bias in (100.1, -100.1):
        with pytest.raises(ValidationError):
            completion(logit_bias={"1": bias})


@pytest.mark.parametrize(
    ("settings", "param", "says"),
    [
        ({"suffix": "x"}, "suffix", "suffix is not supported by this server"),
        ({"n": 3, "best_of": 2}, "best_of", "best_of: 2 is less than n, 3"),
        (
            {"stream": True, "best_of": 2},
            "best_of",
            "best_of: the best are known at the end; a stream cannot tell them",
        ),
    ],
)
def test_what_does_not_go_together_is_refused(settings: dict[str, Any], param: str, says: str) -> None:
    with pytest.raises(ApiError) as refused:
        completion(**settings).check_supported()
    assert (refused.value.status, refused.value.param, str(refused.value)) == (400, param, says)
    assert refused.value.code == ("unsupported_parameter" if param == "suffix" else None)


@pytest.mark.parametrize(
    "settings", [{}, {"n": 2, "best_of": 2}, {"n": 2, "stream": True}, {"stream": True, "best_of": 1}]
)
def test_what_goes_together_is_taken(settings: dict[str, Any]) -> None:
    completion(**settings).check_supported()
    assert completion(**settings).written() == max(settings.get("n", 1), settings.get("best_of", 1))


def test_prompts_are_texts_or_tokens_and_not_too_many() -> None:
    assert completion(prompt="a").prompts() == ["a"] and completion(prompt="").prompts() == [""]
    assert completion(prompt=["a", "b"]).prompts() == ["a", "b"]
    assert completion(prompt=[1, 0]).prompts() == [[1, 0]]
    assert completion(prompt=[[1], [2, 3]]).prompts() == [[1], [2, 3]]
    assert len(completion(prompt=["a"] * 8, n=2).prompts()) == 8
    for prompt, param, says in (
        ([], "prompt", "prompt is empty"),
        ([[1], []], "prompt", "prompt is empty"),
        (["a"] * 17, "n", "17 choices in one request; at most 16"),
    ):
        with pytest.raises(ApiError) as refused:
            completion(prompt=prompt).prompts()
        assert (refused.value.status, refused.value.param, str(refused.value)) == (400, param, says)
    with pytest.raises(ApiError, match="18 choices"):
        completion(prompt=["a"] * 9, best_of=2).prompts()
    with pytest.raises(ValidationError):
        completion(prompt=[-1])


@pytest.mark.parametrize(
    ("message", "where", "what"),
    [
        ({"role": "robot", "content": "x"}, "role", "'robot'"),
        (
            {"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "image_url"}]},
            "content[1].type",
            "'image_url'",
        ),
        (
            {"role": "assistant", "content": "", "function_call": {}} | {"function_call": {"name": "a"}},
            "function_call",
            "'a call of a function, older than tools'",
        ),
    ],
)
def test_what_no_template_takes_is_named(message: dict[str, Any], where: str, what: str) -> None:
    with pytest.raises(ApiError) as refused:
        chat(USER, message)
    assert str(refused.value) == f"messages[1].{where}: {what} is not supported by this server"
    assert (refused.value.status, refused.value.param, refused.value.code) == (400, "messages", "unsupported_parameter")


@pytest.mark.parametrize(
    "messages",
    [[], "x", [3], [{"role": 3, "content": "x"}], [{"role": "user"}], [{"role": "user", "content": None}],
     [{"role": "user", "content": [{"type": "text"}]}], [{"role": "user", "content": ["x"]}], [USER | {"weight": 1}]],
)  # fmt: skip
def test_what_is_no_message_is_refused(messages: Any) -> None:
    with pytest.raises(ValidationError):
        ChatRequest.model_validate({"model": "tiny", "messages": messages})


def test_messages_become_what_templates_take() -> None:
    parts = [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]
    called = {"role": "assistant", "content": None, "tool_calls": [CALL], "refusal": None, "name": None}
    answered = {"role": "tool", "content": "4", "tool_call_id": "c1"}
    asked = chat(
        {"role": "developer", "content": parts},
        USER,
        called,
        answered,
        {"role": "assistant", "content": "x", "tool_calls": []},
    )
    assert [one.for_template() for one in asked.messages] == [
        {"role": "system", "content": "ab"},
        USER,
        {
            "role": "assistant",
            "content": "",
            "tool_calls": [{"type": "function", "function": {"name": "look", "arguments": {"a": [1]}}}],
        },
        {"role": "tool", "content": "4"},
        {"role": "assistant", "content": "x"},
    ]


def test_arguments_of_a_call_are_json_that_is_not_too_deep() -> None:
    def calling(arguments: str) -> ChatRequest:
        call = {"type": "function", "function": {"name": "look", "arguments": arguments}}
        return chat({"role": "assistant", "content": "", "tool_calls": [call]})

    with pytest.raises(ValidationError):
        calling("{")
    with pytest.raises(ApiError) as refused:
        calling("[" * 100_000)
    assert (refused.value.status, refused.value.param) == (400, "messages")
    assert str(refused.value) == "messages: the arguments of a call are nested too deep"
    bare = chat({"role": "assistant", "content": "", "tool_calls": [{"function": {"name": "look"}}]})
    assert bare.messages[0].for_template()["tool_calls"] == [
        {"type": "function", "function": {"name": "look", "arguments": {}}}
    ]


def test_tools_are_offered_as_the_choice_says() -> None:
    named = {"type": "function", "function": {"name": "find"}}
    for choice, names, must in (
        ("auto", ["look", "find"], False),
        ("none", [], False),
        ("required", ["look", "find"], True),
        (named, ["find"], True),
    ):
        asked = chat(tools=[TOOL, OTHER], tool_choice=choice)
        assert ([tool["function"]["name"] for tool in asked.offered()], asked.must_call()) == (names, must)
        asked.check_supported()
    assert chat(tools=[TOOL]).offered() == [TOOL] and chat(tools=[OTHER]).offered() == [OTHER]
    for name in ("", "a b", "a" * 65):
        with pytest.raises(ValidationError):
            chat(tools=[{"type": "function", "function": {"name": name}}])
    assert chat(tools=[{"type": "function", "function": {"name": "a.b-c_" + "d" * 58}}] * 128).tools
    with pytest.raises(ValidationError):
        chat(tools=[TOOL] * 129)


@pytest.mark.parametrize(
    ("settings", "param", "says"),
    [
        ({"tool_choice": "required"}, "tool_choice", "tool_choice: asks for a call of a tool that is not in tools"),
        (
            {"tools": [TOOL], "tool_choice": OTHER},
            "tool_choice",
            "tool_choice: asks for a call of a tool that is not in tools",
        ),
        (
            {"tools": [TOOL], "response_format": {"type": "json_object"}},
            "response_format",
            "response_format: is not supported beside tools",
        ),
        ({"top_logprobs": 1}, "top_logprobs", "top_logprobs: set logprobs to true, too"),
    ],
)
def test_what_does_not_go_together_in_a_chat_is_refused(settings: dict[str, Any], param: str, says: str) -> None:
    with pytest.raises(ApiError) as refused:
        chat(**settings).check_supported()
    assert (refused.value.status, refused.value.param, str(refused.value)) == (400, param, says)


def test_formats_have_a_schema() -> None:
    schema = {"type": "object", "properties": {"a": {}}}
    for told, wanted in (
        ({"type": "text"}, None),
        ({"type": "json_object"}, {"type": "object"}),
        ({"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}, schema),
    ):
        asked = chat(response_format=told)
        asked.check_supported()
        assert asked.response_format.schema_of() == wanted
    with pytest.raises(ApiError) as refused:
        chat(response_format={"type": "json_schema"}).response_format.schema_of()
    assert (refused.value.status, refused.value.param) == (400, "response_format")
    assert str(refused.value) == "response_format: json_schema is missing"
    chat(tools=[TOOL], tool_choice="none", response_format={"type": "json_object"}).check_supported()
    chat(top_logprobs=1, logprobs=True).check_supported()


def test_of_two_limits_the_newer_counts() -> None:
    assert chat(max_tokens=3).completion_limit() == 3
    assert chat(max_tokens=3, max_completion_tokens=5).completion_limit() == 5


def test_an_error_is_told_in_openais_shape_and_not_endlessly() -> None:
    kinds = {401: "authentication_error", 429: "rate_limit_error", 500: "server_error", 400: "invalid_request_error"}
    for status, kind in kinds.items():
        error = ApiError(status, "x" * 2_000, param="n", code="c").body()["error"]
        assert error == {"message": "x" * 1_000, "type": kind, "param": "n", "code": "c"}
    assert ApiError(404, "no").body()["error"] == {
        "message": "no", "type": "invalid_request_error", "param": None, "code": None,
    }  # fmt: skip
    hidden = protocol.as_api_error(ValueError("/secret"))
    assert (hidden.status, str(hidden)) == (500, "the server failed; its log says why")
    error = ApiError(400, "no")
    assert protocol.as_api_error(error) is error
