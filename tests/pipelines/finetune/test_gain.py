"""What is said of a training's result is what was measured: learnt, not learnt, worse, or too little to tell."""

import math
from typing import Any

import pytest

from pipelines.finetune import gain

TOKENS = 10


def measured(falls: list[float], per_page: int = 1) -> dict[str, Any]:
    """The gain of rows whose loss falls by so many nats per token, of pages with `per_page` rows each."""
    ids = [f"site:{number // per_page}#{number}" for number in range(len(falls))]
    after = [(20.0 - fall * TOKENS, TOKENS) for fall in falls]
    return gain.measure(ids, [(20.0, TOKENS)] * len(falls), after)


def told(found: dict[str, Any], held_out: bool = True) -> str:
    losses = {"records": 8, "before": {"loss": 2.0}, "after": {"loss": 2.0 - found["mean"]}, "gain": found}
    nothing = {"records": 0, "before": None, "after": None, "gain": None}
    return gain.sentence({"held_out": losses} if held_out else {"held_out": nothing, "training_rows": losses})


@pytest.mark.parametrize(
    ("falls", "per_page", "outcome"),
    [
        ([0.2, 0.1, 0.3, 0.2, 0.1, 0.2], 1, "learnt"),
        ([0.2, 0.1, 0.3, 0.2, 0.1], 1, "unclear"),  # five pages fall together by chance
        ([0.2, 0.1, 0.3, 0.2, 0.1, 0.2] * 4, 12, "unclear"),  # and so do many rows of two pages
        ([0.9, -0.5, 0.8, -0.6, 0.7, -0.3], 1, "unclear"),
        ([0.004] * 8, 1, "nothing"),
        ([0.3, -0.3] * 4, 1, "nothing"),
        ([-0.2, -0.1, -0.3, -0.2, -0.1, -0.2], 1, "worse"),
        ([-0.2, -0.1], 1, "nothing"),
        ([math.nan] * 8, 1, "worse"),
    ],
)
def test_no_more_is_said_than_was_measured(falls: list[float], per_page: int, outcome: gain.Outcome) -> None:
    found = measured(falls, per_page)
    assert gain.outcome(found) == outcome
    assert told(found).startswith(gain._SAID[outcome])
    numbers = {"held_out": {"records": 8, "gain": found}}
    assert gain.is_learnt(numbers) == (outcome == "learnt")


def test_the_interval_is_that_of_pages_weighted_by_their_tokens() -> None:
    ids = [f"site:{number}#a" for number in range(400)]
    after = [(20.0 - 4.0 * (number % 2), 10) for number in range(400)]  # half fall by 0.4 a token, half by nothing
    found = gain.measure(ids, [(20.0, 10)] * 400, after)
    assert found["mean"] == 0.2 and found["pages"] == 400
    # a mean of 400 draws with a standard deviation of 0.2: 1.96 * 0.2 / 20 on both sides
    assert found["low"] == pytest.approx(0.2 - 0.0196, abs=0.002) and found["high"] == pytest.approx(0.2196, abs=0.002)
    assert gain.measure(ids[::-1], [(20.0, 10)] * 400, after[::-1]) == found, "the order of rows changes nothing"
    long = gain.measure(["a#1", "b#1"], [(300.0, 100), (10.0, 10)], [(200.0, 100), (20.0, 10)])
    assert long == {"mean": round(90 / 110, 4), "low": None, "high": None, "pages": 2}


def test_the_sentence_holds_numbers_and_a_cure() -> None:
    learnt = told(measured([0.2, 0.1, 0.3, 0.2, 0.1, 0.2]))
    assert "on 8 held-out rows the loss was 2.000 before training and 1.817 after it" in learnt
    assert "0.183 less, 95 % interval of the fall 0.133 to 0.2" in learnt and "zero" not in learnt
    unclear = told(measured([0.9, -0.5, 0.8, -0.6, 0.7, -0.3]))
    assert "which holds zero" in unclear and unclear.endswith(
        "hold out more rows (finetune.eval_records), or train longer"
    )
    assert told(measured([0.0] * 8)).endswith("raise finetune.learning_rate, epochs or max_steps")
    worse = told(measured([-0.2] * 8))
    assert "0.200 more" in worse and worse.endswith("lower finetune.learning_rate")
    few = told(measured([0.2, 0.1]), held_out=False)
    assert "on 8 rows that it was trained on" in few and "2 pages are too few for an interval" in few
