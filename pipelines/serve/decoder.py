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
MOST_PADDED = 2  # times the text, what is read at once with its padding


@dataclass(eq=False, slots=True)
class Job:
    """A request with what is done with its text; `end` gets the count of tokens, or the error that ended it."""

    request: GenerationRequest
    emit: Callable[[Delta], None]
    end: Callable[[int | Exception], None]
    cancelled: threading.Event
    unfinished: int = 0
    tokens: int = 0
    ended: bool = False

    def finish(self, result: int | Exception) -> None:
        """End the job, unless it has ended."""
        if not self.ended:
            self.ended = True
            self.end(result)


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
        jobs: list[Job] = []
        while self.waiting and self._has_room(sum(len(job.request.prompts) for job in jobs), self.waiting[0]):
            jobs.append(self.waiting.popleft())
        try:
            for job in jobs:
                if job.cancelled.is_set() or not job.request.max_tokens:
                    self._end_unwritten(job)
            left = [job for job in jobs if not job.ended]
            for together in [left] if _are_alike(left) else [[job] for job in left]:
                self._begin(together)
        except Exception as error:
            for job in jobs:
                job.finish(error)

    def _has_room(self, taken: int, job: Job) -> bool:
        rows = len(self.running) + taken
        can_join = self.batch.can_be_joined()
        return not rows or (rows + len(job.request.prompts) <= MAX_ROWS and can_join)

    def _begin(self, jobs: list[Job]) -> None:
        """Read the prompts of jobs together; where that fails, of each alone, so that none fails for another."""
        rows = [(job, Choice(self.engine, job.request, n)) for job in jobs for n in range(len(job.request.prompts))]
        if not rows:
            return
        try:
            batch, logits = self._read([job.request.prompts[choice.index] for job, choice in rows])
        except Exception as error:
            if len(jobs) == 1:
                jobs[0].finish(error)
                return
            for job in jobs:
                self._begin([job])
            return
        self._start(rows, batch, logits)

    def _start(self, rows: list[tuple[Job, Choice]], batch: Batch, logits: Tensor) -> None:
        """Choose the first token of each completion, and let them join the batch."""
        for job in dict.fromkeys(job for job, _ in rows):
            job.unfinished = len(job.request.prompts)
            self._tell_prompts(job)
        self._add(rows, logits)
        left = [row for row, (_, choice) in enumerate(rows) if not choice.finished]
        for job in [job for job, choice in rows if choice.finished]:
            self._retire(job)
        if left:
            batch.keep(left)
            self.batch.join(batch)
            self.running += [rows[row] for row in left]

    def _end_unwritten(self, job: Job) -> None:
        self._tell_prompts(job)
        for choice in range(len(job.request.prompts)):
            job.emit(Delta(choice, "", "length"))
        job.finish(0)

    def _tell_prompts(self, job: Job) -> None:
        """Emit the tokens of prompts with their probabilities; each is read alone, so that none is padded."""
        if not job.request.prompt_logprobs or job.cancelled.is_set():
            return
        for prompt in dict.fromkeys(job.request.prompts):
            logits = self.engine.batch().read_all(prompt)
            for index, each in enumerate(job.request.prompts):
                if each == prompt:
                    job.emit(Choice(self.engine, job.request, index).prompt_tokens(logits))

    def _read(self, prompts: list[tuple[int, ...]]) -> tuple[Batch, Tensor]:
        """Return a batch with a row for each prompt, and the logits of what follows; equal ones are read once."""
        distinct = list(dict.fromkeys(prompts))
        batch = self.engine.batch()
        logits = batch.read(distinct).cpu()
        rows = [distinct.index(prompt) for prompt in prompts]
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
            self._retire(self.running[row][0])
        kept = [row for row in range(len(self.running)) if row not in rows]
        self.running = [self.running[row] for row in kept]
        self.batch.keep(kept)

    def _retire(self, job: Job) -> None:
        job.unfinished -= 1
        if not job.unfinished:
            job.finish(job.tokens)

    def _fail_all(self, error: Exception) -> None:
        jobs = dict.fromkeys(job for job, _ in self.running)
        self.running, self.batch = [], self.engine.batch()
        for job in jobs:
            job.finish(error)


def _are_alike(jobs: list[Job]) -> bool:
    """Whether reading the prompts of jobs together reads more text than padding."""
    lengths = [len(prompt) for job in jobs for prompt in job.request.prompts]
    return len(lengths) * max(lengths, default=0) <= MOST_PADDED * sum(lengths)
