"""The HTTP app: its routes, its playground page, and errors in OpenAI's shape."""

import secrets
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, Response
from starlette.exceptions import HTTPException

from pipelines.serve import completions, playground
from pipelines.serve.access import LOOPBACK, AccessMiddleware
from pipelines.serve.loading import ServedModel
from pipelines.serve.protocol import ApiError, as_api_error

RETRY_AFTER = 5  # seconds


def create_app(*models: ServedModel, token: str = "", hosts: tuple[str, ...] = LOOPBACK) -> FastAPI:
    """The ASGI app that answers for these models; requests name theirs.

    `token` is what clients must send; empty: nothing. `hosts` are the host names that it answers to; empty: any.
    """
    app = FastAPI(title="Gristmill", docs_url=None, redoc_url=None, openapi_url=None)
    app.add_middleware(AccessMiddleware, hosts=hosts, token=token)
    app.add_exception_handler(RequestValidationError, _on_invalid_request)
    app.add_exception_handler(HTTPException, _on_http_error)
    app.add_exception_handler(ApiError, _on_error)
    app.add_exception_handler(Exception, _on_error)
    _add_information_routes(app, models)
    completions.add_routes(app, models)
    return app


def _add_information_routes(app: FastAPI, models: tuple[ServedModel, ...]) -> None:
    @app.get("/health")
    async def health() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/v1/models")
    async def list_models() -> dict[str, Any]:
        return {"object": "list", "data": [_model_object(model.names[0]) for model in models]}

    @app.get("/v1/engines")
    async def list_engines() -> dict[str, Any]:
        engine = {"object": "engine", "ready": True}
        return {"object": "list", "data": [_model_object(model.names[0]) | engine for model in models]}

    @app.get("/v1/models/{name:path}")
    async def retrieve_model(name: str) -> dict[str, Any]:
        completions.named(models, name)
        return _model_object(name)

    @app.get("/")
    async def show_playground(request: Request) -> HTMLResponse:
        nonce = secrets.token_urlsafe(16)
        policy = f"default-src 'none'; connect-src 'self'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'"
        headers = {"Content-Security-Policy": f"{policy}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"}
        return HTMLResponse(playground.page(playground.language_of(request), nonce), headers=headers)


def _model_object(name: str) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": 0, "owned_by": "gristmill"}


def _error_response(error: ApiError) -> JSONResponse:
    headers = {"Retry-After": str(RETRY_AFTER)} if error.status == 429 else None
    return JSONResponse(error.body(), status_code=error.status, headers=headers)


async def _on_error(request: Request, error: Exception) -> Response:
    return _error_response(as_api_error(error))


async def _on_http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return _error_response(ApiError(error.status_code, str(error.detail)))


async def _on_invalid_request(request: Request, error: Exception) -> Response:
    """Reports the first invalid setting. Where it may be of several types, the error of the last type is reported."""
    assert isinstance(error, RequestValidationError)
    faults = [fault for fault in error.errors() if fault["loc"][:2] == error.errors()[0]["loc"][:2]]
    kind, message = faults[-1]["type"], faults[-1]["msg"]
    has_name = len(faults[-1]["loc"]) > 1 and kind != "json_invalid"
    param = str(faults[-1]["loc"][1]) if has_name else None
    return _error_response(ApiError(400, f"{param or 'body'}: {message}", param=param))
