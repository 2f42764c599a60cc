"""One row of a known shape as exchanges."""

import json
from collections.abc import Iterator
from typing import Any

from schemas.document import Exchange, Reject
from schemas.page import Page

# Spellings of "there is no input" that Alpaca-cleaned found in the wild
NO_INPUT = {"noinput", "no input", "none", "n/a", "na", "nan", "null", "not applicable", "无", "无输入"}
OUTPUTS = ("output", "completion", "response", "answer", "target", "chosen")
TITLE_LENGTH = 100  # a row has no title; its first line stands for one
ASKS = ("instruction", "prompt", "question", "query")
ROLES = {
    "human": "user",
    "user": "user",
    "prompter": "user",
    "gpt": "assistant",
    "assistant": "assistant",
    "model": "assistant",
}
Turn = tuple[str, str]


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
        yield _one(key, row, page)


def _one(key: str, row: dict[str, Any], page: Page) -> Exchange | Reject:
    turns = _turns(row.get("conversations") or row.get("messages") or row.get("prompt"))
    if turns is None:
        return Reject(key, "tool_calls", "a role other than system, user and assistant")
    if turns:
        return _conversation(key, row, turns, page)
    ask = next((_text(row[name]) for name in ASKS if _text(row.get(name))), "")
    output = next((_text(row[name]) for name in OUTPUTS if _text(row.get(name))), "")
    if not ask or not output:
        return Reject(key, "no_output" if ask else "no_instruction", f"keys: {', '.join(sorted(map(str, row)))[:80]}")
    history = _history(row.get("history"))
    return _make(key, row, page, ask, output, _input(row.get("input")), history)


def _conversation(key: str, row: dict[str, Any], turns: list[Turn], page: Page) -> Exchange | Reject:
    """The last answer, with the turns before it as history; chosen and rejected answer the last question."""
    chosen = _answer(row.get("chosen")) or _answer(row.get("completion"))
    if chosen:
        turns = [*turns, ("assistant", chosen)]
    while turns and turns[-1][0] == "user":
        turns.pop()
    system = " ".join(text for role, text in turns if role == "system")
    spoken = [(role, text) for role, text in turns if role != "system"]
    alternating = all(role == ("user", "assistant")[place % 2] for place, (role, _) in enumerate(spoken))
    if not spoken or len(spoken) % 2 or not alternating:
        return Reject(key, "turns_do_not_alternate", f"{len(spoken)} turns")
    texts = [text for _, text in spoken]
    history = tuple(zip(texts[:-2:2], texts[1:-2:2], strict=True))
    return _make(key, row, page, texts[-2], texts[-1], system, history)


def _instances(key: str, row: dict[str, Any], page: Page) -> Iterator[Exchange | Reject]:
    """Self-Instruct: one instruction with several inputs and outputs."""
    for number, instance in enumerate(row["instances"]):
        whole = {**row, **instance} if isinstance(instance, dict) else {}
        yield _one(f"{key}/{number}", {name: value for name, value in whole.items() if name != "instances"}, page)


def _tree(key: str, node: Any, path: tuple[Turn, ...], page: Page) -> Iterator[Exchange | Reject]:
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
    yield _make(key, extra, page, text, _text(best["text"]), "", path)
    for number, answer in enumerate(answers):
        for deeper, follow in enumerate(answer.get("replies") or []):
            if isinstance(follow, dict):
                yield from _tree(f"{key}/{number}.{deeper}", follow, (*path, (text, _text(answer["text"]))), page)


def _make(
    key: str, row: dict[str, Any], page: Page, ask: str, output: str, given: str, history: tuple[Turn, ...]
) -> Exchange:
    label = row.get("label")
    score = (1 if label else -1) if isinstance(label, bool) else None
    rejected = _answer(row.get("rejected"))
    title = ask.split("\n", 1)[0][:TITLE_LENGTH]
    return Exchange(key, page.url, ask, output, given, history, rejected, title, score=score, licence=page.licence)


def _turns(conversation: Any) -> list[Turn] | None:
    """(role, text) of a conversation; [] if it is none; None if tools take part in it."""
    if not isinstance(conversation, list) or not all(isinstance(turn, dict) for turn in conversation):
        return []
    turns = []
    for turn in conversation:
        role = str(turn.get("role") or turn.get("from") or "").lower()
        text = _text(turn.get("content") if "content" in turn else turn.get("value"))
        if role != "system" and role not in ROLES:
            return None
        if text:
            turns.append((ROLES.get(role, role), text))
    return turns


def _answer(value: Any) -> str:
    """The text of a chosen, rejected or completion column: a string, a turn, or turns of which the last counts."""
    if isinstance(value, list):
        value = value[-1] if value else ""
    if isinstance(value, dict):
        value = value.get("content") or value.get("value")
    return _text(value)


def _history(value: Any) -> tuple[Turn, ...]:
    """[[question, answer], …]; anything else that calls itself history is none."""
    if not isinstance(value, list):
        return ()
    pairs = [turn for turn in value if isinstance(turn, list) and len(turn) == 2]
    return tuple((_text(ask), _text(answer)) for ask, answer in pairs if _text(ask) and _text(answer))


def _input(value: Any) -> str:
    text = _text(value)
    return "" if text.strip("<>.() ").lower() in NO_INPUT else text


def _text(value: Any) -> str:
    return value.strip() if isinstance(value, str) else ""
