"""The two endpoints that generate text: /v1/completions and /v1/chat/completions.

/v1/engines/{engine}/completions is the first under its older name.
"""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from functools import partial
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response, StreamingResponse
from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool

from pipelines.messages import tr
from pipelines.models.prompt import PromptError, encode_prompt
from pipelines.serve import tools
from pipelines.serve.choice import GenerationRequest
from pipelines.serve.engine import Engine
from pipelines.serve.generation_queue import Generation, GenerationQueue
from pipelines.serve.grammar import MOST_PATTERNS, patterns_in
from pipelines.serve.judge import Judge
from pipelines.serve.loading import ServedModel
from pipelines.serve.protocol import ApiError, ChatRequest, CompletionRequest, as_api_error
from pipelines.serve.responses import Completed, ResponseBuilder
from pipelines.serve.tools import Way

MAX_ANSWER = 1_024  # tokens of an answer in a chat that sets no limit
IGNORED = "X-Ignored-Settings"
MAX_NAMES = 500  # characters of names of ignored settings that are told

log = logging.getLogger("gristmill")
LIKELIHOOD = "likelihood"
Choose = Callable[[list[Completed]], list[Completed]]
Prompts = list[tuple[int, ...]]  # token ids, one prompt per choice


def named(models: Sequence[ServedModel], name: str) -> ServedModel:
    """The model that a request calls so. Raises: ApiError 404 where none is called so."""
    for model in models:
        if name in model.names:
            return model
    here = ", ".join(repr(model.names[0]) for model in models)
    message = f"the model {name!r} does not exist here; this server has {here}"
    raise ApiError(404, message, param="model", code="model_not_found")


def add_routes(app: FastAPI, models: Sequence[ServedModel]) -> None:
    """Add both endpoints to `app`. They share a queue for each model."""
    queues = {model.names[0]: GenerationQueue(model.engine) for model in models}

    @app.post("/v1/completions")
    async def completions(body: CompletionRequest, request: Request) -> Response:
        model = named(models, body.model)
        engine, queue = model.engine, queues[model.names[0]]
        body.check_supported()
        async with queue.reading:
            prompts, texts = await run_in_threadpool(_completion_prompts, engine, body)
        ranked_by = _ranked_by(model, body)
        logprobs = 0 if body.logprobs is None and ranked_by == LIKELIHOOD else body.logprobs
        told = {"logprobs": logprobs, "prompt_logprobs": body.echo and body.logprobs is not None}
        generation = queue.submit(_generation_request(engine, body, prompts, body.max_tokens, told))
        builder = _completion_builder(body, prompts, texts, ranked_by)
        return await _respond(generation, request, body, builder, partial(_best, body, model.judge, texts))

    @app.post("/v1/engines/{engine_name:path}/completions")
    async def engine_completions(engine_name: str, body: dict[str, Any], request: Request) -> Response:
        return await completions(_validated({**body, "model": engine_name}), request)

    @app.post("/v1/chat/completions")
    async def chat_completions(body: ChatRequest, request: Request) -> Response:
        model = named(models, body.model)
        engine, queue = model.engine, queues[model.names[0]]
        body.check_supported()
        way = _way(engine, body)
        async with queue.reading:
            prompts = await run_in_threadpool(_chat_prompts, engine, body, way)
        limit = max(1, min(MAX_ANSWER, engine.context_length - len(prompts[0])))
        told = await run_in_threadpool(_held_to, engine, body, way)
        generation = queue.submit(_generation_request(engine, body, prompts, body.completion_limit() or limit, told))
        return await _respond(generation, request, body, _chat_builder(body, len(prompts[0]), way))


def _validated(body: dict[str, Any]) -> CompletionRequest:
    try:
        return CompletionRequest.model_validate(body)
    except ValidationError as error:
        faults = [fault | {"loc": ("body", *fault["loc"])} for fault in error.errors()]
        raise RequestValidationError(faults) from error


def _completion_prompts(engine: Engine, body: CompletionRequest) -> tuple[Prompts, list[str]]:
    """The prompts, each as often as it is completed, as tokens and as texts."""
    prompts, texts = [], []
    for prompt in body.prompts():
        ids = engine.encode(prompt) if isinstance(prompt, str) else tuple(prompt)
        if max(ids) >= engine.vocabulary_size:
            raise ApiError(400, f"prompt: {max(ids)} is not a token of this model", param="prompt")
        text = prompt if isinstance(prompt, str) else str(engine.tokenizer.decode(ids))
        prompts += [ids] * body.written()
        texts += [text] * body.written()
    return prompts, texts


def _completion_builder(
    body: CompletionRequest, prompts: Prompts, texts: Sequence[str], ranked_by: str
) -> ResponseBuilder:
    return ResponseBuilder(
        body.model,
        chat=False,
        prompt_tokens=sum(map(len, prompts)) // body.written(),
        echoes=tuple(text * body.echo for text in texts),
        logprobs=body.logprobs is not None,
        ranked_by=ranked_by,
    )


def _chat_builder(body: ChatRequest, prompt_tokens: int, way: Way) -> ResponseBuilder:
    return ResponseBuilder(
        body.model,
        chat=True,
        prompt_tokens=prompt_tokens,
        echoes=("",) * body.n,
        logprobs=body.logprobs,
        calls=way if body.offered() else None,
    )


def _chat_prompts(engine: Engine, body: ChatRequest, way: Way) -> Prompts:
    if not engine.tokenizer.chat_template:
        raise ApiError(400, "this model has no chat template; use /v1/completions", param="messages")
    said = [message.for_template() for message in body.messages]
    messages, offered = tools.for_template(way, said, body.offered())
    try:
        ids = encode_prompt(messages, engine.tokenizer, offered)
    except PromptError as error:
        raise ApiError(400, str(error), param="messages") from error
    return [tuple(ids)] * body.n


