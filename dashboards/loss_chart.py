"""The curves of a training: the loss of its batches by step, and of what is held out."""

from collections.abc import Iterator, Mapping
from typing import Any

import altair as alt
import pandas as pd

from pipelines.messages import tr

COLOURS = {"training": "#4c78a8", "held out": "#e8833a"}
WINDOW = 9  # steps that the line of the training is a mean of: batches differ
Point = tuple[str, int, float]


def chart(numbers: Mapping[str, Any]) -> alt.LayerChart | None:
    """The curves of a `metrics.json`; None where it has none."""
    found = pd.DataFrame(list(_points(numbers)), columns=["curve", "step", "value"])
    if found.empty:
        return None
    said = {"training": tr("training"), "held out": tr("held out")}
    found["shown"] = found["curve"].map(said)
    measure = tr("reward") if "train_reward" in numbers else tr("loss per answer token (nats)")
    x = alt.X("step:Q", title=tr("optimiser step"))
    colour = alt.Color(
        "shown:N",
        scale=alt.Scale(domain=list(said.values()), range=list(COLOURS.values())),
        legend=alt.Legend(orient="bottom", title=None),
    )
    told = [
        alt.Tooltip("step:Q", title=tr("optimiser step")),
        alt.Tooltip("value:Q", format=".3f", title=measure),
        alt.Tooltip("shown:N", title=tr("Curve")),
    ]
    above = alt.Axis(title=measure, titleAngle=0, titleAlign="left", titleAnchor="end", titleX=0, titleY=-14)
    value = alt.Y("value:Q", axis=above, scale=alt.Scale(zero=False))
    drawn = alt.Chart(found).encode(x=x, color=colour, tooltip=told)
    training, held_out = (drawn.transform_filter(alt.datum.curve == name) for name in COLOURS)
    smooth = training.transform_window(mean="mean(value)", frame=[-WINDOW + 1, 0]).mark_line()
    layers = alt.layer(
        training.mark_point(filled=True, size=12, opacity=0.4).encode(y=value),
        smooth.encode(y=alt.Y("mean:Q", axis=above)),
        held_out.mark_line(point=alt.OverlayMarkDef(size=60), strokeDash=[4, 3]).encode(y=value),
    )
    whole: alt.LayerChart = layers.properties(height=340)  # type: ignore[assignment]
    return whole


def _points(numbers: Mapping[str, Any]) -> Iterator[Point]:
    measured = numbers.get("train_loss") or numbers.get("train_reward") or []
    yield from (("training", step, value) for step, value in measured)
    held_out, last = numbers["held_out"], numbers["steps"]
    if "train_reward" in numbers or not held_out.get("before") or "loss" not in held_out["before"]:
        return
    yield ("held out", 0, held_out["before"]["loss"])
    yield from (("held out", step, value) for step, value in numbers["held_out_loss"] if step != last)
    yield ("held out", last, held_out["after"]["loss"])
