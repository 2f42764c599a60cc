"""The messages of a conversation, whatever roles and keys a set has for them."""

import json
import math
import re
from collections.abc import Iterator
from itertools import groupby
from typing import Any

from schemas.document import Message

ROLES = {
    **dict.fromkeys(("human", "user", "prompter", "customer"), "user"),
    **dict.fromkeys(("gpt", "assistant", "model", "ai", "bot"), "assistant"),
    **dict.fromkeys(("system", "developer"), "system"),
    **dict.fromkeys(("tool", "function", "observation", "ipython", "tool_response", "function_response"), "tool"),
    **dict.fromkeys(("function_call", "tool_call", "tool_calls"), "call"),
}
SAYS = ("content", "value", "text")
THOUGHTS = ("reasoning_content", "reasoning", "thinking")
_MARKS = "(?:think|thinking|thought|reasoning)"
_THINK = re.compile(rf"\A\s*<{_MARKS}>(.*?)</{_MARKS}>[ \t]*\n*", re.S)
# Templates that begin the answer with <think> leave the first mark out of what models say.
_UNOPENED = re.compile(rf"\A(.*?)^[ \t]*</{_MARKS}>[ \t]*(?:\n+|\Z)", re.S | re.M)
_CALL = re.compile(r"<tool_call>\s*(.*?)\s*</tool_call>", re.S)
_RESULT = re.compile(r"\s*</?tool_response>\s*")
_FIRST_INDENT = re.compile(r"[ \t]*")
_SPEAKER = re.compile(r"(?:\A|\n\n)(Human|Assistant): ?")


