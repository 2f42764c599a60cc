"""One generation at a time on a thread of its own, a few that wait, and the text of each as it comes."""

import asyncio
import threading
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from fastapi import Request

from pipelines.serve.engine import Delta, Engine, GenerationRequest
from pipelines.serve.protocol import ApiError

MAX_PENDING = 8  # requests that run or wait; one more is refused
DISCONNECT_POLL = 0.5  # seconds between looks at whether the client is still connected


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
    """Accepts generation requests; one runs, and up to MAX_PENDING run or wait."""

    def __init__(self, engine: Engine) -> None:
        self.engine, self.pending = engine, 0
        self.pool = ThreadPoolExecutor(1, thread_name_prefix="generate")

    def submit(self, request: GenerationRequest) -> Generation:
        """Add a request to the queue. Call it from the event loop's thread.

        Raises: ApiError 429 when the queue is full.
        """
        if self.pending >= MAX_PENDING:
            raise ApiError(429, f"{MAX_PENDING} requests are waiting already; try again", code="rate_limit_exceeded")
        loop = asyncio.get_running_loop()
        queue: asyncio.Queue[Delta | None] = asyncio.Queue()
        cancelled = threading.Event()

        def emit(delta: Delta) -> None:
            loop.call_soon_threadsafe(queue.put_nowait, delta)

        def finish(_: asyncio.Future[int]) -> None:
            self.pending -= 1
            queue.put_nowait(None)

        self.pending += 1
        token_count = loop.run_in_executor(self.pool, self.engine.generate, request, emit, cancelled)
        token_count.add_done_callback(finish)
        return Generation(token_count, queue, cancelled)
