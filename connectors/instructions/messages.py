"""The messages of a conversation, whatever roles and keys a set has for them."""

import json
import re
from collections.abc import Iterator
from itertools import groupby
from typing import Any

from schemas.document import Message

ROLES = {
    **dict.fromkeys(("human", "user", "prompter", "customer"), "user"),
    **dict.fromkeys(("gpt", "assistant", "model", "chatgpt", "bard", "bing", "claude", "ai", "bot"), "assistant"),
    **dict.fromkeys(("system", "developer"), "system"),
    **dict.fromkeys(("tool", "function", "observation", "ipython", "tool_response", "function_response"), "tool"),
    **dict.fromkeys(("function_call", "tool_call", "tool_calls"), "call"),
}
SAYS = ("content", "value", "text")
THOUGHTS = ("reasoning_content", "reasoning", "thinking")
_THINK = re.compile(
    r"\A\s*(?:<(think|thinking|thought|reasoning)>)?(.*?)</(think|thinking|thought|reasoning)>\s*", re.S
)
_CALL = re.compile(r"<tool_call>\s*(.*?)\s*</tool_call>", re.S)
_SPEAKER = re.compile(r"(?:\A|\n\n)(Human|Assistant): ?")


class Unreadable(Exception):
    """A conversation that cannot be read. `reason` is that of a reject, `detail` says what it is."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(reason)
        self.reason, self.detail = reason, detail


def text_of(value: Any) -> str:
    """A string, or the text of a list of parts. Raises: Unreadable for a part that is no text."""
    if isinstance(value, str):
        return value.strip()
    if not isinstance(value, list):
        return ""
    parts = [{"type": "text", "text": part} if isinstance(part, str) else part for part in value]
    for part in parts:
        if not isinstance(part, dict) or not isinstance(part.get("text"), str):
            kind = part.get("type") if isinstance(part, dict) else type(part).__name__
            raise Unreadable("unreadable_content", f"a part of the type {kind}"[:80])
    return "\n".join(part["text"] for part in parts).strip()


def split_thought(text: str) -> tuple[str, str]:
    """(reasoning, answer) of a text that begins with <think>…</think>; the first mark may be missing."""
    found = _THINK.match(text)
    return (found[2].strip(), text[found.end() :].strip()) if found else ("", text)


def conversation(value: Any) -> list[Message]:
    """The messages of a list of turns, or of JSON in a string; [] for what is none.

    Messages of the assistant that follow each other are one. Results of calls are in the order of the calls.

    Raises: Unreadable.
    """
    turns = from_json(value)
    turns = [turns] if isinstance(turns, dict) else turns
    if not isinstance(turns, list) or not turns or not all(isinstance(turn, dict) for turn in turns):
        return []
    spread = [part for turn in turns for part in _spread(turn)]
    if not any("role" in turn or "from" in turn for turn in spread):
        return []
    return _joined([_message(turn) for turn in _in_order_of_calls(spread)])


def spoken(text: Any) -> list[Message]:
    """The messages of a text in which "Human:" and "Assistant:" speak; [] for any other text."""
    pieces = _SPEAKER.split(text) if isinstance(text, str) else []
    if len(pieces) < 3 or pieces[0].strip():
        return []
    pairs = zip(pieces[1::2], pieces[2::2], strict=True)
    return [Message(ROLES["human" if who == "Human" else "gpt"], said.strip()) for who, said in pairs]


def from_json(value: Any) -> Any:
    """What a string of JSON holds; any other value as it is."""
    if not isinstance(value, str) or value.lstrip()[:1] not in ("[", "{"):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return value


def as_json(value: Any) -> str:
    """JSON of a value that may be JSON already; "" for nothing."""
    found = from_json(value)
    return json.dumps(found, ensure_ascii=False) if found and not isinstance(found, str) else ""


def _spread(turn: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A turn, or the two of {"human": …, "assistant": …}."""
    names = [name for name in turn if ROLES.get(str(name).lower()) in ("user", "assistant", "system")]
    if "role" in turn or "from" in turn or not names:
        yield turn
    else:
        yield from ({"role": name, "content": turn[name]} for name in names if turn[name])


def _in_order_of_calls(turns: list[dict[str, Any]]) -> list[dict[str, Any]]:
    order: list[Any] = []
    sorted_turns = []
    for is_result, group in groupby(turns, key=lambda turn: bool(turn.get("tool_call_id"))):
        found = list(group)
        if is_result and all(turn["tool_call_id"] in order for turn in found):
            found.sort(key=lambda turn: order.index(turn["tool_call_id"]))
        for turn in found:
            calls = from_json(turn.get("tool_calls"))
            if isinstance(calls, list):
                order = [call.get("id") for call in calls if isinstance(call, dict)]
        sorted_turns += found
    return sorted_turns


def _message(turn: dict[str, Any]) -> Message:
    name = str(turn.get("role") or turn.get("from") or "").lower()
    role = ROLES.get(name)
    if role is None:
        raise Unreadable("unknown_role", name[:40])
    text = text_of(next((turn[key] for key in SAYS if turn.get(key)), ""))
    if role == "call":
        return Message("assistant", "", "", _calls(text))
    calls = turn.get("tool_calls") or ([turn["function_call"]] if turn.get("function_call") else [])
    if role != "assistant":
        return _said(Message(role, text), name)
    thought, text = split_thought(text)
    thought = next((text_of(turn[key]) for key in THOUGHTS if turn.get(key)), "") or thought
    in_text = _CALL.findall(text)
    if in_text and not calls and all(isinstance(from_json(call), dict) for call in in_text):
        calls, text = [from_json(call) for call in in_text], _CALL.sub("", text).strip()
    return _said(Message(role, text, thought, _calls(calls) if calls else ""), name)


def _said(message: Message, name: str) -> Message:
    if not (message.content or message.tool_calls or message.role in ("tool", "system")):
        raise Unreadable("empty_turn", f"of the role {name}")
    return message


def _calls(value: Any) -> str:
    """Calls as OpenAI's API has them, with their arguments as an object where they are JSON."""
    found = from_json(value)
    calls = [found] if isinstance(found, dict) else found
    if not isinstance(calls, list) or not calls:
        raise Unreadable("malformed_tool_call", "no list of calls")
    return json.dumps([_call(from_json(call)) for call in calls], ensure_ascii=False)


def _call(call: Any) -> dict[str, Any]:
    function = call.get("function", call) if isinstance(call, dict) else None
    if not isinstance(function, dict) or not isinstance(function.get("name"), str):
        raise Unreadable("malformed_tool_call", "a call without the name of a tool")
    arguments = from_json(function.get("arguments", function.get("parameters", {})))
    made = {"type": "function", "function": {"name": function["name"], "arguments": arguments}}
    return {"id": call["id"], **made} if isinstance(call.get("id"), str) else made


def _joined(messages: list[Message]) -> list[Message]:
    joined: list[Message] = []
    for message in messages:
        if joined and message.role == "assistant" == joined[-1].role:
            last = joined.pop()
            calls = [*json.loads(last.tool_calls or "[]"), *json.loads(message.tool_calls or "[]")]
            texts = [[last.content, message.content], [last.reasoning, message.reasoning]]
            content, thought = ("\n\n".join(filter(None, pair)) for pair in texts)
            message = Message("assistant", content, thought, json.dumps(calls, ensure_ascii=False) if calls else "")
        joined.append(message)
    return joined
