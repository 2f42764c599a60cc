"""The classifier: what it computes, by hand; pieces; the weights that are there."""

import numpy as np
import pyarrow as pa
import pytest

from pipelines.signals.linear_classifier import Model, features, load, scores

TEXTS = pa.array(["Grind the grain.", "磨面粉", "", "...", "grain"])


@pytest.fixture
def model() -> Model:
    dice = np.random.default_rng(1)
    weights = dice.integers(-127, 128, (256, 3)).astype(np.int8)
    return Model(weights, np.float32([0.1, 0.2, 0.3]), np.float32([1, 0, -1]))


def test_a_score_is_the_sum_of_the_weights_over_the_root_of_their_number(model: Model) -> None:
    offsets, ids = features(TEXTS, 256)
    made = scores(TEXTS, model)
    for row in (0, 1, 4):
        own = ids[offsets[row] : offsets[row + 1]]
        expected = model.bias + model.scale * model.weights[own].astype(int).sum(axis=0) / np.sqrt(len(own))
        assert made[row] == pytest.approx(expected, rel=1e-5)
    assert np.isnan(made[2:4]).all()


def test_case_width_and_variant_of_characters_make_no_difference(model: Model) -> None:
    left, right = (
        scores(pa.array(["Grain 面粉", "磨麵粉"]), model),
        scores(pa.array(["ＧＲＡＩＮ 麵粉", "磨面粉"]), model),
    )
    assert np.array_equal(left, right)


def test_a_long_text_scores_as_its_highest_piece(model: Model) -> None:
    assert scores(pa.array([" grain" * 50]), model, window=6) == pytest.approx(scores(pa.array([" grain"]), model))
    alone = scores(pa.array([" grain", " flour"]), model)
    assert scores(pa.array([" grain flour"]), model, window=6) == pytest.approx(alone.max(axis=0, keepdims=True))


def test_the_weights_are_small_and_whole() -> None:
    toxicity = load("toxicity")
    assert toxicity.weights.shape == (1 << 17, 1) and toxicity.weights.dtype == np.int8
    assert 0 < toxicity.scale[0] < 1 and np.isfinite(toxicity.bias).all()
