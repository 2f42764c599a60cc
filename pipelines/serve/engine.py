"""Text generation: a batch of prompts in, text out as it is generated, with stop strings and penalties."""

import secrets
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import torch
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    GenerationConfig,
    LogitsProcessor,
    LogitsProcessorList,
    StoppingCriteria,
    StoppingCriteriaList,
)

from pipelines.messages import Message
from pipelines.serve.detokenizer import Detokenizer

MIN_TEMPERATURE = 1e-3  # below it the softmax overflows; greedy decoding makes the same choice


@dataclass(frozen=True, slots=True)
class GenerationRequest:
    """What to generate: one completion for each of `prompts` (token ids), at most `max_tokens` new tokens each."""

    prompts: tuple[tuple[int, ...], ...]
    max_tokens: int
    temperature: float = 1.0
    top_p: float = 1.0
    stop_strings: tuple[str, ...] = ()
    seed: int | None = None
    presence_penalty: float = 0.0
    frequency_penalty: float = 0.0


class Delta(NamedTuple):
    """New text of the choice numbered `choice`. `finish_reason` is "stop" or "length" with its last text, else ""."""

    choice: int
    text: str
    finish_reason: str = ""


class Engine:
    """A model in memory. It reads safetensors only, runs no code of the folder and uses no network.

    `generate` must not run twice at the same time.
    """

    def __init__(self, folder: Path) -> None:
        """Load the model of a local folder.

        Raises: OSError or ValueError when transformers cannot load it, ValueError when it has no end-of-text token.
        """
        self.tokenizer: Any = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        cuda = torch.cuda.is_available()
        # token by token on a CPU, float32 is three times as fast as bfloat16
        model: Any = AutoModelForCausalLM.from_pretrained(
            folder, dtype=torch.bfloat16 if cuda else torch.float32, local_files_only=True, use_safetensors=True
        )
        self.model = model.to("cuda" if cuda else "cpu").eval()
        self.context_length = int(self.model.config.max_position_embeddings)  # tokens
        self.vocabulary_size = int(self.model.config.vocab_size)
        self.end_token_ids = _end_token_ids(self.model, self.tokenizer)
        # the folder's own sampling settings do not count: every request has all of its own
        self.model.generation_config = GenerationConfig(  # type: ignore[no-untyped-call]
            eos_token_id=sorted(self.end_token_ids), pad_token_id=min(self.end_token_ids)
        )

    def encode(self, text: str) -> tuple[int, ...]:
        """Token ids of a raw prompt, at least one. Special tokens that it spells out count: it is the caller's text."""
        ids = self.tokenizer(text)["input_ids"]
        start = self.tokenizer.bos_token_id
        return tuple(ids) or (min(self.end_token_ids) if start is None else start,)

    def generate(self, request: GenerationRequest, emit: Callable[[Delta], None], cancelled: threading.Event) -> int:
        """Generate every completion to its end, or until `cancelled`; `emit` gets the text as it comes.

        Returns the number of generated tokens, all completions together.
        """
        streamer = _StreamingCriteria(self, request, emit, cancelled)
        if cancelled.is_set() or request.max_tokens == 0:
            for index in range(len(request.prompts)):
                emit(Delta(index, "", "length"))
            return 0
        ids, attention_mask = self._left_padded(request.prompts)
        torch.manual_seed(secrets.randbits(63) if request.seed is None else request.seed % 2**63)
        with torch.inference_mode():
            self.model.generate(
                input_ids=ids,
                attention_mask=attention_mask,
                stopping_criteria=StoppingCriteriaList([streamer]),
                logits_processor=LogitsProcessorList([Penalties(request, ids.shape[1])]),
                max_new_tokens=request.max_tokens,
                **_sampling(request),
            )
        return sum(len(completion.ids) for completion in streamer.completions)

    def _left_padded(self, prompts: Sequence[Sequence[int]]) -> tuple[torch.Tensor, torch.Tensor]:
        """Token ids and attention mask, both of shape (prompts, longest prompt)."""
        longest, pad = max(map(len, prompts)), min(self.end_token_ids)
        ids = [[pad] * (longest - len(prompt)) + list(prompt) for prompt in prompts]
        attention_mask = [[0] * (longest - len(prompt)) + [1] * len(prompt) for prompt in prompts]
        device = self.model.device
        return torch.tensor(ids, device=device), torch.tensor(attention_mask, device=device)


def _end_token_ids(model: Any, tokenizer: Any) -> frozenset[int]:
    listed = model.generation_config.eos_token_id
    ends = [listed] if isinstance(listed, int) else list(listed or [])
    known = {*ends, tokenizer.eos_token_id} - {None}
    if not known:
        raise ValueError(Message("the model names no end-of-text token in its tokenizer or generation_config.json"))
    return frozenset(known)


def _sampling(request: GenerationRequest) -> dict[str, Any]:
    if request.temperature < MIN_TEMPERATURE or request.top_p == 0:
        return {"do_sample": False}
    return {"do_sample": True, "temperature": request.temperature, "top_p": request.top_p, "top_k": 0}


class _StreamingCriteria(StoppingCriteria):
    """Sees every new token: emits its text, and ends completions at end tokens, stop strings or their length."""

    def __init__(
        self,
        engine: Engine,
        request: GenerationRequest,
        emit: Callable[[Delta], None],
        cancelled: threading.Event,
    ) -> None:
        self.end_token_ids, self.max_tokens = engine.end_token_ids, request.max_tokens
        self.emit, self.cancelled = emit, cancelled
        self.completions = [Detokenizer(engine.tokenizer, prompt, request.stop_strings) for prompt in request.prompts]
        self.finished = [False] * len(self.completions)

    def __call__(self, input_ids: Any, scores: Any, **_: Any) -> Any:
        for index, token in enumerate(input_ids[:, -1].tolist()):
            if not self.finished[index]:
                self._add(index, token)
        stop = [finished or self.cancelled.is_set() for finished in self.finished]
        return torch.tensor(stop, device=input_ids.device)

    def _add(self, index: int, token: int) -> None:
        completion, is_end = self.completions[index], token in self.end_token_ids
        text, stopped = (completion.flush(), True) if is_end else completion.add(token)
        at_limit = len(completion.ids) >= self.max_tokens
        if at_limit and not stopped:
            text += completion.flush()
        self.finished[index] = stopped or at_limit
        if text or self.finished[index]:
            self.emit(Delta(index, text, "stop" if stopped else "length" if at_limit else ""))


class Penalties(LogitsProcessor):
    """OpenAI's penalties: logit - frequency × count - presence × (count > 0), counted in the completion so far."""

    def __init__(self, request: GenerationRequest, start: int) -> None:
        """`start` is the length of the prompt in tokens, padding included."""
        self.presence, self.frequency = request.presence_penalty, request.frequency_penalty
        self.start = start

    def __call__(self, input_ids: Any, scores: Any) -> Any:
        if not (self.presence or self.frequency):
            return scores
        generated = input_ids[:, self.start :]
        counts = torch.zeros_like(scores).scatter_add_(1, generated, torch.ones_like(generated, dtype=scores.dtype))
        return scores - self.frequency * counts - self.presence * (counts > 0)
