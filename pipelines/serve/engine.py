"""A model that answers: batches of rows, stop strings, penalties, and text as it comes."""

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

ANCHOR = 4  # tokens of the prompt decoded with the answer, so that a leading space is seen
GREEDY = 1e-3  # below this temperature the softmax overflows; the choice is the same


@dataclass(frozen=True, slots=True)
class Job:
    """What to write: one row of prompt tokens per choice. At most `max_tokens` new tokens each."""

    rows: tuple[tuple[int, ...], ...]
    max_tokens: int
    temperature: float = 1.0
    top_p: float = 1.0
    stops: tuple[str, ...] = ()
    seed: int | None = None
    presence_penalty: float = 0.0
    frequency_penalty: float = 0.0


class Delta(NamedTuple):
    """New text of a row; `reason` is "stop" or "length" when it is the row's last."""

    row: int
    text: str
    reason: str = ""


class Engine:
    """Safetensors only, no code from the folder, no network. One `generate` at a time."""

    def __init__(self, folder: Path) -> None:
        self.tokenizer: Any = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        model: Any = AutoModelForCausalLM.from_pretrained(
            folder, dtype=_dtype(), local_files_only=True, use_safetensors=True
        )
        self.model = model.to("cuda" if torch.cuda.is_available() else "cpu").eval()
        self.context = int(self.model.config.max_position_embeddings)
        self.vocabulary = int(self.model.config.vocab_size)
        self.ends = _ends(self.model, self.tokenizer)
        # the folder's sampling settings are for others: a request says all of its own
        self.model.generation_config = GenerationConfig(eos_token_id=sorted(self.ends), pad_token_id=min(self.ends))

    def tokens(self, text: str) -> tuple[int, ...]:
        """A raw prompt, special tokens as spelled: it is the caller's own text. Never empty."""
        ids = self.tokenizer(text)["input_ids"]
        start = self.tokenizer.bos_token_id
        return tuple(ids) or (min(self.ends) if start is None else start,)

    def generate(self, job: Job, emit: Callable[[Delta], None], cancelled: threading.Event) -> int:
        """Write every row to its end, or until `cancelled`; returns how many tokens were written."""
        watch = _Watch(self, job, emit, cancelled)
        if cancelled.is_set() or job.max_tokens == 0:
            for row in range(len(job.rows)):
                emit(Delta(row, "", "length"))
            return 0
        ids, seen = self._padded(job.rows)
        torch.manual_seed(secrets.randbits(63) if job.seed is None else job.seed % 2**63)
        with torch.inference_mode():
            self.model.generate(
                input_ids=ids,
                attention_mask=seen,
                stopping_criteria=StoppingCriteriaList([watch]),
                logits_processor=LogitsProcessorList([Penalties(job, ids.shape[1])]),
                max_new_tokens=job.max_tokens,
                **_sampling(job),
            )
        return sum(len(row.ids) for row in watch.rows)

    def _padded(self, rows: Sequence[Sequence[int]]) -> tuple[torch.Tensor, torch.Tensor]:
        longest, pad = max(map(len, rows)), min(self.ends)
        ids = [[pad] * (longest - len(row)) + list(row) for row in rows]
        seen = [[0] * (longest - len(row)) + [1] * len(row) for row in rows]
        device = self.model.device
        return torch.tensor(ids, device=device), torch.tensor(seen, device=device)


def _dtype() -> torch.dtype:
    """On a CPU token by token, float32 is three times as fast as bfloat16."""
    return torch.bfloat16 if torch.cuda.is_available() else torch.float32


def _ends(model: Any, tokenizer: Any) -> frozenset[int]:
    listed = model.generation_config.eos_token_id
    ends = [listed] if isinstance(listed, int) else list(listed or [])
    known = {*ends, tokenizer.eos_token_id} - {None}
    if not known:
        raise ValueError("the model names no end-of-text token in its tokenizer or generation_config.json")
    return frozenset(known)


def _sampling(job: Job) -> dict[str, Any]:
    if job.temperature < GREEDY or job.top_p == 0:
        return {"do_sample": False}
    return {"do_sample": True, "temperature": job.temperature, "top_p": job.top_p, "top_k": 0}


class _Row:
    """The text of one choice. What may yet become a stop string or half a character is held back."""

    def __init__(self, tokenizer: Any, prompt: Sequence[int], stops: Sequence[str]) -> None:
        self.tokenizer, self.stops = tokenizer, stops
        self.anchor, self.ids, self.sent, self.done = list(prompt[-ANCHOR:]), list[int](), 0, False
        self.prefix = len(self._decode([]))

    def add(self, token: int) -> tuple[str, bool]:
        """New text that is certain, and whether a stop string ended the row."""
        self.ids.append(token)
        text = self._text()
        found = [place for place in (text.find(stop) for stop in self.stops) if place >= 0]
        if found:
            return self._take(text, min(found)), True
        return self._take(text, len(text) - _held_back(text, self.stops)), False

    def rest(self) -> str:
        text = self._text()
        return self._take(text, len(text))

    def _take(self, text: str, end: int) -> str:
        new = text[self.sent : max(end, self.sent)]
        self.sent += len(new)
        return new

    def _text(self) -> str:
        return self._decode(self.ids)[self.prefix :]

    def _decode(self, ids: list[int]) -> str:
        return str(self.tokenizer.decode(self.anchor + ids, skip_special_tokens=True))


def _held_back(text: str, stops: Sequence[str]) -> int:
    """How many characters at the end may begin a stop string, or are part of a character."""
    cut = len(text) - len(text.rstrip("\ufffd"))
    for stop in stops:
        for size in range(min(len(stop) - 1, len(text)), cut, -1):
            if text.endswith(stop[:size]):
                cut = size
                break
    return cut


class _Watch(StoppingCriteria):
    """Looks at every new token: sends text on, and ends rows at end tokens, stop strings, or their length."""

    def __init__(self, engine: Engine, job: Job, emit: Callable[[Delta], None], cancelled: threading.Event) -> None:
        self.ends, self.limit, self.emit, self.cancelled = engine.ends, job.max_tokens, emit, cancelled
        self.rows = [_Row(engine.tokenizer, prompt, job.stops) for prompt in job.rows]

    def __call__(self, input_ids: Any, scores: Any, **_: Any) -> Any:
        for number, token in enumerate(input_ids[:, -1].tolist()):
            if not self.rows[number].done:
                self._step(number, self.rows[number], token)
        stop = [row.done or self.cancelled.is_set() for row in self.rows]
        return torch.tensor(stop, device=input_ids.device)

    def _step(self, number: int, row: _Row, token: int) -> None:
        text, stopped = ("", True) if token in self.ends else row.add(token)
        if token in self.ends:
            text = row.rest()
        elif not stopped and len(row.ids) >= self.limit:
            text += row.rest()
        row.done = stopped or len(row.ids) >= self.limit
        if text or row.done:
            self.emit(Delta(number, text, "" if not row.done else "stop" if stopped else "length"))


class Penalties(LogitsProcessor):
    """OpenAI's: logit - frequency × count - presence × (count > 0), over what the row has written so far."""

    def __init__(self, job: Job, start: int) -> None:
        self.presence, self.frequency, self.start = job.presence_penalty, job.frequency_penalty, start

    def __call__(self, input_ids: Any, scores: Any) -> Any:
        if not (self.presence or self.frequency):
            return scores
        written = input_ids[:, self.start :]
        counts = torch.zeros_like(scores).scatter_add_(1, written, torch.ones_like(written, dtype=scores.dtype))
        return scores - self.frequency * counts - self.presence * (counts > 0)
