"""What training changed, with an interval, and one sentence that says no more than was measured."""

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np

from pipelines.messages import Message

Outcome = Literal["learnt", "unclear", "nothing", "worse"]

# Nats per answer token by which the loss must fall: 1 % of the perplexity. Measured with the packaged model on 24 rows
# in bfloat16: another batch size moves the loss by 0.0006, and twenty steps of training lower it by 0.14.
MIN_GAIN = 0.01
# With fewer pages their losses all fall together by chance more often than an interval of 95 % allows: 2 in 2^5.
MIN_PAGES = 6
LEVEL, RESAMPLES, SEED = 0.95, 2_000, 17


def measure(
    record_ids: Sequence[str], before: Sequence[tuple[float, int]], after: Sequence[tuple[float, int]]
) -> dict[str, Any]:
    """By how much the loss fell: `mean`, in nats per answer token, between `low` and `high`, over so many `pages`.

    `before` and `after` have each record's loss, in nats, and its number of answer tokens. The interval of 95 % is
    Efron's paired percentile bootstrap (1979), seeded, over pages: records of one page are not independent. With fewer
    than MIN_PAGES pages there is none, and `low` and `high` are None.
    """
    pages: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])
    for record_id, (old, tokens), (new, _) in zip(record_ids, before, after, strict=True):
        page = pages[record_id.partition("#")[0]]
        page[0] += old - new
        page[1] += tokens
    sums = np.array([pages[name] for name in sorted(pages)])
    low, high = _interval(sums) if len(pages) >= MIN_PAGES else (None, None)
    return {"mean": _mean(sums), "low": low, "high": high, "pages": len(pages)}


def _interval(sums: np.ndarray) -> tuple[float, float]:
    random = np.random.default_rng(SEED)
    drawn = [_mean(sums[random.integers(len(sums), size=len(sums))]) for _ in range(RESAMPLES)]
    low, high = np.quantile(drawn, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return round(float(low), 4), round(float(high), 4)


def _mean(sums: np.ndarray) -> float:
    nats, tokens = sums.sum(axis=0)
    return round(float(nats / tokens), 4)


def outcome(gain: Mapping[str, Any]) -> Outcome:
    """What may be said of a gain that `measure` returned.

    learnt: it is large enough, and the interval lies above zero. unclear: large enough, but the interval holds zero, or
    there is none. worse: the interval lies below zero, or the loss is not a number. nothing: all else.
    """
    mean, low, high = gain["mean"], gain["low"], gain["high"]
    if math.isnan(mean) or (high is not None and high < 0):
        return "worse"
    if mean >= MIN_GAIN:
        return "learnt" if low is not None and low > 0 else "unclear"
    return "nothing"


def is_learnt(numbers: Mapping[str, Any]) -> bool:
    """Whether a model's `metrics.json` shows that training helped."""
    return outcome(_losses(numbers)["gain"]) == "learnt"


def sentence(numbers: Mapping[str, Any]) -> Message:
    """What training changed, of a model's `metrics.json`, and what to do where that is not enough."""
    losses = _losses(numbers)
    what = outcome(losses["gain"])
    held_out = bool(numbers["held_out"]["records"])
    return Message(
        "{outcome}: on {records} {rows} the loss was {before:.3f} before training and {after:.3f} after it (nats per "
        "answer token; {interval}){cure}",
        outcome=_SAID[what],
        records=losses["records"],
        rows=Message("held-out rows") if held_out else Message("rows that it was trained on"),
        before=losses["before"]["loss"],
        after=losses["after"]["loss"],
        interval=_interval_said(losses["gain"]),
        cure=_CURES[what],
    )


def _losses(numbers: Mapping[str, Any]) -> Mapping[str, Any]:
    losses: Mapping[str, Any] = numbers["held_out"] if numbers["held_out"]["records"] else numbers["training_rows"]
    return losses


_SAID: dict[Outcome, Message] = {
    "learnt": Message("The model has learnt something"),
    "unclear": Message("Whether anything was learnt cannot be told"),
    "nothing": Message("Nothing was learnt"),
    "worse": Message("Training made the model worse"),
}
_CURES: dict[Outcome, Message] = {
    "learnt": Message(""),
    "unclear": Message("; hold out more rows (finetune.eval_records), or train longer"),
    "nothing": Message("; raise finetune.learning_rate, epochs or max_steps"),
    "worse": Message("; lower finetune.learning_rate"),
}


def _interval_said(gain: Mapping[str, Any]) -> Message:
    less = gain["mean"] >= 0
    nats = {"nats": abs(gain["mean"])}
    fall = Message("{nats:.3f} less", **nats) if less else Message("{nats:.3f} more", **nats)
    if gain["low"] is None:
        return Message("{fall}; {pages} pages are too few for an interval", fall=fall, pages=gain["pages"])
    holds = Message(", which holds zero") if gain["low"] <= 0 <= gain["high"] else Message("")
    return Message(
        "{fall}, 95 % interval of the fall {low:.3f} to {high:.3f}{holds}",
        fall=fall,
        low=gain["low"],
        high=gain["high"],
        holds=holds,
    )
