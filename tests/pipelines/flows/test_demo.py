"""The demo trains by steps and not by the clock, and its last screen says what is true and where to go on."""

import io
import itertools
import shlex
import time
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from pipelines import finetune, storage
from pipelines.flows import demo
from pipelines.messages import card_name, spoken
from pipelines.recipe import load
from tests.pipelines.conftest import recipe, rows, write_snapshot

ENGLISH = {"records": 3, "before": 0.6, "after": 0.5, "frequencies": 2.9}
CHINESE = {"records": 2, "before": 4.5, "after": 4.4, "frequencies": 6.0}


def sample(number: int, language: str) -> dict[str, Any]:
    told = {"record_id": f"test:{number}#1", "language": language, "earlier_messages": 0, "input": ""}
    return told | {"instruction": f"Ask {number}?", "before": f"Old {number}.", "after": f"[bold]New[/bold] {number}."}


def numbers(gain: dict[str, Any]) -> dict[str, Any]:
    held = {"records": 60, "before": {"loss": 2.5}, "after": {"loss": 2.5 - gain["mean"]}, "gain": gain}
    asked = [sample(number, language) for number, language in enumerate(["en", "zh", "en", "zh"])]
    return {"held_out": held, "languages": {"en": ENGLISH, "zh": CHINESE}, "samples": asked}


def screen(told: dict[str, Any]) -> str:
    drawn = io.StringIO()
    demo.show_result(Console(file=drawn, width=80), told)
    return drawn.getvalue()


def test_three_questions_with_both_answers_and_what_was_learnt() -> None:
    shown = screen(numbers({"mean": 0.3, "low": 0.2, "high": 0.4, "pages": 20}))
    assert "The model has learnt something: on 60 held-out rows" in shown
    assert "3 of 4 held-out questions" in shown
    assert [f"Ask {number}?" in shown for number in range(4)] == [True, True, True, False]
    assert any("Old 0." in line and "[bold]New[/bold] 0." in line for line in shown.splitlines()), "side by side"
    assert shown.count("does not speak zh") == 1
    assert shown.index("Ask 1?") < shown.index("does not speak zh") < shown.index("Ask 2?")


def test_where_nothing_was_learnt_the_screen_says_so() -> None:
    shown = screen(numbers({"mean": 0.0, "low": -0.1, "high": 0.1, "pages": 20}))
    assert shown.lstrip().startswith("Nothing was learnt: ") and "has learnt" not in shown


def test_what_next_can_be_given(tmp_path: Path) -> None:
    """Each command as it would be typed; the record is one that was dropped, and the card is a file."""
    from tests.test_documents import parse

    drawn = io.StringIO()
    demo.show_next(
        Console(file=drawn, width=200), tmp_path, {"record": "forum:q1#a1", "card": "README.md", "questions": 20}
    )
    lines = [line.split("   ")[0].strip() for line in drawn.getvalue().splitlines() if line.startswith("gristmill")]
    asked = {line.split()[1] for line in lines}
    assert asked >= {"up", "sql", "explain", "serve", "status", "try"}
    for line in lines:
        parse(shlex.split(line))
        assert line.endswith(f"--data {tmp_path}") or "check" in line
    assert "less README.md" in drawn.getvalue()


def test_a_slow_clock_costs_no_step(tmp_path: Path, chat_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the demo's own settings, but for model and number of steps, an hour passes whenever the clock is read."""
    settings = load("demo").finetune
    assert settings.max_steps > 0
    hours = itertools.count(step=3600.0)
    write_snapshot(tmp_path, rows(20, "train"), rows(8, "validation", 100))
    monkeypatch.setattr(time, "monotonic", lambda: next(hours))
    tiny = recipe(chat_model)
    made = tiny.model_copy(update={"finetune": settings.model_copy(update={"model": str(chat_model), "max_steps": 7})})
    assert finetune.run(made, tmp_path).counts["steps"] == 7
    card = (storage.latest(storage.folder(tmp_path, "finetune", "tiny")) / "README.md").read_text()
    assert " 7 steps, " in card and "max_seconds" not in card


def test_the_card_that_is_named_is_the_readers() -> None:
    for language, name in (("en", "README.md"), ("zh", "README.zh-CN.md")):
        with spoken(language):
            assert card_name() == name
