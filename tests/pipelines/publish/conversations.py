"""A snapshot with everything that a conversation may hold, for tests of what is written of it."""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa

from pipelines import storage
from pipelines.storage import filesystem
from schemas.verdict import PUBLISHED, PUBLISHED_PAIR
from tests.pipelines.turns import message, said

Row = dict[str, Any]
OVEN = {
    "name": "oven",
    "description": "Heats.",
    "parameters": {"type": "object", "properties": {"heat": {"type": "integer"}}},
}
CLOCK = {
    "name": "clock",
    "parameters": {"type": "object", "properties": {"zone": {"type": "string"}}, "required": ["zone"]},
}
TOOLS = json.dumps([{"type": "function", "function": OVEN}, {"type": "function", "function": CLOCK}])


def calls(*asked: tuple[str, Row], ids: bool = True) -> str:
    made = [
        ({"id": f"call_{number}"} if ids else {}) | {"type": "function", "function": {"name": name, "arguments": given}}
        for number, (name, given) in enumerate(asked, 1)
    ]
    return json.dumps(made)


HEAT, BOTH = calls(("oven", {"heat": 200})), calls(("oven", {"heat": 180}), ("clock", {"zone": "UTC"}))
SEEN = [
    message("user", "Bake it."),
    message("assistant", "", "", BOTH),
    message("tool", "ok"),
    message("tool", "12:00"),
]
CODE = "    mill --stone fine\n    mill --stop"
RECORDS: dict[str, Row] = {
    "plain": {"instruction": "What is rye?", "output": "A cereal.\n\nIt grows where wheat does not."},
    "chinese": {"instruction": "什么是黑麦？", "output": "一种谷物。", "system": "请简短回答。"},
    "indented": {"instruction": "How do I start it?", "output": f"{CODE}\n\nThen wait."},
    "input": {"instruction": "Translate.", "input": "Le pain est bon.\n  Oui.", "output": "The bread is good."},
    "thought": {"instruction": "2 + 2?", "output": CODE, "reasoning": "Two and two\n  are four."},
    "turns": {"instruction": "And oats?", "output": "Too.", "history": said("Is rye?", "Yes."), "system": "Be brief."},
    "thoughtful turns": {
        "instruction": "And oats?",
        "output": "Too.",
        "reasoning": "As rye.",
        "history": [message("user", "Is rye?"), message("assistant", CODE, "It has ears.")],
    },
    "call": {"instruction": "Bake it.", "output": HEAT, "tool_calls": HEAT, "tools": TOOLS, "system": "You bake."},
    "thought call": {"instruction": "Bake.", "output": HEAT, "tool_calls": HEAT, "tools": TOOLS, "reasoning": "Hot."},
    "spoken call": {"instruction": "Bake.", "output": "I do.", "tool_calls": BOTH, "tools": TOOLS, "reasoning": "Hot."},
    "results": {"instruction": "Bake it.", "output": "Done at noon.", "history": SEEN, "tools": TOOLS},
    "results and more": {"instruction": "Now?", "output": "Eat.", "history": [*SEEN, message("assistant", "Done.")]},
    "late system": {"instruction": "On.", "output": "I go", "history": [*said("Go.", "I go."), message("system", "!")]},
}  # fmt: skip
PAIRS: dict[str, Row] = {
    "plain pair": {"instruction": "What is rye?", "chosen": "A cereal.", "rejected": "A drink."},
    "indented pair": {"instruction": "Code?", "input": "mill", "chosen": CODE, "rejected": "No.", "system": "Brief."},
    "thought pair": {
        "instruction": "And oats?",
        "chosen": CODE,
        "rejected": "No.",
        "history": [message("user", "Is rye?"), message("assistant", "Yes.", "It has ears.")],
        "reasoning": "As rye.",
        "rejected_reasoning": "As beer.",
    },
    "pair of results": {"instruction": "Bake it.", "chosen": "Ok.", "rejected": "No.", "history": SEEN, "tools": TOOLS},
}  # fmt: skip
LABELLED = {"instruction": "What is oat?", "output": "A tree.", "score": -1}
TEXTS = ("instruction", "input", "output", "system", "tools", "reasoning", "tool_calls")


def record(name: str, split: str = "train", **values: Any) -> Row:
    """A published record; what is not given is empty."""
    blank: Row = dict.fromkeys(PUBLISHED.names) | dict.fromkeys(TEXTS, "") | {"history": []}
    return blank | {"record_id": name, "source": "set", "source_kind": "instructions", "split": split} | values


def pair(name: str, split: str = "train", **values: Any) -> Row:
    """A published pair; what is not given is empty."""
    texts = ("instruction", "input", "system", "tools", "reasoning", "rejected_reasoning")
    blank: Row = dict.fromkeys(PUBLISHED_PAIR.names) | dict.fromkeys(texts, "") | {"history": []}
    return blank | {"pair_id": name, "source": "set", "source_kind": "instructions", "split": split} | values


def write_snapshot(data: Path, records: list[Row], pairs: list[Row], name: str = "tiny") -> Path:
    """A finished snapshot of the recipe `name` in `data`; returns its folder."""
    folder = storage.folder(data, "curate", name) / "v1"
    filesystem.make_folder(folder.parent)
    what: Row = {"stage": "curate", "name": name, "version": 1, "params": {}, "inputs": {}}
    with storage.building(folder, **what) as made:
        for split in ("train", "validation"):
            rows = [row for row in records if row["split"] == split]
            if rows:
                table = pa.Table.from_pylist(rows, schema=PUBLISHED)
                made.table(f"{split}-00000-of-00001.parquet", table, PUBLISHED)
        made.table("pairs-00000-of-00001.parquet", pa.Table.from_pylist(pairs, schema=PUBLISHED_PAIR), PUBLISHED_PAIR)
    storage.point_latest(folder)
    return folder


def full_snapshot(data: Path) -> Path:
    """All of the above, and one record and pair that are held out."""
    records = [record(name, **values) for name, values in RECORDS.items()]
    pairs = [pair(name, **values) for name, values in PAIRS.items()]
    held = [record("held", "validation", instruction="What is spelt?", output="A wheat.")]
    held_pair = pair("held", "validation", instruction="What is spelt?", chosen="A wheat.", rejected="A word.")
    return write_snapshot(data, [*records, record("labelled", **LABELLED), *held], [*pairs, held_pair])
