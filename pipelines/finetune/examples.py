"""Published rows → tokens to train on and to evaluate with.

A row longer than `max_length` is left out and counted: cut short, it would teach answers without an end.
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from pipelines.finetune.evaluate import EncodedRow, choose
from pipelines.models.prompt import Example, PromptError, encode
from pipelines.recipe import FinetuneSettings, RecipeError
from pipelines.workers.progress import track

Row = Mapping[str, Any]
QUESTIONS = 20
QUESTION_TOKENS = 192  # a longer prompt is hard to read in a card, and costs time


def training(rows: Iterable[Row], tokenizer: Any, settings: FinetuneSettings) -> tuple[list[Example], dict[str, int]]:
    """The examples to train on, in the snapshot's order, and counts.

    The counts are rows (`trained`, `too_long`, `refused` by the chat template) and `answer_tokens`.

    Raises: RecipeError when no row can be trained on.
    """
    examples, counts = [], {"trained": 0, "too_long": 0, "refused": 0, "answer_tokens": 0}
    for _, example in _encoded(track(rows, "finetune: tokenise"), tokenizer):
        outcome = "refused" if example is None else "trained" if _fits(example, settings) else "too_long"
        counts[outcome] += 1
        if example and outcome == "trained":
            examples.append(example)
            counts["answer_tokens"] += len(example.ids) - example.answer_start
    if not examples:
        raise RecipeError(
            "finetune.max_length: none of the snapshot's {rows} training rows can be trained on ({too_long} "
            "are longer than {max_length} tokens); raise it, or collect more",
            rows=sum(counts.values()),
            too_long=counts["too_long"],
            max_length=settings.max_length,
        )
    return examples, counts


def held_out(rows: Iterable[Row], tokenizer: Any, settings: FinetuneSettings) -> list[EncodedRow]:
    """At most `eval_records` of these rows, the same ones on every call, each task and language in turn."""
    return choose(_fitting(rows, tokenizer, settings), settings.eval_records, lambda one: (one.task, one.language))


def questions(rows: Iterable[Row], tokenizer: Any, settings: FinetuneSettings) -> list[EncodedRow]:
    """At most QUESTIONS of these rows to be answered and read, the same ones on every call, each language in turn.

    Those that are a question alone and short enough to read come first.
    """
    encoded = (EncodedRow(row, example) for row, example in _encoded(rows, tokenizer) if example)
    asked = (one for one in encoded if one.example.answer_start <= settings.max_length)
    return choose(asked, QUESTIONS, lambda one: (one.language,), _hard_to_read)


def _hard_to_read(one: EncodedRow) -> int:
    """Tokens of the prompt beyond what reads well; all of them where there is more to it than the question."""
    more = one.row["history"] or one.row["system"] or one.row["tools"]
    return max(0, one.example.answer_start - (0 if more else QUESTION_TOKENS))


def first(rows: Iterable[Row], tokenizer: Any, settings: FinetuneSettings) -> list[EncodedRow]:
    """The first `eval_records` rows that can be trained on."""
    return list(islice(_fitting(rows, tokenizer, settings), settings.eval_records))


def _fitting(rows: Iterable[Row], tokenizer: Any, settings: FinetuneSettings) -> Iterator[EncodedRow]:
    encoded = _encoded(rows, tokenizer)
    return (EncodedRow(row, example) for row, example in encoded if example and _fits(example, settings))


def _encoded(rows: Iterable[Row], tokenizer: Any) -> Iterator[tuple[Row, Example | None]]:
    """Each row with its tokens; None where the chat template refuses it."""
    for row in rows:
        try:
            yield row, encode(row, tokenizer)
        except PromptError:
            yield row, None


def _fits(example: Example, settings: FinetuneSettings) -> bool:
    return len(example.ids) <= settings.max_length
