"""Answers that are JSON: a small model that knows none is held to it, over the real server."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Literal

import openai
import pytest
from pydantic import BaseModel, ConfigDict, Field

from tests.pipelines.serve.served import complete, http

ASKED: Any = [{"role": "user", "content": "How do I keep a branch?"}]


class Step(BaseModel):
    """What the answers must fit."""

    model_config = ConfigDict(extra="forbid")  # or the answer may go on with names of its own
    tool: Literal["git", "svn"]
    minutes: int = Field(ge=0, le=600)
    names: list[Literal["main", "分支"]] = Field(max_length=2)


def schema(**parts: Any) -> dict[str, Any]:
    return {"type": "json_schema", "json_schema": {"name": "step", "schema": parts}}


def ask(client: openai.OpenAI, **settings: Any) -> Any:
    return client.chat.completions.create(**{"model": "tiny", "messages": ASKED, "max_tokens": 200} | settings)


@pytest.mark.parametrize("temperature", [0, 1])
def test_every_answer_fits_the_schema(client: openai.OpenAI, temperature: float) -> None:
    wanted = schema(**Step.model_json_schema())
    told = ask(client, response_format=wanted, n=8, seed=5, temperature=temperature)
    assert [choice.finish_reason for choice in told.choices] == ["stop"] * 8
    assert all(Step.model_validate_json(choice.message.content) for choice in told.choices)
    assert len({choice.message.content for choice in told.choices}) == 1 or temperature


def test_the_clients_own_classes_come_back(client: openai.OpenAI) -> None:
    told = client.chat.completions.parse(model="tiny", messages=ASKED, max_tokens=200, response_format=Step)
    assert isinstance(told.choices[0].message.parsed, Step)


def test_a_stream_is_the_same_text(client: openai.OpenAI) -> None:
    settings: dict[str, Any] = {"response_format": schema(**Step.model_json_schema()), "seed": 4, "temperature": 1.5}
    chunks = [chunk.choices[0] for chunk in ask(client, stream=True, **settings)]
    whole = ask(client, **settings).choices[0]
    assert "".join(chunk.delta.content or "" for chunk in chunks) == whole.message.content
    assert chunks[-1].finish_reason == whole.finish_reason == "stop"


def test_any_object_will_do_and_is_cut_where_tokens_end(client: openai.OpenAI) -> None:
    told = ask(client, response_format={"type": "json_object"}, n=6, seed=1, temperature=2, max_tokens=60)
    assert {choice.finish_reason for choice in told.choices} <= {"stop", "length"}
    for choice in told.choices:
        assert choice.message.content.startswith("{")
        assert choice.finish_reason == "length" or isinstance(json.loads(choice.message.content), dict)


def test_who_writes_beside_is_held_to_nothing(client: openai.OpenAI) -> None:
    alone = complete(client).choices[0].text
    with ThreadPoolExecutor(4) as pool:
        held = pool.submit(ask, client, response_format=schema(**Step.model_json_schema()), temperature=0)
        free = [pool.submit(complete, client) for _ in range(3)]
        assert {each.result().choices[0].text for each in free} == {alone}
        assert Step.model_validate_json(held.result().choices[0].message.content)
    assert ask(client, response_format={"type": "text"}, temperature=0, max_tokens=24).choices[0].message.content


def nested(depth: int) -> dict[str, Any]:
    found: dict[str, Any] = {"type": "string"}
    for _ in range(depth):
        found = {"items": found}
    return found


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        (schema(type="objekt"), "Invalid type: objekt"),
        (schema(type="object", unevaluatedProperties=False), "unevaluatedProperties"),
        (schema(type="string", pattern="("), "unclosed group"),
        ({"type": "json_schema"}, "json_schema is missing"),
        ({"type": "yaml"}, "json_object"),
        (schema(**nested(900)), "recursion limit"),
        (
            schema(allOf=[{"pattern": f"^.*[a-m].{{{n}}}$"} for n in range(24)]),
            "24 different regular expressions in one schema",
        ),
        (
            schema(type="object", patternProperties={f"^a{n}z$": {} for n in range(400)}),
            "400 different regular expressions",
        ),
    ],
)
def test_what_no_answer_can_be_held_to_is_refused(url: str, wanted: dict[str, Any], words: str) -> None:
    body = {"model": "tiny", "messages": ASKED, "response_format": wanted}
    told = http.post(f"{url}/v1/chat/completions", json=body)
    assert told.status_code == 400
    assert words in told.json()["error"]["message"] and told.json()["error"]["param"].startswith("response_format")


def test_schemas_of_tools_are_bounded_too(url: str) -> None:
    properties = {str(n): {"type": "string", "pattern": f"^.*[a-m].{{{n}}}$"} for n in range(17)}
    tool = {"type": "function", "function": {"name": "f", "parameters": {"properties": properties}}}
    body = {"model": "tiny", "messages": ASKED, "tools": [tool], "tool_choice": "required"}
    told = http.post(f"{url}/v1/chat/completions", json=body)
    assert (told.status_code, told.json()["error"]["param"]) == (400, "tools")
    assert "17 different regular expressions" in told.json()["error"]["message"]


def test_one_pattern_may_stand_in_many_places(client: openai.OpenAI) -> None:
    day = {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}$"}
    wanted = schema(type="object", properties={f"day{n}": day for n in range(20)}, additionalProperties=False)
    told = ask(client, response_format=wanted, temperature=0, max_tokens=120)
    assert told.choices[0].message.content.startswith("{")
