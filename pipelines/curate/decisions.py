"""What people decided about records: data, kept apart from every stage, so that no run can lose it.

One row a decision, JSON Lines or CSV, the last about a record counts:

    record_id, decision (accept, edit, reject, undo), instruction, input, output (of an edit), who, when, note

A decision outranks the policy's rules, quotas and budget, but not a rule about the licence, and nothing that was
forgotten. One about a record that is not there (any more) is told of, and kept.
"""

import csv
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from pipelines.recipe import Recipe, RecipeError, did_you_mean
from schemas.manifest import digest

FILE = "decisions.jsonl"
OUTRANKING = ("accept", "edit")


class Decision(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    record_id: str = Field(min_length=1)
    decision: Literal["accept", "edit", "reject", "undo"]
    instruction: str | None = None
    input: str | None = None
    output: str | None = None
    who: str = ""
    when: str = ""
    note: str = ""

    @model_validator(mode="after")
    def _edits_say_something(self) -> "Decision":
        texts = (self.instruction, self.input, self.output)
        if (self.decision == "edit") != any(text is not None for text in texts):
            raise ValueError("an edit, and nothing else, brings a new instruction, input or output")
        if self.instruction == "" or self.output == "":
            raise ValueError("an edit cannot leave instruction or output empty; say reject")
        return self


def of(recipe: Recipe, data: Path) -> list[Decision]:
    """The decisions that count, in order of record_id. Raises RecipeError with file, line and cure."""
    file = recipe.decisions or data / FILE
    if not file.exists():
        if recipe.decisions:
            raise RecipeError(f"{file}: no such file; `decisions` of {recipe.name} names it")
        return []
    latest = {decision.record_id: decision for decision in _read(file)}
    return [latest[name] for name in sorted(latest) if latest[name].decision != "undo"]


def fingerprint(decisions: Iterable[Decision]) -> str:
    return digest([decision.model_dump() for decision in decisions])


def _read(file: Path) -> Iterator[Decision]:
    with file.open(newline="", encoding="utf-8-sig") as lines:
        rows = _csv(lines) if file.suffix == ".csv" else _json(file, lines)
        for number, row in rows:
            try:
                yield Decision.model_validate(row)
            except ValidationError as error:
                worst = min(error.errors(), key=lambda fault: fault["type"] != "extra_forbidden")
                raise RecipeError(f"{file}:{number}: {_explain(worst)}") from error


def _csv(lines: Iterable[str]) -> Iterator[tuple[int, dict[str, Any]]]:
    """An empty cell says nothing."""
    reader = csv.DictReader(lines)
    for row in reader:
        yield reader.line_num, {name: value for name, value in row.items() if value not in ("", None)}


def _json(file: Path, lines: Iterable[str]) -> Iterator[tuple[int, Any]]:
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                yield number, json.loads(line)
            except json.JSONDecodeError as error:
                raise RecipeError(f"{file}:{number}: not JSON: {error}") from error


def _explain(fault: Any) -> str:
    key = ".".join(map(str, fault["loc"]))
    if fault["type"] == "extra_forbidden":
        return f"{key}: unknown key{did_you_mean(str(fault['loc'][-1]), list(Decision.model_fields))}"
    return f"{key}: {fault['msg']}" if key else str(fault["msg"])
