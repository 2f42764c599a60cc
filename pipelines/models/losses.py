"""Cross-entropy of answers, given what stands before them, in nats."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import torch
from torch.nn.functional import cross_entropy

from pipelines.models.batches import by_length
from pipelines.models.prompt import Example


def autocast_dtype() -> torch.dtype:
    """bfloat16 where the machine computes in it (half as long again in float32 on such CPUs), else float32."""
    if torch.cuda.is_available():
        return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float32
    return torch.bfloat16 if torch.ops.mkldnn._is_mkldnn_bf16_supported() else torch.float32


def answer_losses(model: Any, examples: Sequence[Example]) -> list[tuple[float, int]]:
    """For each example the sum of the losses of its answer's tokens, in nats, and the number of these tokens.

    The examples are one batch. Each needs a token before its answer (`answer_start` of 1 or more).
    """
    longest = max(len(example.ids) for example in examples)
    ids = torch.zeros(len(examples), longest, dtype=torch.long)
    attention_mask = torch.zeros_like(ids)
    for number, example in enumerate(examples):
        ids[number, : len(example.ids)] = torch.tensor(example.ids)
        attention_mask[number, : len(example.ids)] = 1
    device, dtype = model.device, autocast_dtype()
    with torch.inference_mode(), torch.autocast(device.type, dtype, enabled=dtype != torch.float32):
        logits = model(input_ids=ids.to(device), attention_mask=attention_mask.to(device), use_cache=False).logits
    sums = []
    for number, example in enumerate(examples):
        answer = torch.tensor(example.ids[example.answer_start :], device=device)
        predicted = logits[number, example.answer_start - 1 : len(example.ids) - 1].float()
        sums.append((float(cross_entropy(predicted, answer, reduction="sum")), len(answer)))
    return sums


def all_answer_losses(
    model: Any,
    examples: Sequence[Example],
    tokens: int,
    shown: Callable[[list[list[int]]], Iterable[list[int]]] = iter,
) -> list[tuple[float, int]]:
    """`answer_losses` of any number of examples, those of like length together. `tokens` are those of a batch.

    `shown` gives back the batches, and may show how far they are.
    """
    found = [(0.0, 0)] * len(examples)
    model.eval()
    for batch in shown(list(by_length([len(example.ids) for example in examples], tokens))):
        for number, loss in zip(batch, answer_losses(model, [examples[n] for n in batch]), strict=True):
            found[number] = loss
    return found
