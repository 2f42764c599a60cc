"""Answers to prompts, decoded greedily: the same model gives the same answer each time."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch


class Generated(NamedTuple):
    """What was answered, and whether it was cut before its end."""

    text: str
    is_cut: bool


def greedy(model: Any, tokenizer: Any, prompts: Sequence[Sequence[int]], tokens: int) -> list[Generated]:
    """One answer of at most `tokens` tokens to each prompt of token ids. The prompts are one batch."""
    longest = max(map(len, prompts))
    ids = torch.tensor([[tokenizer.pad_token_id] * (longest - len(prompt)) + [*prompt] for prompt in prompts])
    attention_mask = torch.tensor([[0] * (longest - len(prompt)) + [1] * len(prompt) for prompt in prompts])
    model.eval()
    with torch.inference_mode():
        generated = model.generate(
            input_ids=ids.to(model.device),
            attention_mask=attention_mask.to(model.device),
            max_new_tokens=tokens,
            do_sample=False,
        )
    return [_read(tokenizer, ids[longest:].tolist(), tokens) for ids in generated]


def _read(tokenizer: Any, ids: Sequence[int], tokens: int) -> Generated:
    text: str = tokenizer.decode(ids, skip_special_tokens=True).strip()
    is_cut = len(ids) == tokens and ids[-1] not in (tokenizer.eos_token_id, tokenizer.pad_token_id)
    return Generated(text.rstrip("\ufffd") if is_cut else text, is_cut)  # a cut within a character leaves half of it
