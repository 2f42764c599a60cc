"""`gristmill serve`: OpenAI's completions and chat completions over a model folder.

`/v1/completions` continues the prompt as it stands, as at OpenAI; special tokens spelled in it count.
`/v1/chat/completions` writes the messages through the model's template, where nothing spelled in them counts.
"""

import asyncio
import json
import os
import secrets
import threading
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, Response, StreamingResponse
from starlette.exceptions import HTTPException

from pipelines import storage
from pipelines.models.prompt import PromptError, encode_prompt
from pipelines.recipe import RecipeError
from pipelines.serve.api import MAX_CHOICES, ApiError, ChatRequest, CompletionRequest, Reply
from pipelines.serve.engine import Delta, Engine, Job
from pipelines.serve.guard import LOOPBACK, Guard
from pipelines.storage import filesystem, shard_cache
from schemas.manifest import Manifest

TOKEN = "GRISTMILL_SERVE_TOKEN"
TOKEN_BYTES = 32
WAITING = 8  # requests at work or in line; one more is told to come back
RETRY_AFTER = 5  # seconds
POLL = 0.5  # seconds between looks at whether the client is still there


def serve(model: str | Path, host: str = "127.0.0.1", port: int = 8000, data: Path = Path("data")) -> None:
    """Serve until interrupted. `model` is a folder, or the name of a recipe that has one below `data`."""
    folder = find_model(model, data)
    token = os.environ.get(TOKEN, "")
    if host not in LOOPBACK and len(token.encode()) < TOKEN_BYTES:
        raise RecipeError(
            f"{host} can be reached from elsewhere: set {TOKEN} to a secret of {TOKEN_BYTES} bytes or more"
        )
    app = create_app(folder, name=str(model), token=token, hosts=LOOPBACK if host in LOOPBACK else ())
    uvicorn.run(app, host=host, port=port, log_level="info", server_header=False)


def find_model(model: str | Path, data: Path) -> Path:
    """The folder that `model` names. Raises RecipeError with the cure, PlaceError."""
    made_of = storage.folder(data, "finetune", str(model))
    for folder in (filesystem.follow_link(filesystem.resolve(model)), storage.latest(made_of), made_of):
        if (folder / "config.json").is_file():
            return folder.resolve() if filesystem.is_local(folder) else folder
    made = sorted(path.parent.name for path in (data / storage.FOLDERS["finetune"]).glob("*/latest"))
    known = f"models here: {', '.join(made)}" if made else "train one with `gristmill stage finetune RECIPE`"
    raise RecipeError(f"{model}: not a model folder, and no recipe of that name has a model below {data}; {known}")


def create_app(folder: Path, *, name: str = "", token: str = "", hosts: tuple[str, ...] = LOOPBACK) -> FastAPI:
    """The server's ASGI app; loads the model. It answers to the folder's names, and to `name`."""
    app = FastAPI(title="Gristmill", docs_url=None, redoc_url=None, openapi_url=None)
    manifest = storage.read_manifest(folder)
    with shard_cache.local_copy_of(folder, manifest) as here:
        desk = Desk(Engine(here), _names(folder, manifest, name))
    app.add_middleware(Guard, hosts=hosts, token=token)
    app.add_exception_handler(ApiError, _on_api_error)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(HTTPException, _on_http_error)
    app.add_exception_handler(Exception, _on_fault)
    _add_routes(app, desk)
    return app


def _names(folder: Path, manifest: Manifest | None, name: str) -> list[str]:
    """The model's own name first: `<recipe>/<version>` for what Gristmill made, else the folder's."""
    own = [f"{manifest.name}/{folder.name}", manifest.name] if manifest else [folder.name]
    return list(dict.fromkeys([*own, *([name] if name else []), str(folder)]))


@dataclass
class Writing:
    """A job at work or in line; leaving `deltas` early gives it up."""

    future: asyncio.Future[int]
    queue: asyncio.Queue[Delta | None]
    cancelled: threading.Event

    async def deltas(self, request: Request) -> AsyncIterator[Delta]:
        try:
            while (delta := await self._next(request)) is not None:
                yield delta
        finally:
            self.cancelled.set()

    async def _next(self, request: Request) -> Delta | None:
        while not await request.is_disconnected():
            try:
                return await asyncio.wait_for(self.queue.get(), POLL)
            except TimeoutError:
                continue
        raise ApiError(499, "the client has gone")


