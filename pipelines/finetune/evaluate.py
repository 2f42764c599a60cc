"""How well a model answers what it has not been trained on: loss by task, and a few answers to read."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import zip_longest
from typing import Any

import torch

from pipelines.models.losses import losses
from pipelines.models.prompt import Example, encode_prompt, messages

SAMPLES = 3
SAMPLE_PROMPT = 192  # tokens: longer prompts cost time and read badly in a card
SAMPLE_ANSWER = 48  # tokens


@dataclass(frozen=True, slots=True)
class HeldOut:
    """A row that is not trained on, and its tokens."""

    row: Mapping[str, Any]
    example: Example


def choose(rows: Iterable[HeldOut], count: int) -> list[HeldOut]:
    """`count` rows, the tasks in turn; within a task by the hash of the record, so that neighbours do not crowd in."""
    tasks: dict[str, list[HeldOut]] = defaultdict(list)
    for held in sorted(rows, key=lambda held: sha256(held.row["record_id"].encode()).digest()):
        tasks[held.row["task"] or "other"].append(held)
    turns = zip_longest(*(tasks[task] for task in sorted(tasks)))
    return [held for turn in turns for held in turn if held is not None][:count]


def held_out_loss(model: Any, held: Sequence[HeldOut], batch_size: int) -> dict[str, Any] | None:
    """`loss`, and `by_task`: nats per answer token, each token weighing the same. None: nothing is held out."""
    if not held:
        return None
    sums: dict[str, list[float]] = defaultdict(lambda: [0.0, 0])
    by_length = sorted(held, key=lambda one: (len(one.example.ids), one.row["record_id"]))
    model.eval()
    for start in range(0, len(by_length), batch_size):
        batch = by_length[start : start + batch_size]
        for one, (loss, tokens) in zip(batch, losses(model, [one.example for one in batch]), strict=True):
            task = sums[one.row["task"] or "other"]
            task[0] += loss
            task[1] += tokens
    loss, tokens = (sum(part) for part in zip(*sums.values(), strict=True))
    by_task = {task: round(total / count, 4) for task, (total, count) in sorted(sums.items())}
    return {"loss": round(loss / tokens, 4), "by_task": by_task}


def samples(held: Sequence[HeldOut]) -> list[HeldOut]:
    """The first few whose prompt is short enough to read, of different tasks if there are; else the shortest."""
    short = [one for one in held if one.example.start <= SAMPLE_PROMPT]
    return (short or sorted(held, key=lambda one: one.example.start))[:SAMPLES]


def answers(model: Any, tokenizer: Any, held: Sequence[HeldOut]) -> list[str]:
    """Greedy answers of at most SAMPLE_ANSWER tokens."""
    if not held:
        return []
    prompts = [encode_prompt(messages(one.row, tokenizer), tokenizer) for one in held]
    longest = max(map(len, prompts))
    ids = torch.tensor([[tokenizer.pad_token_id] * (longest - len(prompt)) + prompt for prompt in prompts])
    seen = torch.tensor([[0] * (longest - len(prompt)) + [1] * len(prompt) for prompt in prompts])
    device = model.device
    model.eval()
    with torch.inference_mode():
        made = model.generate(
            input_ids=ids.to(device), attention_mask=seen.to(device), max_new_tokens=SAMPLE_ANSWER, do_sample=False
        )
    return [tokenizer.decode(row[longest:], skip_special_tokens=True).strip() for row in made]
