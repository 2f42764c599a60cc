"""A tiny model that was trained, a server of it, and a client."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openai
import pytest

from pipelines import finetune
from tests.pipelines.conftest import recipe, rows, write_snapshot
from tests.pipelines.serve.served import model, running
from tests.waiting import FAR


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory, chat_model: Path) -> Path:
    """Trained once for all files that ask it: who writes there works on a copy."""
    folder = tmp_path_factory.mktemp("served")
    write_snapshot(folder, rows(60, "train"), rows(4, "validation", 100))
    settings = {"method": "full", "max_steps": 120, "learning_rate": 5e-3}
    finetune.run(recipe(chat_model, **settings), folder)
    return folder


@pytest.fixture(scope="module")
def app(data: Path) -> Any:
    from pipelines.serve.app import create_app

    return create_app(model(data))


@pytest.fixture(scope="module")
def url(app: Any) -> Iterator[str]:
    yield from running(app)


@pytest.fixture(scope="module")
def client(url: str) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{url}/v1", api_key="any", max_retries=0, timeout=FAR)