class Desk:
    """Takes requests in, one at work and a few in line."""

    def __init__(self, engine: Engine, names: list[str]) -> None:
        self.engine, self.names, self.waiting = engine, names, 0
        self.pool = ThreadPoolExecutor(1, thread_name_prefix="generate")

    def know(self, model: str) -> None:
        if model not in self.names:
            message = f"the model {model!r} does not exist here; this server has {self.names[0]!r}"
            raise ApiError(404, message, param="model", code="model_not_found")

    def begin(self, job: Job) -> Writing:
        """Raises ApiError 429 when the line is full."""
        if self.waiting >= WAITING:
            raise ApiError(429, f"{WAITING} requests are waiting already; try again", code="rate_limit_exceeded")
        loop = asyncio.get_running_loop()
        queue: asyncio.Queue[Delta | None] = asyncio.Queue()
        cancelled = threading.Event()

        def emit(delta: Delta) -> None:
            loop.call_soon_threadsafe(queue.put_nowait, delta)

        self.waiting += 1
        future = loop.run_in_executor(self.pool, self.engine.generate, job, emit, cancelled)
        future.add_done_callback(lambda _: self._end(queue))
        return Writing(future, queue, cancelled)

    def _end(self, queue: asyncio.Queue[Delta | None]) -> None:
        self.waiting -= 1
        queue.put_nowait(None)


