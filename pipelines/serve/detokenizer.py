"""Token ids → text, one token at a time, for one choice."""

from collections.abc import Sequence
from typing import Any

CONTEXT_TOKENS = 4  # tokens of the prompt decoded before the completion, so that a leading space is kept


class Detokenizer:
    """The text of one choice.

    Text that may yet become a stop string, or that ends within a character, is held back until it is certain.
    """

    def __init__(self, tokenizer: Any, prompt: Sequence[int], stop_strings: Sequence[str]) -> None:
        self.tokenizer, self.stop_strings = tokenizer, stop_strings
        self.context, self.ids, self.sent = list(prompt[-CONTEXT_TOKENS:]), list[int](), 0
        self.prefix_length = len(self._decode([]))

    def add(self, token: int) -> tuple[str, bool]:
        """Add a token. Returns the new text that is certain, and whether a stop string ends the choice there."""
        self.ids.append(token)
        text = self._text()
        ends = [position for stop in self.stop_strings if (position := text.find(stop)) >= 0]
        if ends:
            return self._send(text, min(ends)), True
        return self._send(text, len(text) - _uncertain_length(text, self.stop_strings)), False

    def flush(self) -> str:
        """The text that was held back, without the first bytes of a character that was cut off."""
        text = self._text().rstrip("\ufffd")
        return self._send(text, len(text))

    def _send(self, text: str, end: int) -> str:
        new = text[self.sent : max(end, self.sent)]
        self.sent += len(new)
        return new

    def _text(self) -> str:
        return self._decode(self.ids)[self.prefix_length :]

    def _decode(self, ids: list[int]) -> str:
        return str(self.tokenizer.decode(self.context + ids, skip_special_tokens=True))


def _uncertain_length(text: str, stop_strings: Sequence[str]) -> int:
    """How many characters at the end may begin a stop string, or are part of a character."""
    length = len(text) - len(text.rstrip("\ufffd"))
    for stop in stop_strings:
        for size in range(min(len(stop) - 1, len(text)), length, -1):
            if text.endswith(stop[:size]):
                length = size
                break
    return length
