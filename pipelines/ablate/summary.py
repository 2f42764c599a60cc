"""What the arms of an ablation lose on sites that none has seen, and how sure their differences are.

An interval of 95 % is of the difference between two arms, by the pigeonhole bootstrap (Owen 2007): seeds and pages are
drawn again, each by itself, and the pairs of both that come of it are kept paired. With fewer than MIN_SEEDS seeds or
`gain.MIN_PAGES` pages there is none.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

import numpy as np

from pipelines.ablate.arms import CURATED, RAW
from pipelines.finetune.gain import LEVEL, MIN_PAGES, RESAMPLES, SEED

MIN_SEEDS = 3
BASE = "base"
Row = Mapping[str, Any]
Losses = Mapping[int, Mapping[str, tuple[float, int]]]  # by seed and record: nats and tokens
Outcome = Literal["helps", "hurts", "unclear"]


def of(rows: Iterable[Row]) -> dict[str, Any]:
    """By arm: the loss on all records of the test sites, and on those that the policy keeps, each beside raw data."""
    every: dict[str, dict[int, dict[str, tuple[float, int]]]] = defaultdict(lambda: defaultdict(dict))
    kept: dict[str, dict[int, dict[str, tuple[float, int]]]] = defaultdict(lambda: defaultdict(dict))
    for row in rows:
        if row["nats"] is not None:
            value = (row["nats"], row["tokens"])
            every[row["model"]][row["seed"] or 0][row["record_id"]] = value
            if row["passed"]:
                kept[row["model"]][row["seed"] or 0][row["record_id"]] = value
    return {"all": _set(every), "kept": _set(kept)}


def _set(arms: Mapping[str, Losses]) -> dict[str, Any]:
    return {arm: _arm(losses, arms.get(RAW)) for arm, losses in arms.items()}


def _arm(losses: Losses, raw: Losses | None) -> dict[str, Any]:
    by_seed = [_mean(of_seed.values()) for _, of_seed in sorted(losses.items())]
    told: dict[str, Any] = {"records": len(next(iter(losses.values()))), "loss": round(sum(by_seed) / len(by_seed), 4)}
    told |= {"by_seed": [round(loss, 4) for loss in by_seed]}
    return told | ({"against_raw": difference(raw, losses)} if raw and losses.keys() == raw.keys() else {})


def _mean(values: Iterable[tuple[float, int]]) -> float:
    nats, tokens = (sum(column) for column in zip(*values, strict=True))
    return float(nats / tokens)


def difference(before: Losses, after: Losses) -> dict[str, Any]:
    """By how many nats a token costs less `after` than `before`; both have the same seeds and records."""
    seeds = sorted(before)
    records = sorted(before[seeds[0]].keys() & after[seeds[0]].keys())
    pages = sorted({name.partition("#")[0] for name in records})
    at = {page: number for number, page in enumerate(pages)}
    falls, tokens = np.zeros((len(seeds), len(pages))), np.zeros(len(pages))
    for name in records:
        page = at[name.partition("#")[0]]
        tokens[page] += before[seeds[0]][name][1]
        for number, seed in enumerate(seeds):
            falls[number, page] += before[seed][name][0] - after[seed][name][0]
    mean = round(float(falls.sum() / len(seeds) / tokens.sum()), 4)
    low, high = _interval(falls, tokens) if len(seeds) >= MIN_SEEDS and len(pages) >= MIN_PAGES else (None, None)
    return {"mean": mean, "low": low, "high": high, "pages": len(pages)}


def _interval(falls: np.ndarray, tokens: np.ndarray) -> tuple[float, float]:
    random = np.random.default_rng(SEED)
    seeds, pages = falls.shape
    drawn = []
    for _ in range(RESAMPLES):
        chosen = random.integers(pages, size=pages)
        of_seeds = falls[random.integers(seeds, size=seeds)][:, chosen]
        drawn.append(of_seeds.sum() / seeds / tokens[chosen].sum())
    low, high = np.quantile(drawn, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return round(float(low), 4), round(float(high), 4)


def outcome(told: Mapping[str, Any]) -> Outcome:
    """Whether what the policy keeps trains better than raw data, on all records of the sites to test on."""
    measured = told["all"][CURATED]["against_raw"]
    if measured["low"] is None or measured["low"] <= 0 <= measured["high"]:
        return "unclear"
    return "helps" if measured["low"] > 0 else "hurts"


def ordered(told: Mapping[str, Any]) -> Sequence[str]:
    """The arms, the base model first, then in the order of their loss."""
    return sorted(told["all"], key=lambda arm: (arm != BASE, told["all"][arm]["loss"]))
