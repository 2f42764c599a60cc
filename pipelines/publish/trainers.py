"""`export --for`: a folder that a trainer reads, with the file that tells it what is there.

OUT/sft/train.jsonl, OUT/sft/validation.jsonl   records; the same below dpo and kto, from pairs
OUT/sft.yaml, OUT/dpo.yaml, OUT/kto.yaml        the data part of the trainer's settings; paths are those from within OUT
OUT/dataset_info.json                           for LLaMA-Factory

Only the last answer of a record is trained on, as in our own fine-tuning: a thread has a record for each answer.
Formats are those of the trainers' documentation and readers in August 2026 (LLaMA-Factory data/README.md, axolotl
docs/rlhf.qmd and dataset-formats, ms-swift Custom-dataset.md, TRL dataset_formats.md).
"""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import yaml

from pipelines.errors import WrongInput
from pipelines.publish import shapes
from pipelines.publish.export import Format, Snapshot, Split, write_lines
from pipelines.publish.shapes import Row, Shape
from pipelines.storage.exported import check_place, replacing

Trainer = Literal["llamafactory", "axolotl", "trl", "ms-swift"]
Job = Literal["sft", "dpo", "kto"]
SPLITS: tuple[Split, ...] = ("train", "validation")


@dataclass(frozen=True)
class Way:
    """How a trainer does a job, on the rows of `kind`. `start` is its command, `more` what its settings say besides."""

    kind: Format
    shape: Shape
    start: str
    more: Row = field(default_factory=dict)


def write(recipe: str, data: Path, trainer: Trainer, out: Path, kind: Format | None = None) -> dict[str, int]:
    """Write the latest snapshot of `recipe` for a trainer into the folder `out`; returns the lines of each file.

    `kind` keeps one job. Raises: WrongInput where `out` is no folder or may not be, or where the trainer does not read
    `kind`; RecipeError where there is no snapshot, or one of an earlier release.
    """
    ways = {job: way for job, way in TRAINERS[trainer].items() if kind in (None, way.kind)}
    if not ways:
        kinds = ", ".join(way.kind for way in TRAINERS[trainer].values())
        raise WrongInput(
            "--format {kind}: what is written for {trainer} is {kinds}", kind=kind, trainer=trainer, kinds=kinds
        )
    snapshot = Snapshot(recipe, data)
    check_place(out, data)
    if out.is_file() or not out.parent.is_dir():
        raise WrongInput("{out}: is a file, or its folder is not there; name a folder to write to", out=out)
    snapshot.log_export(trainer, str(out.absolute()))  # before anything is there: `forget` could not name it else
    written: dict[str, int] = {}
    described: dict[str, Row] = {}
    for job, way in ways.items():
        lines = {split: _write_split(snapshot, way, out / job, split, trainer) for split in SPLITS}
        filled = [split for split, count in lines.items() if count]
        written |= {f"{job}/{split}.jsonl": lines[split] for split in filled}
        if "train" in filled:
            settings = SETTINGS[trainer](job, recipe, "validation" in filled) | way.more
            _write_settings(out / f"{job}.yaml", way.start, settings)
            described |= _described(recipe, job, filled)
    if trainer == "llamafactory":
        with replacing(out / "dataset_info.json") as part:
            part.write_text(json.dumps(described, ensure_ascii=False, indent=2) + "\n", "utf-8")
    return written


