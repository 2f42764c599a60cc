"""Makes the weights in pipelines/signals/weights: `python -m tests.accuracy.train [DATA [toxicity|danger]]`.

The same data give the same bytes.

Learnt from the part `learn` of: tweets (MIT), forum sentences (CC BY-SA 3.0), COLD, madlibs, Lilac's concepts, a
developer board, exchanges (Apache-2.0), Alpaca (CC BY-NC 4.0), Django Girls and OWASP's cheat sheets (CC BY-SA 4.0),
shell lessons (CC BY 4.0); and from sentences written for it (written.toml, frames.toml, functional.tsv, requests.toml,
goals.tsv). Texts that name a group are learnt with other groups too, strong words also misspelt. The classes of words
are those of word_classes.py.

Logistic regression over the features of pipelines/signals/linear_classifier.py, by Adagrad.
"""

import random
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numba import njit

from pipelines.signals.linear_classifier import WEIGHTS, features
from tests.accuracy.augment import swapped, tricked
from tests.accuracy.functional import borrowed_requests, frames, functional, goals, request_frames, requests
from tests.accuracy.insults import part_of, sets
from tests.accuracy.labelled import Labelled, everyday, harmless, harms, written

EPOCHS, RATE, DECAY = 6, 0.1, 1e-5
SCALED = {"COLD": 0.5, "written": 0.5, "harmless": 0.3, "everyday": 0.3}  # what a text counts, if not 1
OFFENSIVE = 0.5  # the same for a tweet that is called offensive: the set's own line between it and hatred is thin
CHARACTERS = 400  # of a harmless paragraph
PARAGRAPHS = 12_000
FILLINGS = 10  # frames around a request
BRIEF = 24  # characters of a brief answer
BORROWED = 4_000  # harmless instructions, per language, that are put in such frames


class Weighted(NamedTuple):
    """A text to learn from, and how much it counts."""

    example: Labelled
    weight: float


def learnt(data: Path) -> Iterator[Weighted]:
    """Yield what is learnt, in the order in which it is."""
    dice = random.Random(7)  # the same each time
    comments = [
        Weighted(Labelled(one.source, one.text, one.text, one.label), _weight(one.source, one.kind))
        for one in sets(data)
        if one.part == "learn"
    ]
    own = [
        Weighted(Labelled(f"functional {one.language}", one.text, one.text, one.label), 1.0)
        for one in [*functional(60), *frames()]
        if one.part != "report"
    ]
    own += [Weighted(one, SCALED["written"]) for one in written() if part_of(one.key) == "learn"]
    yield from comments
    yield from own
    yield from _half(comments, swapped, dice)
    yield from _half(comments + own, tricked, dice)
    for name, texts in (("harmless", harmless(data)), ("everyday", everyday(data))):
        fine = [one for one in texts if part_of(one.key) == "learn" and len(one.text.strip()) > 5]
        for one in dice.sample(fine, min(PARAGRAPHS, len(fine))):
            yield Weighted(one._replace(text=one.text[:CHARACTERS]), SCALED[name])


def _weight(source: str, kind: str) -> float:
    return OFFENSIVE if kind == "offensive" else SCALED.get(source, 1.0)


def _half(examples: list[Weighted], change, dice: random.Random) -> Iterator[Weighted]:  # type: ignore[no-untyped-def]
    """Yield changed texts; they count half of what the texts themselves do."""
    for one in examples:
        yield from (Weighted(made, one.weight / 2) for made in change([one.example], dice))


def dangerous(data: Path) -> Iterator[Weighted]:
    """Yield requests for harm, and what looks like them; all other instructions ask for no harm."""
    dice = random.Random(11)  # the same each time
    for one in [*requests(FILLINGS), *goals(FILLINGS)]:
        if one.part != "report":
            yield Weighted(Labelled("requests", one.text, one.text, one.label), 1.0)
    for one in [*request_frames(), *borrowed_requests(_texts(everyday(data)), BORROWED)]:
        yield Weighted(
            Labelled("request frames", one.text, one.text, one.label), 1.0 if one.kind != "borrowed" else 0.5
        )
    for one in harms("tune"):
        if one.label in ("danger", "harmless"):
            yield Weighted(one._replace(label="toxic" if one.label == "danger" else "fine"), 1.0)
    fine = [one for one in everyday(data) if part_of(one.key) == "learn" and len(one.text.strip()) > 5]
    fine += [one for one in harmless(data) if part_of(one.key) == "learn" and len(one.text.strip()) > 5]
    for one in dice.sample(fine, PARAGRAPHS):
        yield Weighted(one._replace(text=one.text[:CHARACTERS], label="fine"), 0.5)
    # a word alone weighs much and asks for nothing
    for text in sorted({one.text.strip() for one in everyday(data) if part_of(one.key) == "learn"}):
        if 0 < len(text) <= BRIEF:
            yield Weighted(Labelled("brief", text, text, "fine"), 0.5)


def _texts(examples: Iterator[Labelled]) -> list[str]:
    return [one.text for one in examples if part_of(one.key) == "learn"]


def fit(examples: list[Weighted], buckets: int) -> tuple[np.ndarray, float]:
    """Return the features' weights and the bias."""
    offsets, ids = features(pa.array([one.example.text for one in examples]), buckets)
    labels = np.array([one.example.label == "toxic" for one in examples], float)
    counts = np.array([one.weight for one in examples])
    dice = np.random.default_rng(0)
    orders = np.stack([dice.permutation(len(labels)) for _ in range(EPOCHS)])
    weights = np.zeros(buckets)
    return weights, _descend(offsets, ids, labels, counts, orders, weights)


@njit
def _descend(offsets, ids, labels, counts, orders, weights):  # type: ignore[no-untyped-def]
    """Change `weights` by Adagrad; return the bias."""
    seen, bias, seen_bias = np.full(len(weights), 1e-6), 0.0, 1e-6
    for order in orders:
        for row in order:
            own = ids[offsets[row] : offsets[row + 1]]
            share = 1 / np.sqrt(max(1, len(own)))
            score = bias
            for feature in own:
                score += weights[feature] * share
            fault = (1 / (1 + np.exp(-score)) - labels[row]) * counts[row]
            for feature in own:
                slope = fault * share + DECAY * weights[feature]
                seen[feature] += slope * slope
                weights[feature] -= RATE * slope / np.sqrt(seen[feature])
            seen_bias += fault * fault
            bias -= RATE * fault / np.sqrt(seen_bias)
    return bias


def main(data: Path, only: str = "") -> None:
    for name, examples, buckets in (("toxicity", learnt, 1 << 18), ("danger", dangerous, 1 << 16)):
        if only not in ("", name):
            continue
        weights, bias = fit(list(examples(data)), buckets)
        scale = np.quantile(np.abs(weights), 0.99999) / 127  # a few large weights would make all others coarse
        path = WEIGHTS / f"{name}.npz"
        quantised = np.round(weights / scale).clip(-127, 127).astype(np.int8)
        np.savez_compressed(path, weights=quantised, scale=np.float32(scale), bias=np.float32(bias))
        print(f"{name}: {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "../shared/data"), *sys.argv[2:])
