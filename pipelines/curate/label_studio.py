"""A queue as tasks for Label Studio, and its answers as decisions.

    <folder>/tasks.json     what the project imports: one task a record, its texts below `data`
    <folder>/labels.xml     the labelling configuration: accept, edit or reject, the texts to edit, a note

What comes back is Label Studio's export `JSON`, where each annotation says by whom it is (`completed_by`), what was
chosen and what was written. Source of the formats: labelstud.io, "Label Studio task format" and the tags' pages.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, Any

import duckdb
from pydantic import ValidationError

from pipelines import storage
from pipelines.curate.decisions import Decision
from pipelines.errors import WrongInput
from pipelines.messages import Message, joined
from pipelines.storage import filesystem

TASKS, LABELS = "tasks.json", "labels.xml"
FIELDS = ("instruction", "input", "output")
NEW = {f"new_{name}": name for name in FIELDS}
CONFIG = """<View>
  <Style>.htx-text { white-space: pre-wrap; }</Style>
  <Header value="$record_id"/>
  <Text name="history" value="$history"/>
  <Header value="instruction"/>
  <Text name="instruction" value="$instruction"/>
  <Text name="input" value="$input"/>
  <Header value="output"/>
  <Text name="output" value="$output"/>
  <Choices name="decision" toName="output" choice="single" showInline="true" required="true">
    <Choice value="accept" hotkey="a"/>
    <Choice value="edit" hotkey="e"/>
    <Choice value="reject" hotkey="r"/>
  </Choices>
  <TextArea name="new_instruction" toName="instruction" value="$instruction" editable="true" rows="3"/>
  <TextArea name="new_input" toName="input" value="$input" editable="true" rows="2"/>
  <TextArea name="new_output" toName="output" value="$output" editable="true" rows="8"/>
  <TextArea name="note" toName="output" placeholder="note" rows="2"/>
</View>
"""
_RECORDS = """
SELECT record_id, source, url, title, instruction, input, output,
       array_to_string([turn.role || ': ' || turn.content FOR turn IN history], chr(10) || chr(10)) AS history
