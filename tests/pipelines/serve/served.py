"""A served model, and what is asked of it."""

import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import openai

from tests.waiting import FAR

http = httpx.Client(timeout=FAR)
PROMPT = "<|im_start|>user\nHow do I keep a branch?<|im_end|>\n<|im_start|>assistant\n"


def model(data: Path) -> Any:
    from pipelines.serve.loading import find_model, load_model

    return load_model(find_model("tiny", data), "tiny")


def running(app: Any, **settings: Any) -> Iterator[str]:
    import uvicorn

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="warning", **settings))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(FAR)


def complete(client: openai.OpenAI, **settings: Any) -> Any:
    return client.completions.create(
        **{"model": "tiny", "prompt": PROMPT, "temperature": 0, "max_tokens": 24} | settings
    )
