"""A model and its base, served for the dashboard: asked in a stream, stopped, and gone with whoever started it."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines import finetune
from pipelines.errors import WorkFailed
from pipelines.flows import chat, model_server
from pipelines.flows.model_server import Served
from pipelines.recipe import RecipeError
from tests.pipelines.conftest import recipe, rows, write_snapshot
from tests.waiting import FAR, until

STARTS = (
    "import sys; from pathlib import Path; from pipelines.flows import model_server\n"
    "print(model_server.start('tiny/v1', Path(sys.argv[1])).process.pid, flush=True); sys.stdin.read()"
)
QUESTION = [{"role": "user", "content": "How do I keep a branch?"}]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory, chat_model: Path) -> Path:
    folder = tmp_path_factory.mktemp("served")
    write_snapshot(folder, rows(12, "train"), rows(2, "validation", 100))
    finetune.run(recipe(chat_model, max_steps=2), folder)
    return folder


@pytest.fixture(autouse=True)
def stopped() -> Iterator[None]:
    yield
    model_server.stop()


def is_gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def test_both_are_asked_in_a_stream_and_stop(data: Path) -> None:
    served = model_server.start("tiny/v1", data)
    assert served.process and model_server.running() is served and served.state() == "starting"
    until(lambda: served.state() != "starting", "the server")
    assert served.state() == "ready", served.why()
    assert chat.names(served) == ["tiny/v1", "base"]
    answers = [chat.ask(served, name, QUESTION, max_tokens=5, seed=1) for name in ("tiny/v1", "base", "nosuch")]
    until(lambda: all(answer.ended for answer in answers), "the answers")
    assert [answer.error for answer in answers[:2]] == ["", ""] and "nosuch" in answers[2].error
    assert answers[1].text and answers[1].cut
    with pytest.raises(WorkFailed):
        chat.names(Served("tiny/v1", served.url, "another token"))
    long = chat.ask(served, "base", QUESTION, max_tokens=200)
    until(lambda: bool(long.text), "the first words")
    long.stop()
    said = long.text
    assert long.ended and not long.error
    model_server.stop()
    assert served.process.returncode is not None and model_server.running() is None
    assert len(long.text) <= len(said) + 40
    late = chat.ask(served, "base", QUESTION)
    until(lambda: late.ended, "the error")
    assert "does not answer" in late.error


def test_it_ends_with_whoever_started_it(data: Path) -> None:
    words = [sys.executable, "-c", STARTS, str(data)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as starter:
        assert starter.stdout
        pid = int(starter.stdout.readline())
        assert not is_gone(pid)
        os.kill(starter.pid, signal.SIGKILL)
        starter.wait(FAR)
        until(lambda: is_gone(pid), "the end of the model's server")


def test_memory_or_a_model_that_is_missing_is_said(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    needed = model_server.memory_needed("tiny/v1", data)
    assert 0 < needed - model_server.LIBRARIES < 100e6
    monkeypatch.setattr(model_server, "memory_free", lambda: needed - 1)
    with pytest.raises(WorkFailed, match=r"take 1\.1 GB"):
        model_server.start("tiny/v1", data)
    with pytest.raises(RecipeError):
        model_server.start("tiny/v7", data)
    assert model_server.running() is None


def test_a_server_that_ends_says_why(data: Path) -> None:
    weights = data / "6_models" / "tiny" / "v1" / "config.json"
    before = weights.read_text()
    weights.write_text("{}")
    try:
        served = model_server.start("tiny/v1", data)
        until(lambda: served.state() == "ended", "the end")
    finally:
        weights.write_text(before)
    assert "config.json" in served.why() or "model_type" in served.why()
    assert model_server.memory_free() is None or model_server.memory_free()
