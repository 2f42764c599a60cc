"""A model in memory: its tokens, and the batch that continues many texts at once, a token of each at a time."""

import inspect
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from transformers import AutoModelForCausalLM, AutoTokenizer, DynamicCache
from transformers.cache_utils import DynamicLayer

from pipelines.messages import Message
from pipelines.serve.grammar import Grammars

PROMPT_CHUNK = 256  # tokens of a prompt read at a time where all their probabilities are wanted: bounds the memory


class Engine:
    """A model in memory, on the GPU if there is one."""

    def __init__(self, model: Any, tokenizer: Any) -> None:
        """Take a causal language model of transformers and its tokenizer.

        Raises: ValueError when neither names an end-of-text token.
        """
        self.tokenizer = tokenizer
        self.model = model.to(*_place()).eval()
        self.context_length = int(self.model.config.max_position_embeddings)  # tokens
        self.vocabulary_size = int(self.model.config.vocab_size)
        self.end_token_ids = _end_token_ids(self.model, self.tokenizer)

    @classmethod
    def load(cls, folder: Path) -> "Engine":
        """Load the model of a local folder: safetensors only, no code of the folder, no network.

        Raises: OSError or ValueError when transformers cannot load it, ValueError when it has no end-of-text token.
        """
        _, dtype = _place()
        local: dict[str, Any] = {"local_files_only": True}
        model = AutoModelForCausalLM.from_pretrained(folder, dtype=dtype, use_safetensors=True, **local)
        return cls(model, AutoTokenizer.from_pretrained(folder, **local))

    def encode(self, text: str) -> tuple[int, ...]:
        """Token ids of a raw prompt, at least one. Special tokens that it spells out count: it is the caller's text."""
        ids = self.tokenizer(text)["input_ids"]
        start = self.tokenizer.bos_token_id
        return tuple(ids) or (min(self.end_token_ids) if start is None else start,)

    def token_text(self, token: int) -> str:
        """The text of a token; where it is a part of a character, its name in the vocabulary."""
        text = str(self.tokenizer.decode([token]))
        return str(self.tokenizer.convert_ids_to_tokens(token)) if "\ufffd" in text else text

    @cached_property
    def grammars(self) -> Grammars:
        """What answers can be held to. Raises: ValueError for a tokenizer that is not one of Rust's `tokenizers`."""
        return Grammars(self.tokenizer, self.vocabulary_size, self.end_token_ids)

    def batch(self) -> "Batch":
        """An empty batch."""
        return Batch(self.model, min(self.end_token_ids))


def _place() -> tuple[str, torch.dtype]:
    """Where a model runs. Token by token on a CPU, float32 is three times as fast as bfloat16."""
    return ("cuda", torch.bfloat16) if torch.cuda.is_available() else ("cpu", torch.float32)


def _end_token_ids(model: Any, tokenizer: Any) -> frozenset[int]:
    listed = model.generation_config.eos_token_id
    ends = [listed] if isinstance(listed, int) else list(listed or [])
    known = {*ends, tokenizer.eos_token_id} - {None}
    if not known:
        raise ValueError(Message("the model names no end-of-text token in its tokenizer or generation_config.json"))
    return frozenset(known)


class Batch:
    """Texts that are continued together: their keys and values, padded on the left to one length.

    A row of `mask`, bool (rows, length), has False where that row is padded.
    """

    def __init__(self, model: Any, pad: int) -> None:
        self.model, self.pad = model, pad
        self.parameters = inspect.signature(model.forward).parameters
        self.cache: Any = DynamicCache(config=model.config)
        self.mask = torch.zeros((0, 0), dtype=torch.bool, device=model.device)

    @property
    def rows(self) -> int:
        """How many texts there are."""
        return len(self.mask)

    def can_be_joined(self) -> bool:
        """Whether others may join these texts: layers with a window or a state hold no padding, so theirs may not."""
        return self.rows == 0 or all(type(layer) is DynamicLayer for layer in self.cache.layers)

    def read(self, prompts: Sequence[Sequence[int]]) -> Tensor:
        """Read prompts as the rows of this empty batch; the logits of what follows each, float (rows, vocabulary)."""
        longest, device = max(map(len, prompts)), self.model.device
        padded = [[self.pad] * (longest - len(prompt)) + list(prompt) for prompt in prompts]
        self.mask = torch.tensor([[False] * (longest - len(p)) + [True] * len(p) for p in prompts], device=device)
        return self._forward(torch.tensor(padded, device=device), 1)[:, -1]

    def read_all(self, prompt: Sequence[int]) -> Tensor:
        """Read a prompt as the only row of this empty batch; the logits of what follows each of its tokens."""
        found = []
        for start in range(0, len(prompt), PROMPT_CHUNK):
            part = torch.tensor([prompt[start : start + PROMPT_CHUNK]], device=self.model.device)
            self.mask = torch.ones((1, start + part.shape[1]), dtype=torch.bool, device=self.model.device)
            found.append(self._forward(part, 0)[0].cpu())
        return torch.cat(found)

    def step(self, tokens: Sequence[int]) -> Tensor:
        """Add a token to each row; the logits of the next ones, float (rows, vocabulary)."""
        self.mask = torch.nn.functional.pad(self.mask, (0, 1), value=True)
        return self._forward(torch.tensor(tokens, device=self.model.device)[:, None], 1)[:, -1]

    def _forward(self, ids: Tensor, keep: int) -> Tensor:
        cache = "cache" if "cache" in self.parameters else "past_key_values"  # its name before transformers 5.24
        settings: dict[str, Any] = {cache: self.cache, "use_cache": True}
        if "position_ids" in self.parameters:
            settings["position_ids"] = (self.mask.cumsum(1) - 1).clamp(min=0)[:, -ids.shape[1] :]
        if keep and "logits_to_keep" in self.parameters:
            settings["logits_to_keep"] = keep
        with torch.inference_mode():
            said = self.model(ids, attention_mask=self.mask.long(), **settings)
        logits: Tensor = said.logits.float()
        return logits

    def join(self, other: "Batch") -> None:
        """Take over the rows of another batch."""
        if not self.rows:
            self.cache, self.mask = other.cache, other.mask
            return
        length = max(self.mask.shape[1], other.mask.shape[1])
        self.mask = torch.cat([_pad_left(each.mask, length, 1) for each in (self, other)])
        for mine, theirs in zip(self.cache.layers, other.cache.layers, strict=True):
            mine.keys = torch.cat([_pad_left(each.keys, length, -2) for each in (mine, theirs)])
            mine.values = torch.cat([_pad_left(each.values, length, -2) for each in (mine, theirs)])

    def keep(self, rows: Sequence[int]) -> None:
        """Keep these rows, in this order, one perhaps more than once; what all of them have padded goes."""
        if not rows:
            self.cache, self.mask = DynamicCache(config=self.model.config), self.mask[:0, :0]
            return
        chosen = torch.tensor(rows, device=self.model.device)
        self.cache.batch_select_indices(chosen)
        self.mask = self.mask[chosen]
        padded = int(self.mask.any(0).int().argmax())
        if padded and self.can_be_joined():
            self.mask = self.mask[:, padded:]
            for layer in self.cache.layers:
                layer.keys, layer.values = layer.keys[..., padded:, :], layer.values[..., padded:, :]


def _pad_left(tensor: Tensor, length: int, dimension: int) -> Tensor:
    missing = length - tensor.shape[dimension]
    return torch.nn.functional.pad(tensor, (missing, 0) if dimension == 1 else (0, 0, missing, 0))
