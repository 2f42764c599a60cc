"""Exports a snapshot in the formats of trainers, one JSON object per line (shapes.py).

alpaca              instruction, input, output, system, tools, and history, as LLaMA-Factory reads it
sharegpt            conversations: from human / gpt / function_call / observation; system, tools
messages            messages: role system / user / assistant / tool, as chat templates have them; tools
prompt-completion   prompt, completion: lists of messages, as TRL has them; tools
dpo                 prompt, chosen, rejected: lists of messages, from the snapshot's pairs; tools
kto                 prompt, completion, label: both answers of each pair, and records that came with a label; tools
openai              messages and tools for OpenAI's fine-tuning
openai-dpo          input, preferred_output, non_preferred_output for OpenAI's preference fine-tuning
"""

import json
import logging
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Literal

from pipelines import storage
from pipelines.messages import Message, tr
from pipelines.publish import shapes
from pipelines.publish.shapes import Row, Shape
from pipelines.recipe import RecipeError
from pipelines.storage import filesystem, inputs, integrity
from pipelines.storage.exported import check_file, log_export, replacing
from schemas.manifest import Manifest
from schemas.verdict import PUBLISHED, PUBLISHED_PAIR

log = logging.getLogger("gristmill")
Format = Literal["alpaca", "sharegpt", "messages", "prompt-completion", "dpo", "kto", "openai", "openai-dpo"]
Split = Literal["train", "validation", "test"]
FORMATS: dict[Format, Shape] = {
    "alpaca": shapes.alpaca,
    "sharegpt": shapes.sharegpt,
    "messages": shapes.messages,
    "prompt-completion": shapes.prompt_completion,
    "dpo": shapes.dpo,
    "kto": shapes.kto,
    "openai": shapes.openai,
    "openai-dpo": shapes.openai_dpo,
}
OF_PAIRS = ("dpo", "openai-dpo")


class Snapshot:
    """The latest snapshot of a recipe."""

    def __init__(self, recipe: str, data: Path) -> None:
        """Raises: RecipeError where there is none, or one of an earlier release."""
        self.recipe, self._data = recipe, data
        self._folder = storage.latest(storage.folder(data, "curate", recipe))
        manifest = storage.read_manifest(self._folder)
        if manifest is None:
            raise RecipeError(
                "{folder}: no snapshot; run `gristmill run {recipe}` first", folder=self._folder, recipe=recipe
            )
        self._manifest: Manifest = manifest

    def rows(self, kind: Format, split: Split) -> Iterator[Row]:
        """The records or pairs of a split that `kind` is about."""
        if kind not in OF_PAIRS:
            records = self._read(split)
            yield from (row for row in records if shapes.has_label(row)) if kind == "kto" else records
        if kind in OF_PAIRS or kind == "kto":
            yield from (row for row in self._read("pairs") if row["split"] == split)

    def log_export(self, what: str, out: str) -> None:
        """Note where the snapshot went."""
        log_export(self._data, self.recipe, self._folder.name, self._manifest.fingerprint, what, out)

    def _read(self, table: str) -> Iterator[Row]:
        listed = storage.tables(self._folder, self._manifest, table)
        integrity.check(listed)
        paths = [path for path, _ in listed]
        columns = PUBLISHED_PAIR if table == "pairs" else PUBLISHED
        cure = Message("run `{command}` for a new one", command=f"gristmill run {self.recipe}")
        inputs.check_columns(paths, columns.names, Message("a snapshot"), cure)
        for path in paths:
            with filesystem.open_parquet(path) as file:
                for batch in file.iter_batches(1_024):
                    yield from batch.to_pylist()


def write_lines(rows: Iterator[Row], shape: Shape, out: IO[str], name: str) -> int:
    """Write `rows` in a shape; returns the number of lines. What `name` does not hold is counted in a warning."""
    counts = Counter[str]()
    for row in rows:
        lines = [json.dumps(line, ensure_ascii=False) + "\n" for line in shape(row)]
        out.writelines(lines)
        counts.update(lines=len(lines), left_out=not lines, joined=bool(lines and row["input"]))
    if counts["left_out"]:
        log.warning(
            tr(
                "{name} cannot hold {left_out} records, which are left out; `messages` holds all",
                name=name,
                left_out=counts["left_out"],
            )
        )
    if counts["joined"] and shape is not shapes.alpaca:
        log.info(
            tr(
                "{name} has no place for an input; of {joined} records it stands below the instruction",
                name=name,
                joined=counts["joined"],
            )
        )
    return counts["lines"]


def export(recipe: str, data: Path, kind: Format, out: IO[str], split: Split = "train") -> int:
    """Write one split of the latest snapshot of `recipe` to `out`; returns the number of lines.

    Raises: RecipeError where there is no snapshot, or one of an earlier release.
    """
    return write_lines(Snapshot(recipe, data).rows(kind, split), FORMATS[kind], out, kind)


def export_file(recipe: str, data: Path, kind: Format, path: Path, split: Split = "train") -> int:
    """As `export`, to a file that appears when all of it is written; `-` is stdout.

    Raises WrongInput where no file can be at `path`, RecipeError where there is no snapshot.
    """
    if str(path) == "-":
        Snapshot(recipe, data).log_export(kind, "stdout")
        return export(recipe, data, kind, sys.stdout, split)
    check_file(path, data)
    snapshot = Snapshot(recipe, data)
    with replacing(path) as part, part.open("w", encoding="utf-8") as file:
        lines = write_lines(snapshot.rows(kind, split), FORMATS[kind], file, kind)
        snapshot.log_export(kind, str(path.absolute()))  # before it appears: `forget` could not name it else
    return lines
