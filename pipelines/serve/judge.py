"""A reward model beside the model that writes: which of several completions is the best."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from pipelines.models import reward
from pipelines.models.prompt import PromptError, encode, encode_text

BATCH_TOKENS = 4_096  # of completions that are scored at once, with their padding
BLANK = {"input": "", "history": [], "system": "", "tools": "", "reasoning": "", "tool_calls": ""}


@dataclass(frozen=True)
class Judge:
    """A reward model in memory, its tokenizer, and what it is called. It may be asked from any thread."""

    model: Any
    tokenizer: Any
    name: str
    lock: Any = field(default_factory=threading.Lock)

    def scores(self, prompt: str, completions: Sequence[tuple[str, bool]]) -> list[float]:
        """How good each completion of a prompt is; only differences mean anything. Each is told with whether it ended.

        A prompt that spells out special tokens is one that the template has written, and is read as it stands. Any
        other is put through the template as a question, since that is what the model has learnt to judge.
        """
        sequences = [self._sequence(prompt, text, ended) for text, ended in completions]
        with self.lock:
            return reward.scores(self.model, sequences, BATCH_TOKENS)

    def _sequence(self, prompt: str, text: str, ended: bool) -> list[int]:
        spelt = [*self.tokenizer(prompt, add_special_tokens=False)["input_ids"]]
        # many tokenizers begin any text with one
        if not set(spelt) & ({*self.tokenizer.all_special_ids} - {self.tokenizer.bos_token_id}):
            try:
                return encode({**BLANK, "instruction": prompt, "output": text}, self.tokenizer, ended=ended).ids
            except PromptError:
                pass  # a template that takes no single question: then as it stands
        return [*spelt, *encode_text(text, self.tokenizer), *([self.tokenizer.eos_token_id] if ended else [])]
