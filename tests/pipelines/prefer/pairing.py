"""Pairs from which a tiny model can learn: whatever their lengths, people chose the answers that begin alike."""

from pathlib import Path
from typing import Any

from pipelines import storage
from pipelines.recipe import Recipe
from schemas.verdict import PUBLISHED_PAIR
from tests.pipelines.conftest import FACTS, recipe, rows, write_snapshot

GOOD, BAD = "First", "At last"
QUICK = {"max_steps": 12, "learning_rate": 3e-3}


def pair(number: int, split: str = "train", **changed: Any) -> dict[str, Any]:
    """A pair of a thread of its own; the chosen answer is the longer one of every second."""
    blank = {name: None for name in PUBLISHED_PAIR.names}
    fact = FACTS[number % len(FACTS)]
    more = f", and {fact} again, {number} times"
    texts = {
        "instruction": f"How do I {fact} {number}?",
        "input": "",
        "chosen": f"{GOOD} {fact}{more if number % 2 else ''}.",
        "rejected": f"{BAD} {fact}{'' if number % 2 else more}.",
    }
    about = {"pair_id": f"test:{number}#a1~a2", "page_id": f"test:{number}", "source": "test", "source_kind": "forum"}
    scores = {"chosen_score": 3, "rejected_score": 1, "licence": "CC-BY-4.0", "split": split}
    texts |= dict.fromkeys(("system", "tools", "reasoning", "rejected_reasoning"), "")
    return blank | texts | about | scores | {"history": []} | changed


def paired(data: Path, count: int = 24, held_out: int = 12, **changed: Any) -> Path:
    """A data folder with a snapshot of so many pairs."""
    made = [pair(number, **changed) for number in range(count)]
    made += [pair(number, "validation") for number in range(100, 100 + held_out)]
    write_snapshot(data, rows(12, "train"), rows(6, "validation", 100), pairs=made)
    return data


def preferring(model: Path, method: str, finetune: dict[str, Any] | None = None, **wanted: Any) -> Recipe:
    """A recipe that asks for a method."""
    chosen = recipe(model, **finetune or {}).model_dump(exclude={"preference"})
    return Recipe.model_validate(chosen | {"preference": {"method": method} | QUICK | wanted})


def folder_of(data: Path, method: str) -> Path:
    """The latest model of a method."""
    return storage.latest(data / "6_models" / f"tiny.{method}").resolve()
