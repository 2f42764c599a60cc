"""What people decided about records: data, kept apart from every stage, so that no run can lose it.

One row a decision, JSON Lines or CSV, the last about a record counts:

    record_id, decision (accept, edit, reject, note, undo), instruction, input, output (of an edit), who, when, note

A decision outranks the policy's rules, quotas and budget, but not a rule about the licence, and nothing that was
forgotten. A decision about a record that is not there is counted, and kept. A `note` changes nothing. An `undo` takes
back the last line of the same person about that record, and one without a name the last of anybody; then the one
before counts again.
"""

import csv
import io
import logging
from codecs import BOM_UTF8
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from pipelines.curate import decision_file
from pipelines.errors import Location, WrongInput, explain_faults, not_utf8
from pipelines.messages import Message, joined, tr
from pipelines.recipe import Recipe, RecipeError
from pipelines.storage import exported, lease
from schemas.manifest import digest
from schemas.seal import BrokenSeal, unseal, was_sealed

FILE = "decisions.jsonl"
JUDGEMENTS = ("accept", "edit", "reject")  # what changes a verdict

log = logging.getLogger("gristmill")


class Decision(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    record_id: str = Field(min_length=1)
    decision: Literal["accept", "edit", "reject", "note", "undo"]
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
        if self.decision == "note" and not self.note.strip():
            raise ValueError(Message("a note says something; write it in `note`"))
        return self


class RefusedDecision(WrongInput):
    """A decision that cannot be written: nobody makes it, or it takes back what is not there."""


def load_decisions(recipe: Recipe, data: Path) -> list[Decision]:
    """The decisions that count, in order of record_id. Raises RecipeError with file, line and cure."""
    latest = counting(history(recipe, data))
    return [latest[name] for name in sorted(latest)]


def counting(decisions: Iterable[Decision]) -> dict[str, Decision]:
    """Of a history the decision that counts about each record: the last judgement that nobody took back."""
    return {one.record_id: one for one in standing(decisions) if one.decision in JUDGEMENTS}


def history(recipe: Recipe | None, data: Path) -> list[Decision]:
    """All that was ever decided, oldest first, also what was taken back. Raises RecipeError with file, line and cure.

    Without a recipe, that of the data folder's own file.
    """
    path = _path(recipe, data)
    files = decision_file.files(path)
    if not files and recipe and recipe.decisions:
        raise RecipeError("{file}: no such file; `decisions` of {recipe} names it", file=path, recipe=recipe.name)
    return [decision for file in files for decision in read(file)]


def note(recipe: Recipe | None, data: Path) -> None:
    """Note the file that a recipe names for its decisions, so that `forget` finds it."""
    if recipe and recipe.decisions:
        exported.note_once(data, exported.DECISIONS, recipe.decisions)


def standing(decisions: Iterable[Decision]) -> list[Decision]:
    """Those of a history that nobody took back, in its order, and no `undo`."""
    by_record: dict[str, list[tuple[int, Decision]]] = {}
    for number, decision in enumerate(decisions):
        _take(by_record.setdefault(decision.record_id, []), number, decision)
    return [one for _, one in sorted((pair for listed in by_record.values() for pair in listed), key=lambda p: p[0])]


def append(recipe: Recipe | None, data: Path, decisions: Iterable[Decision]) -> list[Decision]:
    """Write decisions to the recipe's file, or the data folder's own, and return them as they were written.

    Their time is now, unless they have one. Either all are written or none.

    Raises: RefusedDecision, RecipeError.
    """
    path = _path(recipe, data)
    note(recipe, data)
    now = datetime.now(UTC).isoformat(timespec="seconds")
    made = [one.model_copy(update={"who": one.who.strip(), "when": one.when or now}) for one in decisions]
    if not all(one.who for one in made):
        raise RefusedDecision("who decides must be named; say --who NAME")
    with lease.lock_file(path):
        if any(one.decision == "undo" for one in made):
            _check_undone(history(recipe, data), made)
        decision_file.add(path, [one.model_dump(exclude_defaults=True) for one in made])
    return made


def _check_undone(known: list[Decision], made: list[Decision]) -> None:
    """Raises RefusedDecision where an undo has nothing to take back."""
    by_record: dict[str, list[tuple[int, Decision]]] = {}
    for number, decision in enumerate([*known, *made]):
        done = _take(by_record.setdefault(decision.record_id, []), number, decision)
        if not done and number >= len(known):
            words = {"who": decision.who, "record": decision.record_id}
            raise RefusedDecision("{who} has decided nothing about {record} that could be taken back", **words)


def _take(stand: list[tuple[int, Decision]], number: int, decision: Decision) -> bool:
    """Add a decision to the numbered ones that stand about its record. False: an undo that found nothing."""
    if decision.decision != "undo":
        stand.append((number, decision))
        return True
    own = [place for place, (_, one) in enumerate(stand) if decision.who in ("", one.who)]
    if own:
        stand.pop(own[-1])
    return bool(own)


def _path(recipe: Recipe | None, data: Path) -> Path:
    return (recipe and recipe.decisions) or data / FILE


def fingerprint(decisions: Iterable[Decision]) -> str:
    """A hash of what was decided, for the key of a snapshot."""
    return digest([decision.model_dump() for decision in decisions])


def read(file: Path) -> Iterator[Decision]:
    """The decisions of one file. Raises RecipeError with file, line and cure."""
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
    reader = csv.DictReader(io.StringIO(_text(file), newline=""), strict=True)
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
    lines = file.read_bytes().removeprefix(BOM_UTF8).split(b"\n")
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            yield number, unseal(line)[0]
        except BrokenSeal as error:
            torn = number == len(lines) and decision_file.is_torn(line)
            if not was_sealed(line) and not torn:
                _text(file)  # which says more of another encoding
                raise RecipeError(joined(": ", (f"{file}:{number}", error))) from error
            log.warning(
                tr("{file}:{number}: damaged; this decision is left out: decide again", file=file, number=number)
            )
