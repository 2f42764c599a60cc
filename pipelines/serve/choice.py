"""One completion while it is written: which token comes next, its text, and why it ends."""

import secrets
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from pipelines.serve.detokenizer import Detokenizer
from pipelines.serve.engine import Engine

MIN_TEMPERATURE = 1e-3  # below it the softmax overflows; greedy decoding makes the same choice
STRIDE = 0x9E3779B97F4A7C15  # between the seeds of the choices of a request


@dataclass(frozen=True, slots=True)
class GenerationRequest:
    """What to generate: one completion for each of `prompts` (token ids), at most `max_tokens` new tokens each.

    `logprobs`: with each token its log-probability and those of so many likelier ones, None for neither.
    `prompt_logprobs`: those of the prompt's tokens as well. `grammar`: what each completion must fit, "" for anything.
    """

    prompts: tuple[tuple[int, ...], ...]
    max_tokens: int
    temperature: float = 1.0
    top_p: float = 1.0
    stop_strings: tuple[str, ...] = ()
    seed: int | None = None
    presence_penalty: float = 0.0
    frequency_penalty: float = 0.0
    logit_bias: tuple[tuple[int, float], ...] = ()
    logprobs: int | None = None
    prompt_logprobs: bool = False
    grammar: str = ""


class Token(NamedTuple):
    """A token as a client sees it: text, natural logarithm of its probability, and the likeliest with theirs.

    The first of a prompt has no probability.
    """

    text: str
    logprob: float | None
    top: tuple[tuple[str, float], ...]


class Delta(NamedTuple):
    """New text of the choice numbered `choice`. `finish_reason` is "stop" or "length" with its last text, else ""."""

    choice: int
    text: str
    finish_reason: str = ""
    tokens: tuple[Token, ...] = ()


class Choice:
    """The completion of prompt `index` of a request. `last` is its newest token; `finished` says that it has ended."""

    def __init__(self, engine: Engine, request: GenerationRequest, index: int) -> None:
        self.engine, self.request, self.index = engine, request, index
        self.detokenizer = Detokenizer(engine.tokenizer, request.prompts[index], request.stop_strings)
        seed = secrets.randbits(63) if request.seed is None else request.seed + STRIDE * index
        self.random = torch.Generator().manual_seed(seed % 2**63)
        self.writer = engine.grammars.writer(request.grammar) if request.grammar else None
        self.counts: Tensor | None = None
        self.last, self.finished = -1, False
        self.held: list[Token] = []  # what comes with the next text

    def prompt_tokens(self, logits: Tensor) -> Delta:
        """The tokens of the prompt; `logits` (tokens, vocabulary) say what was expected after each."""
        prompt = self.request.prompts[self.index]
        first = Token(self.engine.token_text(prompt[0]), None, ())
        rest = [self._token(token, before) for token, before in zip(prompt[1:], logits, strict=False)]
        return Delta(self.index, "", "", (first, *rest))

    def add(self, logits: Tensor) -> Delta:
        """Choose the next token by the model's logits, float (vocabulary). Returns the text that is certain now."""
        token = self.last = self._choose(self._adjusted(logits))
        if self.counts is not None:
            self.counts[token] += 1
        if self.request.logprobs is not None:
            self.held.append(self._token(token, logits))
        text, stopped = self._taken(token)
        at_limit = len(self.detokenizer.ids) >= self.request.max_tokens
        if at_limit and not stopped:
            text += self.detokenizer.flush()
        self.finished = stopped or at_limit
        tokens, self.held = (tuple(self.held), []) if text or self.finished else ((), self.held)
        return Delta(self.index, text, "stop" if stopped else "length" if at_limit else "", tokens)

    def _taken(self, token: int) -> tuple[str, bool]:
        """The text that is certain with this token, and whether the completion ends with it."""
        is_whole = self.writer is not None and self.writer.add(token)
        if token in self.engine.end_token_ids:
            return self.detokenizer.flush(), True
        text, stopped = self.detokenizer.add(token)
        return (text + self.detokenizer.flush(), True) if is_whole and not stopped else (text, stopped)

    def _adjusted(self, logits: Tensor) -> Tensor:
        """OpenAI's bias and penalties: logit + bias - frequency × count - presence × (count > 0).

        Counted are the tokens of the completion so far. What does not fit the grammar cannot be chosen.
        """
        request = self.request
        for token, bias in request.logit_bias:
            logits = logits.index_add(0, torch.tensor([token]), torch.tensor([bias]))
        if request.presence_penalty or request.frequency_penalty:
            self.counts = torch.zeros_like(logits) if self.counts is None else self.counts
            logits = logits - request.frequency_penalty * self.counts - request.presence_penalty * (self.counts > 0)
        return self.writer.masked(logits) if self.writer else logits

    def _choose(self, logits: Tensor) -> int:
        if self.request.temperature < MIN_TEMPERATURE or self.request.top_p == 0:
            return int(logits.argmax())
        chances = (logits / self.request.temperature).softmax(0)
        if self.request.top_p < 1:  # the likeliest that together have so much: nucleus sampling (Holtzman et al. 2019)
            ordered, places = chances.sort(descending=True, stable=True)
            ordered[ordered.cumsum(0) - ordered > self.request.top_p] = 0
            return int(places[torch.multinomial(ordered, 1, generator=self.random)])
        return int(torch.multinomial(chances, 1, generator=self.random))

    def _token(self, token: int, logits: Tensor) -> Token:
        likely = logits.log_softmax(0)
        best = likely.topk(min(self.request.logprobs or 0, len(likely)))
        top = [
            (self.engine.token_text(each), value)
            for each, value in zip(best.indices.tolist(), best.values.tolist(), strict=True)
        ]
        return Token(self.engine.token_text(token), float(likely[token]), tuple(top))
