"""Requests of clients → the decoder's thread, and the text of each as it comes back."""

import asyncio
import logging
import threading
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass

from fastapi import Request

from pipelines.messages import tr
from pipelines.serve.choice import Delta, GenerationRequest
from pipelines.serve.decoder import Decoder, Job
from pipelines.serve.engine import Engine
from pipelines.serve.protocol import ApiError

MAX_PENDING = 64  # requests that run or wait; one more is refused
DISCONNECT_POLL = 0.5  # seconds between looks at whether the client is still connected

log = logging.getLogger("gristmill")


@dataclass
class Generation:
    """A generation that runs or waits. `token_count` has its result: how many tokens were generated."""

    token_count: asyncio.Future[int]
    queue: asyncio.Queue[Delta | None]
    cancelled: threading.Event

    async def deltas(self, request: Request) -> AsyncIterator[Delta]:
        """New text, in the order in which it is generated. Leaving the iteration early cancels the generation.

        Raises: ApiError 499 when the client of `request` has disconnected.
        """
        try:
            while (delta := await self._next(request)) is not None:
                yield delta
        finally:
            self.cancelled.set()

    async def _next(self, request: Request) -> Delta | None:
        while not await request.is_disconnected():
            try:
                return await asyncio.wait_for(self.queue.get(), DISCONNECT_POLL)
            except TimeoutError:
                continue
        raise ApiError(499, "the client has disconnected")


class GenerationQueue:
    """Accepts generation requests, of which up to MAX_PENDING run or wait.

    Who reads a prompt holds `reading`, and does so in a thread: a tokenizer keeps settings between calls, and a long
    prompt takes seconds, in which others are answered.
    """

    def __init__(self, engine: Engine) -> None:
        self.decoder, self.pending, self.reading = Decoder(engine), 0, asyncio.Lock()

    def submit(self, request: GenerationRequest) -> Generation:
        """Add a request to the queue. Call it from the event loop's thread.

        Raises: ApiError 429 when the queue is full.
        """
        if self.pending >= MAX_PENDING:
            raise ApiError(429, f"{MAX_PENDING} requests are waiting already; try again", code="rate_limit_exceeded")
        loop = asyncio.get_running_loop()
        generation = Generation(loop.create_future(), asyncio.Queue(), threading.Event())

        def emit(delta: Delta) -> None:
            with suppress(RuntimeError):  # the loop has ended, and its clients with it
                loop.call_soon_threadsafe(generation.queue.put_nowait, delta)

        def end(result: int | Exception) -> None:
            if isinstance(result, Exception):
                log.error(tr("a request could not be answered"), exc_info=result)
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(self._settle, generation, result)

        self.pending += 1
        self.decoder.submit(Job(request, emit, end, generation.cancelled))
        return generation

    def _settle(self, generation: Generation, result: int | Exception) -> None:
        self.pending -= 1
        if isinstance(result, Exception):
            generation.token_count.set_exception(result)
        else:
            generation.token_count.set_result(result)
        generation.queue.put_nowait(None)
