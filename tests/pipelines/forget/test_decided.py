"""Of what people decided and voted: which lines go with what is forgotten, and which tables are only told of."""

from pathlib import Path
from typing import Any

import pytest

from pipelines.curate import decisions, votes
from pipelines.forget import decided
from pipelines.forget.erase import ErasureTargets
from pipelines.storage import exported, logs
from pipelines.suppression import Tombstones
from schemas.seal import seal_values

GONE, STAYS = "forum:q1#a1", "forum:q2#a2"
SEALED = {name: seal_values({"record_id": name, "decision": "edit", "output": "x"}) for name in (GONE, STAYS)}
DAMAGED = SEALED[STAYS].replace("edit", "edot")
OWN = ['{"record_id": "forum:q1#a1", "decision": "accept"}', '{"record_id": "forum:q3#a3"}', "not JSON", ""]


def targets(*ids: str) -> ErasureTargets:
    return ErasureTargets(Tombstones("salt"), frozenset(), frozenset(ids))


def vote(conversation: str, questions: int) -> dict[str, Any]:
    turns = [{"role": role, "content": "?"} for _ in range(questions) for role in ("user", "assistant")][:-1]
    about = {"recipe": "mill", "conversation": conversation * 16, "messages": turns, "chosen": "a", "rejected": "b"}
    models = {"chosen_model": "v1", "rejected_model": "base", "licence": "CC0-1.0"}
    return about | models | {"side": "left", "seed": 1, "who": "Kim", "when": "2026-12-01T00:00:00+00:00"}


def named(data: Path, *files: Path, what: str = exported.DECISIONS) -> None:
    for file in files:
        logs.append(data / logs.EXPORTS, {"what": what, "out": str(file)})


def test_lines_about_it_go_and_so_do_sealed_ones_that_nobody_can_read(tmp_path: Path) -> None:
    file = tmp_path / decisions.FILE
    file.write_text("\n".join([SEALED[GONE], SEALED[STAYS], DAMAGED, *OWN]))
    assert decided.count_said(tmp_path, targets(GONE)) == {"decisions": 3, "votes": 0}
    assert decided.erase_said(tmp_path, targets(GONE)) == {"decisions": 3, "votes": 0}
    assert file.read_text() == "\n".join([SEALED[STAYS], *OWN[1:]])
    assert decided.erase_said(tmp_path, targets(GONE)) == {"decisions": 0, "votes": 0}


def test_a_file_in_which_nothing_is_said_about_it_is_not_written_anew(tmp_path: Path) -> None:
    file = tmp_path / decisions.FILE
    file.write_text(SEALED[STAYS])
    before = file.stat()
    decided.erase_said(tmp_path, targets(GONE))
    assert (file.stat().st_ino, file.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_files_that_recipes_name_lose_their_lines_and_a_link_stays_one(tmp_path: Path) -> None:
    data, own, bare = tmp_path / "data", tmp_path / "own.jsonl", tmp_path / "bare"
    linked = tmp_path / "linked.jsonl"
    data.mkdir()
    own.write_text(SEALED[GONE])
    bare.write_text(SEALED[GONE])
    linked.symlink_to(own)
    table, other = tmp_path / "mine.csv", tmp_path / "other.jsonl"
    table.write_text(f"record_id,decision\n{GONE},reject\n")
    other.write_text(SEALED[GONE])
    named(data, linked, linked, bare, tmp_path / "gone.jsonl", table)
    named(data, other, what="sft")
    assert decided.count_said(data, targets(GONE)) == {"decisions": 2, "votes": 0}, "a file that is named twice is one"
    assert decided.tables_with(data, targets(GONE)) == [str(table)]
    assert decided.erase_said(data, targets(GONE)) == {"decisions": 2, "votes": 0}
    assert own.read_text() == bare.read_text() == "" and linked.is_symlink()
    assert table.read_text().endswith(f"{GONE},reject\n") and other.read_text() == SEALED[GONE]


@pytest.mark.parametrize(
    ("text", "told"),
    [(f"record_id,decision\n{STAYS},reject\n{GONE},reject\n", True), (f"record_id,decision\n{STAYS},reject\n", False),
     ("no table of decisions\nx", True), (None, False)],
)  # fmt: skip
def test_tables_of_people_are_told(text: str | None, told: bool, tmp_path: Path) -> None:
    file = tmp_path / "mine.csv"
    if text is not None:
        file.write_text(text)
    named(tmp_path, file)
    assert decided.tables_with(tmp_path, targets(GONE)) == ([str(file)] if told else [])


def test_votes_go_with_their_pair_and_by_who_cast_them(tmp_path: Path) -> None:
    cast = [vote("a", 1), vote("a", 2), vote("b", 1)]
    (tmp_path / votes.FILE).write_text("".join(f"{seal_values(one)}\n" for one in cast))
    first, second, third = (one.pair_id for one in votes.history(tmp_path))
    assert len({first, second, third}) == 3
    assert decided.votes_of(tmp_path, targets(second)) == {second}
    empty = Tombstones("salt")
    by_name = ErasureTargets(empty.with_new([empty.new_author("Kim", "")]), frozenset(), frozenset())
    assert decided.votes_of(tmp_path, by_name) == {first, second, third}
    assert decided.erase_said(tmp_path, targets(second)) == {"decisions": 0, "votes": 1}
    assert [one.pair_id for one in votes.history(tmp_path)] == [first, third]
