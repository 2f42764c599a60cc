"""Published rows in the shapes of trainers. What a shape cannot hold is yielded by none of these functions.

A row is a published record or pair. Reasoning is <think>…</think> before an answer, but where a message has a key for
it. The input has a place of its own in `alpaca` only. Elsewhere it stands below the instruction, as LLaMA-Factory joins
them.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from itertools import count, groupby
from typing import Any

from pipelines.models.prompt import question

Row = dict[str, Any]
Shape = Callable[[Row], Iterator[Row]]
SPEAKERS = {"user": "human", "assistant": "gpt", "tool": "observation"}
BETWEEN_RESULTS = "\n</tool_response>\n<tool_response>\n"  # how LLaMA-Factory joins what several calls gave


def alpaca(row: Row) -> Iterator[Row]:
    """History is questions and their answers; a row with calls, or with anything else in its history, has no place."""
    history = row["history"] or []
    roles = [turn["role"] for turn in history]
    if roles != ["user", "assistant"] * (len(roles) // 2) or any(turn["tool_calls"] for turn in [*history, row]):
        return
    texts = [thought(turn["reasoning"], turn["content"]) for turn in history]
    turns = [list(turn) for turn in zip(texts[::2], texts[1::2], strict=True)]
    fields = {"instruction": row["instruction"], "input": row["input"]}
    fields["output"] = thought(row["reasoning"], row["output"])
    yield fields | _given(system=row["system"], history=turns, tools=row["tools"])


def sharegpt(row: Row) -> Iterator[Row]:
    """The assistant speaks every second time, or there is no place for the row: LLaMA-Factory would skip it."""
    if said := speeches([*asked(row), answer(row)]):
        yield {"conversations": said} | _given(system=row["system"], tools=row["tools"])


def speeches(turns: Sequence[Row]) -> list[Row]:
    """Messages as ShareGPT has them; [] where they do not alternate. Results that follow each other are one speech."""
    said = []
    for role, group in groupby(turns, key=lambda turn: turn["role"]):
        together = list(group)
        if role not in SPEAKERS or (len(together) > 1 and role != "tool"):
            return []
        if role == "assistant":
            said.append(_speech(together[0]))
        else:
            said.append({"from": SPEAKERS[role], "value": BETWEEN_RESULTS.join(turn["content"] for turn in together)})
    alternate = all((speech["from"] in ("gpt", "function_call")) == number % 2 for number, speech in enumerate(said))
    return said if alternate else []


def _speech(turn: Row) -> Row:
    """What the assistant says. Calls are JSON, between marks where text stands beside them."""
    if not turn["tool_calls"]:
        return {"from": "gpt", "value": thought(turn["reasoning"], turn["content"])}
    called = json.loads(turn["tool_calls"])
    flat = [call["function"] | {key: call[key] for key in ("id",) if key in call} for call in called]
    calls = json.dumps(flat[0] if len(flat) == 1 else flat, ensure_ascii=False)
    text = f"{turn['content']}\n<tool_call>\n{calls}\n</tool_call>" if turn["content"] else calls
    return {"from": "function_call", "value": thought(turn["reasoning"], text)}


def messages(row: Row) -> Iterator[Row]:
    yield {"messages": chat([*asked_with_system(row), answer(row)])} | _tool_list(row)


def prompt_completion(row: Row) -> Iterator[Row]:
    *prompt, completion = chat([*asked_with_system(row), answer(row)])
    yield {"prompt": prompt, "completion": [completion]} | _tool_list(row)


def dpo(row: Row) -> Iterator[Row]:
    chosen, rejected = ([with_thoughts(turn)] for turn in both(row))
    yield {"prompt": chat(asked_with_system(row)), "chosen": chosen, "rejected": rejected} | _tool_list(row)


def kto(row: Row) -> Iterator[Row]:
    for turn, label in labelled(row):
        prompt, completion = chat(asked_with_system(row)), [with_thoughts(turn)]
        yield {"prompt": prompt, "completion": completion, "label": label} | _tool_list(row)


def openai(row: Row) -> Iterator[Row]:
    """A line of OpenAI's fine-tuning, which has no place for reasoning. Earlier answers have the weight 0."""
    said = chat(_with_ids([*asked_with_system(row), answer(row)]), reasoning_key="")
    yield {"messages": as_openai(said, weigh=True)} | _tool_list(row)


