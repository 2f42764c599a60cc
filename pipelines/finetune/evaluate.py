"""How well a model answers rows: the loss of each, and answers to questions for people to read."""

import bisect
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from itertools import zip_longest
from typing import Any

from pipelines.models.batches import by_length
from pipelines.models.generation import greedy
from pipelines.models.losses import all_answer_losses
from pipelines.models.prompt import Example
from pipelines.workers.progress import track

ANSWER_TOKENS = 40  # of an answer to read: more would cost more, and say no more
PROMPT_TOKENS = 4_096  # of the prompts answered at once: each token costs a reading of all weights, for one or for many
CUT = " …"  # behind an answer that was not at its end


@dataclass(frozen=True, slots=True)
class EncodedRow:
    """A published row and its tokens. `is_cut`: they are not all of its answer."""

    row: Mapping[str, Any]
    example: Example
    is_cut: bool = False

    @property
    def language(self) -> str:
        """The language that the row is published under; "" where it has none, as code."""
        known: str = self.row["language"] or ""
        return "" if known == "und" else known

    @property
    def task(self) -> str:
        """The task that the row is published under."""
        return self.row["task"] or "other"


@dataclass(frozen=True, slots=True)
class EvaluationSet:
    """Rows whose loss is measured, and rows whose questions are answered.

    `held_out`: the rows are not trained on. Where nothing is held out, they are training rows, and nothing is asked.
    """

    rows: list[EncodedRow]
    questions: list[EncodedRow]
    held_out: bool


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What `evaluate` found.

    `losses` has, for each row, the sum over its answer's tokens in nats and their number; `answers` is one text for
    each question.
    """

    losses: list[tuple[float, int]]
    answers: list[str]


def evaluate(model: Any, tokenizer: Any, evaluated: EvaluationSet, batch_tokens: int, what: str) -> Evaluation:
    """Measure the loss of `model` on the rows, and let it answer the questions. `what` names the model."""
    losses = row_losses(model, evaluated.rows, batch_tokens, f"finetune: losses {what}")
    return Evaluation(losses, answers(model, tokenizer, evaluated.questions, f"finetune: answers {what}"))


def choose(
    rows: Iterable[EncodedRow],
    count: int,
    kind: Callable[[EncodedRow], tuple[str, ...]],
    later: Callable[[EncodedRow], int] = lambda _: 0,
) -> list[EncodedRow]:
    """At most `count` rows, one of each kind in turn, those without a name last; of a kind `count` are held in memory.

    Within a kind those with the smallest `later` come first, and then the hash of the record's id decides, so that
    records of one page are spread.
    """

    def order(one: EncodedRow) -> tuple[int, bytes]:
        return later(one), sha256(one.row["record_id"].encode()).digest()

    kinds: dict[tuple[str, ...], list[EncodedRow]] = defaultdict(list)
    for one in rows:
        first = kinds[kind(one)]
        bisect.insort(first, one, key=order)
        del first[count:]
    rounds = zip_longest(*(kinds[names] for names in sorted(kinds, key=lambda names: ("" in names, names))))
    return [one for one_of_each in rounds for one in one_of_each if one is not None][:count]


def row_losses(model: Any, rows: Sequence[EncodedRow], batch_tokens: int, what: str) -> list[tuple[float, int]]:
    """For each row the sum of the losses of its answer's tokens, in nats, and the number of these tokens."""
    return all_answer_losses(model, [one.example for one in rows], batch_tokens, partial(_shown, what))


def mean_loss(model: Any, rows: Sequence[EncodedRow], batch_tokens: int) -> float:
    """Nats per answer token over the rows."""
    nats, tokens = (
        sum(column) for column in zip(*row_losses(model, rows, batch_tokens, "finetune: losses"), strict=True)
    )
    return float(nats / tokens)


def answers(model: Any, tokenizer: Any, rows: Sequence[EncodedRow], what: str) -> list[str]:
    """One answer for each row, decoded greedily, at most ANSWER_TOKENS long; one that is cut there ends with CUT."""
    prompts = [one.example.ids[: one.example.answer_start] for one in rows]
    said = [""] * len(rows)
    for batch in _shown(what, list(by_length([len(prompt) for prompt in prompts], PROMPT_TOKENS))):
        generated = greedy(model, tokenizer, [prompts[i] for i in batch], ANSWER_TOKENS)
        for i, (text, is_cut) in zip(batch, generated, strict=True):
            said[i] = text + CUT if is_cut else text
    return said


def _shown(what: str, batches: list[list[int]]) -> Iterator[list[int]]:
    return track(batches, what, len(batches))
