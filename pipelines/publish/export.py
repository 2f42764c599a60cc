"""Exports a snapshot in the formats of trainers, one JSON object per line.

alpaca              instruction, input, output, system, tools, and history, as LLaMA-Factory reads it
sharegpt            conversations: from human / gpt / function_call / observation; system, tools
messages            messages: role system / user / assistant / tool, as TRL and the OpenAI API have them; tools
prompt-completion   prompt, completion: lists of messages, as TRL has them; tools
dpo                 prompt, chosen, rejected: lists of messages, from the snapshot's pairs; tools
kto                 prompt, completion, label: both answers of each pair, as TRL has them; tools

Reasoning is written as <think>…</think> before an answer. `messages` has it as `reasoning_content`.
"""

import json
import logging
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any, Literal

from pipelines import storage
from pipelines.errors import WrongInput
from pipelines.recipe import RecipeError
from pipelines.storage import filesystem

log = logging.getLogger("gristmill")
Format = Literal["alpaca", "sharegpt", "messages", "prompt-completion", "dpo", "kto"]
Split = Literal["train", "validation", "test"]
Row = dict[str, Any]
OF_PAIRS = ("dpo", "kto")
SPEAKERS = {"user": "human", "assistant": "gpt", "tool": "observation", "system": "system"}


def export(recipe: str, data: Path, kind: Format, out: IO[str], split: Split = "train") -> int:
    """Write one split of the latest snapshot of `recipe` to `out`; returns the number of lines.

    The formats `dpo` and `kto` write the preference pairs. Rows that a format cannot hold are counted in a warning.

    Raises: RecipeError where there is no snapshot, or one of an earlier release.
    """
    folder = storage.latest(storage.folder(data, "curate", recipe))
    manifest = storage.read_manifest(folder)
    if manifest is None:
        raise RecipeError(f"{folder}: no snapshot; run `gristmill run {recipe}` first")
    count = left_out = 0
    for name in manifest.tables("pairs" if kind in OF_PAIRS else split):
        for row in _rows(folder / name, recipe):
            if kind in OF_PAIRS and row["split"] != split:
                continue
            lines = [json.dumps(line, ensure_ascii=False) + "\n" for line in FORMATS[kind](row)]
            out.writelines(lines)
            count += len(lines)
            left_out += not lines
    if left_out:
        log.warning("%s cannot hold %d records, which are left out; `messages` and `sharegpt` hold all", kind, left_out)
    return count


def export_file(recipe: str, data: Path, kind: Format, path: Path, split: Split = "train") -> int:
    """As `export`, to a file that appears when all of it is written; `-` is stdout.

    Raises WrongInput where no file can be at `path`, RecipeError where there is no snapshot.
    """
    if str(path) == "-":
        return export(recipe, data, kind, sys.stdout, split)
    if path.is_dir():
        raise WrongInput(f"{path}: is a folder; name a file in it")
    if not path.parent.is_dir():
        raise WrongInput(f"{path}: there is no folder {path.parent}; make it first")
    part = path.with_name(f".{path.name}.part")
    try:
        with part.open("w", encoding="utf-8") as file:
            lines = export(recipe, data, kind, file, split)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return lines


def _rows(path: Path, recipe: str) -> Iterator[Row]:
    with filesystem.open_parquet(path) as file:
        if "system" not in file.schema_arrow.names:
            cure = f"run `gristmill run {recipe}` for a new one"
            raise RecipeError(f"{path}: a snapshot of an earlier release, without system prompts and tools; {cure}")
        for batch in file.iter_batches(1_024):
            yield from batch.to_pylist()


def _question(row: Row) -> str:
    """Instruction and input on separate lines, as LLaMA-Factory joins them."""
    return "\n".join(part for part in (row["instruction"], row["input"]) if part)


def _asked(row: Row) -> list[Row]:
    """The messages before the answer, as records hold them."""
    system = [_turn("system", row["system"])] if row["system"] else []
    history = row["history"] or []
    asked = [] if history and history[-1]["role"] == "tool" else [_turn("user", _question(row))]
    return [*system, *history, *asked]


def _turn(role: str, content: str, reasoning: str = "", tool_calls: str = "") -> Row:
    return {"role": role, "content": content, "reasoning": reasoning, "tool_calls": tool_calls}


