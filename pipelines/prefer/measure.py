"""How often the chosen answer of a held-out pair is preferred: by the model, by the model before, and by length.

Where voters choose the longer answer more often than not, so does who has learnt nothing else. So each ranking is also
measured as if the longer answer were the chosen one half of the time: pairs weigh as much on either side.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Literal

import numpy as np

from pipelines.finetune import gain
from pipelines.messages import Message
from pipelines.models import reward
from pipelines.models.losses import all_answer_losses
from pipelines.models.prompt import Example
from pipelines.prefer.pairs import Pair
from pipelines.workers.progress import track

Outcome = Literal["learnt", "unclear", "nothing", "worse"]
Margins = np.ndarray  # float64[pairs]: of a pair, what speaks for the chosen answer; below 0 for the rejected one
ALIKE = 0.2  # share by which the lengths of a pair may differ to count as alike


def examples(pairs: Sequence[Pair]) -> list[Example]:
    """The chosen answer of each pair and the rejected one, in turn."""
    return [example for pair in pairs for example in pair.examples()]


def log_probabilities(model: Any, listed: Sequence[Example], batch_tokens: int, what: str) -> np.ndarray:
    """The natural logarithm of each answer's probability: float64[examples]."""
    return np.array([-nats for nats, _ in all_answer_losses(model, listed, batch_tokens, partial(_shown, what))])


def scores(model: Any, listed: Sequence[Example], batch_tokens: int) -> np.ndarray:
    """A reward model's score of each answer: float64[examples]."""
    return np.array(reward.scores(model, [one.ids for one in listed], batch_tokens, partial(_shown, "scores")))


def _shown(what: str, batches: list[list[int]]) -> Iterator[list[int]]:
    return track(batches, f"prefer: {what}", len(batches))


def margin(values: np.ndarray) -> Margins:
    """By how much the value of each chosen answer is higher than that of the rejected one."""
    return np.asarray(values[::2] - values[1::2], np.float64)


def compare(pairs: Sequence[Pair], margins: Mapping[str, Margins]) -> dict[str, Any]:
    """What `metrics.json` says of held-out pairs: `pairs`, and for each ranking in `margins` and for `longer` its
    accuracy over all, over those whose lengths are `alike`, and `balanced` by length; `over` is by how much `after` is
    better than the others. Each has `mean`, `low`, `high` and `pages` (see gain.measure); an equal pair counts half.

    Lengths are tokens of whole answers, also where less of them was read.
    """
    units = [pair.unit for pair in pairs]
    lengths = np.array([answer.answer_tokens for pair in pairs for answer in pair.both()])
    longer = margin(lengths.astype(float))
    ranked = {name: _right(values) for name, values in {**margins, "longer": longer}.items()}
    even, alike = _weights(longer), _alike(lengths)
    everywhere, together = np.ones(len(pairs)), {name: right for name, right in ranked.items() if name != "after"}
    return {
        "pairs": len(pairs),
        "alike_pairs": int(alike.sum()),
        "accuracy": {name: _mean(units, right, everywhere) for name, right in ranked.items()},
        "balanced": {name: _mean(units, right, even) for name, right in ranked.items()},
        "alike": {name: _mean(units, right, alike) for name, right in ranked.items()} if alike.any() else {},
        "over": {name: _mean(units, ranked["after"] - right, everywhere) for name, right in together.items()},
    }


def _right(margins: Margins) -> np.ndarray:
    return np.asarray((np.sign(margins) + 1) / 2)


def _weights(longer: Margins) -> np.ndarray:
    """So that pairs with a longer chosen answer weigh as much as those with a shorter one; of one kind alone: all."""
    sides = [longer > 0, longer < 0]
    if not all(side.any() for side in sides):
        return np.ones(len(longer))
    return np.asarray(sum(side / side.sum() for side in sides) * len(longer) / 2)


def _alike(lengths: np.ndarray) -> np.ndarray:
    chosen, rejected = lengths[::2], lengths[1::2]
    return np.asarray(np.minimum(chosen, rejected) >= (1 - ALIKE) * np.maximum(chosen, rejected)).astype(float)


def _mean(units: Sequence[str], values: np.ndarray, weights: np.ndarray) -> dict[str, Any]:
    """The weighted mean of `values` with its interval over pages; where a weight is 0 a pair does not count."""
    used = [number for number, weight in enumerate(weights) if weight > 0]
    counted = [(float(values[number] * weights[number]), float(weights[number])) for number in used]
    nothing = [(0.0, 0)] * len(used)
    return gain.measure([units[number] for number in used], counted, nothing)  # type: ignore[arg-type]


def outcome(held_out: Mapping[str, Any]) -> Outcome:
    """What may be said of the accuracy where length says nothing: above one half, as large as chance, or below."""
    mean, low, high = (held_out["balanced"]["after"][name] for name in ("mean", "low", "high"))
    if low is not None and low > 0.5:
        return "learnt"
    if high is not None and high < 0.5:
        return "worse"
    return "unclear" if mean > 0.5 else "nothing"


def is_learnt(numbers: Mapping[str, Any]) -> bool:
    """Whether a model's `metrics.json` shows that it prefers what people preferred, and not by length."""
    return bool(numbers["held_out"]["pairs"]) and outcome(numbers["held_out"]) == "learnt"


def sentence(numbers: Mapping[str, Any]) -> Message:
    """What was learnt, of a model's `metrics.json`, and no more than was measured."""
    held_out = numbers["held_out"]
    if not held_out["pairs"]:
        return Message("Nothing was measured: the snapshot holds out no pair; set the policy's shares of the splits")
    what, accuracy = outcome(held_out), held_out["accuracy"]
    return Message(
        "{outcome}: of {pairs} held-out pairs it prefers the chosen answer in {after} ({interval}), the longer answer "
        "is the chosen one in {longer}, and by its likelihood the model before prefers it in {before}; where length "
        "says nothing it is right in {balanced} ({even}){cure}",
        outcome=_SAID[what],
        pairs=held_out["pairs"],
        interval=interval(accuracy["after"]),
        even=interval(held_out["balanced"]["after"]),
        balanced=percent(held_out["balanced"]["after"]["mean"]),
        **{name: percent(accuracy[name]["mean"]) for name in ("after", "longer", "before")},
        cure=_CURES[what],
    )


def percent(share: float) -> str:
    """A share as people write it."""
    return f"{100 * share:.1f} %"


def interval(found: Mapping[str, Any]) -> Message:
    """The interval that gain.measure found, or why there is none."""
    if found["low"] is None:
        return Message("{pages} pages are too few for an interval", pages=found["pages"])
    return Message("95 % interval {low} to {high}", low=percent(found["low"]), high=percent(found["high"]))


_SAID: dict[Outcome, Message] = {
    "learnt": Message("The model has learnt what people preferred"),
    "unclear": Message("Whether anything was learnt beyond length cannot be told"),
    "nothing": Message("Nothing was learnt beyond length"),
    "worse": Message("The model prefers what people did not prefer"),
}
_MORE = Message("; learn more pairs, or train longer")
_CURES: dict[Outcome, Message] = {
    "learnt": Message(""),
    "unclear": Message("; hold out more pairs (preference.eval_pairs, the policy's splits), or train longer"),
    "nothing": _MORE,
    "worse": _MORE,
}
