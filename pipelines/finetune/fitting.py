"""A published row → an example that is no longer than asked for. What that costs is told, never silent.

The oldest turns of the history go first, each with what answers it; then the answer ends at a paragraph, without an
end token, since it has not ended. The question, the system prompt and calls of tools are never cut.
"""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pipelines.finetune.cutting import cut
from pipelines.models.prompt import Example, PromptError, encode, encode_text
from pipelines.recipe import FinetuneSettings

Row = Mapping[str, Any]
# Why a row is left out: the template refuses it, `longer` says so, question and all that must stay are too long, a
# call of a tool would be cut, or the answer has no place to be cut at.
Reason = Literal["refused", "longer", "prompt", "call", "answer"]


@dataclass(frozen=True, slots=True)
class Fitted:
    """What became of a row.

    `answer_tokens`: what would be learnt of it if there were no limit. `turns`: those of its history left out.
    """

    answer_tokens: int
    example: Example | None = None
    reason: Reason | None = None
    is_cut: bool = False
    turns: int = 0

    def learnt_tokens(self) -> int:
        """The tokens that are learnt."""
        return _learnt(self.example) if self.example else 0


def _learnt(example: Example) -> int:
    return sum(end - start for start, end in example.learnt())


def fit(row: Row, tokenizer: Any, settings: FinetuneSettings) -> Fitted:
    """The example of a row under the settings `max_length`, `longer`, `learn` and `system`."""
    row = {**row, "system": row["system"] or settings.system}
    try:
        whole = encode(row, tokenizer, earlier=settings.learn == "all")
    except PromptError:
        return Fitted(len(encode_text(row["output"], tokenizer)), reason="refused")
    tokens = _learnt(whole)
    if len(whole.ids) <= settings.max_length:
        return Fitted(tokens, whole)
    if settings.longer == "drop":
        return Fitted(tokens, reason="longer")
    return _Shortening(row, tokenizer, settings).fitted(tokens)


@dataclass(frozen=True)
class _Shortening:
    row: Row
    tokenizer: Any
    settings: FinetuneSettings

    def fitted(self, tokens: int) -> Fitted:
        history = list(self.row["history"] or ())
        firsts = _first_turns(history)
        found = bisect_left(firsts, True, key=lambda first: self._fits({"history": history[first:]}))
        if found < len(firsts):
            first = firsts[found]
            return Fitted(tokens, self._encode({"history": history[first:]}), turns=first)
        first = firsts[-1] if firsts else 0
        shorter = {"history": history[first:]}
        changed = self._cut(shorter)
        if changed is None:
            return Fitted(tokens, reason=self._reason(shorter))
        example = self._encode(shorter | changed, ended=False)
        return Fitted(tokens, example, is_cut=True, turns=first)

    def _cut(self, shorter: Row) -> dict[str, str] | None:
        """A shorter answer, or, where not even its reasoning fits, a shorter reasoning; None where nothing is left."""
        if self.row["tool_calls"]:
            return None
        if output := cut(self.row["output"], lambda text: self._fits({**shorter, "output": text}, ended=False)):
            return {"output": output}
        reasoning = cut(
            self.row["reasoning"] or "",
            lambda text: self._fits({**shorter, "reasoning": text, "output": ""}, ended=False),
        )
        kept = {"reasoning": reasoning, "output": ""}
        is_learnt = reasoning and _learnt(self._encode({**shorter, **kept}, ended=False))
        return kept if is_learnt else None

    def _reason(self, shorter: Row) -> Reason:
        if not self._fits({**shorter, "output": "", "reasoning": "", "tool_calls": ""}, ended=False):
            return "prompt"
        return "call" if self.row["tool_calls"] else "answer"

    def _encode(self, changed: Row, *, ended: bool = True) -> Example:
        row = {**self.row, **changed}
        return encode(row, self.tokenizer, earlier=self.settings.learn == "all", ended=ended)

    def _fits(self, changed: Row, *, ended: bool = True) -> bool:
        try:
            return len(self._encode(changed, ended=ended).ids) <= self.settings.max_length
        except PromptError:
            return False


def _first_turns(history: Sequence[Mapping[str, Any]]) -> list[int]:
    """Where a history may begin instead: at a later question, or behind all, unless a tool has just answered."""
    firsts = [number for number, turn in enumerate(history) if number and turn["role"] == "user"]
    return firsts if not history or history[-1]["role"] == "tool" else [*firsts, len(history)]
