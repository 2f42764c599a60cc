"""Answers that are JSON whatever the model would rather say: at each step only tokens that go on with it are left.

The grammar is a JSON Schema, compiled by llguidance, which masks the tokens in at most 105 µs a step
(https://github.com/guidance-ai/llguidance).
"""

from collections.abc import Iterable
from typing import Any

import numpy as np
import torch
from llguidance import LLMatcher, LLTokenizer
from llguidance.hf import from_tokenizer
from torch import Tensor

# Blanks that a small model would otherwise go on writing for ever: a line's end with its indentation, or one blank.
WHITESPACE: Any = {"whitespace_pattern": r" |\n {0,40}"}
# Different ones. Where patterns meet, llguidance looks at all of them at once, in time that doubles with each:
# 16 take at most .1 s, 24 did not end within 25 s.
MOST_PATTERNS = 16


def patterns_in(schema: Any) -> int:
    """How many different regular expressions a JSON schema holds."""
    found, left = set[str](), [schema]
    while left:
        value = left.pop()
        if isinstance(value, dict):
            named = value.get("patternProperties")
            found |= {pattern} if isinstance(pattern := value.get("pattern"), str) else set()
            found |= {*named} if isinstance(named, dict) else set()
            left += value.values()
        left += value if isinstance(value, list) else []
    return len(found)


class Grammars:
    """The grammars that a model can be held to; making it takes a second, a grammar milliseconds."""

    def __init__(self, tokenizer: Any, vocabulary_size: int, end_token_ids: Iterable[int]) -> None:
        """Take a fast tokenizer of transformers. Raises: ValueError for one that llguidance does not read."""
        ends = sorted(end_token_ids)
        self.tokenizer: LLTokenizer = from_tokenizer(tokenizer, n_vocab=vocabulary_size, eos_token=ends)

    def of_schema(self, schema: dict[str, Any]) -> str:
        """The grammar of JSON that fits `schema`. Raises: ValueError for a schema that is none, or cannot be kept."""
        return self._checked(LLMatcher.grammar_from_json_schema(schema, defaults=WHITESPACE))

    def of_lark(self, lark: str) -> str:
        """The grammar of llguidance's Lark. Raises: ValueError where it, or a schema within, cannot be kept."""
        return self._checked(LLMatcher.grammar_from_lark(lark))

    def _checked(self, grammar: str) -> str:
        if error := LLMatcher.validate_grammar(grammar, self.tokenizer):
            raise ValueError(error)
        return grammar

    def writer(self, grammar: str) -> "Writer":
        """One text that is to be written."""
        return Writer(LLMatcher(self.tokenizer, grammar))


class Writer:
    """A text on its way through a grammar."""

    def __init__(self, matcher: LLMatcher) -> None:
        self.matcher = matcher

    def masked(self, logits: Tensor) -> Tensor:
        """`logits`, float (vocabulary), with minus infinity for each token with which the text would not fit."""
        allowed = np.frombuffer(self.matcher.compute_logit_bias(), np.uint8) > 0
        return logits.masked_fill(~torch.from_numpy(allowed), float("-inf"))

    def add(self, token: int) -> bool:
        """Take the next token; whether the text ends with it. Raises: RuntimeError for one that does not fit."""
        if not self.matcher.consume_token(token):
            raise RuntimeError(self.matcher.get_error())
        return bool(self.matcher.is_stopped())
