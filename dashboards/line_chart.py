"""A line of a rule on the page: the number, the handle to drag, and the bars on both sides of it."""

import math
from typing import Literal

import altair as alt
import pandas as pd
import streamlit as st

from dashboards import address
from pipelines.curate.bounds import Bound
from pipelines.curate.lines import Spread
from pipelines.messages import tr

FLAT = 20  # times as high as the bar in the middle
STEPS = 200  # places of the handle
COLOURS = {"kept": "#2e9e6b", "rule": "#d1495b", "other": "#9aa0a6"}


def inputs(label: str, parameter: str, bound: Bound, spread: Spread) -> None:
    """The line as a number to write and a handle to drag; both put it into the address."""
    whole = float(bound.number).is_integer() and (spread.high - spread.low > 1 or not spread.records)
    step = 1.0 if whole else _step(spread)
    number, handle = st.columns([2, 3], vertical_alignment="bottom")
    with number:
        value = address.number(label, parameter, float(bound.number), step=step)
    if spread.high > spread.low and value is not None:
        low, high = _ends(spread, step)
        key = f"drag {parameter}"
        address.show(key, min(max(float(value), low), high))
        with handle:
            st.slider(
                tr("Drag the line"),
                low,
                high,
                step=step,
                key=key,
                format="%g",
                on_change=_put,
                args=(key, parameter),
            )


def chart(spread: Spread, at: float, measure: str) -> alt.LayerChart:
    """Records by the measure: kept, dropped by this rule, dropped by something else; and the line."""
    said = {"kept": tr("kept"), "rule": tr("dropped by this rule"), "other": tr("dropped by another rule")}
    shown = pd.DataFrame(
        [
            {"low": b.low, "high": b.high, "records": b.records, "fate": said[b.fate], "rank": b.fate}
            for b in spread.bars
        ]
    )
    scale = alt.Scale(type="symlog", nice=False) if spread.skewed else alt.Scale(nice=False, zero=False)
    colours = alt.Scale(domain=list(said.values()), range=list(COLOURS.values()))
    bars = (
        alt.Chart(shown)
        .mark_bar(binSpacing=0)
        .encode(
            x=alt.X("low:Q", scale=scale, title=measure, bin="binned"),
            x2="high:Q",
            y=alt.Y("records:Q", stack="zero", title=tr("records"), scale=alt.Scale(type=_height(spread))),
            color=alt.Color(
                "fate:N", scale=colours, legend=alt.Legend(orient="bottom", title=None, columns=1, labelLimit=300)
            ),
            tooltip=[
                alt.Tooltip("low:Q", format=".4~g", title=tr("At least")),
                alt.Tooltip("high:Q", format=".4~g", title=tr("At most")),
                alt.Tooltip("fate:N", title=tr("Fate")),
                alt.Tooltip("records:Q", title=tr("Records")),
            ],
        )
    )
    line = (
        alt.Chart(pd.DataFrame([{"at": at}]))
        .mark_rule(strokeWidth=3, color="#e8a33d")
        .encode(x=alt.X("at:Q", scale=scale))
    )
    both: alt.LayerChart = (bars + line).properties(height=260)
    return both


def _height(spread: Spread) -> Literal["linear", "sqrt"]:
    """Where one bar would make all others flat, its square root is drawn."""
    heights = sorted(bar.records for bar in spread.bars)
    return "sqrt" if heights[-1] > FLAT * heights[len(heights) // 2] else "linear"


def _step(spread: Spread) -> float:
    """A round number, small enough for the handle to stop at STEPS places."""
    width = (spread.high - spread.low) / STEPS if spread.high > spread.low else 0.01
    return float(10 ** math.floor(math.log10(width)))


def _ends(spread: Spread, step: float) -> tuple[float, float]:
    return math.floor(spread.low / step) * step, math.ceil(spread.high / step) * step


def _put(key: str, parameter: str) -> None:
    """Before the page is drawn anew: what stands above the line depends on it too."""
    address.put(parameter, st.session_state[key])
