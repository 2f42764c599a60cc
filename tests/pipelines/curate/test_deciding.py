"""Decisions that are written: sealed, by somebody, one at a time, and taken back in order."""

import csv
import json
import threading
from pathlib import Path

import pytest

from pipelines.catalog import verify
from pipelines.curate import decisions
from pipelines.curate.decisions import Decision, RefusedDecision, append, history, load_decisions
from pipelines.recipe import Recipe, RecipeError
from pipelines.storage import filesystem
from tests.pipelines import corpus

MILL = corpus.recipe()


def said(record_id: str, decision: str, who: str = "Kim", **more: str) -> Decision:
    return Decision.model_validate({"record_id": record_id, "decision": decision, "who": who, **more})


def counted(data: Path, mill: Recipe = MILL) -> list[tuple[str, str, str]]:
    return [(one.record_id, one.decision, one.who) for one in load_decisions(mill, data)]


def test_what_is_appended_is_sealed_dated_and_counts(tmp_path: Path) -> None:
    append(MILL, tmp_path, [said("a", "reject", note="wrong"), said("b", "edit", output="好", input="")])
    append(MILL, tmp_path, [said("a", "accept", " Ada ")])
    assert counted(tmp_path) == [("a", "accept", "Ada"), ("b", "edit", "Kim")]
    first, second, _ = history(MILL, tmp_path)
    assert (first.note, second.output, second.input) == ("wrong", "好", "")
    assert first.when.endswith("+00:00")
    report = verify.verify(tmp_path)
    assert (report.faults, report.not_hashed) == ([], {})


def test_whoever_decides_is_named_or_nothing_is_written(tmp_path: Path) -> None:
    with pytest.raises(RefusedDecision, match="--who NAME"):
        append(MILL, tmp_path, [said("a", "reject"), said("b", "reject", " ")])
    assert history(MILL, tmp_path) == []


def test_an_undo_takes_back_the_last_of_the_same_person(tmp_path: Path) -> None:
    steps = [("accept", "Kim"), ("reject", "Kim"), ("reject", "Ada"), ("note", "Kim")]
    append(MILL, tmp_path, [said("a", kind, who, note="because") for kind, who in steps])
    counts = []
    for who in ("Kim", "Kim", "Ada", "Kim"):
        append(MILL, tmp_path, [said("a", "undo", who)])
        counts.append(counted(tmp_path))
    rejected = [("a", "reject", "Ada")]
    assert counts == [rejected, rejected, [("a", "accept", "Kim")], []]
    assert len(history(MILL, tmp_path)) == len(steps) + len(counts)


def test_an_undo_of_nothing_is_refused_and_none_of_its_company_is_written(tmp_path: Path) -> None:
    append(MILL, tmp_path, [said("a", "accept", "Ada")])
    with pytest.raises(RefusedDecision, match="Kim has decided nothing about a"):
        append(MILL, tmp_path, [said("b", "accept"), said("b", "undo"), said("a", "undo")])
    assert counted(tmp_path) == [("a", "accept", "Ada")]


def test_an_undo_without_a_name_takes_back_the_last_of_anybody(tmp_path: Path) -> None:
    append(MILL, tmp_path, [said("a", "accept", "Ada"), said("a", "reject", "Kim")])
    with (tmp_path / decisions.FILE).open("a") as file:
        file.write('{"record_id": "a", "decision": "undo"}\n')
    assert counted(tmp_path) == [("a", "accept", "Ada")]


def test_a_note_changes_nothing_and_says_something(tmp_path: Path) -> None:
    append(MILL, tmp_path, [said("a", "reject"), said("a", "note", "Ada", note="is it?"), said("b", "note", note="hm")])
    assert counted(tmp_path) == [("a", "reject", "Kim")]
    with pytest.raises(ValueError, match="a note says something"):
        said("a", "note")


def test_a_line_that_was_cut_off_costs_only_itself(tmp_path: Path) -> None:
    append(MILL, tmp_path, [said("a", "accept"), said("b", "accept")])
    file = tmp_path / decisions.FILE
    file.write_bytes(file.read_bytes()[:-120])
    assert counted(tmp_path) == [("a", "accept", "Kim")]
    append(MILL, tmp_path, [said("c", "accept")])
    assert [name for name, *_ in counted(tmp_path)] == ["a", "c"]


def test_many_who_write_at_once_lose_nothing(tmp_path: Path) -> None:
    """Not even where the file is replaced meanwhile, as `verify --seal` does."""
    people, each = ("Ada", "Kim", "Lin"), 15

    def decide(who: str) -> None:
        for number in range(each):
            append(MILL, tmp_path, [said(f"{who}:{number}", "accept", who, note="x" * 9_000)])

    threads = [threading.Thread(target=decide, args=(who,)) for who in people]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        verify.seal_all(tmp_path)
    assert len(counted(tmp_path)) == len(people) * each


CSV = {
    "none yet": "",
    "fewer columns": "record_id,decision\nx,accept\n",
    "other order, no last line feed": "who,decision,record_id\nKim,accept,x",
    "of a spreadsheet": "\ufeffrecord_id,decision\r\nx,accept\r\n",
}


@pytest.mark.parametrize("before", CSV.values(), ids=CSV)
def test_a_table_stays_a_table(before: str, tmp_path: Path) -> None:
    file = tmp_path / "mine.csv"
    if before:
        file.write_bytes(before.encode())
    mill = corpus.recipe(decisions=str(file))
    append(mill, tmp_path, [said("a", "edit", output='Two\nlines, "one" cell'), said("b", "reject", note="no")])
    names = ["a", "b", "x"] if before else ["a", "b"]
    assert [name for name, *_ in counted(tmp_path, mill)] == names
    assert load_decisions(mill, tmp_path)[0].output == 'Two\nlines, "one" cell'
    assert list(csv.DictReader(file.read_text("utf-8-sig").splitlines()))[-1]["note"] == "no"
    assert not (tmp_path / decisions.FILE).exists()


def test_a_link_stays_one_and_its_file_gets_the_decisions(tmp_path: Path) -> None:
    kept, link = tmp_path / "kept.jsonl", tmp_path / "mine.jsonl"
    kept.touch()
    link.symlink_to(kept)
    append(corpus.recipe(decisions=str(link)), tmp_path, [said("a", "accept")])
    assert link.is_symlink() and len(kept.read_text().splitlines()) == 1


def test_what_a_table_cannot_say_is_refused(tmp_path: Path) -> None:
    mill = corpus.recipe(decisions=str(tmp_path / "mine.csv"))
    with pytest.raises(RecipeError, match=r"mine\.csv: a: CSV cannot say"):
        append(mill, tmp_path, [said("a", "edit", input="")])


def test_in_a_store_each_call_adds_an_object(bucket: str) -> None:
    data = filesystem.resolve(f"{bucket}/deciding")
    for kind in ("accept", "reject"):
        append(MILL, data, [said("a", kind), said("b", kind)])
    append(MILL, data, [said("b", "undo")])
    assert counted(data) == [("a", "reject", "Kim"), ("b", "accept", "Kim")]
    assert verify.verify(data).files == 3


def test_values_are_json_of_one_line(tmp_path: Path) -> None:
    append(MILL, tmp_path, [said("a", "edit", output="one\u2028two\nthree")])
    (line,) = (tmp_path / decisions.FILE).read_text().splitlines()
    assert set(json.loads(line)) == {"record_id", "decision", "output", "who", "when", "sha256"}
