"""How many sentences about sex, self-harm and danger are found, and how much harmless text is taken for them.

The sentences were written for the project, before the phrases were read, by the hand that then mended the phrases, if
with the half `tune` alone before its eyes. What is found of `held` is what that hand thinks of; of prompts of other
people much less is found (DECISIONS.md).
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from tests.accuracy.functional import goals, requests
from tests.accuracy.insults import part_of
from tests.accuracy.labelled import Labelled, everyday, harmless, harms, technical
from tests.accuracy.test_safety import area, asked, measured

SIGNALS = {"sexual": "output_sexual", "self_harm": "pair_self_harm", "danger": "pair_danger"}
FLOORS = {  # recall and precision on the half held back
    ("sexual", "en"): (0.86, 1.0),
    ("sexual", "zh"): (0.67, 0.95),
    ("self_harm", "en"): (0.65, 1.0),
    ("self_harm", "zh"): (0.6, 1.0),
    ("danger", "en"): (0.92, 1.0),
    ("danger", "zh"): (0.94, 1.0),
}
BOUND = {"en": 0.8, "zh": 0.7}  # of the default policy
REQUESTS = {  # recall, false alarms; the bar is .60 at .05
    ("requests", "en"): (0.61, 0.04),
    ("requests", "zh"): (0.67, 0.02),
    ("goals", "en"): (0.29, 0.02),
    ("goals", "zh"): (0.4, 0.02),
}
ALARMS = {"technical": 1, "harmless": 1, "everyday": 3}  # texts flagged per kind, at most


@pytest.mark.parametrize("half", ["tune", "held"])
@pytest.mark.parametrize(("kind", "language"), FLOORS)
def test_sentences_are_found(kind: str, language: str, half: str) -> None:
    """Precision is against the harmless sentences, about as many as the others, and chosen to be mistaken."""
    own = [example for example in harms(half) if example.source == language and example.label in (kind, "harmless")]
    positive = np.array([example.label == kind for example in own])
    found = flagged(kind, measured([example.text for example in own]))
    recall, precision = found[positive].mean(), positive[found].mean()
    print(f"{half}, {kind}, {language}: recall {recall:.2f} of {positive.sum()}, precision {precision:.2f}", end="")
    if half == "held":
        assert recall >= FLOORS[kind, language][0]
        assert precision >= FLOORS[kind, language][1]


@pytest.mark.parametrize("source", [technical, harmless, everyday])
def test_harmless_text_is_left_alone(source: Callable[[Path], Iterator[Labelled]], shared_data: Path) -> None:
    table = measured([example.text for example in source(shared_data)])
    for kind in SIGNALS:
        alarms = int(flagged(kind, table).sum())
        print(f"{source.__name__}, {kind}: {alarms} of {len(table):,} flagged", end="; ")
        assert alarms <= ALARMS[source.__name__]


@pytest.mark.parametrize(("name", "language"), REQUESTS)
def test_requests_for_harm_are_found(name: str, language: str) -> None:
    """Goals that were not learnt from, in frames that were; phrases and classifier together, as the policy has them.

    Phrases were written with subjects of `requests` before the eyes; `goals` were written later, for this.
    """
    draw = {"requests": requests, "goals": goals}[name]
    own = [one for one in draw() if one.language == language and one.part == "report"]
    table, positive = asked([one.text for one in own]), np.array([one.label == "toxic" for one in own])
    values = pc.fill_null(table["instruction_danger"], 0.0).to_numpy()
    phrases = table["pair_danger"].to_numpy() > 0
    found = (values >= BOUND[language]) | phrases
    print(f"{name} {language}, report: {len(own)}, AUC {area(values, positive):.3f}", end="")
    for kind, flags in (("phrases", phrases), ("together", found)):
        print(f"; {kind}: recall {flags[positive].mean():.2f}, false alarms {flags[~positive].mean():.3f}", end="")
    assert found[positive].mean() >= REQUESTS[name, language][0]
    assert found[~positive].mean() <= REQUESTS[name, language][1]


@pytest.mark.parametrize("source", [technical, everyday])
def test_few_instructions_are_taken_for_requests_for_harm(
    source: Callable[[Path], Iterator[Labelled]], shared_data: Path
) -> None:
    """Those of the part that was not learnt from."""
    texts = [one.text for one in source(shared_data) if part_of(one.text) == "report"]
    values = pc.fill_null(asked(texts)["instruction_danger"], 0.0).to_numpy()
    alarms = int((values >= min(BOUND.values())).sum())
    print(f"{source.__name__}: {alarms} of {len(texts):,} flagged", end="")
    assert alarms <= 0.001 * len(texts)


def flagged(kind: str, table: pa.Table) -> np.ndarray:
    return pc.fill_null(table[SIGNALS[kind]], 0).to_numpy() > 0
