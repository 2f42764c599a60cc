"""Makes the weights in pipelines/signals/weights: `python -m tests.accuracy.train`. The same data give the same bytes.

Learnt from: COLD, madlibs, Lilac's concepts, a developer board, exchanges (Apache-2.0); Django Girls and OWASP's cheat
sheets (CC BY-SA 4.0); shell lessons (CC BY 4.0); sentences written for it (written.toml).

Logistic regression over the features of pipelines/signals/linear_classifier.py, by Adagrad, on what is not held out.
"""

import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
from numba import njit

from pipelines.signals.linear_classifier import WEIGHTS, Model, features
from tests.accuracy.labelled import Labelled, harmless, held_out, toxic, written

EPOCHS, RATE, DECAY = 20, 0.1, 1e-4


def fit(examples: list[Labelled], classes: tuple[str, ...], buckets: int) -> Model:
    """Of two classes the model has one column, for the second."""
    offsets, ids = features(pa.array([example.text for example in examples]), buckets)
    labels = np.array([classes.index(example.label) for example in examples])
    dice = np.random.default_rng(0)
    orders = np.stack([dice.permutation(len(labels)) for _ in range(EPOCHS)])
    weights, bias = _descend(offsets, ids, labels, orders, np.zeros((buckets, len(classes))))
    if len(classes) == 2:
        weights, bias = weights[:, 1:] - weights[:, :1], bias[1:] - bias[:1]
    return quantised(weights, bias)


def quantised(weights: np.ndarray, bias: np.ndarray) -> Model:
    scale = np.abs(weights).max(axis=0) / 127
    return Model(np.round(weights / scale).astype(np.int8), scale.astype(np.float32), bias.astype(np.float32))


@njit
def _descend(offsets, ids, labels, orders, weights):  # type: ignore[no-untyped-def]
    classes = weights.shape[1]
    seen, bias, seen_bias = np.full_like(weights, 1e-6), np.zeros(classes), np.full(classes, 1e-6)
    for order in orders:
        for row in order:
            own = ids[offsets[row] : offsets[row + 1]]
            share = 1 / np.sqrt(max(1, len(own)))
            faults = np.zeros(classes)
            for feature in own:
                faults += weights[feature] * share
            faults = np.exp(faults + bias - (faults + bias).max())
            faults /= faults.sum()
            faults[labels[row]] -= 1
            for feature in own:
                slope = faults * share + DECAY * weights[feature]
                seen[feature] += slope * slope
                weights[feature] -= RATE * slope / np.sqrt(seen[feature])
            seen_bias += faults * faults
            bias -= RATE * faults / np.sqrt(seen_bias)
    return weights, bias


def toxicity(data: Path) -> Model:
    examples = [*toxic(data), *harmless(data), *written()]
    return fit([example for example in examples if not held_out(example.key)], ("fine", "toxic"), 1 << 17)


def main(data: Path) -> None:
    WEIGHTS.mkdir(exist_ok=True)
    for name, train in (("toxicity", toxicity),):
        np.savez_compressed(WEIGHTS / f"{name}.npz", **train(data)._asdict())
        print(f"{name}: {(WEIGHTS / f'{name}.npz').stat().st_size:,} bytes")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "../shared/data"))
