"""One row of a known shape as exchanges."""

import json
from collections.abc import Iterator
from itertools import takewhile
from typing import Any

from connectors.instructions.messages import (
    Unreadable,
    as_json,
    conversation,
    from_json,
    split_thought,
    spoken,
    text_of,
)
from schemas.document import Exchange, Message, Reject
from schemas.page import Page

# Spellings of "there is no input" that Alpaca-cleaned found in the wild
NO_INPUT = {"noinput", "no input", "none", "n/a", "na", "nan", "null", "not applicable", "无", "无输入"}
TITLE_LENGTH = 100  # a row has no title; its first line stands for one
ASKS = ("instruction", "prompt", "question", "query", "problem")
INPUTS = ("input", "context")
OUTPUTS = ("output", "completion", "response", "answer", "target", "solution", "chosen")
TURNS = ("conversations", "messages", "conversation", "prompt", "dialogue", "dialog", "chat")
CHOSEN, REJECTED = ("chosen", "preferred_output"), ("rejected", "non_preferred_output")
SYSTEM, THOUGHTS = ("system", "system_prompt"), ("reasoning", "reasoning_content", "thinking")
# Two answers under these columns, and the column that says which is better: its first values, and its second
EITHER = (
    ("response_a", "response_b", "preference", ("a", "response_a"), ("b", "response_b")),
    ("response_0", "response_1", "better_response_id", ("0", "0"), ("1", "1")),
)
BINARY = "bytes that are no text"
Row = dict[str, Any]


def exchanges(key: str, line: str, page: Page) -> Iterator[Exchange | Reject]:
    """What one row holds; a Reject when its shape is unknown or a part is missing."""
    try:
        row = json.loads(line, strict=False)
    except (ValueError, RecursionError):
        yield Reject(key, "malformed_json")
        return
    if not isinstance(row, dict):
        yield Reject(key, "not_an_object")
    elif isinstance(row.get("prompt"), dict) and "replies" in row["prompt"]:
        yield from _tree(key, row["prompt"], (), page)
    elif isinstance(row.get("instances"), list):
        yield from _instances(key, row, page)
    else:
        yield from _one(key, row, page)


def _one(key: str, row: Row, page: Page) -> Iterator[Exchange | Reject]:
    """The exchange of a row, or why there is none; then a Reject for the turns that nobody has answered."""
    try:
        row = _plain(row)
        turns = _turns(row)
        answered = _up_to_last_answer(turns)
        yield _conversation(key, row, answered, page) if turns else _single(key, row, page)
    except Unreadable as error:
        yield Reject(key, error.reason, error.detail)
        return
    if answered and (left := len(turns) - len(answered)):
        yield Reject(f"{key}/rest", "unanswered_turns", f"{left} after the last answer")


def _up_to_last_answer(turns: list[Message]) -> list[Message]:
    last = next((number for number in range(len(turns), 0, -1) if turns[number - 1].role == "assistant"), 0)
    return turns[:last]


def _plain(row: Row) -> Row:
    """The row of OpenAI's fine-tuning with its messages at the top, and of two answers with the better as chosen."""
    request = row.get("input")
    if isinstance(request, dict) and "messages" in request:
        row = {**row, **request, "input": ""}
    for first, second, name, of_first, of_second in EITHER:
        better = str(row.get(name, "")).lower()
        if better in of_first + of_second and first in row and second in row:
            pair = (first, second) if better in of_first else (second, first)
            row = {**row, "chosen": row[pair[0]], "rejected": row[pair[1]]}
    return row


def _turns(row: Row) -> list[Message]:
    """The conversation of a row, up to its last answer, or to the chosen one; [] where it is no conversation."""
    chosen = _messages(_first(row, CHOSEN))
    if len(chosen) > 1:
        return chosen
    names = [name for name in TURNS if row.get(name)]
    names += [name for name in row if isinstance(row[name], list) and name not in (*TURNS, "tools", "history")]
    asked = next(
        (turns for name in names if name not in (*CHOSEN, *REJECTED) if (turns := conversation(row[name]))), []
    )
    last = chosen or conversation(row.get("completion"))
    if not asked:
        return []
    if not last and (answer := text_of(_first(row, (*CHOSEN, "completion")))):
        thought, answer = split_thought(answer)
        last = [Message("assistant", answer, thought)]
    return [*asked, *last]


def _messages(value: Any) -> list[Message]:
    return conversation(value) or spoken(value)


def _first(row: Row, names: tuple[str, ...]) -> Any:
    value = next((row[name] for name in names if row.get(name)), "")
    if isinstance(value, dict) and BINARY in value:
        raise Unreadable("binary_column", next(name for name in names if row.get(name))[:80])
    return value


def _conversation(key: str, row: Row, turns: list[Message], page: Page) -> Exchange | Reject:
    """The last of `turns`, an answer, with what was said before it as history. [] is a Reject."""
    system = [turn.content for turn in takewhile(lambda turn: turn.role == "system", turns)]
    turns = turns[len(system) :]
    asked = [turn for turn in turns if turn.role == "user"]
    if not asked:
        return Reject(key, "no_instruction" if turns else "no_output", f"{len(turns)} turns with an answer")
    answer, before = turns[-1], turns[:-1]
    if before[-1].role == "system":
        return Reject(key, "no_instruction", "a system turn stands before the answer")
    history = before[:-1] if before[-1].role == "user" else before
    return _make(key, row, page, asked[-1].content, answer, tuple(history), system=system)


