"""Which rows are trained on and which are left out, at the very length, with what is counted of each."""

from dataclasses import dataclass
from typing import Any

import pytest

from pipelines.finetune import examples
from pipelines.models.prompt import Example, PromptError
from pipelines.recipe import FinetuneSettings, RecipeError

SETTINGS = FinetuneSettings(model="m", max_length=16, eval_records=3)


def row(name: str, length: int, task: str = "dialogue") -> dict[str, Any]:
    """A row of so many tokens, of which three are its prompt; 0: one that the template refuses."""
    return {"record_id": name, "task": task, "language": "en", "length": length}


@dataclass
class Encoder:
    """Stands for the tokenizer and its template."""

    def __call__(self, told: dict[str, Any], tokenizer: str) -> Example:
        assert tokenizer == "tokenizer"
        if not told["length"]:
            raise PromptError("refused")
        return Example(list(range(told["length"])), 3)


@pytest.fixture(autouse=True)
def encoder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(examples, "encode", Encoder())


def test_what_fits_is_trained_on_in_order_and_all_is_counted() -> None:
    rows = [row("a", 16), row("b", 17), row("c", 0), row("d", 5)]
    made, counts = examples.training(rows, "tokenizer", SETTINGS)
    assert [len(example.ids) for example in made] == [16, 5]
    assert counts == {"trained": 2, "too_long": 1, "refused": 1, "answer_tokens": 13 + 2}


def test_where_nothing_fits_the_error_counts_and_names_the_cure() -> None:
    message = (
        r"^finetune.max_length: none of the snapshot's 3 training rows can be trained on "
        r"\(2 are longer than 16 tokens\); raise it, or collect more$"
    )
    with pytest.raises(RecipeError, match=message):
        examples.training([row("a", 17), row("b", 0), row("c", 99)], "tokenizer", SETTINGS)


def test_what_is_held_out_fits_too_is_chosen_by_name_and_no_more_than_asked_for() -> None:
    rows = [row("a", 16), row("b", 17), row("c", 0), row("d", 4), row("e", 4), row("f", 4, "other")]
    held = examples.held_out(rows, "tokenizer", SETTINGS)
    assert len(held) == 3 and {one.row["record_id"] for one in held} <= {"a", "d", "e", "f"}
    assert "f" in {one.row["record_id"] for one in held}, "every task has its turn"
    assert held == examples.held_out(rows[::-1], "tokenizer", SETTINGS)
    assert all(len(one.example.ids) == one.row["length"] for one in held)
    assert examples.held_out([], "tokenizer", SETTINGS) == []
