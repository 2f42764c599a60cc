"""What goes to Label Studio and comes back: in the form of its export, without the program."""

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from pipelines.curate import label_studio
from pipelines.curate.decisions import append, history, load_decisions
from pipelines.curate.label_studio import WrongAnswers
from tests.pipelines import corpus
from tests.pipelines.curate.measured import connect, drawn

MILL = corpus.recipe()


def part(name: str, **value: Any) -> dict[str, Any]:
    return {"from_name": name, "to_name": "output", "id": "x", "value": value}


def answered(task: dict[str, Any], *parts: dict[str, Any], by: Any = 1, **more: Any) -> dict[str, Any]:
    """The task as Label Studio exports it with one annotation."""
    annotation = {"id": 1, "completed_by": by, "was_cancelled": False, "result": list(parts)}
    return {"id": 7, **task, "annotations": [annotation | {"updated_at": "2026-11-29T10:00:00.5Z"} | more]}


def exported(folder: Path, *tasks: Any) -> Path:
    file = folder / "project-1.json"
    file.write_text(json.dumps(tasks, ensure_ascii=False))
    return file


def tasks_of(folder: Path) -> list[dict[str, Any]]:
    told: list[dict[str, Any]] = json.loads((folder / label_studio.TASKS).read_text())
    return told


def test_answers_come_back_as_decisions_once(tmp_path: Path) -> None:
    ids = ["forum:2#a1", "forum:0#a1", "forum:1#a1", "forum:3#a1"]
    assert label_studio.export(drawn(1), ids, tmp_path / "out") == 4
    tasks = tasks_of(tmp_path / "out")
    assert [task["data"]["record_id"] for task in tasks] == ids
    given = [
        answered(tasks[0], part("decision", choices=["reject"]), part("note", text=["wrong"])),
        answered(tasks[1], part("decision", choices=["edit"]), part("new_output", text=["Lift it.\n好"])),
        answered(tasks[2], part("decision", choices=["accept"]), part("new_output", text=tasks[2]["data"]["output"])),
        answered(tasks[3], part("decision", choices=["reject"]), was_cancelled=True),
    ]
    answers = label_studio.read(exported(tmp_path, *given), people={"1": "Ada"})
    assert answers.skipped == 1
    append(MILL, tmp_path, label_studio.unknown(answers, history(MILL, tmp_path)))
    assert label_studio.unknown(answers, history(MILL, tmp_path)) == []
    counted = {one.record_id: one for one in load_decisions(MILL, tmp_path)}
    assert {name: one.decision for name, one in counted.items()} == dict(
        zip(ids, ["reject", "edit", "accept"], strict=False)
    )
    edit = counted["forum:0#a1"]
    assert (edit.output, edit.instruction) == ("Lift it.\n好", None)
    assert (edit.who, edit.when) == ("Ada", "2026-11-29T10:00:00.5Z")


def test_the_configuration_names_what_tasks_hold_and_import_reads(tmp_path: Path) -> None:
    label_studio.export(connect(records=[{"record_id": "a", "output": "<b>"}]), ["a", "b"], tmp_path / "out")
    (task,) = tasks_of(tmp_path / "out")
    tree = ElementTree.parse(tmp_path / "out" / label_studio.LABELS)
    shown = {value[1:] for each in tree.iter() if (value := each.get("value", "")).startswith("$")}
    assert shown <= set(task["data"]) and set(label_studio.FIELDS) <= shown
    names = {each.get("name") for each in tree.iter()}
    assert {each.get("toName") for each in tree.iter()} - {None} <= names
    assert {"decision", "note", *label_studio.NEW} <= names
    with pytest.raises(Exception, match="is there already"):
        label_studio.export(connect(), [], tmp_path / "out")


TASK = {"data": {"record_id": "a", "output": "x"}}
ADA = {"id": 1, "email": "ada@bakery.example"}
ACCEPT = part("decision", choices=["accept"])
WRONG = {
    "nobody": (answered(TASK, ACCEPT), "task 7: was answered by number 1: say --who 1=NAME"),
    "no choice": (answered(TASK, part("new_output", text=["y"]), by=ADA), "task 7: chooses not one of"),
    "an unknown choice": (
        answered(TASK, part("decision", choices=["good"]), by=ADA),
        "task 7: Input should",
    ),
    "an edit of nothing": (answered(TASK, part("decision", choices=["edit"]), by=ADA), "changes no text"),
    "no record": (answered({"data": {}}, ACCEPT), "task 7: `data` has no `record_id`"),
    "JSON-MIN": ({"id": 7, "record_id": "a", "decision": "accept"}, "task 7: has no `data` and `annotations`"),
    "no task": ("x", "task 1: has no `data`"),
}


@pytest.mark.parametrize(("task", "told"), WRONG.values(), ids=WRONG)
def test_what_cannot_be_taken_names_file_task_and_cure(task: Any, told: str, tmp_path: Path) -> None:
    file = exported(tmp_path, task)
    with pytest.raises(WrongAnswers) as error:
        label_studio.read(file)
    assert str(error.value).startswith(f"{file}: ") and told in str(error.value)


def test_people_are_known_by_number_by_address_or_by_one_name(tmp_path: Path) -> None:
    by = {"id": 2, "email": "kim@bakery.example"}
    file = exported(tmp_path, answered(TASK, ACCEPT, by=by))
    for people, who, name in (({"2": "Kim"}, "", "Kim"), ({by["email"]: "K"}, "", "K"), ({}, "Ada", "Ada")):
        assert label_studio.read(file, who, people).decisions[0].who == name  # type: ignore[arg-type]
    assert label_studio.read(file).decisions[0].who == by["email"]