def _way(engine: Engine, body: ChatRequest) -> Way:
    """How the model writes calls. Raises: ApiError 400 where tools are asked for and that is not known."""
    found = tools.way_of(engine.tokenizer)
    if found is None and (body.offered() or any(message.tool_calls for message in body.messages)):
        text = "tools: this model's chat template writes calls in a way that this server does not read"
        raise ApiError(400, text, param="tools", code="unsupported_parameter")
    return found or "list"


def _held_to(engine: Engine, body: ChatRequest, way: Way) -> dict[str, Any]:
    """What is told of the answer's tokens, and the grammar that it must fit."""
    schema, offered = body.response_format.schema_of(), body.offered()
    name = "tools" if offered else "response_format"
    most = max(map(patterns_in, [schema, *(tool["function"].get("parameters") for tool in offered)]))
    if most > MOST_PATTERNS:
        text = f"{name}: {most} different regular expressions in one schema; at most {MOST_PATTERNS}"
        raise ApiError(400, text, param=name)
    told = {"logprobs": body.top_logprobs if body.logprobs else None}
    try:
        if schema is not None:
            return told | {"grammar": engine.grammars.of_schema(schema)}
        called = {"must": body.must_call(), "several": body.parallel_tool_calls}
        lark = tools.grammar(way, offered, engine.tokenizer.get_vocab(), **called) if offered else ""
        return told | {"grammar": engine.grammars.of_lark(lark) if lark else ""}
    except ValueError as error:
        raise ApiError(400, f"{name}: {error}", param=name) from error


def _generation_request(
    engine: Engine,
    body: CompletionRequest | ChatRequest,
    prompts: Prompts,
    max_tokens: int,
    told: dict[str, Any],
) -> GenerationRequest:
    longest = max(map(len, prompts))
    if longest + max(max_tokens, 1) > engine.context_length:
        message = (
            f"this model's maximum context length is {engine.context_length} tokens, but {longest} in the prompt "
            f"and {max_tokens} in the completion were asked for"
        )
        raise ApiError(400, message, param="max_tokens", code="context_length_exceeded")
    return GenerationRequest(
        prompts=tuple(prompts),
        max_tokens=max_tokens,
        temperature=body.temperature,
        top_p=body.top_p,
        stop_strings=body.stop_strings(),
        seed=body.seed,
        presence_penalty=body.presence_penalty,
        frequency_penalty=body.frequency_penalty,
        logit_bias=body.biases(engine.vocabulary_size),
        **told,
    )


async def _respond(
    generation: Generation,
    request: Request,
    body: CompletionRequest | ChatRequest,
    builder: ResponseBuilder,
    choose: Choose = list,
) -> Response:
    """The answer to a request; `choose` keeps those of the completions that are returned, and may take its time."""
    headers = _note_ignored(body)
    if body.stream:
        events = _events(generation, request, builder, include_usage=body.stream_options.include_usage)
        headers = {"Cache-Control": "no-cache"} | headers
        return StreamingResponse(events, media_type="text/event-stream", headers=headers)
    completed = [Completed("", "") for _ in builder.echoes]
    async for delta in generation.deltas(request):
        completed[delta.choice] = completed[delta.choice].added(delta)
    echoed = [each._replace(echo=echo) for each, echo in zip(completed, builder.echoes, strict=True)]
    chosen = await asyncio.to_thread(choose, echoed)
    return JSONResponse(builder.response(chosen, await generation.token_count), headers=headers)


def _note_ignored(body: CompletionRequest | ChatRequest) -> dict[str, str]:
    """The header that names settings which are not of the API; those of a request are logged, too."""
    names = ", ".join(name if name.isascii() and name.isprintable() else ascii(name) for name in body.ignored())[
        :MAX_NAMES
    ]
    if names:
        log.warning(tr("ignored settings of a request: {names}", names=names))
    return {IGNORED: names} if names else {}


def _ranked_by(model: ServedModel, body: CompletionRequest) -> str:
    """What chooses the best of several completions; "" where all that are written are returned."""
    judge = model.judge.name if model.judge else LIKELIHOOD
    return judge if body.written() > body.n else ""


def _best(
    body: CompletionRequest, judge: Judge | None, texts: Sequence[str], completed: list[Completed]
) -> list[Completed]:
    """The `n` best of the completions of each prompt, the best first: by the judge's scores, or the likeliest by the
    mean over their tokens. `texts` are the prompts of a judge, one for each completion."""
    if body.written() == body.n:
        return completed
    best = []
    for at in range(0, len(completed), body.written()):
        some = completed[at : at + body.written()]
        if judge:
            rewards = judge.scores(texts[at], [(each.text, each.finish_reason == "stop") for each in some])
            some = [each._replace(reward=reward) for each, reward in zip(some, rewards, strict=True)]
        best += sorted(some, key=Completed.worth, reverse=True)[: body.n]
    return best


async def _events(
    generation: Generation, request: Request, builder: ResponseBuilder, *, include_usage: bool
) -> AsyncIterator[str]:
    """Server-sent events: the chunks of all choices as they come."""
    for chunk in builder.first_chunks():
        yield _event(chunk)
    try:
        async for delta in generation.deltas(request):
            yield _event(builder.chunk(delta))
        completion_tokens = await generation.token_count
    except Exception as error:
        yield _event(as_api_error(error).body())
        return
    if include_usage:
        yield _event(builder.usage_chunk(completion_tokens))
    yield "data: [DONE]\n\n"


def _event(content: dict[str, Any]) -> str:
    return f"data: {json.dumps(content, ensure_ascii=False)}\n\n"
