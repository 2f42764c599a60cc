"""The commands by which people decide."""

import json
import shutil
from pathlib import Path

import pytest

from pipelines.curate import preferences
from pipelines.curate.decisions import load_decisions
from pipelines.flows.steps import Outcome
from pipelines.recipe import Recipe
from pipelines.storage import logs
from tests.pipelines.commands import Gristmill
from tests.pipelines.curate.test_learning import drawn
from tests.pipelines.milling import recipe_file

Milled = tuple[Recipe, Path, list[Outcome]]
FIRST, SECOND = "forum:q1#a101", "forum:q2#a102"


@pytest.fixture
def mine(milled: Milled, tmp_path: Path) -> tuple[Recipe, Path]:
    """The milled data, to be written to."""
    recipe, data, _ = milled
    shutil.copytree(data, tmp_path / "data", symlinks=True)
    return recipe, tmp_path / "data"


def test_decide_writes_and_the_next_curate_obeys(
    gristmill: Gristmill, mine: tuple[Recipe, Path], tmp_path: Path
) -> None:
    recipe, data = mine
    ends = ("--who", "Ada", "--data", data)
    said = gristmill("decide", FIRST, SECOND, "--reject", "--note", "wrong", *ends)
    assert (said.code, said.out) == (0, f"reject by Ada: {FIRST}, {SECOND}\n")
    gristmill("decide", FIRST, "--undo", *ends)
    (tmp_path / "better.md").write_text("Take the branch, and give it another name.\n")
    written = json.loads(gristmill("decide", FIRST, "--edit", tmp_path / "better.md", "--json", *ends).out)
    assert written[0]["output"] == "Take the branch, and give it another name."
    counted = {one.record_id: one.decision for one in load_decisions(recipe, data)}
    assert counted == {FIRST: "edit", SECOND: "reject"}


REFUSED = {
    "no name of a record": (("forum:q1#a11", "--accept"), f"no record 'forum:q1#a11'; did you mean '{FIRST}'"),
    "nothing said": ((FIRST,), "say one of --accept"),
    "two things said": ((FIRST, "--accept", "--undo"), "say one of --accept"),
    "nobody": ((FIRST, "--accept", "--who", " "), "--who NAME"),
    "nothing to undo": ((FIRST, "--undo"), f"Ada has decided nothing about {FIRST}"),
    "no file": ((FIRST, "--edit", "nowhere.json"), "nowhere.json: cannot be read: No such file"),
    "no recipe": ((FIRST, "--accept", "--recipe", "dmeo"), "did you mean 'demo'?"),
}


@pytest.mark.parametrize(("words", "told"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_decided_is_told(
    gristmill: Gristmill, mine: tuple[Recipe, Path], words: tuple[str, ...], told: str
) -> None:
    said = gristmill("decide", "--who", "Ada", *words, "--data", mine[1])
    assert (said.code, said.out) == (2, "")
    assert told in said.err


EDITS = {
    '{"output": ""}': "only `input` may be empty",
    '{"outputs": "x"}': "must be an object with instruction, input or output",
    '{"output": 5}': "each text must be in quotes",
    "{": "not JSON",
    "[]": "must be an object",
}


@pytest.mark.parametrize(("text", "told"), EDITS.items())
def test_an_edit_that_cannot_be_read_names_the_file(
    gristmill: Gristmill, milled: Milled, tmp_path: Path, text: str, told: str
) -> None:
    file = tmp_path / "edit.json"
    file.write_text(text)
    said = gristmill("decide", FIRST, "--edit", file, "--who", "Ada", "--data", milled[1])
    assert said.code == 2
    assert f"{file}: " in said.err and told in said.err


def test_tune_shows_and_writes_nothing_without_decisions(gristmill: Gristmill, milled: Milled, tmp_path: Path) -> None:
    _, data, _ = milled
    words = ("tune", "output_too_long", "--recipe", data.parent / "small.toml", "--data", data)
    said = gristmill(*words, "--write", tmp_path / "mine.toml")
    assert said.code == 1 and not (tmp_path / "mine.toml").exists()
    assert "output_chars" in said.out and "20 of each needed" in said.out
    told = json.loads(gristmill(*words, "--json").out)
    assert (told["measure"], told["operator"], told["present"]) == ("output_chars", ">", 40000)
    assert "did you mean 'output_too_long'" in gristmill("tune", "output_to_long", *words[2:]).err


def test_a_queue_goes_out_and_answers_come_in(gristmill: Gristmill, mine: tuple[Recipe, Path], tmp_path: Path) -> None:
    recipe, data = mine
    file = recipe_file(tmp_path, **{one.name: one.path for one in recipe.sources})
    words = ("--recipe", file, "--data", data)
    said = gristmill("review", "export", tmp_path / "out", "--limit", 3, *words)
    gone = gristmill("forget", "--record", FIRST, "--dry-run", "--json", "--data", data)
    assert json.loads(gone.out)["exports"][0].startswith(f"{tmp_path / 'out'} (label-studio of small v1, ")
    assert (said.code, said.out) == (0, f"{tmp_path / 'out'}: 3 tasks\n")
    tasks = json.loads((tmp_path / "out" / "tasks.json").read_text())
    choice = {"from_name": "decision", "value": {"choices": ["reject"]}}
    answers = [task | {"annotations": [{"completed_by": 4, "result": [choice], "updated_at": "t"}]} for task in tasks]
    (tmp_path / "answers.json").write_text(json.dumps([*answers[:2], tasks[2] | {"annotations": []}]))
    taken = ("review", "import", tmp_path / "answers.json", "--who", "4=Kim", *words)
    assert gristmill(*taken).out == "2 decisions, 0 known already, 1 tasks without an answer\n"
    assert gristmill(*taken).out == "0 decisions, 2 known already, 1 tasks without an answer\n"
    assert {one.who for one in load_decisions(recipe, data)} == {"Kim"}


def test_learn_refuses_too_little_and_what_is_no_name(gristmill: Gristmill, mine: tuple[Recipe, Path]) -> None:
    few = gristmill("learn", "quality", "--from", "votes,decisions", "--data", mine[1])
    assert few.code == 1 and "pairs of a better and a worse record, 100 needed" in few.err
    assert not logs.read(mine[1] / logs.EXPORTS)
    wrong = gristmill("learn", "My Quality", "--from", "votes", "--data", mine[1])
    assert wrong.code == 2 and "not a signal's name" in wrong.err


def test_a_head_elsewhere_is_noted_and_found_by_forget(
    gristmill: Gristmill, mine: tuple[Recipe, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of what it was learnt from, and not of anything else; once it has been moved it may be of anything."""
    pairs = drawn(1)
    pairs.ids[:] = FIRST
    monkeypatch.setattr(preferences, "gather", lambda *_: pairs)
    said = gristmill("learn", "quality", "--from", "votes", "--out", tmp_path / "head", "--data", mine[1])
    assert said.code == 0 and "better than chance" in said.out
    assert [entry["out"] for entry in logs.read(mine[1] / logs.EXPORTS)] == [str(tmp_path / "head")]
    assert gristmill("learn", "own", "--from", "votes", "--data", mine[1]).code == 0
    asked = ("forget", "--json", "--dry-run", "--data", mine[1], "--record")
    both = [str(tmp_path / "head"), "6_models/.heads/own"]
    assert json.loads(gristmill(*asked, FIRST).out)["models"] == both
    assert json.loads(gristmill(*asked, SECOND).out)["models"] == []
    (tmp_path / "head").rename(tmp_path / "moved")
    assert json.loads(gristmill(*asked, SECOND).out)["models"] == both[:1]
