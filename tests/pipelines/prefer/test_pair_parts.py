"""The parts of choosing pairs by themselves: what is counted, what is one unit, how many wait, and in which turn."""

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipelines import finetune
from pipelines.finetune.fitting import Fitted
from pipelines.models.prompt import Example
from pipelines.prefer import pairs
from pipelines.prefer.pairs import Pair
from pipelines.recipe import PreferenceSettings
from pipelines.storage.integrity import Damaged
from tests.pipelines.conftest import write_snapshot
from tests.pipelines.prefer.pairing import pair, preferring
from tests.pipelines.storage.test_integrity import rot

WHOLE = Fitted(3, Example([1, 2, 3, 4], 1))


@pytest.mark.parametrize(
    ("turns", "is_learnt", "told"),
    [
        (0, True, {"cut": 0, "history_cut": 0, "learnt_tokens": 6}),
        (1, True, {"cut": 0, "history_cut": 1, "learnt_tokens": 6}),
        (1, False, {"cut": 0, "history_cut": 0, "learnt_tokens": 0}),
        (0, False, {"cut": 0, "history_cut": 0, "learnt_tokens": 0}),
    ],
)
def test_what_is_counted_of_a_pair(turns: int, is_learnt: bool, told: dict[str, int]) -> None:
    counts: Counter[str] = Counter()
    pairs._count(Pair(pair(1), WHOLE, WHOLE, turns), is_learnt, counts)
    assert {name: counts[name] for name in told} == told and counts["answer_tokens"] == 6
    for name in ("answer_tokens", "learnt_tokens"):
        assert counts[f"{name}:source:test"] == counts[name]


def test_a_cut_answer_counts_once_where_it_is_learnt() -> None:
    counts: Counter[str] = Counter()
    for is_learnt in (True, False):
        pairs._count(Pair(pair(1), Fitted(3, WHOLE.example, is_cut=True), WHOLE, 0), is_learnt, counts)
    assert counts["cut"] == 1


def test_a_page_is_a_unit_and_in_a_set_a_question_is() -> None:
    """A set's page is the whole file."""
    kind = "".join(("instruc", "tions"))  # as a file gives it: not the very text that the code holds
    first, same, other = (
        pair(1, source_kind=kind, page_id="set:1"),
        pair(2, source_kind=kind, page_id="set:1", instruction=f"  {pair(1)['instruction'].upper()}"),
        pair(3, source_kind=kind, page_id="set:1"),
    )
    units = [Pair(row, WHOLE, WHOLE, 0).unit for row in (first, same, other)]
    assert units[0] == units[1] != units[2] and units[0].startswith("test:")
    assert Pair(pair(1, source_kind="".join(("for", "um"))), WHOLE, WHOLE, 0).unit == "test:1"


def test_answers_of_very_different_length_are_balanced_too() -> None:
    """Eight times as long, and a hundred times: one class."""
    assert pairs.balanced(np.array([80, 10, 10, 1000], np.int32), 0).tolist() == [0, 1]
    assert pairs.balanced(np.array([80, 10, 10, 70], np.int32), 0).tolist() == []


@pytest.mark.parametrize(
    ("queues", "most", "taken"),
    [
        (["ab", "xyz"], 9, "axbyz"),
        (["ab", "xyz"], 3, "axb"),
        (["", "x"], 2, "x"),
        ([], 3, ""),
        (["ab"], 0, ""),
    ],
)
def test_one_of_each_in_turn(queues: list[str], most: int, taken: str) -> None:
    assert "".join(pairs._in_turn([iter(queue) for queue in queues], most)) == taken  # type: ignore[arg-type, misc]


def test_twice_as_many_wait_as_are_wanted_since_some_do_not_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    made = [pair(number, "validation") for number in range(13)]
    seen: list[str] = []

    def none_fits(row: dict[str, Any], *_: object) -> Pair:
        seen.append(row["pair_id"])
        return Pair(row, Fitted(3, reason="answer"), WHOLE, 0)

    monkeypatch.setattr(pairs, "rows", lambda *_: iter(made))
    monkeypatch.setattr(pairs, "fitted", none_fits)
    assert pairs.held_out(None, None, None, 3) == [] and len(seen) == 6  # type: ignore[arg-type]
    seen.clear()
    made.pop()
    assert pairs.held_out(None, None, None, 3) == [] and len(seen) == 12  # type: ignore[arg-type]


def test_nothing_is_counted_before_a_pair_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(pairs, "rows", lambda *_: iter(()))
    kept: dict[str, int] = {}
    monkeypatch.setattr(pairs.examples, "keep", lambda _, counts, __: kept.update(counts) or dict(counts))
    monkeypatch.setattr(pairs, "Stored", lambda _: type("None", (), {"learnt": np.array([], np.int32)}))
    recipe = preferring(tmp_path, "dpo").model_copy(update={"preference": PreferenceSettings(method="dpo")})
    with pytest.raises(pairs.RecipeError, match="none of the snapshot's 0 training pairs"):
        pairs.training(recipe, None, None, recipe.finetune, tmp_path / "kept")  # type: ignore[arg-type]
    assert kept == dict.fromkeys(("pairs", "cut", "history_cut", "answer_tokens", "learnt_tokens"), 0)


def test_damaged_pairs_are_not_learnt(tmp_path: Path) -> None:
    write_snapshot(tmp_path, [], [], pairs=[pair(1)])
    snapshot = finetune.latest_snapshot(preferring(tmp_path, "dpo"), tmp_path)
    assert len([*pairs.rows(snapshot, "train")]) == 1
    rot(next(snapshot.folder.glob("pairs-*.parquet")))
    with pytest.raises(Damaged):
        next(pairs.rows(snapshot, "train"))
