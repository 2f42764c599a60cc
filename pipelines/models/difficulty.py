"""The perplexity of answers, after their questions and alone: what pipelines/signals/difficulty.py measures.

One thread, batches by length within the rows it is given, and three significant digits: the numbers depend neither on
the number of workers nor on the order in which shards are measured.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

from pipelines.models import base
from pipelines.models.prompt import Example, PromptError, encode_prompt, encode_text, messages

LONGEST = 1_024  # tokens, question and answer together; the rest of a longer answer is not looked at
BATCH_TOKENS = 1_024  # their logits take 200 MB with a vocabulary of 49,000
Row = Mapping[str, Any]


class Perplexity(NamedTuple):
    """`alone`: of the answer by itself; `ratio`: after its question, as a share of that. None where nothing is left to
    be told: an answer of one token, or a question that fills the window."""

    alone: float | None
    ratio: float | None


def fingerprint(model: str, data: Path) -> str:
    """Changes with the model's weights. Loads the model: what is missing is told before work begins."""
    base.require_train()
    _loaded(model, data)
    return sha256(base.fingerprint(model).encode()).hexdigest()


def perplexities(rows: Sequence[Row], model: str, data: Path) -> list[Perplexity]:
    """One for each of `rows`, which have instruction, input, output and history."""
    base.require_train()
    network, tokenizer = _loaded(model, data)
    answers = [encode_text(row["output"].strip(), tokenizer) for row in rows]
    examples = [_after_question(row, answer, tokenizer) for row, answer in zip(rows, answers, strict=True)]
    examples += [Example(answer[:LONGEST], 1) for answer in answers]
    means = _means(network, examples)
    return [_perplexity(*both) for both in zip(means[: len(rows)], means[len(rows) :], strict=True)]


def _perplexity(after: float | None, alone: float | None) -> Perplexity:
    """Of mean losses, in nats per token."""
    if alone is None:
        return Perplexity(None, None)
    return Perplexity(_rounded(alone), None if after is None else _rounded(after - alone))


def _rounded(loss: float) -> float:
    return float(f"{math.exp(min(loss, 80)):.3g}")


def _after_question(row: Row, answer: list[int], tokenizer: Any) -> Example:
    try:
        prompt = encode_prompt(messages(row, tokenizer), tokenizer)
    except PromptError:
        return Example([], 0)
    return Example([*prompt, *answer][:LONGEST], len(prompt))


def _means(network: Any, examples: Sequence[Example]) -> list[float | None]:
    from pipelines.models.losses import losses

    found: list[float | None] = [None] * len(examples)
    for batch in _batches(examples):
        for number, (loss, tokens) in zip(batch, losses(network, [examples[n] for n in batch]), strict=True):
            found[number] = loss / tokens
    return found


def _batches(examples: Sequence[Example]) -> Iterator[list[int]]:
    """Numbers of examples that have an answer to look at, like by like, as many as BATCH_TOKENS hold."""
    told = [n for n, example in enumerate(examples) if 0 < example.start < len(example.ids)]
    batch: list[int] = []
    for number in sorted(told, key=lambda n: (len(examples[n].ids), n)):
        if batch and (len(batch) + 1) * len(examples[number].ids) > BATCH_TOKENS:
            yield batch
            batch = []
        batch.append(number)
    if batch:
        yield batch


@cache
def _loaded(model: str, data: Path) -> tuple[Any, Any]:
    import torch

    from pipelines.models.prompt import mark, settle

    torch.set_num_threads(1)
    torch.manual_seed(0)
    network, tokenizer = base.load(model, data)
    mark(network, tokenizer)
    settle(network, tokenizer)
    return network.eval(), tokenizer
