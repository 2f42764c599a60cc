"""Published rows → tokens to train on and to measure with.

A row longer than `max_length` is left out and counted: cut short, it would teach answers without an end.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pipelines.finetune.evaluate import HeldOut, choose
from pipelines.models.prompt import Example, PromptError, encode
from pipelines.recipe import FinetuneSettings, RecipeError
from pipelines.workers.progress import track

Row = Mapping[str, Any]


def training(rows: Iterable[Row], tokenizer: Any, settings: FinetuneSettings) -> tuple[list[Example], dict[str, int]]:
    """Examples in the snapshot's order, and how many rows were trained on, too long, or refused by the template."""
    examples, counts = [], {"trained": 0, "too_long": 0, "refused": 0, "answer_tokens": 0}
    for _, example in _encoded(track(rows, "finetune: tokenise"), tokenizer):
        fate = "refused" if example is None else "trained" if _fits(example, settings) else "too_long"
        counts[fate] += 1
        if example and fate == "trained":
            examples.append(example)
            counts["answer_tokens"] += len(example.ids) - example.start
    if not examples:
        raise RecipeError(
            f"finetune.max_length: none of the snapshot's {sum(counts.values())} training rows can be trained on "
            f"({counts['too_long']} are longer than {settings.max_length} tokens); raise it, or collect more"
        )
    return examples, counts


def held_out(rows: Iterable[Row], tokenizer: Any, settings: FinetuneSettings) -> list[HeldOut]:
    """At most `eval_records` rows of the validation split, always the same ones."""
    fitting = (HeldOut(row, example) for row, example in _encoded(rows, tokenizer) if example)
    return choose((held for held in fitting if _fits(held.example, settings)), settings.eval_records)


def _encoded(rows: Iterable[Row], tokenizer: Any) -> Iterator[tuple[Row, Example | None]]:
    for row in rows:
        try:
            yield row, encode(row, tokenizer)
        except PromptError:
            yield row, None


def _fits(example: Example, settings: FinetuneSettings) -> bool:
    return len(example.ids) <= settings.max_length
