"""How well a model answers the rows of a set: loss by task, and a few answers to read."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import zip_longest
from typing import Any

import torch

from pipelines.models.losses import answer_losses
from pipelines.models.prompt import Example, encode_question

SAMPLES = 3
SAMPLE_PROMPT = 192  # tokens: longer prompts cost time and are hard to read in a card
SAMPLE_ANSWER = 48  # tokens


@dataclass(frozen=True, slots=True)
class EncodedRow:
    """A published row and its tokens."""

    row: Mapping[str, Any]
    example: Example


@dataclass(frozen=True, slots=True)
class EvaluationSet:
    """Rows to evaluate with. `held_out`: they are not trained on. Where nothing is held out, they are training rows."""

    rows: list[EncodedRow]
    held_out: bool

    def samples(self) -> list[EncodedRow]:
        """A few held-out rows for the card: the first whose prompt is short enough to read; when there is none, those
        with the shortest prompts.
        """
        if not self.held_out:
            return []
        short = [encoded for encoded in self.rows if encoded.example.answer_start <= SAMPLE_PROMPT]
        return (short or sorted(self.rows, key=lambda encoded: encoded.example.answer_start))[:SAMPLES]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What `evaluate` found: the loss as `mean_loss` returns it, and the answers to the samples."""

    loss: dict[str, Any]
    answers: list[str]


def evaluate(model: Any, tokenizer: Any, evaluated: EvaluationSet, batch_size: int) -> Evaluation:
    """Measure the loss of `model` on the rows, and let it answer the samples."""
    loss = mean_loss(model, evaluated.rows, batch_size)
    return Evaluation(loss, answers(model, tokenizer, evaluated.samples()))


def choose(rows: Iterable[EncodedRow], count: int) -> list[EncodedRow]:
    """At most `count` rows, one of each task in turn. Within a task the hash of the record's id decides, so that
    records of one page are spread.
    """
    tasks: dict[str, list[EncodedRow]] = defaultdict(list)
    for encoded in sorted(rows, key=lambda encoded: sha256(encoded.row["record_id"].encode()).digest()):
        tasks[encoded.row["task"] or "other"].append(encoded)
    rounds = zip_longest(*(tasks[task] for task in sorted(tasks)))
    return [encoded for one_of_each in rounds for encoded in one_of_each if encoded is not None][:count]


def mean_loss(model: Any, rows: Sequence[EncodedRow], batch_size: int) -> dict[str, Any]:
    """`loss`, and `by_task`: nats per answer token, rounded to 4 places; every token counts the same. There must be at
    least one row.
    """
    sums: dict[str, list[float]] = defaultdict(lambda: [0.0, 0])
    by_length = sorted(rows, key=lambda encoded: (len(encoded.example.ids), encoded.row["record_id"]))
    model.eval()
    for start in range(0, len(by_length), batch_size):
        batch = by_length[start : start + batch_size]
        losses = answer_losses(model, [encoded.example for encoded in batch])
        for encoded, (loss, tokens) in zip(batch, losses, strict=True):
            task = sums[encoded.row["task"] or "other"]
            task[0] += loss
            task[1] += tokens
    loss, tokens = (sum(column) for column in zip(*sums.values(), strict=True))
    by_task = {task: round(total / count, 4) for task, (total, count) in sorted(sums.items())}
    return {"loss": round(loss / tokens, 4), "by_task": by_task}


def answers(model: Any, tokenizer: Any, rows: Sequence[EncodedRow]) -> list[str]:
    """One answer for each row, decoded greedily, at most SAMPLE_ANSWER tokens long."""
    if not rows:
        return []
    prompts = [encode_question(encoded.row, tokenizer) for encoded in rows]
    longest = max(map(len, prompts))
    ids = torch.tensor([[tokenizer.pad_token_id] * (longest - len(prompt)) + prompt for prompt in prompts])
    attention_mask = torch.tensor([[0] * (longest - len(prompt)) + [1] * len(prompt) for prompt in prompts])
    device = model.device
    model.eval()
    with torch.inference_mode():
        generated = model.generate(
            input_ids=ids.to(device),
            attention_mask=attention_mask.to(device),
            max_new_tokens=SAMPLE_ANSWER,
            do_sample=False,
        )
    return [tokenizer.decode(ids[longest:], skip_special_tokens=True).strip() for ids in generated]
