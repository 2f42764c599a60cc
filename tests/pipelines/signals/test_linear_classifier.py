"""The classifier: what it computes, by hand; context, groups, tricks of spelling; pieces; the weights."""

import numpy as np
import pyarrow as pa
import pytest

from pipelines.signals.linear_classifier import Model, features, hash_word, lexicon, load, scores
from pipelines.signals.spelling import plain
from pipelines.signals.text import character_tables, texts_of

TEXTS = pa.array(["Grind the grain.", "磨面粉", "", "   ", "grain"])


@pytest.fixture
def model() -> Model:
    dice = np.random.default_rng(1)
    return Model(dice.integers(-127, 128, 256).astype(np.int8), np.float32(0.1), np.float32(1))


def ids(*texts: str) -> list[np.ndarray]:
    offsets, found = features(pa.array(texts), 1 << 20)
    return [found[offsets[row] : offsets[row + 1]] for row in range(len(texts))]


def test_a_score_is_the_sum_of_the_weights_over_the_root_of_their_number(model: Model) -> None:
    offsets, found = features(TEXTS, 256)
    made = scores(TEXTS, model)
    for row in (0, 1, 4):
        own = found[offsets[row] : offsets[row + 1]]
        expected = model.bias + model.scale * model.weights[own].astype(int).sum() / np.sqrt(len(own))
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
    assert scores(pa.array([" grain flour"]), model, window=6) == pytest.approx(alone.max(keepdims=True))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("我认识一个犹太人", "我认识一个同性恋"),
        ("外地人来了", "东北人来了"),
    ],
)
def test_names_of_groups_are_one_word(one: str, other: str) -> None:
    left, right = ids(one, other)
    assert np.array_equal(left, right)


def test_a_colour_is_a_group_only_before_persons() -> None:
    group, colour, plural, thing = ids("black people", "white people", "black", "white")
    assert np.array_equal(group[:3], colour[:3])
    assert not np.array_equal(plural, thing)


def test_what_stands_around_a_word_changes_its_features() -> None:
    plain_words, negated, quoted = ids("they are scum", "not they are scum", '"they are scum"')
    assert len(set(plain_words) - set(negated)) > 3 and len(set(plain_words) - set(quoted)) > 3


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("You 1d1ot, m0r0n", "you idiot, moron"),
        ("go f u c k off now", "go fuckoff now".replace("fuckoff", "fuck off")),
        ("d.u.m.b", "dumb"),
        ("fuuuuck", "fuck"),
        ("sh*t b!tch k1ll $hit", "sht bitch kill shit"),
        ("贝戋人", "贱人"),
        ("іdіоt 𝒇𝒖𝒄𝒌 𝟙𝖉iot", "idiot fuck idiot"),
        ("привет αλφα μm кофе", "привет αλφα μm кофе"),
        ("utf8 x86_64 a-b $5.00 wow!!! 42 good", "utf8 x86_64 a-b $5.00 wow!!! 42 good"),
        ("傻 逼 哈哈哈", "傻 逼 哈哈哈"),
        ("", ""),
    ],
)
def test_tricks_of_spelling_are_undone(text: str, read: str) -> None:
    texts = texts_of(pa.array([text]))
    codes = np.zeros(len(text) + 1, np.uint32)
    count = plain(texts.data, 0, texts.offsets[1], character_tables(), codes)
    assert "".join(map(chr, codes[:count])) == read


def test_the_weights_are_small_and_whole() -> None:
    for name, buckets in (("toxicity", 1 << 18), ("danger", 1 << 16)):
        held = load(name)
        assert held.weights.shape == (buckets,) and held.weights.dtype == np.int8
        assert 0 < held.scale < 1 and np.isfinite(held.bias)


def test_words_of_similar_meaning_are_of_one_class() -> None:
    known = lexicon()
    classes = {
        word: known.classes[np.flatnonzero(known.keys == hash_word(word))[0], 1] for word in ("moron", "idiot", "tea")
    }
    assert classes["moron"] == classes["idiot"] != classes["tea"]