def _single(key: str, row: Row, page: Page) -> Exchange | Reject:
    """One question and its answer, each in a column."""
    ask, given = text_of(_first(row, ASKS)), _input(_first(row, INPUTS))
    ask, given = (ask, given) if ask else (given, "")
    output = _one_text(_first(row, OUTPUTS) or _first(row, CHOSEN))
    if not ask and output and (shared := _shared(output, text_of(row.get("rejected")))):
        ask, output = shared, output[len(shared) :].strip()
        row = {**row, "rejected": row["rejected"].strip()[len(shared) :].strip()}
    if not ask or not output:
        return Reject(key, "no_output" if ask else "no_instruction", f"keys: {', '.join(sorted(map(str, row)))[:80]}")
    thought, output = split_thought(output)
    return _make(key, row, page, ask, Message("assistant", output, thought), _history(row.get("history")), given)


def _one_text(value: Any) -> str:
    """Raises: Unreadable for several answers, of which none is called the better."""
    if isinstance(value, list) and len(value) > 1 and all(isinstance(item, str) for item in value):
        raise Unreadable("several_outputs", f"{len(value)} answers")
    messages = conversation(value)
    return messages[-1].content if messages else text_of(value)


def _shared(chosen: str, rejected: str) -> str:
    """The beginning that two texts share, up to a whole word; "" where all of one is shared."""
    differ = (at for at, both in enumerate(zip(chosen, rejected, strict=False)) if both[0] != both[1])
    shared = chosen[: next(differ, 0)]
    return shared[: shared.rfind(" ") + 1].strip()


def _instances(key: str, row: Row, page: Page) -> Iterator[Exchange | Reject]:
    """Self-Instruct: one instruction with several inputs and outputs."""
    for number, instance in enumerate(row["instances"]):
        whole = {**row, **instance} if isinstance(instance, dict) else {}
        yield from _one(f"{key}/{number}", {name: value for name, value in whole.items() if name != "instances"}, page)


def _tree(key: str, node: Any, path: tuple[Message, ...], page: Page) -> Iterator[Exchange | Reject]:
    """Open-Assistant: every question in the tree with its best answer, and the worst one as rejected."""
    text = _text(node.get("text"))
    answers = [reply for reply in node.get("replies") or [] if isinstance(reply, dict) and _text(reply.get("text"))]
    answers.sort(key=lambda reply: reply["rank"] if isinstance(reply.get("rank"), int) else len(answers))
    if not text or not answers:
        if not path:
            yield Reject(key, "no_output", "a tree without an answer")
        return
    best, worst = answers[0], answers[-1]
    ranked = worst is not best and isinstance(worst.get("rank"), int)
    extra = {"rejected": worst["text"]} if ranked else {}
    yield _make(key, extra, page, text, Message("assistant", _text(best["text"])), path)
    for number, answer in enumerate(answers):
        deeper_path = (*path, Message("user", text), Message("assistant", _text(answer["text"])))
        for deeper, follow in enumerate(answer.get("replies") or []):
            if isinstance(follow, dict):
                yield from _tree(f"{key}/{number}.{deeper}", follow, deeper_path, page)


def _make(  # noqa: PLR0913, PLR0917
    key: str,
    row: Row,
    page: Page,
    ask: str,
    answer: Message,
    history: tuple[Message, ...],
    given: str = "",
    system: list[str] | None = None,
) -> Exchange:
    label = row.get("label")
    rejected_thought, rejected = split_thought(_rejected(row))
    prompts = dict.fromkeys([text_of(_first(row, SYSTEM)), *(system or [])])
    functions = from_json(row.get("functions"))
    offered = [{"type": "function", "function": one} for one in functions] if isinstance(functions, list) else []
    return Exchange(
        key,
        page.url,
        ask,
        answer.content,
        given,
        history,
        rejected,
        title=ask.split("\n", 1)[0][:TITLE_LENGTH],
        score=(1 if label else -1) if isinstance(label, bool) else None,
        licence=page.licence,
        system="\n\n".join(prompt for prompt in prompts if prompt),
        tools=as_json(row.get("tools")) or as_json(offered),
        reasoning=answer.reasoning or text_of(_first(row, THOUGHTS)),
        tool_calls=answer.tool_calls,
        rejected_reasoning=rejected_thought,
    )


def _rejected(row: Row) -> str:
    """The text of the rejected answer: a string, or turns of which the last counts."""
    value = _first(row, REJECTED)
    messages = _messages(value)
    if not messages:
        return text_of(value)
    last = messages[-1]
    return f"<think>{last.reasoning}</think>{last.content}" if last.reasoning else last.content


def _history(value: Any) -> tuple[Message, ...]:
    """[[question, answer], …], or messages; anything else that calls itself history is none."""
    if not isinstance(value, list):
        return ()
    pairs = [turn for turn in value if isinstance(turn, list) and len(turn) == 2 and all(map(_text, turn))]
    said = [
        (Message("user", _text(ask)), Message("assistant", *reversed(split_thought(_text(say))))) for ask, say in pairs
    ]
    return tuple(message for pair in said for message in pair) if pairs else tuple(conversation(value))


def _input(value: Any) -> str:
    """A list of texts is one text in lines."""
    text = text_of(value)
    return "" if text.strip("<>.() ").lower() in NO_INPUT else text


def _text(value: Any) -> str:
    return value.strip() if isinstance(value, str) else ""
