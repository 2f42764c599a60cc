"""The static embedding for 16 languages beside its encoder: on pairs of sentences written for it, and on real texts.

meanings.tsv has a Chinese sentence, a paraphrase, an English translation, and a Chinese sentence about another thing
that shares words with it. Even lines were looked at while the embedding was made; odd ones are reported.
"""

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from pipelines.models import distil, multilingual

PAIRS = Path(__file__).with_name("meanings.tsv")
FLOORS = {
    "paraphrases": 0.97,
    "translations": 0.97,
    "paraphrases, words shared": 0.74,
    "translations, words shared": 0.84,
}
LIMIT = 1_500  # microseconds of processor time for a text of 400 characters, on a busy machine

Vectors = list[np.ndarray]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if cure := distil.missing_packages("multilingual"):
        pytest.skip(cure)
    folder = tmp_path_factory.mktemp("use") / "use-static"
    distil.distil(folder, "multilingual")
    return folder


def auc(same: np.ndarray, others: np.ndarray) -> float:
    return float((same[:, None] > others).mean() + (same[:, None] == others).mean() / 2)


def separations(encode: Callable[[list[str]], np.ndarray], part: int) -> dict[str, float]:
    rows = [line.split("\t") for line in PAIRS.read_text().splitlines()][part::2]
    chinese, same, english, other = (encode(list(column)) for column in zip(*rows, strict=True))
    apart = ~np.eye(len(rows), dtype=bool)
    paraphrases, translations = (chinese * same).sum(axis=1), (chinese * english).sum(axis=1)
    return {
        "paraphrases": auc(paraphrases, (chinese @ chinese.T)[apart]),
        "translations": auc(translations, (chinese @ english.T)[apart]),
        "paraphrases, words shared": auc(paraphrases, (chinese * other).sum(axis=1)),
        "translations, words shared": auc(translations, (english * other).sum(axis=1)),
    }


@pytest.mark.parametrize("part", [0, 1], ids=["looked at", "reported"])
def test_the_same_in_other_words_is_nearer_than_something_else(part: int, model: Path) -> None:
    encoder = multilingual.teacher()
    ours, theirs = (separations(encode, part) for encode in (lambda t: multilingual.encode(model, t), encoder.encode))
    for name, value in ours.items():
        print(f"\n{name}: {value:.3f} (encoder {theirs[name]:.3f})", end="")
        assert value >= FLOORS[name], name


def test_it_is_near_its_encoder_and_quick(model: Path) -> None:
    texts = [line.replace("\t", "\n") * 4 for line in PAIRS.read_text().splitlines()]
    multilingual.encode(model, texts[:1])  # compiles
    began = time.process_time()
    ours = multilingual.encode(model, texts)
    took = (time.process_time() - began) / len(texts) * 1e6
    theirs = multilingual.teacher().encode(texts)
    pairs = np.triu_indices(len(texts), 1)
    near = np.corrcoef((ours @ ours.T)[pairs], (theirs @ theirs.T)[pairs])[0, 1]
    size = np.mean([len(text) for text in texts])
    print(f"\n{took:.0f} µs a text of {size:.0f} characters; correlation with the encoder {near:.3f}")
    assert near >= 0.85 and took <= LIMIT