def _write_split(snapshot: Snapshot, way: Way, folder: Path, split: Split, trainer: Trainer) -> int:
    """The number of lines; a file without any would be an error to its reader, and is not left."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{split}.jsonl"
    with replacing(path) as part, part.open("w", encoding="utf-8") as file:
        lines = write_lines(snapshot.rows(way.kind, split), way.shape, file, f"{trainer}, {folder.name}")
    if not lines:
        path.unlink()
    return lines


def _write_settings(path: Path, start: str, settings: Row) -> None:
    head = f"# In this folder: {start} {path.name}, with a model and what else the training needs\n"
    with replacing(path) as part:
        part.write_text(head + yaml.safe_dump(settings, sort_keys=False, allow_unicode=True), "utf-8")


# ---- LLaMA-Factory: ShareGPT, described in dataset_info.json, where a column that is named must be there.

_COLUMNS: dict[str, dict[str, str]] = {
    "sft": {},
    "dpo": {"chosen": "chosen", "rejected": "rejected"},
    "kto": {"kto_tag": "kto_tag"},
}


def _llamafactory(row: Row) -> Iterator[Row]:
    yield from (_with_columns(row, line) for line in shapes.sharegpt(row))


def _llamafactory_dpo(row: Row) -> Iterator[Row]:
    chosen, rejected = (shapes.speeches([*shapes.asked(row), turn]) for turn in shapes.both(row))
    if chosen:
        yield _with_columns(row, {"conversations": chosen[:-1], "chosen": chosen[-1], "rejected": rejected[-1]})


def _llamafactory_kto(row: Row) -> Iterator[Row]:
    for turn, label in shapes.labelled(row):
        if said := shapes.speeches([*shapes.asked(row), turn]):
            yield _with_columns(row, {"conversations": said, "kto_tag": label})


def _with_columns(row: Row, line: Row) -> Row:
    return line | {"system": row["system"], "tools": row["tools"]}


def _described(recipe: str, job: str, splits: Sequence[Split]) -> dict[str, Row]:
    columns = {"messages": "conversations", "system": "system", "tools": "tools"} | _COLUMNS[job]
    about = {"formatting": "sharegpt", "columns": columns} | ({"ranking": True} if job == "dpo" else {})
    return {_name(recipe, job, split): {"file_name": f"{job}/{split}.jsonl"} | about for split in splits}


def _name(recipe: str, job: str, split: Split) -> str:
    return f"{recipe}_{job}" if split == "train" else f"{recipe}_{job}_{split}"


def _llamafactory_settings(job: Job, recipe: str, is_held_out: bool) -> Row:
    held = {"eval_dataset": _name(recipe, job, "validation")} if is_held_out else {}
    return {"stage": job, "dataset_dir": ".", "dataset": _name(recipe, job, "train")} | held


# ---- axolotl: arguments and tools are strings of JSON, or `datasets` 4 gives every call the arguments of all.


def _axolotl(row: Row) -> Iterator[Row]:
    said = shapes.as_openai(shapes.chat([*shapes.asked_with_system(row), shapes.answer(row)]))
    said[-1]["train"] = True
    yield {"messages": said} | _tool_text(row)


def _axolotl_dpo(row: Row) -> Iterator[Row]:
    """It reads role and content of a message, and no tools."""
    said = [*shapes.asked_with_system(row), *shapes.both(row)]
    if not row["tools"] and not any(turn["tool_calls"] for turn in said):
        *prompt, chosen, rejected = map(shapes.with_thoughts, said)
        yield {"messages": prompt, "chosen": chosen, "rejected": rejected}


def _axolotl_kto(row: Row) -> Iterator[Row]:
    """It reads one question in text, with a system prompt."""
    for turn, label in shapes.labelled(row):
        *earlier, question = shapes.asked(row)
        if not (earlier or row["tools"] or turn["tool_calls"]):
            completion = shapes.with_thoughts(turn)["content"]
            line = {"system": row["system"], "prompt": question["content"], "completion": completion}
            yield line | {"label": label}


def _axolotl_settings(job: Job, recipe: str, is_held_out: bool) -> Row:
    def files(split: Split) -> list[Row]:
        return [{"path": f"{job}/{split}.jsonl", "ds_type": "json", "split": "train"} | _AXOLOTL_TYPES[job]]

    held = {"test_datasets": files("validation")} if is_held_out else {}
    return {"datasets": files("train")} | held


_AXOLOTL_TYPES: dict[Job, Row] = {
    "sft": {
        "type": "chat_template",
        "field_messages": "messages",
        "field_tools": "tools",
        "roles_to_train": [],
        "message_field_training": "train",
        "train_on_eos": "turn",
    },
    "dpo": {
        "type": "chat_template.default",
        "field_messages": "messages",
        "field_chosen": "chosen",
        "field_rejected": "rejected",
    },
    "kto": {"type": "chatml.ultra"},
}


# ---- ms-swift: it keeps role, content and loss of a message.


def _swift(row: Row) -> Iterator[Row]:
    said = _swift_messages([*shapes.asked_with_system(row), shapes.answer(row)])
    for message in said[:-1]:
        if message["role"] == "assistant":
            message["loss"] = False
    yield {"messages": said} | _tool_text(row)


def _swift_dpo(row: Row) -> Iterator[Row]:
    chosen, rejected = shapes.both(row)
    said = _swift_messages([*shapes.asked_with_system(row), chosen])
    yield {"messages": said, "rejected_response": shapes.with_thoughts(rejected)["content"]} | _tool_text(row)


def _swift_kto(row: Row) -> Iterator[Row]:
    for turn, label in shapes.labelled(row):
        yield {"messages": _swift_messages([*shapes.asked_with_system(row), turn]), "label": label} | _tool_text(row)


def _swift_messages(turns: Sequence[Row]) -> list[Row]:
    return shapes.as_openai(shapes.chat(turns, reasoning_key=""))


def _swift_settings(job: Job, recipe: str, is_held_out: bool) -> Row:
    held = {"val_dataset": [f"{job}/validation.jsonl"]} if is_held_out else {}
    return {"dataset": [f"{job}/train.jsonl"]} | held


def _tool_text(row: Row) -> Row:
    return {"tools": row["tools"]} if row["tools"] else {}


# ---- TRL: it finds the splits of a folder by their names.


def _trl_settings(job: Job, recipe: str, is_held_out: bool) -> Row:
    held = {"dataset_test_split": "validation"} if is_held_out else {}
    return {"dataset_name": f"./{job}", "dataset_train_split": "train"} | held


SETTINGS: dict[Trainer, Callable[[Job, str, bool], Row]] = {
    "llamafactory": _llamafactory_settings,
    "axolotl": _axolotl_settings,
    "trl": _trl_settings,
    "ms-swift": _swift_settings,
}
TRAINERS: dict[Trainer, dict[Job, Way]] = {
    "llamafactory": {
        "sft": Way("sharegpt", _llamafactory, "llamafactory-cli train", {"mask_history": True}),
        "dpo": Way("dpo", _llamafactory_dpo, "llamafactory-cli train"),
        "kto": Way("kto", _llamafactory_kto, "llamafactory-cli train"),
    },
    "axolotl": {
        "sft": Way("messages", _axolotl, "axolotl train"),
        "dpo": Way("dpo", _axolotl_dpo, "axolotl train", {"rl": "dpo"}),
        "kto": Way("kto", _axolotl_kto, "axolotl train", {"rl": "kto", "remove_unused_columns": False}),
    },
    "trl": {
        "sft": Way("prompt-completion", shapes.prompt_completion, "trl sft --config"),
        "dpo": Way("dpo", shapes.dpo, "trl dpo --config"),
        "kto": Way("kto", shapes.kto, "trl kto --config"),
    },
    "ms-swift": {
        "sft": Way("messages", _swift, "swift sft"),
        "dpo": Way("dpo", _swift_dpo, "swift rlhf", {"rlhf_type": "dpo"}),
        "kto": Way("kto", _swift_kto, "swift rlhf", {"rlhf_type": "kto"}),
    },
}
