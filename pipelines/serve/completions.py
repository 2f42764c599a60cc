"""The two endpoints that generate text: /v1/completions and /v1/chat/completions."""

import json
from collections.abc import AsyncIterator
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse

from pipelines.models.prompt import PromptError, encode_prompt
from pipelines.serve.engine import Engine, GenerationRequest
from pipelines.serve.generation_queue import Generation, GenerationQueue
from pipelines.serve.loading import ServedModel
from pipelines.serve.protocol import (
    MAX_CHOICES,
    ApiError,
    ChatRequest,
    CompletionRequest,
    ResponseBuilder,
    as_api_error,
)

Prompts = list[tuple[int, ...]]  # token ids, one prompt per choice


def check_model(model: ServedModel, name: str) -> None:
    """Compare the name of a model in a request with the names of the served one.

    Raises: ApiError 404 for another name.
    """
    if name not in model.names:
        message = f"the model {name!r} does not exist here; this server has {model.names[0]!r}"
        raise ApiError(404, message, param="model", code="model_not_found")


def add_routes(app: FastAPI, model: ServedModel) -> None:
    """Add both endpoints to `app`. They share one queue."""
    engine, queue = model.engine, GenerationQueue(model.engine)

    @app.post("/v1/completions")
    async def completions(body: CompletionRequest, request: Request) -> Response:
        check_model(model, body.model)
        body.check_supported()
        prompts, echoes = _completion_prompts(engine, body)
        generation = queue.submit(_generation_request(engine, body, prompts, body.max_tokens))
        builder = ResponseBuilder(
            body.model, chat=False, prompt_tokens=sum(map(len, prompts)) // body.n, echoes=tuple(echoes)
        )
        return await _respond(generation, request, body, builder)

    @app.post("/v1/chat/completions")
    async def chat_completions(body: ChatRequest, request: Request) -> Response:
        check_model(model, body.model)
        body.check_supported()
        prompts = _chat_prompts(engine, body)
        max_tokens = body.completion_limit() or engine.context_length - len(prompts[0])
        generation = queue.submit(_generation_request(engine, body, prompts, max_tokens))
        builder = ResponseBuilder(body.model, chat=True, prompt_tokens=len(prompts[0]), echoes=("",) * body.n)
        return await _respond(generation, request, body, builder)


def _completion_prompts(engine: Engine, body: CompletionRequest) -> tuple[Prompts, list[str]]:
    """The prompts, each `n` times, and the text that each choice begins with (`echo`)."""
    prompts, echoes = [], []
    for prompt in body.prompts():
        ids = engine.encode(prompt) if isinstance(prompt, str) else tuple(prompt)
        if max(ids) >= engine.vocabulary_size:
            raise ApiError(400, f"prompt: {max(ids)} is not a token of this model", param="prompt")
        text = prompt if isinstance(prompt, str) else str(engine.tokenizer.decode(ids))
        prompts += [ids] * body.n
        echoes += [text if body.echo else ""] * body.n
    return prompts, echoes


def _chat_prompts(engine: Engine, body: ChatRequest) -> Prompts:
    if not engine.tokenizer.chat_template:
        raise ApiError(400, "this model has no chat template; use /v1/completions", param="messages")
    try:
        ids = encode_prompt([message.for_template() for message in body.messages], engine.tokenizer)
    except PromptError as error:
        raise ApiError(400, str(error), param="messages") from error
    return [tuple(ids)] * body.n


def _generation_request(
    engine: Engine, body: CompletionRequest | ChatRequest, prompts: Prompts, max_tokens: int
) -> GenerationRequest:
    if len(prompts) > MAX_CHOICES:
        raise ApiError(400, f"{len(prompts)} choices in one request; at most {MAX_CHOICES}", param="n")
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
    )


async def _respond(
    generation: Generation, request: Request, body: CompletionRequest | ChatRequest, builder: ResponseBuilder
) -> Response:
    if body.stream:
        events = _events(generation, request, builder, include_usage=body.stream_options.include_usage)
        return StreamingResponse(events, media_type="text/event-stream", headers={"Cache-Control": "no-cache"})
    texts, finish_reasons = list(builder.echoes), [""] * len(builder.echoes)
    async for delta in generation.deltas(request):
        texts[delta.choice] += delta.text
        finish_reasons[delta.choice] = delta.finish_reason
    return JSONResponse(builder.response(zip(texts, finish_reasons, strict=True), await generation.token_count))


async def _events(
    generation: Generation, request: Request, builder: ResponseBuilder, *, include_usage: bool
) -> AsyncIterator[str]:
    """Server-sent events: the chunks of all choices as they come."""
    for chunk in builder.first_chunks():
        yield _event(chunk)
    try:
        async for delta in generation.deltas(request):
            yield _event(builder.chunk(*delta))
        completion_tokens = await generation.token_count
    except Exception as error:
        yield _event(as_api_error(error).body())
        return
    if include_usage:
        yield _event(builder.usage_chunk(completion_tokens))
    yield "data: [DONE]\n\n"


def _event(content: dict[str, Any]) -> str:
    return f"data: {json.dumps(content, ensure_ascii=False)}\n\n"
