"""An area of the map in the address: `area=x0,x1,y0,y1`."""

from math import isfinite

import streamlit as st

from pipelines.catalog.meaning import Box

NAME = "area"


def told() -> Box | None:
    """The area that the address names; None where it names none."""
    parts = st.query_params.get(NAME, "").split(",")
    try:
        x0, x1, y0, y1 = map(float, parts)
    except ValueError:
        return None
    return (x0, x1, y0, y1) if all(map(isfinite, (x0, x1, y0, y1))) else None


def written(box: Box) -> str:
    """As the address has it."""
    return ",".join(f"{edge:.4f}" for edge in box)
