"""One row of a known shape as exchanges."""

from collections.abc import Iterator
from itertools import takewhile
from typing import Any

from connectors.instructions.columns import Row
from connectors.instructions.messages import (
    Unreadable,
    as_json,
    bare,
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
CHOSEN = ("chosen", "preferred_output", "chosen_response")
REJECTED = ("rejected", "non_preferred_output", "rejected_response")
SYSTEM, THOUGHTS = ("system", "system_prompt"), ("reasoning", "reasoning_content", "thinking")
LABELS = ("label", "kto_tag")
# Two answers under these columns, and the column that says which is better: its first values, and its second
EITHER = (
    ("response_a", "response_b", "preference", ("a", "response_a"), ("b", "response_b")),
    ("response_0", "response_1", "better_response_id", ("0", "0"), ("1", "1")),
)


def exchanges(key: str, row: Row, page: Page) -> Iterator[Exchange | Reject]:
    """What one row holds; a Reject when its shape is unknown or a part is missing."""
    try:
        if isinstance(row.get("prompt"), dict) and "replies" in row["prompt"]:
            yield from _tree(key, row, row.first(("prompt",)), (), page)
        elif isinstance(row.get("instances"), list):
            yield from _instances(key, row, page)
        else:
            yield from _one(key, row, page)
    except Unreadable as error:
        yield Reject(key, error.reason, error.detail)


def _one(key: str, row: Row, page: Page) -> Iterator[Exchange | Reject]:
    """The exchange of a row, or why there is none; then a Reject for what it leaves out of the conversation.

    Raises: Unreadable.
    """
    row = _plain(row)
    turns = _turns(row)
    answered = _up_to_last_answer(turns)
    yield _conversation(key, row, answered, page) if turns else _single(key, row, page)
    if answered and (left := len(turns) - len(answered)):
        yield Reject(f"{key}/rest", "unanswered_turns", f"{left} after the last answer")
    if _rejected(row).tool_calls:
        yield Reject(f"{key}/rejected", "pair_of_tool_calls")


def _up_to_last_answer(turns: list[Message]) -> list[Message]:
    last = next((number for number in range(len(turns), 0, -1) if turns[number - 1].role == "assistant"), 0)
    return turns[:last]


def _plain(row: Row) -> Row:
    """The row of OpenAI's fine-tuning with its messages at the top, and of two answers with the better as chosen."""
    if isinstance(row.get("input"), dict) and "messages" in row["input"]:
        row = row.with_values({**row.first(("input",)), "input": ""})
    for first, second, name, of_first, of_second in EITHER:
        better = str(row.get(name, "")).lower()
        if better in of_first + of_second and first in row and second in row:
            pair = (first, second) if better in of_first else (second, first)
            row.read.add(name)
            row = row.with_values({"chosen": row.first((pair[0],)), "rejected": row.first((pair[1],))})
    return row


def _turns(row: Row) -> list[Message]:
    """The conversation of a row, up to its last answer, or to the chosen one; [] where it is no conversation."""
    chosen = _messages(row.first(CHOSEN))
    if len(chosen) > 1:
        return chosen
    asked = _asked(row)
    if not asked:
        return []
    last = chosen or conversation(row.first(("completion",)))
    if not last and (answer := text_of(row.first((*CHOSEN, "completion")))):
        thought, answer = split_thought(answer)
        last = [Message("assistant", answer, thought)]
    return [*asked, *last]


def _asked(row: Row) -> list[Message]:
    """The messages of the first column that holds any."""
    names = [name for name in TURNS if row.get(name)]
    if not any(row.get(name) for name in ASKS):
        names += [name for name in row if isinstance(row[name], list) and name not in (*TURNS, "tools", "history")]
    for name in names:
        if name not in (*CHOSEN, *REJECTED) and (turns := conversation(row[name])):
            row.read.add(name)
            return turns
    return []


def _messages(value: Any) -> list[Message]:
    return conversation(value) or spoken(value)


def _single(key: str, row: Row, page: Page) -> Exchange | Reject:
    """One question and its answer, each in a column."""
    ask, given = text_of(row.first(ASKS)), _input(row.first(INPUTS))
    ask, given = (ask, given) if ask else (given, "")
    output = _one_text(row.first(OUTPUTS) or row.first(CHOSEN))
    if not ask and output and (shared := _shared(output, text_of(row.get("rejected")))):
        ask, output = bare(shared), bare(output[len(shared) :])
        row = row.with_values({"rejected": bare(text_of(row["rejected"])[len(shared) :])})
    if not ask or not output:
        return Reject(key, "no_output" if ask else "no_instruction", f"keys: {', '.join(sorted(map(str, row)))[:80]}")
    thought, output = split_thought(output)
    turns = [*_history(row), Message("user", ask), Message("assistant", output, thought)]
    return _conversation(key, row, turns, page, given)


def _one_text(value: Any) -> str:
    """Raises: Unreadable for several answers, of which none is called the better."""
    if isinstance(value, list) and len(value) > 1 and all(isinstance(item, str) for item in value):
        raise Unreadable("several_outputs", f"{len(value)} answers")
    messages = [] if isinstance(value, str) else conversation(value)
    return messages[-1].content if messages else text_of(value)


def _shared(chosen: str, rejected: str) -> str:
    """The beginning that two texts share, up to a whole word; "" where all of one is shared."""
    differ = (at for at, both in enumerate(zip(chosen, rejected, strict=False)) if both[0] != both[1])
    shared = chosen[: next(differ, 0)]
    return shared[: shared.rfind(" ") + 1]


def _instances(key: str, row: Row, page: Page) -> Iterator[Exchange | Reject]:
    """Self-Instruct: one instruction with several inputs and outputs."""
    for number, instance in enumerate(row.first(("instances",))):
        values = instance if isinstance(instance, dict) else {}
        try:
            yield from _one(f"{key}/{number}", row.with_values({"instances": None, **values}), page)
        except Unreadable as error:
            yield Reject(f"{key}/{number}", error.reason, error.detail)


def _tree(
    key: str, row: Row, node: dict[str, Any], path: tuple[Message, ...], page: Page
) -> Iterator[Exchange | Reject]:
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
    asked = (*path, Message("user", text))
    with_worst = row.with_values({"rejected": worst["text"] if ranked else ""})
    yield _conversation(key, with_worst, [*asked, Message("assistant", _text(best["text"]))], page)
    for number, answer in enumerate(answers):
        deeper_path = (*asked, Message("assistant", _text(answer["text"])))
        for deeper, follow in enumerate(answer.get("replies") or []):
            if isinstance(follow, dict):
                yield from _tree(f"{key}/{number}.{deeper}", row, follow, deeper_path, page)


def _conversation(key: str, row: Row, turns: list[Message], page: Page, given: str = "") -> Exchange | Reject:
    """The last of `turns`, an answer, with what was said before it as history. [] is a Reject.

    The columns of `row` say the rest. `given` is the input.
    """
    system = [turn.content for turn in takewhile(lambda turn: turn.role == "system", turns)]
    turns = turns[len(system) :]
    asked = [turn for turn in turns if turn.role == "user"]
    if not asked:
        return Reject(key, "no_instruction" if turns else "no_output", f"{len(turns)} turns with an answer")
    answer, before = turns[-1], turns[:-1]
    if before[-1].role == "system":
        return Reject(key, "no_instruction", "a system turn stands before the answer")
    rejected, prompts = _rejected(row), dict.fromkeys([text_of(row.first(SYSTEM)), *system])
    return Exchange(
        key,
        page.url,
        asked[-1].content,
        answer.content,
        given,
        tuple(before[:-1] if before[-1].role == "user" else before),
        rejected.content,
        title=asked[-1].content.split("\n", 1)[0][:TITLE_LENGTH],
        score=_score(row),
        licence=page.licence,
        system="\n\n".join(prompt for prompt in prompts if prompt),
        tools=_tools(row),
        reasoning=answer.reasoning or text_of(row.first(THOUGHTS)),
        tool_calls=answer.tool_calls,
        rejected_reasoning=rejected.reasoning,
    )


def _score(row: Row) -> int | None:
    """1 or -1 for the label of an unpaired preference."""
    label = next((row[name] for name in LABELS if isinstance(row.get(name), bool)), None)
    if label is None:
        return None
    row.read.update(LABELS)
    return 1 if label else -1


def _tools(row: Row) -> str:
    """JSON of the tools on offer as OpenAI's API has them: one that is only the inside is put into its wrapping."""
    tools = from_json(row.first(("tools", "functions")))
    if not isinstance(tools, list):
        return as_json(tools)
    return as_json([{"type": "function", "function": one} if _is_inside(one) else one for one in tools])


def _is_inside(tool: Any) -> bool:
    return isinstance(tool, dict) and "name" in tool and "function" not in tool


def _rejected(row: Row) -> Message:
    """The rejected answer: a string, or turns of which the last counts."""
    value = row.first(REJECTED)
    if messages := _messages(value):
        return messages[-1]
    thought, text = split_thought(text_of(value))
    return Message("assistant", text, thought)


def _history(row: Row) -> list[Message]:
    """[[question, answer], …], or messages; anything else that calls itself history is none.

    Raises: Unreadable where a part of it is empty.
    """
    value = from_json(row.get("history"))
    if not isinstance(value, list) or not value:
        return []
    row.read.add("history")
    pairs = [turn for turn in value if isinstance(turn, list) and len(turn) == 2 and all(map(_text, turn))]
    if not pairs:
        return conversation(value)
    if len(pairs) < len(value):
        raise Unreadable("unreadable_history", f"{len(value) - len(pairs)} of {len(value)} turns")
    said = ((_text(ask), split_thought(_text(answer))) for ask, answer in pairs)
    return [one for ask, (thought, text) in said for one in (Message("user", ask), Message("assistant", text, thought))]


def _input(value: Any) -> str:
    """A list of texts is one text in lines."""
    text = text_of(value)
    return "" if text.strip("<>.() ").lower() in NO_INPUT else text


def _text(value: Any) -> str:
    return bare(value) if isinstance(value, str) else ""
