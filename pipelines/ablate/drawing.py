"""The examples of an arm: as many tokens as every other arm has, drawn by the seed."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from pipelines.finetune.fitting import fit
from pipelines.models.prompt import Example
from pipelines.recipe import FinetuneSettings, RecipeError

TOGETHER = 64  # records that are read at a time
LEAST = 2  # tokens of an example: one that is asked, and one that is learnt
TRIES = 1_000  # records in a row that do not fit
Row = dict[str, Any]


@dataclass(frozen=True)
class Drawn:
    """The examples of an arm under one seed. `records` are the different ones among them, `answers` tokens learnt."""

    examples: list[Example]
    records: int
    tokens: int
    answers: int


def draw(
    ids: Iterator[str],
    read: Callable[[Sequence[str]], list[Row]],
    tokenizer: Any,
    settings: FinetuneSettings,
    tokens: int,
) -> Drawn:
    """Take records until they have `tokens` tokens, or one fewer; the last is cut to what is left.

    Raises: RecipeError where none fits.
    """
    examples, names, used = list[Example](), set[str](), 0
    for record, example in _fitted(ids, read, tokenizer, settings):
        examples.append(_cut(example, tokens - used))
        names.add(record)
        used += len(examples[-1].ids)
        if tokens - used < LEAST:
            break
    return Drawn(examples, len(names), used, sum(len(one.ids) - one.answer_start for one in examples))


def _cut(example: Example, room: int) -> Example:
    """At most `room` tokens of an example: its answer ends earlier, and a question that fills them begins later."""
    asked = min(example.answer_start, max(1, room // 2)) if example.answer_start >= room else example.answer_start
    return Example(example.ids[example.answer_start - asked :][:room], asked)


def _fitted(
    ids: Iterator[str], read: Callable[[Sequence[str]], list[Row]], tokenizer: Any, settings: FinetuneSettings
) -> Iterator[tuple[str, Example]]:
    """Records and their examples; at most TRIES in a row that nobody takes."""
    missed = 0
    while missed < TRIES:
        for row in read(list(islice(ids, TOGETHER))):
            example = fit(row, tokenizer, settings).example
            missed = 0 if example else missed + 1
            if example:
                yield row["record_id"], example
    raise RecipeError("--tokens {tokens}: no record of an arm fits into a step; raise it", tokens=settings.max_length)