class Unreadable(Exception):
    """A conversation that cannot be read. `reason` is that of a reject, `detail` says what it is."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(reason)
        self.reason, self.detail = reason, detail


def bare(text: str) -> str:
    """`text` without blank ends.

    The first line keeps an indentation that means something: a tab, four blanks, or one that a further line has too.
    """
    text = re.sub(r"\A(?:[ \t]*\n)+", "", text.rstrip())
    indent = _FIRST_INDENT.match(text)[0]  # type: ignore[index]
    means = len(indent.expandtabs(4)) >= 4 or re.search(r"\n[ \t]", text)
    return text if means else text[len(indent) :]


def is_number(value: Any) -> bool:
    """Whether it is a number, 0 too. NaN is none: it is how tables say "nothing"."""
    return isinstance(value, int | float) and not isinstance(value, bool) and not math.isnan(value)


def text_of(value: Any) -> str:
    """A string, a number, or the text of a list of parts. Raises: Unreadable for a part that is no text."""
    if isinstance(value, str):
        return bare(value)
    if is_number(value):
        return str(value)
    if not isinstance(value, list):
        return ""
    parts = [{"type": "text", "text": part} if isinstance(part, str) else part for part in value]
    for part in parts:
        if not isinstance(part, dict) or not isinstance(part.get("text"), str):
            kind = part.get("type") if isinstance(part, dict) else type(part).__name__
            raise Unreadable("unreadable_content", f"a part of the type {kind}"[:80])
    return bare("\n".join(part["text"] for part in parts))


def split_thought(text: str) -> tuple[str, str]:
    """(reasoning, answer) of a text that begins with <think>…</think>.

    The first mark may be missing where the last one has a line for itself, outside of code.
    """
    found = (_THINK.match(text) or _UNOPENED.match(text)) if "</" in text else None
    if not found or found[1].count("```") % 2:
        return "", text
    return bare(found[1]), bare(text[found.end() :])


def conversation(value: Any) -> list[Message]:
    """The messages of a list of turns, or of JSON in a string; [] for what is none.

    Messages of the assistant that follow each other are one. Results of calls are in the order of the calls.

    Raises: Unreadable.
    """
    turns = from_json(value)
    turns = [turns] if isinstance(turns, dict) else turns
    if not isinstance(turns, list) or not turns or not all(isinstance(turn, dict) for turn in turns):
        return []
    if isinstance(value, str) and not all(_says_who(turn) for turn in turns):
        return []  # JSON that is an answer
    spread = [part for turn in turns for part in _spread(turn)]
    if not any("role" in turn or "from" in turn for turn in spread):
        return []
    partner = _partner(spread)
    return _joined([_message(turn, partner) for turn in _in_order_of_calls(spread)])


def _says_who(turn: dict[str, Any]) -> bool:
    return ("role" in turn or "from" in turn) and any(key in turn for key in (*SAYS, "tool_calls", "function_call"))


def spoken(text: Any) -> list[Message]:
    """The messages of a text in which "Human:" and "Assistant:" speak; [] for any other text."""
    pieces = _SPEAKER.split(text) if isinstance(text, str) else []
    if len(pieces) < 3 or pieces[0].strip():
        return []
    pairs = zip(pieces[1::2], pieces[2::2], strict=True)
    return [Message(ROLES["human" if who == "Human" else "gpt"], bare(said)) for who, said in pairs]


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
    """A turn, the two of {"human": …, "assistant": …}, or each of several results between marks."""
    if results := _results(turn):
        yield from ({**turn, "content": result, "value": result} for result in results)
        return
    roles = {name: ROLES.get(str(name).lower()) for name in turn}
    names = [name for name, role in roles.items() if role in ("user", "assistant", "system")]
    is_exchange = len(names) == len(turn) or {"user", "assistant"} <= set(roles.values())
    if "role" in turn or "from" in turn or not names or not is_exchange:
        yield turn
    else:
        yield from ({"role": name, "content": turn[name]} for name in names if turn[name])


def _results(turn: dict[str, Any]) -> list[str]:
    said = next((turn[key] for key in SAYS if isinstance(turn.get(key), str)), "")
    is_tool = ROLES.get(_name(turn)) == "tool"
    return [part for part in _RESULT.split(said) if part] if is_tool and "tool_response>" in said else []


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


def _name(turn: dict[str, Any]) -> str:
    return str(turn.get("role") or turn.get("from") or "").lower()


def _partner(turns: list[dict[str, Any]]) -> str:
    """Who answers a user in ShareGPT's form, where many sets write the name of a model: the only name in `from` that is
    no role, if nobody else answers; "" where there is none. What stands in `role` is a role or unknown."""
    names = {_name(turn) for turn in turns}
    roles = {ROLES.get(name) for name in names}
    unknown = {_name(turn) for turn in turns if "role" not in turn} - ROLES.keys() - {""}
    answers = len(unknown) == 1 and "user" in roles and "assistant" not in roles
    return unknown.pop() if answers else ""


def _message(turn: dict[str, Any], partner: str) -> Message:
    name = _name(turn)
    role = "assistant" if partner and name == partner else ROLES.get(name)
    if role is None:
        raise Unreadable("unknown_role", name[:40])
    said = next((turn[key] for key in SAYS if turn.get(key)), "")
    if role in ("assistant", "call"):
        return _said(_answer(turn, text_of(said), only_calls=role == "call"), name)
    return _said(Message(role, json.dumps(said, ensure_ascii=False) if isinstance(said, dict) else text_of(said)), name)


def _answer(turn: dict[str, Any], text: str, *, only_calls: bool) -> Message:
    """A message of the assistant. Its calls stand in a key of their own, between marks, or are all of its text."""
    thought, text = split_thought(text)
    thought = next((text_of(turn[key]) for key in THOUGHTS if turn.get(key)), "") or thought
    calls = turn.get("tool_calls") or ([turn["function_call"]] if turn.get("function_call") else [])
    in_text = [from_json(call) for call in _CALL.findall(text)]
    if not calls and in_text and all(map(_is_call, in_text)):
        calls = [call for found in in_text for call in (found if isinstance(found, list) else [found])]
        text = bare(_CALL.sub("", text))
    elif not calls and only_calls:
        calls, text = text, ""
    return Message("assistant", text, thought, _calls(calls) if calls or only_calls else "")


def _is_call(value: Any) -> bool:
    if isinstance(value, list):
        return bool(value) and all(map(_is_call, value))
    return isinstance(value, dict) and ("name" in value or "function" in value)


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
