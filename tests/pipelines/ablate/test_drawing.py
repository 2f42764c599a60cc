"""Arms have the same number of tokens and of steps, whatever their records are like."""

from itertools import cycle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipelines.ablate import drawing
from pipelines.finetune.batches import StepBatches
from pipelines.models import base
from pipelines.models.prompt import Example
from pipelines.recipe import RecipeError
from tests.pipelines.conftest import recipe, rows


@pytest.fixture(scope="module")
def tokenizer(chat_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    return base.load_with_special_tokens(recipe(chat_model).finetune, tmp_path_factory.mktemp("data"))[1]


def drawn(tokenizer: Any, chat_model: Path, tokens: int, **changed: Any) -> drawing.Drawn:
    records = {str(row["record_id"]): row | changed for row in rows(30, "train")}
    settings = recipe(chat_model).finetune.model_copy(update={"max_length": 64})
    return drawing.draw(cycle(records), lambda ids: [records[name] for name in ids], tokenizer, settings, tokens)


@pytest.mark.parametrize("tokens", [100, 257, 1_000, 5_000])
def test_every_token_is_used(tokenizer: Any, chat_model: Path, tokens: int) -> None:
    found = drawn(tokenizer, chat_model, tokens)
    assert found.tokens == sum(len(one.ids) for one in found.examples)
    assert tokens - 1 <= found.tokens <= tokens
    assert all(0 < one.answer_start < len(one.ids) <= 64 for one in found.examples)
    assert found.records == min(len(found.examples), 30)
    assert 0 < found.answers < found.tokens


def test_what_is_left_over_is_filled_with_a_part() -> None:
    example = Example(list(range(40)), 30)
    assert drawing._cut(example, 99) == example
    assert drawing._cut(example, 35) == Example(list(range(35)), 30)
    assert drawing._cut(example, 8) == Example(list(range(26, 34)), 4)
    assert drawing._cut(example, 2) == Example([29, 30], 1)


def test_where_nothing_fits_there_is_an_end(tokenizer: Any, chat_model: Path) -> None:
    with pytest.raises(RecipeError, match="--tokens 64: no record of an arm fits"):
        drawn(tokenizer, chat_model, 500, instruction="why " * 200)


@pytest.mark.parametrize("seed", range(5))
def test_steps_are_as_many_as_asked_and_about_alike(seed: int) -> None:
    lengths = np.random.default_rng(seed).integers(4, 100, size=300).astype(np.int32)
    steps = int(lengths.sum()) // 100
    batches = StepBatches(lengths, steps, seed)
    made = list(batches)
    assert len(made) == len(batches) == steps and all(made)
    assert sorted(number for batch in made for number in batch) == list(range(300))
    assert max(lengths[batch].sum() for batch in made) <= 2 * batches.tokens
    assert made == list(StepBatches(lengths, steps, seed)) and made != list(StepBatches(lengths, steps, seed + 1))


def test_a_step_has_an_example_even_where_some_are_as_long_as_a_step() -> None:
    made = list(StepBatches(np.array([100, 100, 100, 1, 1, 1], np.int32), 4, 1))
    assert len(made) == 4 and all(made)
