"""Signatures against the library they load into, and the sets they estimate."""

import pyarrow as pa
import pytest
from datasketch import MinHash

from pipelines.signals import minhash
from pipelines.signals.text import hash_words
from tests.pipelines.corpus import jaccard

ENGLISH = " ".join(f"word{k % 97} number{k * k % 89}" for k in range(120))
CHINESE = "机器学习模型需要大量高质量的数据，数据清洗和去重是训练之前最重要的步骤之一。"


@pytest.mark.parametrize("text", [ENGLISH, CHINESE, ENGLISH + CHINESE])
def test_a_signature_is_what_datasketch_makes_of_the_same_shingles(text: str) -> None:
    signatures, valid = minhash.signatures(pa.array([text]))
    theirs = MinHash(minhash.PERMUTATIONS, hashfunc=int, scheme=minhash.SCHEME)
    theirs.update_batch(minhash.shingles(text).tolist())
    assert valid.all()
    assert signatures[0].tolist() == theirs.hashvalues.tolist()


def test_a_signature_loads_into_datasketch_and_estimates_similarity() -> None:
    words = ENGLISH.split()
    texts = [" ".join(words), " ".join(words[:-24])]
    signatures, _ = minhash.signatures(pa.array(texts))
    left, right = (MinHash(hashvalues=row, scheme=minhash.SCHEME) for row in signatures)
    true = jaccard(*(minhash.shingles(text) for text in texts))
    assert true == pytest.approx(0.9, abs=0.03)
    assert left.jaccard(right) == pytest.approx(true, abs=0.1)


def test_shingles_are_every_five_words_in_a_row() -> None:
    words = [f"w{k}" for k in range(minhash.MIN_SHINGLES + 4)]
    text = " ".join(words)
    assert len(minhash.shingles(text)) == minhash.MIN_SHINGLES
    assert len(minhash.shingles(f"{text} {text}")) == minhash.MIN_SHINGLES + 4
    assert len(hash_words(text)) == len(words)


@pytest.mark.parametrize(
    ("text", "enough"),
    [
        ("", False),
        ("too short", False),
        ("again and " * 500, False),
        ("字" * 400, False),
        (CHINESE, True),
        (ENGLISH, True),
    ],
)
def test_texts_with_few_different_shingles_have_no_signature(text: str, enough: bool) -> None:
    signatures, valid = minhash.signatures(pa.array([text]))
    assert valid.tolist() == [enough]
    assert (len(minhash.shingles(text)) > 0) == enough
    assert enough or (signatures == 0xFFFFFFFF).all()


@pytest.mark.parametrize("text", [ENGLISH, CHINESE, ENGLISH + " more " + ENGLISH])
def test_shingles_are_a_sorted_set(text: str) -> None:
    found = minhash.shingles(text).tolist()
    assert found and found == sorted(set(found))


def test_simplified_and_traditional_text_have_one_signature() -> None:
    traditional = "機器學習模型需要大量高質量的數據，數據清洗和去重是訓練之前最重要的步驟之一。"
    signatures, _ = minhash.signatures(pa.array([CHINESE, traditional]))
    assert (signatures[0] == signatures[1]).all()