def _add_routes(app: FastAPI, desk: Desk) -> None:
    @app.get("/health")
    async def health() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/v1/models")
    async def models() -> dict[str, Any]:
        return {"object": "list", "data": [_model(desk.names[0])]}

    @app.get("/v1/models/{model:path}")
    async def model(model: str) -> dict[str, Any]:
        desk.know(model)
        return _model(model)

    @app.post("/v1/completions")
    async def completions(body: CompletionRequest, request: Request) -> Response:
        desk.know(body.model)
        body.check()
        rows, echoes = _completion_rows(desk.engine, body)
        job = _job(desk.engine, body, rows, body.max_tokens)
        reply = Reply(body.model, chat=False)
        return await _answer(desk, job, request, body, reply, echoes, prompt_tokens=sum(map(len, rows)) // body.n)

    @app.post("/v1/chat/completions")
    async def chat(body: ChatRequest, request: Request) -> Response:
        desk.know(body.model)
        body.check()
        rows = _chat_rows(desk.engine, body)
        job = _job(desk.engine, body, rows, body.limit() or desk.engine.context - len(rows[0]))
        reply = Reply(body.model, chat=True)
        return await _answer(desk, job, request, body, reply, [""] * body.n, prompt_tokens=len(rows[0]))

    @app.get("/")
    async def playground() -> HTMLResponse:
        nonce = secrets.token_urlsafe(16)
        policy = f"default-src 'none'; connect-src 'self'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'"
        headers = {"Content-Security-Policy": f"{policy}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"}
        return HTMLResponse(PLAYGROUND.read_text().replace("NONCE", nonce), headers=headers)


PLAYGROUND = Path(__file__).with_name("playground.html")


def _model(name: str) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": 0, "owned_by": "gristmill"}


def _completion_rows(engine: Engine, body: CompletionRequest) -> tuple[list[tuple[int, ...]], list[str]]:
    """Rows of tokens, `n` per prompt, and the text that each echoes."""
    rows, echoes = [], []
    for prompt in body.prompts():
        ids = engine.tokens(prompt) if isinstance(prompt, str) else tuple(prompt)
        if max(ids) >= engine.vocabulary:
            raise ApiError(400, f"prompt: {max(ids)} is not a token of this model", param="prompt")
        said = prompt if isinstance(prompt, str) else str(engine.tokenizer.decode(ids))
        rows += [ids] * body.n
        echoes += [said if body.echo else ""] * body.n
    return rows, echoes


def _chat_rows(engine: Engine, body: ChatRequest) -> list[tuple[int, ...]]:
    if not engine.tokenizer.chat_template:
        raise ApiError(400, "this model has no chat template; use /v1/completions", param="messages")
    try:
        ids = encode_prompt([message.turn() for message in body.messages], engine.tokenizer)
    except PromptError as error:
        raise ApiError(400, str(error), param="messages") from error
    return [tuple(ids)] * body.n


def _job(engine: Engine, body: CompletionRequest | ChatRequest, rows: list[tuple[int, ...]], max_tokens: int) -> Job:
    if len(rows) > MAX_CHOICES:
        raise ApiError(400, f"{len(rows)} choices in one request; at most {MAX_CHOICES}", param="n")
    longest = max(map(len, rows))
    if longest + max(max_tokens, 1) > engine.context:
        message = (
            f"this model's maximum context length is {engine.context} tokens, but {longest} in the prompt "
            f"and {max_tokens} in the completion were asked for"
        )
        raise ApiError(400, message, param="max_tokens", code="context_length_exceeded")
    return Job(
        rows=tuple(rows),
        max_tokens=max_tokens,
        temperature=body.temperature,
        top_p=body.top_p,
        stops=body.stops(),
        seed=body.seed,
        presence_penalty=body.presence_penalty,
        frequency_penalty=body.frequency_penalty,
    )


async def _answer(
    desk: Desk,
    job: Job,
    request: Request,
    body: CompletionRequest | ChatRequest,
    reply: Reply,
    echoes: list[str],
    *,
    prompt_tokens: int,
) -> Response:
    writing = desk.begin(job)
    if body.stream:
        events = _events(writing, request, reply, echoes, prompt_tokens, body.stream_options.include_usage)
        return StreamingResponse(events, media_type="text/event-stream", headers={"Cache-Control": "no-cache"})
    texts, reasons = list(echoes), [""] * len(echoes)
    async for delta in writing.deltas(request):
        texts[delta.row] += delta.text
        reasons[delta.row] = delta.reason
    usage = _usage(prompt_tokens, await writing.future)
    return JSONResponse(reply.whole(zip(texts, reasons, strict=True), usage))


async def _events(
    writing: Writing, request: Request, reply: Reply, echoes: list[str], prompt_tokens: int, with_usage: bool
) -> AsyncIterator[str]:
    """Server-sent events: the chunks of all choices as they come."""
    for index, echo in enumerate(echoes):
        if reply.chat:
            yield _event(reply.opening(index))
        elif echo:
            yield _event(reply.chunk(index, echo, ""))
    try:
        async for delta in writing.deltas(request):
            yield _event(reply.chunk(*delta))
        usage = _usage(prompt_tokens, await writing.future)
    except Exception as error:
        yield _event(_shaped(error).body())
        return
    if with_usage:
        yield _event(reply.closing(usage))
    yield "data: [DONE]\n\n"


def _event(content: dict[str, Any]) -> str:
    return f"data: {json.dumps(content, ensure_ascii=False)}\n\n"


def _usage(prompt_tokens: int, completion_tokens: int) -> dict[str, int]:
    total = prompt_tokens + completion_tokens
    return {"prompt_tokens": prompt_tokens, "completion_tokens": completion_tokens, "total_tokens": total}


def _shaped(error: Exception) -> ApiError:
    return error if isinstance(error, ApiError) else ApiError(500, "the server failed; its log says why")


def _respond(error: ApiError) -> JSONResponse:
    headers = {"Retry-After": str(RETRY_AFTER)} if error.status == 429 else None
    return JSONResponse(error.body(), status_code=error.status, headers=headers)


async def _on_api_error(request: Request, error: Exception) -> Response:
    return _respond(_shaped(error))


async def _on_fault(request: Request, error: Exception) -> Response:
    return _respond(_shaped(error))


async def _on_invalid(request: Request, error: Exception) -> Response:
    """The first setting at fault; where it may be of several types, what the last of them finds."""
    assert isinstance(error, RequestValidationError)
    faults = [fault for fault in error.errors() if fault["loc"][:2] == error.errors()[0]["loc"][:2]]
    kind, message = faults[-1]["type"], faults[-1]["msg"]
    named = len(faults[-1]["loc"]) > 1 and kind != "json_invalid"
    param = str(faults[-1]["loc"][1]) if named else None
    if kind == "extra_forbidden":
        return _respond(ApiError(400, f"Unrecognized request argument supplied: {param}", param=param))
    return _respond(ApiError(400, f"{param or 'body'}: {message}", param=param))


async def _on_http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return _respond(ApiError(error.status_code, str(error.detail)))
