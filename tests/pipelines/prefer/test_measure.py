"""What is said of held-out pairs: no more than was measured, and length never passes for more."""

from typing import Any

import numpy as np
import pytest

from pipelines.finetune.fitting import Fitted
from pipelines.messages import tr
from pipelines.prefer import measure
from pipelines.prefer.measure import outcome, sentence
from pipelines.prefer.pairs import Pair
from tests.pipelines.prefer.pairing import pair


def compared(margins: np.ndarray, lengths: list[tuple[int, int]]) -> dict[str, Any]:
    """What is found where the model's margins are these, and the model before had no opinion."""
    made = [Pair(pair(number), *map(Fitted, both), 0) for number, both in enumerate(lengths)]
    return measure.compare(made, {"after": margins, "before": np.zeros(len(lengths))})


def means(found: dict[str, Any], part: str) -> dict[str, float]:
    return {name: one["mean"] for name, one in found[part].items()}


def test_who_knows_only_length_is_right_half_of_the_time_where_it_says_nothing() -> None:
    lengths = [(90, 30)] * 30 + [(30, 90)] * 10
    longer = np.array([good - bad for good, bad in lengths], float)
    found = compared(longer, lengths)
    assert means(found, "accuracy") == {"after": 0.75, "before": 0.5, "longer": 0.75}
    assert means(found, "balanced") == {"after": 0.5, "before": 0.5, "longer": 0.5}
    assert found["alike"] == {} and found["alike_pairs"] == 0
    assert outcome(found) == "nothing"


def test_who_is_right_whatever_the_length_has_learnt() -> None:
    lengths = [(90, 30), (30, 90), (33, 30), (30, 30)] * 10
    found = compared(np.ones(40), lengths)
    assert means(found, "accuracy")["after"] == means(found, "balanced")["after"] == 1.0
    assert found["alike_pairs"] == 20 and means(found, "alike")["longer"] == 0.75
    assert found["over"]["longer"]["mean"] == 1 - means(found, "accuracy")["longer"]
    assert outcome(found) == "learnt"


@pytest.mark.parametrize(
    ("right", "what"), [(40, "learnt"), (22, "unclear"), (20, "nothing"), (18, "nothing"), (3, "worse")]
)
def test_the_outcome_goes_by_the_interval(right: int, what: str) -> None:
    margins = np.array([1.0] * right + [-1.0] * (40 - right))
    assert outcome(compared(margins, [(30, 30)] * 40)) == what


def test_too_few_pages_say_nothing() -> None:
    found = compared(np.ones(4), [(30, 20), (20, 30)] * 2)
    assert outcome(found) == "unclear"
    assert "4 pages are too few for an interval" in tr("{says}", says=sentence({"held_out": found}))


def test_the_pairs_of_a_page_count_as_one_when_chance_is_weighed() -> None:
    one_page, margins = [Pair(pair(1), Fitted(30), Fitted(20), 0)] * 12, {"after": np.ones(12), "before": np.zeros(12)}
    assert measure.compare(one_page, margins)["accuracy"]["after"]["low"] is None


def test_the_sentence_names_length_and_the_model_before() -> None:
    found = compared(np.array([1.0] * 30 + [-1.0] * 10), [(90, 30)] * 30 + [(30, 90)] * 10)
    says = tr("{says}", says=sentence({"held_out": found}))
    assert says.startswith(
        "Nothing was learnt beyond length: of 40 held-out pairs it prefers the chosen answer in 75.0 %"
    )
    assert "the longer answer is the chosen one in 75.0 %" in says
    assert "the model before prefers it in 50.0 %" in says
    assert "where length says nothing it is right in 50.0 %" in says


def test_where_nothing_is_held_out_nothing_is_said() -> None:
    assert "holds out no pair" in tr("{says}", says=sentence({"held_out": {"pairs": 0}}))
    assert not measure.is_learnt({"held_out": {"pairs": 0}})
