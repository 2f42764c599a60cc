"""Tools on offer in a chat, and the calls of them in an answer.

Calls are written in one of two ways: each in <tool_call> tags, as the templates of Qwen and Hermes have it; or as a
JSON list, as models whose template knows no tools learn it here (pipelines/models/prompt.py). With tags, a call
that is begun can only be one of a tool on offer, with arguments that fit its schema.
"""

import json
from collections.abc import Container, Mapping, Sequence
from typing import Any, Literal, NamedTuple
from uuid import uuid4

from pipelines.serve.grammar import WHITESPACE

OPEN, CLOSE = "<tool_call>", "</tool_call>"
OTHER_WAY = "<function="  # of templates whose tags hold XML
Way = Literal["tags", "list"]
Tools = Sequence[Mapping[str, Any]]  # as requests have them


class Call(NamedTuple):
    """A call: the tool's name and its arguments as JSON."""

    name: str
    arguments: str

    def told(self, index: int) -> dict[str, Any]:
        """As responses have it."""
        function = {"name": self.name, "arguments": self.arguments}
        return {"index": index, "id": f"call_{uuid4().hex[:24]}", "type": "function", "function": function}


def way_of(tokenizer: Any) -> Way | None:
    """How a model writes calls; None where its template has a way that is not known here."""
    template = str(tokenizer.chat_template)
    if "tools" not in template:
        return "list"
    is_read = OPEN in template and OTHER_WAY not in template and OPEN not in tokenizer.all_special_tokens
    return "tags" if is_read else None


def for_template(way: Way, messages: Sequence[dict[str, Any]], tools: Tools) -> tuple[list[dict[str, Any]], str]:
    """Messages and tools as the model has learnt them: (messages, what the template gets as its tools)."""
    offered = json.dumps(tools, ensure_ascii=False) if tools else ""
    if way == "tags":
        return list(messages), offered
    said = [_as_text(message) for message in messages]
    if not offered:
        return said, ""
    system = said.pop(0)["content"] if said[0]["role"] == "system" else ""
    return [{"role": "system", "content": "\n\n".join(part for part in (system, offered) if part)}, *said], ""


def _as_text(message: dict[str, Any]) -> dict[str, Any]:
    calls = message.get("tool_calls")
    parts = [message["content"], json.dumps(calls, ensure_ascii=False) if calls else ""]
    return {"role": message["role"], "content": "\n".join(part for part in parts if part)}


def grammar(way: Way, tools: Tools, tokens: Container[str], *, must: bool, several: bool) -> str:
    """What an answer must fit, in llguidance's Lark: one call where there `must` be one, else text, or that and calls.

    "" where nothing is asked: a list of calls is only known as one when it has ended. `tokens` is the vocabulary: a tag
    that is a token of its own is none of letters.
    """
    if way == "list" and not must:
        return ""
    opened, closed = (tag if tag in tokens else json.dumps(tag) for tag in (OPEN, CLOSE))
    calls = [_call(way, tool["function"], closed) for tool in tools]
    any_call = " | ".join(f"call_{number}" for number in range(len(calls)))
    rules = [f"call_{number}: {call}" for number, call in enumerate(calls)]
    if must:
        opening = f"{opened} " if way == "tags" else ""
        return "\n".join(["%llguidance {}", f"start: {opening}({any_call})", *rules])
    begun = f"begun: TEXT {opened}" if opened == OPEN else f"begun[lazy]: TEXT {opened}"
    more = f' ("\\n" {opened} ({any_call}))*' if several else ""
    start = f"start: TEXT | begun ({any_call}){more}"
    return "\n".join(["%llguidance {}", start, begun, r"TEXT: /(.|\n)*/", *rules])


def _call(way: Way, function: Mapping[str, Any], closed: str) -> str:
    """The rule of a call, behind what opens it."""
    head = f'{{"name": {json.dumps(function["name"])}, "arguments": '
    schema = json.dumps({"type": "object", **(function.get("parameters") or {}), "x-guidance": WHITESPACE})
    if way == "tags":
        return f"{json.dumps(chr(10) + head)} %json {schema} {json.dumps('}' + chr(10))} {closed}"
    before = f'[{{"type": "function", "function": {head}'
    return f"{json.dumps(before)} %json {schema} {json.dumps('}}]')}"


class Reader:
    """Reads an answer as it comes: text that is none of a call, and at its end the calls."""

    def __init__(self, way: Way) -> None:
        self.way, self.held = way, ""
        self.is_text, self.is_call = False, False

    def add(self, text: str) -> str:
        """What is certain to be no part of a call now."""
        self.held += text
        if self.is_call:
            return ""
        said, self.held = self._tagged() if self.way == "tags" else self._listed()
        return said

    def _listed(self) -> tuple[str, str]:
        """A list of calls is all of an answer, so its first character tells."""
        first = self.held.lstrip()[:1]
        self.is_call, self.is_text = first == "[" and not self.is_text, self.is_text or first not in {"", "["}
        return (self.held, "") if self.is_text else ("", self.held)

    def _tagged(self) -> tuple[str, str]:
        said, opened, rest = self.held.partition(OPEN)
        self.is_call = bool(opened)
        if opened:
            return said.rstrip(), opened + rest
        at = next((at for at in range(len(said)) if OPEN.startswith(said[at:].lstrip())), len(said))
        return said[:at], said[at:]

    def end(self) -> tuple[str, list[Call]]:
        """What is left at the end: text, where it is no call after all, and the calls."""
        return _listed(self.held) if self.way == "list" else _tagged(self.held)


def _tagged(text: str) -> tuple[str, list[Call]]:
    """What stands beside the calls in tags, and the calls; none where one of them is broken."""
    before, *pieces = text.split(OPEN)
    halves = [piece.partition(CLOSE) for piece in pieces]
    found = [_read(inside) if closed else None for inside, closed, _ in halves]
    calls = [call for call in found if call]
    if not calls or len(calls) < len(found):
        return text, []
    return "".join([before, *(behind for _, _, behind in halves)]).strip(), calls


def _listed(text: str) -> tuple[str, list[Call]]:
    """The same of a list."""
    try:
        listed = json.loads(text)
    except ValueError:
        return text, []
    found = [_call_of(each.get("function", each)) if isinstance(each, dict) else None for each in listed or [None]]
    calls = [call for call in found if call]
    return ("", calls) if len(calls) == len(found) else (text, [])


def _read(text: str) -> Call | None:
    try:
        return _call_of(json.loads(text))
    except ValueError:
        return None


def _call_of(value: Any) -> Call | None:
    if not isinstance(value, dict) or not isinstance(name := value.get("name"), str):
        return None
    arguments = value.get("arguments", {})
    said = arguments if isinstance(arguments, str) else json.dumps(arguments, ensure_ascii=False)
    return Call(name, said)