def openai_dpo(row: Row) -> Iterator[Row]:
    """A line of OpenAI's preference fine-tuning."""
    chosen, rejected = ([with_thoughts(turn)] for turn in both(row))
    said = as_openai(chat(_with_ids(asked_with_system(row)), reasoning_key=""))
    yield {"input": {"messages": said} | _tool_list(row), "preferred_output": chosen, "non_preferred_output": rejected}


def labelled(row: Row) -> list[tuple[Row, bool]]:
    """Both answers of a pair, or that of a record that came with a label, as turns; and whether each is a good one."""
    if "chosen" in row:
        return list(zip(both(row), (True, False), strict=True))
    return [(answer(row), row["score"] > 0)] if has_label(row) else []


def has_label(row: Row) -> bool:
    """Whether a record came with a label of its own: exchanges of sets have no other score."""
    return row["source_kind"] == "instructions" and row["score"] in (1, -1)


def both(row: Row) -> tuple[Row, Row]:
    """The chosen answer of a pair and the rejected one, as turns."""
    rejected = _turn("assistant", row["rejected"], row["rejected_reasoning"])
    return _turn("assistant", row["chosen"], row["reasoning"]), rejected


def asked(row: Row) -> list[Row]:
    """The messages before the answer, as records hold them, without the system prompt."""
    history = row["history"] or []
    return [*history, *([] if history and history[-1]["role"] == "tool" else [_turn("user", question(row))])]


def asked_with_system(row: Row) -> list[Row]:
    """`asked` below the system prompt."""
    return [*([_turn("system", row["system"])] if row["system"] else []), *asked(row)]


def _turn(role: str, content: str, reasoning: str = "", tool_calls: str = "") -> Row:
    return {"role": role, "content": content, "reasoning": reasoning, "tool_calls": tool_calls}


def answer(row: Row) -> Row:
    """The answer of a record as a message; one that is nothing but calls has no text."""
    content = "" if row["output"] == row["tool_calls"] else row["output"]
    return _turn("assistant", content, row["reasoning"], row["tool_calls"])


def chat(turns: Sequence[Row], reasoning_key: str = "reasoning_content") -> list[Row]:
    """Messages as chat templates have them. Results come in the order of their calls, and have the ids of these.

    Reasoning is under `reasoning_key`, or in the text where that is "".
    """
    said, waiting = list[Row](), list[str]()
    for turn in turns:
        message = {"role": turn["role"], "content": turn["content"]}
        if turn["reasoning"] and reasoning_key:
            message[reasoning_key] = turn["reasoning"]
        elif turn["reasoning"]:
            message["content"] = thought(turn["reasoning"], turn["content"])
        if turn["tool_calls"]:
            message["tool_calls"] = json.loads(turn["tool_calls"])
            waiting = [call.get("id", "") for call in message["tool_calls"]]
        if turn["role"] == "tool" and waiting and (call_id := waiting.pop(0)):
            message["tool_call_id"] = call_id
        said.append(message)
    return said


def with_thoughts(turn: Row) -> Row:
    """A turn as a message with its reasoning in its text."""
    return chat([turn], reasoning_key="")[0]


def as_openai(said: Sequence[Row], *, weigh: bool = False) -> list[Row]:
    """Messages with arguments as strings of JSON and, with `weigh`, the weight 0 for all answers but the last."""
    made = []
    for number, message in enumerate(said):
        calls = (
            {"tool_calls": [_with_string(call) for call in message["tool_calls"]]} if "tool_calls" in message else {}
        )
        earlier = weigh and message["role"] == "assistant" and number + 1 < len(said)
        made.append(message | calls | ({"weight": 0} if earlier else {}))
    return made


def _with_ids(turns: Sequence[Row]) -> list[Row]:
    """The turns with an id for each call that has none."""
    numbers, made = count(1), []
    for turn in turns:
        calls = json.loads(turn["tool_calls"] or "[]")
        for call in calls:
            call.setdefault("id", f"call_{next(numbers)}")
        made.append(turn | {"tool_calls": json.dumps(calls, ensure_ascii=False) if calls else ""})
    return made


def _with_string(call: Row) -> Row:
    function, arguments = call["function"], call["function"]["arguments"]
    text = arguments if isinstance(arguments, str) else json.dumps(arguments, ensure_ascii=False)
    return call | {"function": function | {"arguments": text}}


def thought(reasoning: str, text: str) -> str:
    """A text with the reasoning before it."""
    return f"<think>\n{reasoning}\n</think>\n\n{text}" if reasoning else text


def _tool_list(row: Row) -> Row:
    return {"tools": json.loads(row["tools"])} if row["tools"] else {}


def _given(**values: Any) -> Row:
    return {name: value for name, value in values.items() if value}
