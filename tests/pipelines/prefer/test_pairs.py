"""Which of a snapshot's pairs are learnt, and why the others are not."""

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines import finetune
from pipelines.models import base
from pipelines.prefer import pairs
from pipelines.recipe import RecipeError
from tests.pipelines.conftest import write_snapshot
from tests.pipelines.prefer.pairing import pair, preferring
from tests.pipelines.turns import said

Row = dict[str, Any]


def chosen(data: Path, model: Path, made: list[Row], **wanted: Any) -> tuple[Any, Any, dict[str, int]]:
    """What is learnt of these pairs: the stored answers, the numbers of the pairs, the counts."""
    settings = wanted.pop("finetune", {})
    write_snapshot(data, [], [], pairs=made)
    recipe = preferring(model, "dpo", settings, **wanted)
    tokenizer = base.load_with_special_tokens(recipe.finetune, data)[1]
    snapshot = finetune.latest_snapshot(recipe, data)
    return pairs.training(recipe, snapshot, tokenizer, recipe.finetune, data / "kept")


def test_chosen_and_rejected_answers_stand_in_turn_behind_one_prompt(tmp_path: Path, chat_model: Path) -> None:
    stored, numbers, counts = chosen(tmp_path, chat_model, [pair(number) for number in range(6)])
    assert counts["pairs"] == counts["trained"] == len(numbers) == 6
    assert len(stored.lengths) == 12
    for number in numbers:
        (good, (start, end)), (bad, (other, _)) = stored.tokens(2 * number), stored.tokens(2 * number + 1)
        assert good[:start] == bad[:other] and good[start:] != bad[other:] and end == len(good)
    assert [end - start for number in range(12) for start, end in [stored.tokens(number)[1]]] == stored.learnt.tolist()


@pytest.mark.parametrize(
    ("reason", "made", "wanted"),
    [
        ("gap", [pair(1), pair(2, chosen_score=1, rejected_score=0)], {"gap": 2}),
        ("question", [pair(1), pair(1, pair_id="test:1#a1~a3", rejected="Other.")], {"per_question": 1}),
        ("held_out", [pair(1), pair(2), pair(3, "test", instruction=pair(2)["instruction"].upper())], {}),
        ("held_out", [pair(1), pair(2), pair(3, "validation", page_id="test:2")], {}),
        ("prompt", [pair(1), pair(2, instruction="why " * 200)], {}),
        ("equal", [pair(1), pair(2, chosen="One word. " * 80, rejected="One word. " * 70)], {}),
        ("longer", [pair(1), pair(2, chosen="One word. " * 80)], {"finetune": {"longer": "drop"}}),
    ],
)
def test_what_is_left_out_is_counted_with_the_reason(
    reason: str, made: list[Row], wanted: Row, tmp_path: Path, chat_model: Path
) -> None:
    _, numbers, counts = chosen(tmp_path, chat_model, made, balance=False, **wanted)
    assert len(numbers) == 1
    assert counts[f"left_out:{reason}"] == 1
    left_out = sum(count for name, count in counts.items() if name.startswith("left_out:"))
    assert counts["pairs"] == counts["trained"] + left_out


def test_of_one_question_the_pairs_of_the_largest_gap_are_learnt(tmp_path: Path, chat_model: Path) -> None:
    made = [pair(1, pair_id=f"test:1#a1~a{gap}", rejected=f"Gap {gap}.", rejected_score=3 - gap) for gap in (1, 2, 3)]
    stored, numbers, _ = chosen(tmp_path, chat_model, made, balance=False, per_question=2)
    tokenizer = base.load(str(chat_model), tmp_path)[1]
    said_there = [tokenizer.decode(stored.tokens(2 * number + 1)[0]) for number in numbers]
    assert ["Gap 3." in said_there[0], "Gap 2." in said_there[1]] == [True, True]


def test_a_questions_file_is_no_page_of_one_question(tmp_path: Path, chat_model: Path) -> None:
    """A set has all its rows on one page: what is held out of it holds nothing else out."""
    of_set = {"source_kind": "instructions", "page_id": "set:1"}
    made = [pair(number, **of_set) for number in range(4)] + [pair(9, "validation", **of_set)]
    _, numbers, counts = chosen(tmp_path, chat_model, made)
    assert len(numbers) == 4 and "left_out:held_out" not in counts


