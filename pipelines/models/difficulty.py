"""Perplexity of answers, after their question and alone: what pipelines/signals/difficulty.py measures.

One thread, batches by length within the rows of a call, and three significant digits: the numbers depend neither on
the number of workers nor on the order in which shards are measured.
"""

import math
from collections.abc import Mapping, Sequence
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

from pipelines.models import base
from pipelines.models.batches import by_length
from pipelines.models.prompt import Example, PromptError, encode_question, encode_text

MAX_TOKENS = 1_024  # question and answer together; the rest of a longer answer is not measured
BATCH_TOKENS = 1_024  # their logits take 200 MB with a vocabulary of 49,000
MAX_LOSS = 80.0  # nats per token; exp of 88 or less still fits into a float32
Row = Mapping[str, Any]


class Perplexity(NamedTuple):
    """Perplexity of an answer. `alone` is without its question; `ratio` is that after the question divided by `alone`.

    None where no token can be predicted: an answer of one token, or a question that fills the context.
    """

    alone: float | None
    ratio: float | None


def fingerprint(model: str, data: Path) -> str:
    """A hash that changes with the weights of `model`. It loads the model, so that a missing one is reported early.

    Raises: RecipeError when the extra `train` or the model is missing.
    """
    base.require_train()
    _load(model, data)
    return sha256(base.fingerprint(model).encode()).hexdigest()


def perplexities(rows: Sequence[Row], model: str, data: Path) -> list[Perplexity]:
    """One perplexity for each row. A row has instruction, input, output, history, system and tools.

    Raises: RecipeError when the extra `train` or the model is missing.
    """
    base.require_train()
    network, tokenizer = _load(model, data)
    answers = [encode_text(row["output"].strip(), tokenizer) for row in rows]
    examples = [_after_question(row, answer, tokenizer) for row, answer in zip(rows, answers, strict=True)]
    examples += [Example(answer[:MAX_TOKENS], 1) for answer in answers]
    with base.one_thread():
        means = _mean_losses(network, examples)
    return [_perplexity(*both) for both in zip(means[: len(rows)], means[len(rows) :], strict=True)]


def _perplexity(loss_after_question: float | None, loss_alone: float | None) -> Perplexity:
    """From mean losses in nats per token."""
    if loss_alone is None:
        return Perplexity(None, None)
    ratio = None if loss_after_question is None else _rounded_exp(loss_after_question - loss_alone)
    return Perplexity(_rounded_exp(loss_alone), ratio)


def _rounded_exp(loss: float) -> float:
    return float(f"{math.exp(min(loss, MAX_LOSS)):.3g}")


def _after_question(row: Row, answer: list[int], tokenizer: Any) -> Example:
    try:
        prompt = encode_question(row, tokenizer)
    except PromptError:
        return Example([], 0)
    return Example([*prompt, *answer][:MAX_TOKENS], len(prompt))


def _mean_losses(network: Any, examples: Sequence[Example]) -> list[float | None]:
    from pipelines.models.losses import answer_losses

    means: list[float | None] = [None] * len(examples)
    measurable = [n for n, example in enumerate(examples) if 0 < example.answer_start < len(example.ids)]
    for batch in by_length([len(examples[n].ids) for n in measurable], BATCH_TOKENS):
        numbers = [measurable[position] for position in batch]
        for number, (loss, tokens) in zip(numbers, answer_losses(network, [examples[n] for n in numbers]), strict=True):
            means[number] = loss / tokens
    return means


@cache
def _load(model: str, data: Path) -> tuple[Any, Any]:
    import torch

    from pipelines.models.prompt import add_special_tokens, align_special_tokens

    torch.manual_seed(0)
    network, tokenizer = base.load(model, data)
    add_special_tokens(network, tokenizer)
    align_special_tokens(network, tokenizer)
    return network.eval(), tokenizer