def _answer(row: Row) -> Row:
    content = "" if row["output"] == row["tool_calls"] else row["output"]
    return _turn("assistant", content, row["reasoning"], row["tool_calls"])


def _chat(turns: list[Row]) -> list[Row]:
    """Messages as the OpenAI API has them. The results of calls come in the order of the calls and have their ids."""
    messages, waiting = list[Row](), list[str]()
    for turn in turns:
        message = {"role": turn["role"], "content": turn["content"]}
        if turn["reasoning"]:
            message["reasoning_content"] = turn["reasoning"]
        if turn["tool_calls"]:
            message["tool_calls"] = json.loads(turn["tool_calls"])
            waiting = [call.get("id", "") for call in message["tool_calls"]]
        if turn["role"] == "tool" and waiting and (call_id := waiting.pop(0)):
            message["tool_call_id"] = call_id
        messages.append(message)
    return messages


def _tools(row: Row) -> Row:
    return {"tools": json.loads(row["tools"])} if row["tools"] else {}


def _thought(reasoning: str, text: str) -> str:
    return f"<think>\n{reasoning}\n</think>\n\n{text}" if reasoning else text


def _alpaca(row: Row) -> Iterator[Row]:
    """What is not a question and its answer in `history` goes to `sharegpt` only; such a row is left out here."""
    history = row["history"] or []
    roles = [turn["role"] for turn in history]
    if roles != ["user", "assistant"] * (len(roles) // 2) or any(turn["tool_calls"] for turn in [*history, row]):
        return
    fields = {"instruction": row["instruction"], "input": row["input"]}
    fields["output"] = _thought(row["reasoning"], row["output"])
    texts = [_thought(turn["reasoning"], turn["content"]) for turn in history]
    turns = [list(turn) for turn in zip(texts[::2], texts[1::2], strict=True)]
    system = {"system": row["system"]} if row["system"] else {}
    yield fields | system | ({"history": turns} if turns else {}) | ({"tools": row["tools"]} if row["tools"] else {})


def _sharegpt(row: Row) -> Iterator[Row]:
    turns = [*_asked({**row, "system": ""}), _answer(row)]
    said = [part for turn in turns for part in _speeches(turn)]
    system = {"system": row["system"]} if row["system"] else {}
    yield {"conversations": said} | system | ({"tools": row["tools"]} if row["tools"] else {})


def _speeches(turn: Row) -> Iterator[Row]:
    """A message with calls is one speech, and its calls are another."""
    text = _thought(turn["reasoning"], turn["content"])
    if text or not turn["tool_calls"]:
        yield {"from": SPEAKERS[turn["role"]], "value": text}
    if turn["tool_calls"]:
        calls = [call["function"] for call in json.loads(turn["tool_calls"])]
        value = calls[0] if len(calls) == 1 else calls
        yield {"from": "function_call", "value": json.dumps(value, ensure_ascii=False)}


def _messages(row: Row) -> Iterator[Row]:
    yield {"messages": _chat([*_asked(row), _answer(row)])} | _tools(row)


def _prompt_completion(row: Row) -> Iterator[Row]:
    *prompt, completion = _chat([*_asked(row), _answer(row)])
    yield {"prompt": prompt, "completion": [completion]} | _tools(row)


def _dpo(row: Row) -> Iterator[Row]:
    answers = {name: [{"role": "assistant", "content": text}] for name, text in _both(row).items()}
    yield {"prompt": _chat(_asked(row))} | answers | _tools(row)


def _kto(row: Row) -> Iterator[Row]:
    for name, text in _both(row).items():
        completion = [{"role": "assistant", "content": text}]
        yield {"prompt": _chat(_asked(row)), "completion": completion, "label": name == "chosen"} | _tools(row)


def _both(row: Row) -> dict[str, str]:
    chosen = _thought(row["reasoning"], row["chosen"])
    return {"chosen": chosen, "rejected": _thought(row["rejected_reasoning"], row["rejected"])}


FORMATS: dict[Format, Callable[[Row], Iterator[Row]]] = {
    "alpaca": _alpaca,
    "sharegpt": _sharegpt,
    "messages": _messages,
    "prompt-completion": _prompt_completion,
    "dpo": _dpo,
    "kto": _kto,
}
