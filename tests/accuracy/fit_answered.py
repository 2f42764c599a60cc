"""Prints the weights of `pipelines/signals/answered.py`: `python -m tests.accuracy.fit_answered`.

Learnt from the part `learn` of exchanges.tsv: what the default policy's other rules drop counts a third, what a site
with votes and accepted answers has a half. Logistic regression with a ridge, each weight of the sign that it has by its
meaning. Behind them stand, for the weights as they are rounded, how surely good ones are told from others and bad ones
from others in each part, and what bounds keep.
"""

import sys
import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa

from pipelines.signals import answered
from tests.accuracy.exchanges import READ, measured

RIDGE = 2.0
DROPPED, VOTED = 0.35, 0.5  # what an exchange counts
FREE = ("chinese",)
BOUNDS = (-0.5, 0.0, 0.25, 0.5, 0.75)


def fit(shown: np.ndarray, labels: np.ndarray, counts: np.ndarray, signs: np.ndarray) -> np.ndarray:
    """The weight of each column, the last of which is 1 everywhere."""
    ridge = np.array([*(RIDGE for _ in signs[:-1]), 0.0])
    weights = np.zeros(len(signs))
    steepest = float(np.linalg.eigvalsh((shown * counts[:, None]).T @ shown)[-1]) / 4 + RIDGE
    for _ in range(5_000):  # projected gradient
        slope = shown.T @ (counts * (1 / (1 + np.exp(-shown @ weights)) - labels)) + ridge * weights
        step = weights - slope / steepest
        weights = np.where(signs * step < 0, 0.0, step)
    return weights


def auc(odds: np.ndarray, positive: np.ndarray) -> float:
    """How often one of the positives stands above one of the others."""
    pairs = odds[positive][:, None] - odds[~positive][None]
    return float((pairs > 0).mean() + (pairs == 0).mean() / 2)


def tell(table: pa.Table) -> None:
    odds = table["pair_answered"].to_numpy()
    good, bad = (np.array([one.label == label for one in READ]) for label in ("good", "bad"))
    voted = np.array([one.record_id.startswith(("quantum:", "coffee:")) for one in READ])
    for part in ("learn", "choose", "report"):
        own = np.array([one.part == part and one.kept == "yes" for one in READ]) & ~voted
        print(f"{part}: good ones {auc(odds[own], good[own]):.3f}, others than bad {auc(odds[own], ~bad[own]):.3f}")
        for bound in BOUNDS:
            stay = own & (odds >= bound)
            of = f"{good[stay].sum()} good, {bad[stay].sum()} bad of {stay.sum()}"
            print(f"  {bound:5} leaves {of}; all are {good[own].sum()}, {bad[own].sum()} of {own.sum()}")


def main(data: Path) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        table = measured(data, Path(scratch))
    its = answered.traits(table)
    shown = np.column_stack([*(its[name].to_numpy() for name in its.column_names), np.ones(len(READ))])
    learn = np.array([one.part == "learn" for one in READ])
    counts = np.array([1.0 if one.kept == "yes" else DROPPED for one in READ])
    counts *= np.array([VOTED if one.record_id.startswith("quantum:") else 1.0 for one in READ])
    signs = np.array([*(0.0 if n in FREE else np.sign(answered._WEIGHTS[n]) for n in its.column_names), 0.0])
    good = np.array([one.label == "good" for one in READ], np.float64)
    weights = fit(shown[learn], good[learn], counts[learn], signs)
    print("\n".join(f"{name}: {weight:.2f}" for name, weight in zip([*its.column_names, "all"], weights, strict=True)))
    tell(table)


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "../shared/data"))
