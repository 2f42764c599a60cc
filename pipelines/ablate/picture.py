"""The picture of an ablation: by how much each arm is better than raw data, with its interval."""

from collections.abc import Mapping, Sequence
from typing import IO, Any

from pipelines.finetune import loss_curve
from pipelines.messages import tr


def draw(told: Mapping[str, Any], arms: Sequence[str], file: IO[bytes]) -> None:
    """Write the PNG: a line for each arm, in the order given; points for all records and for those that are kept."""
    words = labels() if loss_curve.has_letters(labels) else loss_curve.in_english(labels)
    with loss_curve.figure(words, height=1.4 + 0.45 * len(arms)) as drawn:
        axes = drawn.add_subplot(xlabel=words[0])
        axes.axvline(0, color="grey", linewidth=0.8)
        for shift, mark, records, word in ((-0.12, "o", "all", words[1]), (0.12, "s", "kept", words[2])):
            measured = [told[records][arm]["against_raw"] for arm in arms]
            means, places = [one["mean"] for one in measured], [number + shift for number in range(len(arms))]
            axes.errorbar(means, places, xerr=_ends(measured), fmt=mark, capsize=3, label=word)
        axes.set_yticks(range(len(arms)), arms)
        axes.invert_yaxis()
        drawn.legend(loc="outside upper center", ncols=2)  # above the points, not over them
        loss_curve.save(drawn, file)


def _ends(measured: Sequence[Mapping[str, Any]]) -> list[list[float]] | None:
    """How far each interval goes to either side; None where there are no intervals."""
    if any(one["low"] is None for one in measured):
        return None
    return [
        [max(0.0, one["mean"] - one["low"]) for one in measured],
        [max(0.0, one["high"] - one["mean"]) for one in measured],
    ]


def labels() -> list[str]:
    """The words of the picture."""
    return [
        tr("better than raw data by (nats per answer token)"),
        tr("all records of the sites to test on"),
        tr("those that the policy keeps"),
    ]
