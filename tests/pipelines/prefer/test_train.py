"""What TRL's trainers are given, and in which order."""

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipelines.finetune import stored
from pipelines.finetune.stored import Stored
from pipelines.models.prompt import Example
from pipelines.prefer import rloo, train

PAIRS = [
    {"prompt_ids": [1, 2], "chosen_ids": [3], "rejected_ids": [4, 5]},
    {"prompt_ids": [6], "chosen_ids": [7, 8], "rejected_ids": [9]},
    {"prompt_ids": [10], "chosen_ids": [11], "rejected_ids": [12]},
]


@pytest.fixture
def kept(tmp_path: Path) -> Stored:
    examples = []
    for pair in PAIRS:
        for side in ("chosen_ids", "rejected_ids"):
            examples.append(Example([*pair["prompt_ids"], *pair[side]], len(pair["prompt_ids"])))
    stored.write(examples, tmp_path / "examples.arrow")
    return Stored(tmp_path / "examples.arrow")


def test_pairs_are_read_by_number(kept: Stored) -> None:
    pairs = train.StoredPairs(kept)
    assert pairs({"number": [2, 0]}) == {name: [PAIRS[2][name], PAIRS[0][name]] for name in PAIRS[0]}
    assert pairs.lengths(np.array([2, 0])).tolist() == [2 * 2, 2 * 4]
    assert kept.learnt.tolist() == [1, 2, 2, 1, 1, 1]


def test_a_reward_model_reads_each_answer_behind_its_prompt() -> None:
    seen: list[Any] = []
    train._Whole(lambda pairs: seen.append(pairs) or {})(PAIRS[:1])  # type: ignore[func-returns-value]
    assert seen == [[{"chosen_ids": [1, 2, 3], "rejected_ids": [1, 2, 4, 5]}]]


@pytest.mark.parametrize("count", [1, 2, 3])
def test_kto_sees_answers_to_another_question_beside_each_prompt(count: int) -> None:
    """But where a pair is a batch by itself."""
    seen: list[Any] = []
    train._Unpaired(lambda rows: seen.extend(rows) or {})(PAIRS[:count])  # type: ignore[func-returns-value]
    own = {tuple(pair["prompt_ids"]): [pair["chosen_ids"], pair["rejected_ids"]] for pair in PAIRS}
    assert [row["label"] for row in seen] == [True, False] * count
    for row in seen:
        answers = own[tuple(row["prompt_ids"])]
        assert row["completion_ids"] == answers[not row["label"]]
        assert (row["KL_completion_ids"] in answers) == (count == 1)
        assert row["KL_completion_ids"] != row["completion_ids"]
    others = Counter(tuple(row["KL_completion_ids"]) for row in seen)
    assert others == Counter(tuple(row["completion_ids"]) for row in seen)  # the same answers, for other questions


def test_questions_come_as_often_as_they_are_answered_and_anew_in_each_epoch() -> None:
    questions, same = (rloo.Questions(10, 3, 2, 17) for _ in range(2))
    first = list(questions)
    assert len(questions) == len(first) == 3
    assert all(len(batch) == 6 and batch[::2] == batch[1::2] for batch in first)
    asked = [number for batch in first for number in batch[::2]]
    assert len(set(asked)) == 9
    questions.set_epoch(1)
    assert list(questions) != first == list(same)
    same.set_epoch(1)  # as a run that goes on in the second epoch
    assert list(same) == list(questions)
    few = list(rloo.Questions(2, 3, 2, 17))
    assert len(few) == 1 and len(few[0]) == 6
