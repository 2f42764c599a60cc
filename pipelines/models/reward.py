"""Reward models: a model with one output, which scores an answer to a question. Higher is better.

The score is that of the last token (Ouyang et al. 2022, InstructGPT, section 3.5). Only differences between answers to
one question mean anything.
"""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import torch

from pipelines.models.batches import by_length
from pipelines.models.losses import autocast_dtype


def load(folder: Path) -> tuple[Any, Any]:
    """(model, tokenizer) of a folder on this machine. Raises: OSError or ValueError where transformers cannot."""
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    local: dict[str, Any] = {"local_files_only": True}
    model = AutoModelForSequenceClassification.from_pretrained(
        folder, dtype=torch.float32, use_safetensors=True, num_labels=1, **local
    )
    return model.eval(), AutoTokenizer.from_pretrained(folder, **local)


def scores(
    model: Any,
    sequences: Sequence[Sequence[int]],
    tokens: int,
    shown: Callable[[list[list[int]]], Iterable[list[int]]] = iter,
) -> list[float]:
    """The score of each sequence of token ids: question and answer. `tokens` are those of a batch with its padding.

    `shown` gives back the batches, and may show how far they are.

    Of a sequence that is longer than the model's context its end is read.
    """
    context = getattr(model.config.get_text_config(), "max_position_embeddings", None) or max(map(len, sequences))
    ends = [sequence[-context:] for sequence in sequences]
    found = [0.0] * len(ends)
    model.eval()
    for batch in shown(list(by_length([len(end) for end in ends], tokens))):
        for number, score in zip(batch, _scores(model, [ends[n] for n in batch]), strict=True):
            found[number] = score
    return found


def _scores(model: Any, sequences: Sequence[Sequence[int]]) -> list[float]:
    longest, pad = max(map(len, sequences)), model.config.get_text_config().pad_token_id
    ids = torch.tensor([[*sequence] + [pad] * (longest - len(sequence)) for sequence in sequences])
    mask = torch.tensor([[1] * len(sequence) + [0] * (longest - len(sequence)) for sequence in sequences])
    device, dtype = model.device, autocast_dtype()
    with torch.inference_mode(), torch.autocast(device.type, dtype, enabled=dtype != torch.float32):
        logits = model(input_ids=ids.to(device), attention_mask=mask.to(device), use_cache=False).logits
    return [float(score) for score in logits[:, 0].float()]