FROM records WHERE list_contains($ids::VARCHAR[], record_id)
"""


class WrongAnswers(WrongInput):
    """A file of answers that cannot be taken: one line for each fault, with file, task and cure."""


@dataclass(frozen=True)
class Answers:
    """The decisions of a file in the order in which they were made, and how many tasks have none."""

    decisions: tuple[Decision, ...]
    skipped: int


def export(con: duckdb.DuckDBPyConnection, record_ids: Sequence[str], folder: Path) -> int:
    """Write the two files for these records, in their order; returns how many. Raises WrongInput where one is there."""
    for name in (TASKS, LABELS):
        if (folder / name).exists():
            raise WrongInput("{file}: is there already; name a new folder", file=folder / name)
    rows = con.execute(_RECORDS, {"ids": list(record_ids)}).to_arrow_table().to_pylist()
    by_id = {row["record_id"]: {name: value or "" for name, value in row.items()} for row in rows}
    tasks = [{"data": by_id[name]} for name in record_ids if name in by_id]
    filesystem.make_folder(folder)
    for name, text in ((TASKS, json.dumps(tasks, ensure_ascii=False, indent=1)), (LABELS, CONFIG)):
        storage.write_file(folder / name, partial(_write, text.encode()))
    return len(tasks)


def _write(content: bytes, file: IO[bytes]) -> None:
    file.write(content)


def read(file: Path, who: str = "", people: Mapping[str, str] | None = None) -> Answers:
    """The answers in an export. `people` are names by Label Studio's number or address of a person; `who` is for all.

    Raises: WrongAnswers.
    """
    tasks, faults = _tasks(file), list[str]()
    made, skipped = list[Decision](), 0
    for number, task in enumerate(tasks, 1):
        place = Message("task {number}", number=task.get("id", number) if isinstance(task, dict) else number)
        try:
            answers = [*_answers(task, who, people or {})]
        except ValidationError as error:
            first = error.errors()[0]
            faults.append(joined(": ", (file, place, first.get("ctx", {}).get("error", first["msg"]))))
        except WrongAnswers as error:
            faults.append(joined(": ", (file, place, error)))
        else:
            made += answers
            skipped += not answers
    if faults:
        raise WrongAnswers(joined("\n", faults))
    return Answers(tuple(sorted(made, key=lambda one: one.when)), skipped)


def unknown(answers: Answers, history: Sequence[Decision]) -> list[Decision]:
    """Those that are not in a history of decisions yet, so that a file can be imported again when it has grown."""
    known = {one.model_dump_json() for one in history}
    return [one for one in answers.decisions if one.model_dump_json() not in known]


def _tasks(file: Path) -> list[Any]:
    try:
        tasks = json.loads(file.read_text("utf-8-sig"))
    except OSError as error:
        raise WrongAnswers("{file}: cannot be read: {error}", file=file, error=error.strerror) from error
    except ValueError as error:
        raise WrongAnswers("{file}: not JSON in UTF-8: {error}", file=file, error=error) from error
    if not isinstance(tasks, list):
        raise WrongAnswers("{file}: must be a list of tasks: choose JSON where Label Studio exports", file=file)
    return tasks


def _answers(task: Any, who: str, people: Mapping[str, str]) -> Iterator[Decision]:
    data = task.get("data") if isinstance(task, dict) else None
    if not isinstance(data, dict) or not isinstance(task.get("annotations"), list):
        raise WrongAnswers("has no `data` and `annotations`: choose JSON, not JSON-MIN, where Label Studio exports")
    if not isinstance(data.get("record_id"), str):
        raise WrongAnswers("`data` has no `record_id`: import tasks that `gristmill review export` wrote")
    for annotation in task["annotations"]:
        if not annotation.get("was_cancelled") and annotation.get("result"):
            name = _person(annotation.get("completed_by"), who, people)
            when = str(annotation.get("updated_at") or annotation.get("created_at") or "")
            said = _said(annotation["result"], data)
            yield Decision.model_validate({"record_id": data["record_id"], "who": name, "when": when, **said})


def _person(given: Any, who: str, people: Mapping[str, str]) -> str:
    """The name of whoever answered. Raises WrongAnswers where only a number is known."""
    marks = [str(given.get(key, "")) for key in ("id", "email")] if isinstance(given, dict) else [str(given)]
    named = [people[mark] for mark in marks if mark in people] or [who]
    named += [given["email"]] if isinstance(given, dict) and given.get("email") else []
    if name := next((each for each in named if each), ""):
        return name
    raise WrongAnswers("was answered by number {person}: say --who {person}=NAME", person=marks[0])


def _said(result: list[Any], data: Mapping[str, Any]) -> dict[str, str]:
    """The decision, note and new texts. A text that was changed makes an accepted record an edited one."""
    values = {part["from_name"]: part["value"] for part in result if "from_name" in part and "value" in part}
    chosen = [choice for choice in values.get("decision", {}).get("choices", []) if choice]
    note = _text(values.get("note", {}))
    if len(chosen) > 1 or not (chosen or note):
        raise WrongAnswers("chooses not one of accept, edit and reject: answer it again in Label Studio")
    written = {NEW[name]: _text(value) for name, value in values.items() if name in NEW}
    changed = {name: text for name, text in written.items() if text != str(data.get(name, "")).strip()}
    kind = chosen[0] if chosen else "note"
    if kind == "edit" and not changed:
        raise WrongAnswers("says edit and changes no text: change one in Label Studio, or choose another")
    edited = changed if kind in ("accept", "edit") else {}
    return {"decision": "edit" if edited else kind, **edited} | ({"note": note} if note else {})


def _text(value: Mapping[str, Any]) -> str:
    """What was written: a text, or a list of the lines that were added one by one."""
    text = value.get("text", "")
    return "\n".join(text).strip() if isinstance(text, list) else str(text).strip()