def test_where_length_alone_tells_the_answers_apart_the_error_says_so(tmp_path: Path, chat_model: Path) -> None:
    with pytest.raises(RecipeError, match=r"balance: 2\).* preference\.balance to false"):
        chosen(tmp_path, chat_model, [pair(1), pair(3)])


def test_long_answers_are_cut_and_the_share_of_tokens_is_told(tmp_path: Path, chat_model: Path) -> None:
    made = [pair(1), pair(2, chosen="One more word. " * 60, source="other")]
    _, numbers, counts = chosen(tmp_path, chat_model, made, balance=False)
    assert len(numbers) == 2 and counts["cut"] == 1
    assert counts["learnt_tokens:source:test"] == counts["answer_tokens:source:test"]
    assert 0 < counts["learnt_tokens:source:other"] < counts["answer_tokens:source:other"]


def test_both_answers_lose_the_same_turns(tmp_path: Path, chat_model: Path) -> None:
    """The longer one would lose turns alone, and its answer stand behind another prompt."""
    history = said(*[f"And how do I {number}?" if number % 2 == 0 else "So." * 6 for number in range(6)])
    made = [pair(1, history=history, chosen="A word and one more. " * 3, rejected="No.")]
    stored, _, counts = chosen(tmp_path, chat_model, made, balance=False)
    (good, (start, _)), (bad, (other, _)) = stored.tokens(0), stored.tokens(1)
    assert counts["history_cut"] == 1
    assert good[:start] == bad[:other]


@pytest.mark.parametrize("balance", [True, False])
def test_longer_is_not_what_is_learnt(balance: bool, tmp_path: Path, chat_model: Path) -> None:
    """Of twenty pairs fifteen chosen answers are the longer ones: as often as five are learnt."""
    made = [pair(2 * number + (number < 15)) for number in range(20)]
    stored, numbers, counts = chosen(tmp_path, chat_model, made, balance=balance)
    longer = Counter(np.sign(stored.learnt[::2] - stored.learnt[1::2])[numbers].tolist())
    assert longer == ({1: 5, -1: 5} if balance else {1: 15, -1: 5})
    assert counts["left_out:balance"] == 20 - counts["trained"] == (10 if balance else 0)


@given(st.lists(st.tuples(st.integers(1, 500), st.integers(1, 500)), max_size=60), st.integers(0, 5))
def test_balanced_by_each_difference_of_lengths(lengths: list[tuple[int, int]], seed: int) -> None:
    learnt = np.array([tokens for both in lengths for tokens in both], np.int32)
    kept = pairs.balanced(learnt, seed)
    assert sorted(set(kept.tolist())) == kept.tolist()
    sides = Counter[tuple[int, int]]()
    for number in kept:
        good, bad = lengths[number]
        doublings = min(pairs.MOST_DOUBLINGS, int(abs(np.log2(good / bad))))
        sides[doublings, int(np.sign(good - bad))] += 1
    assert all(sides[each, 1] == sides[each, -1] for each in range(pairs.MOST_DOUBLINGS + 1))
    assert {number for number, (good, bad) in enumerate(lengths) if good == bad} <= set(kept.tolist())
    assert pairs.balanced(learnt, seed).tolist() == kept.tolist()


def test_where_no_pair_is_left_the_error_says_why(tmp_path: Path, chat_model: Path) -> None:
    with pytest.raises(RecipeError, match=r"tiny: none of the snapshot's 1 training pairs .*gap: 1.*preference\.gap"):
        chosen(tmp_path, chat_model, [pair(1)], gap=5)


def test_held_out_pairs_are_taken_of_each_source_in_turn(tmp_path: Path, chat_model: Path) -> None:
    made = [pair(number, "validation", source="many") for number in range(10)]
    made += [pair(number, "validation", source="few") for number in range(20, 22)]
    made += [pair(number, "test", source="few") for number in range(30, 32)]  # which only `evaluate` reads
    write_snapshot(tmp_path, [], [], pairs=[pair(50), *made])
    recipe = preferring(chat_model, "dpo")
    tokenizer = base.load_with_special_tokens(recipe.finetune, tmp_path)[1]
    snapshot = finetune.latest_snapshot(recipe, tmp_path)
    found = [pairs.held_out(snapshot, tokenizer, recipe.finetune, 6) for _ in range(2)]
    assert Counter(one.row["source"] for one in found[0]) == {"many": 4, "few": 2}
    assert [one.row["pair_id"] for one in found[0]] == [one.row["pair_id"] for one in found[1]]
