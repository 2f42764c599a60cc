"""What people decided about records: data, kept apart from every stage, so that no run can lose it.

One row a decision, JSON Lines or CSV, the last about a record counts:

    record_id, decision (accept, edit, reject, undo), instruction, input, output (of an edit), who, when, note

A decision outranks the policy's rules, quotas and budget, but not a rule about the licence, and nothing that was
forgotten. A decision about a record that is not there is counted, and kept.
"""

import csv
import io
import logging
from codecs import BOM_UTF8
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from pipelines.errors import Location, explain_faults, not_utf8
from pipelines.messages import Message, joined, tr
from pipelines.recipe import Recipe, RecipeError
from schemas.manifest import digest
from schemas.seal import BrokenSeal, unseal, was_sealed

FILE = "decisions.jsonl"

log = logging.getLogger("gristmill")


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
            raise ValueError(Message("an edit, and nothing else, brings a new instruction, input or output"))
        if self.instruction == "" or self.output == "":
            raise ValueError(Message("an edit cannot leave instruction or output empty; say reject"))
        return self


def load_decisions(recipe: Recipe, data: Path) -> list[Decision]:
    """The decisions that count, in order of record_id. Raises RecipeError with file, line and cure."""
    file = recipe.decisions or data / FILE
    if not file.exists():
        if recipe.decisions:
            raise RecipeError("{file}: no such file; `decisions` of {recipe} names it", file=file, recipe=recipe.name)
        return []
    latest = {decision.record_id: decision for decision in _read(file)}
    return [latest[name] for name in sorted(latest) if latest[name].decision != "undo"]


def fingerprint(decisions: Iterable[Decision]) -> str:
    """A hash of what was decided, for the key of a snapshot."""
    return digest([decision.model_dump() for decision in decisions])


def _read(file: Path) -> Iterator[Decision]:
    for number, row in _csv(file) if file.suffix == ".csv" else _json(file):
        try:
            yield Decision.model_validate(row)
        except ValidationError as error:
            first = min(error.errors(), key=lambda fault: fault["type"] != "extra_forbidden")
            raise RecipeError(explain_faults(f"{file}:{number}", row, [first], _known_keys)) from error


def _known_keys(_: Location) -> list[str]:
    return list(Decision.model_fields)


def _text(file: Path) -> str:
    """All of the file; a byte order mark is no part of it. Raises RecipeError where it is in another encoding."""
    try:
        return file.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        cure = Message(" (Excel: Save as, CSV UTF-8)") if file.suffix == ".csv" else ""
        raise RecipeError(joined("", (not_utf8(file, error), cure))) from error


def _csv(file: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """An empty cell says nothing."""
    reader = csv.DictReader(io.StringIO(_text(file), newline=""))
    try:
        for row in reader:
            if None in row:
                raise RecipeError(
                    "{file}:{line}: more cells than the first line names; quote each text",
                    file=file,
                    line=reader.line_num,
                )
            yield reader.line_num, {name: value for name, value in row.items() if value not in ("", None)}
    except csv.Error as error:
        raise RecipeError("{file}:{line}: not CSV: {error}", file=file, line=reader.line_num, error=error) from error


def _json(file: Path) -> Iterator[tuple[int, Any]]:
    """A line that was sealed and is damaged costs only itself. One that nobody sealed is a mistake of its writer."""
    content = file.read_bytes().removeprefix(BOM_UTF8)
    for number, line in enumerate(content.split(b"\n"), 1):
        if not line.strip():
            continue
        try:
            yield number, unseal(line)[0]
        except BrokenSeal as error:
            if not was_sealed(line):
                _text(file)  # which says more of another encoding
                raise RecipeError(joined(": ", (f"{file}:{number}", error))) from error
            log.warning(
                tr("{file}:{number}: damaged; this decision is left out: decide again", file=file, number=number)
            )
