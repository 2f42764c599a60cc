"""How many sentences about sex, self-harm and danger are found, and how much harmless text is taken for them.

The sentences were written for the project, before the rules were read, by whom the rules were later mended; the rules
may learn from the half `tune` only. Two halves of one hand resemble each other: what is found elsewhere is less.
"""

from pathlib import Path

import numpy as np
import pyarrow.compute as pc
import pytest

from tests.accuracy.labelled import Labelled, everyday, harmless, harms, technical
from tests.accuracy.test_safety import measured

SIGNALS = {"sexual": "output_sexual", "self_harm": "pair_self_harm", "danger": "pair_danger"}
FLOORS = {  # recall and precision on the half held back
    ("sexual", "en"): (0.26, 1.0),
    ("sexual", "zh"): (0.19, 0.85),
    ("self_harm", "en"): (0.06, 1.0),
    ("self_harm", "zh"): (0.1, 1.0),
    ("danger", "en"): (0.14, 1.0),
    ("danger", "zh"): (0.19, 1.0),
}
ALARMS = {"technical": 1, "harmless": 1, "everyday": 3}  # texts flagged per kind, at most


def flagged(kind: str, examples: list[Labelled]) -> np.ndarray:
    return pc.fill_null(measured([example.text for example in examples])[SIGNALS[kind]], 0).to_numpy() > 0


@pytest.mark.parametrize("half", ["tune", "held"])
@pytest.mark.parametrize(("kind", "language"), FLOORS)
def test_sentences_are_found(kind: str, language: str, half: str) -> None:
    """Precision is against the harmless sentences, about as many as the others, and chosen to be mistaken."""
    own = [example for example in harms(half) if example.source == language and example.label in (kind, "harmless")]
    found, positive = flagged(kind, own), np.array([example.label == kind for example in own])
    recall, precision = found[positive].mean(), positive[found].mean()
    print(f"{half}, {kind}, {language}: recall {recall:.2f} of {positive.sum()}, precision {precision:.2f}")
    if half == "held":
        assert recall >= FLOORS[kind, language][0]
        assert precision >= FLOORS[kind, language][1]


@pytest.mark.parametrize("texts", [technical, harmless, everyday])
def test_harmless_text_is_left_alone(texts, shared_data: Path) -> None:  # type: ignore[no-untyped-def]
    examples = list(texts(shared_data))
    for kind in SIGNALS:
        alarms = int(flagged(kind, examples).sum())
        print(f"{texts.__name__}, {kind}: {alarms} of {len(examples):,} flagged", end="; ")
        assert alarms <= ALARMS[texts.__name__]
