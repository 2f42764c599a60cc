"""The thread that writes all completions: a token of each at a time, and new requests join between two tokens.

Requests begin in the order in which they came. A step for eight takes little longer than one for a single text, as the
model's weights are read from memory once (continuous batching: Yu et al. 2022, Orca).
"""

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from torch import Tensor

from pipelines.serve.choice import Choice, Delta, GenerationRequest
from pipelines.serve.engine import Batch, Engine

MAX_ROWS = 16  # completions that are written at once


@dataclass(eq=False, slots=True)
class Job:
    """A request with what is done with its text; `end` gets the count of tokens, or the error that ended it."""

    request: GenerationRequest
    emit: Callable[[Delta], None]
    end: Callable[[int | Exception], None]
    cancelled: threading.Event
    unfinished: int = 0
    tokens: int = 0


class Decoder:
    """Writes the completions of jobs on one thread, which runs while there are any."""

    def __init__(self, engine: Engine) -> None:
        self.engine, self.batch = engine, engine.batch()
        self.running: list[tuple[Job, Choice]] = []  # a row of the batch each
        self.waiting: deque[Job] = deque()
        self.lock, self.is_working = threading.Lock(), False
        self.pool = ThreadPoolExecutor(1, thread_name_prefix="generate")

    def submit(self, job: Job) -> None:
        """Add a job; it begins when there is room. May be called from any thread."""
        with self.lock:
            self.waiting.append(job)
            if not self.is_working:
                self.is_working = True
                self.pool.submit(self._work)

    def _work(self) -> None:
        while self._has_work():
            try:
                self._admit()
                self._step()
            except Exception as error:
                self._fail_all(error)

    def _has_work(self) -> bool:
        with self.lock:
            self.is_working = bool(self.running or self.waiting)
            return self.is_working

    def _admit(self) -> None:
        while self.waiting and self._has_room(len(self.waiting[0].request.prompts)):
            job = self.waiting.popleft()
            try:
                self._begin(job)
            except Exception as error:
                job.end(error)

    def _has_room(self, rows: int) -> bool:
        return not self.running or (len(self.running) + rows <= MAX_ROWS and self.batch.can_be_joined())

    def _begin(self, job: Job) -> None:
        """Read the prompts of a job, choose the first token of each completion, and let them join the batch."""
        choices = [Choice(self.engine, job.request, index) for index in range(len(job.request.prompts))]
        if job.request.prompt_logprobs and not job.cancelled.is_set():
            self._tell_prompts(job, choices)
        if job.cancelled.is_set() or job.request.max_tokens == 0:
            for choice in choices:
                job.emit(Delta(choice.index, "", "length"))
            job.end(0)
            return
        job.unfinished = len(choices)
        batch, logits = self._read(job.request)
        self._add([(job, choice) for choice in choices], logits)
        left = [row for row, choice in enumerate(choices) if not choice.finished]
        self._retire(job, len(choices) - len(left))
        if left:
            batch.keep(left)
            self.batch.join(batch)
            self.running += [(job, choices[row]) for row in left]

    def _tell_prompts(self, job: Job, choices: list[Choice]) -> None:
        """Emit the tokens of prompts with their probabilities; each is read alone, so that none is padded."""
        for prompt in dict.fromkeys(job.request.prompts):
            logits = self.engine.batch().read_all(prompt)
            for choice in choices:
                if job.request.prompts[choice.index] == prompt:
                    job.emit(choice.prompt_tokens(logits))

    def _read(self, request: GenerationRequest) -> tuple[Batch, Tensor]:
        """Return a batch with a row for each choice, and the logits of what follows; equal prompts are read once."""
        distinct = list(dict.fromkeys(request.prompts))
        batch = self.engine.batch()
        logits = batch.read(distinct).cpu()
        rows = [distinct.index(prompt) for prompt in request.prompts]
        batch.keep(rows)
        return batch, logits[rows]

    def _step(self) -> None:
        self._drop([row for row, (job, _) in enumerate(self.running) if job.cancelled.is_set()])
        if self.running:
            self._add(self.running, self.batch.step([choice.last for _, choice in self.running]).cpu())
            self._drop([row for row, (_, choice) in enumerate(self.running) if choice.finished])

    def _add(self, rows: list[tuple[Job, Choice]], logits: Tensor) -> None:
        for (job, choice), row in zip(rows, logits, strict=True):
            delta = choice.add(row)
            job.tokens += 1
            if delta.text or delta.finish_reason:
                job.emit(delta)

    def _drop(self, rows: list[int]) -> None:
        if not rows:
            return
        for row in rows:
            self._retire(self.running[row][0], 1)
        kept = [row for row in range(len(self.running)) if row not in rows]
        self.running = [self.running[row] for row in kept]
        self.batch.keep(kept)

    def _retire(self, job: Job, choices: int) -> None:
        job.unfinished -= choices
        if not job.unfinished:
            job.end(job.tokens)

    def _fail_all(self, error: Exception) -> None:
        jobs = dict.fromkeys(job for job, _ in self.running)
        self.running, self.batch = [], self.engine.batch()
        for job in jobs:
            job.end(error)
