"""How well a model expects the answers of examples, in nats."""

from collections.abc import Sequence
from typing import Any

import torch
from torch.nn.functional import cross_entropy

from pipelines.models.prompt import Example


def precision() -> torch.dtype:
    """bfloat16 where the machine computes in it (half as long again in float32 on such CPUs), else float32."""
    if torch.cuda.is_available():
        return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float32
    return torch.bfloat16 if torch.ops.mkldnn._is_mkldnn_bf16_supported() else torch.float32


def losses(model: Any, examples: Sequence[Example]) -> list[tuple[float, int]]:
    """Per example: the sum over its answer's tokens, and how many there are."""
    longest = max(len(example.ids) for example in examples)
    ids = torch.zeros(len(examples), longest, dtype=torch.long)
    seen = torch.zeros_like(ids)
    for number, example in enumerate(examples):
        ids[number, : len(example.ids)] = torch.tensor(example.ids)
        seen[number, : len(example.ids)] = 1
    device = model.device
    with torch.inference_mode(), torch.autocast(device.type, precision(), enabled=precision() != torch.float32):
        logits = model(input_ids=ids.to(device), attention_mask=seen.to(device), use_cache=False).logits
    sums = []
    for number, example in enumerate(examples):
        answer = torch.tensor(example.ids[example.start :], device=device)
        scores = logits[number, example.start - 1 : len(example.ids) - 1].float()
        sums.append((float(cross_entropy(scores, answer, reduction="sum")), len(answer)))
    return sums
