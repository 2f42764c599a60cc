"""Exports a snapshot in the formats of trainers, one JSON object per line.

alpaca              instruction, input, output (and history, as LLaMA-Factory reads it)
sharegpt            conversations: from human / gpt
messages            messages: role user / assistant, as TRL and the OpenAI API have them
prompt-completion   prompt, completion
dpo                 prompt, chosen, rejected, from the snapshot's pairs
"""

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any, Literal

from pipelines import storage
from pipelines.errors import WrongInput
from pipelines.recipe import RecipeError
from pipelines.storage import filesystem

Format = Literal["alpaca", "sharegpt", "messages", "prompt-completion", "dpo"]
Split = Literal["train", "validation", "test"]
Row = dict[str, Any]


def export(recipe: str, data: Path, kind: Format, out: IO[str], split: Split = "train") -> int:
    """Write one split of the latest snapshot of `recipe` to `out`; returns the number of lines.

    The format `dpo` writes the preference pairs, whatever the split.

    Raises: RecipeError where there is no snapshot.
    """
    folder = storage.latest(storage.folder(data, "curate", recipe))
    manifest = storage.read_manifest(folder)
    if manifest is None:
        raise RecipeError(f"{folder}: no snapshot; run `gristmill run {recipe}` first")
    count = 0
    for name in manifest.tables("pairs" if kind == "dpo" else split):
        for row in _rows(folder / name):
            out.write(json.dumps(FORMATS[kind](row), ensure_ascii=False) + "\n")
            count += 1
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


def _rows(path: Path) -> Iterator[Row]:
    with filesystem.open_parquet(path) as file:
        for batch in file.iter_batches(1_024):
            yield from batch.to_pylist()


def _prompt(row: Row) -> str:
    """Instruction and input on separate lines, as LLaMA-Factory joins them."""
    return "\n".join(part for part in (row["instruction"], row["input"]) if part)


def _turns(row: Row) -> list[tuple[str, str]]:
    """(user, assistant) texts of all turns, oldest first."""
    earlier = [(turn["instruction"], turn["output"]) for turn in row["history"] or []]
    return [*earlier, (_prompt(row), row["output"])]


def _alpaca(row: Row) -> Row:
    fields = {name: row[name] for name in ("instruction", "input", "output")}
    history = [list(turn) for turn in _turns(row)[:-1]]
    return fields | ({"history": history} if history else {})


def _sharegpt(row: Row) -> Row:
    texts = [(role, text) for turn in _turns(row) for role, text in zip(("human", "gpt"), turn, strict=True)]
    return {"conversations": [{"from": role, "value": text} for role, text in texts]}


def _messages(row: Row) -> Row:
    texts = [(role, text) for turn in _turns(row) for role, text in zip(("user", "assistant"), turn, strict=True)]
    return {"messages": [{"role": role, "content": text} for role, text in texts]}


def _prompt_completion(row: Row) -> Row:
    """Earlier turns go before the prompt, with blank lines between all texts."""
    *earlier, (prompt, completion) = _turns(row)
    texts = [text for turn in earlier for text in turn]
    return {"prompt": "\n\n".join([*texts, prompt]), "completion": completion}


def _dpo(row: Row) -> Row:
    return {"prompt": _prompt(row), "chosen": row["chosen"], "rejected": row["rejected"]}


FORMATS: dict[Format, Callable[[Row], Row]] = {
    "alpaca": _alpaca,
    "sharegpt": _sharegpt,
    "messages": _messages,
    "prompt-completion": _prompt_completion,
    "dpo": _dpo,
}
