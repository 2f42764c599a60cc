"""Tools: what an answer calls, however the model writes it, whole and in a stream, over the real server."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openai
import pytest

from pipelines.serve.tools import Call, Reader, Way
from tests.pipelines.conftest import CHAT, make_model
from tests.pipelines.serve.served import http, running
from tests.waiting import FAR

ASKED: Any = [{"role": "user", "content": "How do I keep a branch?"}]
BAKE = {
    "name": "bake",
    "description": "Bakes.",
    "parameters": {
        "type": "object",
        "properties": {"what": {"enum": ["loaf", "馒头"]}, "minutes": {"$ref": "#/$defs/minutes"}},
        "required": ["what", "minutes"],
        "additionalProperties": False,
        "$defs": {"minutes": {"type": "integer", "minimum": 1, "maximum": 90}},
    },
}


def _with_schema(schema: dict[str, Any]) -> Any:
    return {"type": "function", "function": {"name": "bake", "parameters": schema}}


TOOLS: Any = [{"type": "function", "function": each} for each in (BAKE, {"name": "wait"})]
# as Qwen's: tools in a system message, calls in tags, answers of tools as the user's
TAGGED = (
    "{% if tools %}<|im_start|>system\n{% for tool in tools %}{{ tool | tojson }}\n{% endfor %}"
    '<tool_call>\n{"name": …}\n</tool_call><|im_end|>\n{% endif %}'
    "{% for message in messages %}<|im_start|>{{ 'user' if message.role == 'tool' else message.role }}\n"
    "{{ message.content }}{% for call in message.tool_calls or [] %}<tool_call>\n"
    '{"name": "{{ call.function.name }}", "arguments": {{ call.function.arguments | tojson }}}\n</tool_call>'
    "{% endfor %}<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
CALL, OTHER = '{"name": "bake", "arguments": {"what": "loaf"}}', '{"name": "wait", "arguments": {}}'
MADE, WAIT = Call("bake", '{"what": "loaf"}'), Call("wait", "{}")
LISTED = f'[{{"type": "function", "function": {CALL}}}]'
READ: list[tuple[Way, str, str, list[Call]]] = [
    ("tags", f"<tool_call>\n{CALL}\n</tool_call>", "", [MADE]),
    ("tags", f"Wait.\n<tool_call>{CALL}</tool_call>\n<tool_call>\n{OTHER}\n</tool_call>\n", "Wait.", [MADE, WAIT]),
    ("tags", f"a < b and <tool> <tool_call>{CALL}", f"a < b and <tool><tool_call>{CALL}", []),
    ("tags", "<tool_call>\n{broken}\n</tool_call>", "<tool_call>\n{broken}\n</tool_call>", []),
    ("tags", f"<tool_call>{CALL}</tool_call> and so", "and so", [MADE]),
    ("tags", "plain <tool", "plain <tool", []),
    ("list", LISTED, "", [MADE]),
    ("list", f"[{CALL}]", "", [MADE]),
    ("list", "[1, 2] is a list", "[1, 2] is a list", []),
    ("list", "[1, 2]", "[1, 2]", []),
    ("list", "[]", "[]", []),
    ("list", "plain [a]", "plain [a]", []),
]


@pytest.mark.parametrize("step", [1, 3, 1_000])
@pytest.mark.parametrize(("way", "text", "said", "calls"), READ)
def test_calls_are_read_in_any_pieces_and_nothing_is_lost(
    way: Way, text: str, said: str, calls: list[Call], step: int
) -> None:
    reader = Reader(way)
    told = "".join(reader.add(text[at : at + step]) for at in range(0, len(text), step))
    rest, found = reader.end()
    assert found == calls and told.rstrip() + rest == said


@pytest.fixture(scope="module")
def tagged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    yield from _served(make_model(tmp_path_factory.mktemp("tagged"), TAGGED))


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    yield from _served(make_model(tmp_path_factory.mktemp("plain"), CHAT))


def _served(folder: Path) -> Iterator[str]:
    from pipelines.serve.app import create_app
    from pipelines.serve.engine import Engine
    from pipelines.serve.loading import ServedModel

    engine = Engine.load(folder)
    engine.context_length = 2_048  # rotary positions go on
    yield from running(create_app(ServedModel(engine, ["tiny"])))


@pytest.fixture(params=["tagged", "plain"])
def client(request: pytest.FixtureRequest) -> openai.OpenAI:
    url = request.getfixturevalue(request.param)
    return openai.OpenAI(base_url=f"{url}/v1", api_key="any", max_retries=0, timeout=FAR)


def ask(client: openai.OpenAI, **settings: Any) -> Any:
    asked = {"model": "tiny", "messages": ASKED, "tools": TOOLS, "max_tokens": 300, "seed": 3}
    return client.chat.completions.create(**asked | settings)


def is_right(call: Any) -> bool:
    arguments = json.loads(call.function.arguments)
    baked = call.function.name == "bake" and arguments["what"] in {"loaf", "馒头"} and 1 <= arguments["minutes"] <= 90
    return call.type == "function" and call.id.startswith("call_") and (baked or call.function.name == "wait")


def test_a_call_that_must_be_made_is_one_that_fits(client: openai.OpenAI) -> None:
    named: Any = {"type": "function", "function": {"name": "bake"}}
    told = ask(client, tool_choice=named, n=4)
    assert [choice.finish_reason for choice in told.choices] == ["tool_calls"] * 4
    calls = [call for choice in told.choices for call in choice.message.tool_calls]
    assert len(calls) == 4 and all(is_right(call) and call.function.name == "bake" for call in calls)
    assert {choice.message.content for choice in told.choices} == {None}
    (choice,) = ask(client, tool_choice="required", tools=TOOLS[:1]).choices
    assert is_right(choice.message.tool_calls[0])


def test_a_stream_tells_the_same_call(client: openai.OpenAI) -> None:
    settings: Any = {"tool_choice": {"type": "function", "function": {"name": "bake"}}}
    (whole,) = ask(client, **settings).choices[0].message.tool_calls
    chunks = [chunk.choices[0] for chunk in ask(client, stream=True, **settings)]
    (call,) = (call for chunk in chunks for call in chunk.delta.tool_calls or ())
    assert (call.index, call.function.name, call.function.arguments) == (0, "bake", whole.function.arguments)
    assert chunks[-1].finish_reason == "tool_calls" and not any(chunk.delta.content for chunk in chunks)


def test_what_a_tool_said_goes_back_to_the_model(client: openai.OpenAI) -> None:
    first = ask(client, tool_choice={"type": "function", "function": {"name": "bake"}}).choices[0].message
    answered = {"role": "tool", "tool_call_id": first.tool_calls[0].id, "content": "done"}
    sent = [*ASKED, first.model_dump(exclude_none=True), answered]
    longer = ask(client, messages=sent, tool_choice="none", max_tokens=4).usage.prompt_tokens
    assert longer > ask(client, tool_choice="none", max_tokens=4).usage.prompt_tokens + 20


def test_nothing_must_be_called(client: openai.OpenAI) -> None:
    free = ask(client, tools=openai.omit, temperature=0, max_tokens=12).choices[0].message.content
    assert ask(client, tool_choice="none", temperature=0, max_tokens=12).choices[0].message.content == free
    told = ask(client, temperature=0, max_tokens=12).choices[0]
    assert told.message.content and not told.message.tool_calls


def test_a_call_that_is_begun_is_one_on_offer(tagged: str) -> None:
    """The model knows no call: its tag is made so likely that it begins one, and what follows is held to the schema."""
    client = openai.OpenAI(base_url=f"{tagged}/v1", api_key="any", max_retries=0, timeout=FAR)
    words = {"prompt": "<tool_call>", "max_tokens": 0, "echo": True, "logprobs": 0}
    assert http.post(f"{tagged}/v1/completions", json={"model": "tiny", **words}).json()["usage"]["prompt_tokens"] == 1
    number = next(n for n in range(400, 430) if _text(tagged, n) == "<tool_call>")
    told = ask(client, tools=TOOLS[:1], logit_bias={str(number): 100}, parallel_tool_calls=False).choices[0]
    assert is_right(told.message.tool_calls[0]) and len(told.message.tool_calls) == 1


def _text(url: str, token: int) -> str:
    body = {"model": "tiny", "prompt": [token], "max_tokens": 0, "echo": True}
    reply = http.post(f"{url}/v1/completions", json=body).json()
    return reply["choices"][0]["text"] if "choices" in reply else ""


@pytest.mark.parametrize(
    ("settings", "param"),
    [
        ({"tool_choice": {"type": "function", "function": {"name": "none"}}}, "tool_choice"),
        ({"tools": [], "tool_choice": "required"}, "tool_choice"),
        ({"tools": [{"type": "function", "function": {"name": "a b"}}]}, "tools"),
        ({"tools": [{"type": "retrieval"}]}, "tools"),
        ({"response_format": {"type": "json_object"}}, "response_format"),
        ({"tool_choice": "required", "tools": [_with_schema({"type": "objekt"})]}, "tools"),
    ],
)
def test_what_cannot_be_called_is_refused(client: openai.OpenAI, settings: dict[str, Any], param: str) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        ask(client, **settings)
    assert str(caught.value.param).startswith(param)


def test_a_template_with_a_way_of_its_own_is_told(tmp_path: Path) -> None:
    template = TAGGED.replace('{"name": …}', "<function=NAME>")
    for url in _served(make_model(tmp_path, template)):
        body = {"model": "tiny", "messages": ASKED, "max_tokens": 4}
        assert http.post(f"{url}/v1/chat/completions", json=body).status_code == 200
        reply = http.post(f"{url}/v1/chat/completions", json=body | {"tools": TOOLS})
        assert reply.status_code == 400 and "does not read" in reply.json()["error"]["message"]
