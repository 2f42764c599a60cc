"""The view is in the address: each choice of a page is a parameter of its query, so a link shows what its sender saw.

A widget and its parameter have one name. What the reader changes goes from the widget to the address; where the address
has changed by itself (a link, the browser's Back), it goes the other way. A choice that is the default is left out.
"""

from collections.abc import Callable, Sequence
from math import isfinite
from typing import Any

import streamlit as st

Say = Callable[[str], str]


def text(label: str, name: str, keep: bool = False, **options: Any) -> str:
    """A line of text. With `keep` it goes on to the other pages."""
    if not (keep and name not in st.query_params):
        _take(name, st.query_params.get(name, ""))
    return _give(name, st.text_input(label, key=name, **options), "")


def choice(label: str, name: str, options: Sequence[str], say: Say = str, keep: bool = False) -> str:
    """One of `options`, the first where the address names none of them. With `keep` it goes on to the other pages."""
    told = st.query_params.get(name, "")
    if not (keep and not told and st.session_state.get(name) in options):
        _take(name, told if told in options else options[0])
    return _give(name, st.selectbox(label, options, format_func=say, key=name), options[0])


def tabs(label: str, name: str, options: Sequence[str], say: Say = str) -> str:
    """One of a few options, all of which are seen."""
    told = st.query_params.get(name, "")
    _take(name, told if told in options else options[0])
    shown = st.segmented_control(label, options, format_func=say, key=name, label_visibility="collapsed", required=True)
    return _give(name, shown or options[0], options[0])


def number(label: str, name: str, default: float | None = None, **options: Any) -> float | None:
    """A number; None, or the default, where nothing is written."""
    told = told_number(name)
    _take(name, default if told is None else told)
    value = st.number_input(label, key=name, value=None, format="%g", **options)
    _give(name, "" if value in (None, default) else f"{value:.12g}", "")
    return default if value is None else value


def told_number(name: str) -> float | None:
    """The number that the address gives a choice; None where it gives none."""
    try:
        told = float(st.query_params.get(name, ""))
    except ValueError:
        return None
    return told if isfinite(told) else None


def position(name: str) -> int:
    """A place in a list, from 0, that buttons move with `move`."""
    return max(0, int(told_number(name) or 0))


def move(name: str, place: int) -> None:
    """Put a place in the address; for buttons."""
    _write(name, str(place), "0")


def put(name: str, value: str) -> None:
    """Put a choice in the address; "" takes it out. For buttons."""
    _write(name, value, "")


def forget(*names: str) -> None:
    """Take choices out of the address."""
    for name in names:
        st.query_params.pop(name, None)


def _take(name: str, told: Any) -> None:
    seen = f"address:{name}"
    if name not in st.session_state or st.session_state.get(seen) != st.query_params.get(name, ""):
        st.session_state[name] = told


def _give(name: str, value: str, default: str) -> str:
    _write(name, value, default)
    st.session_state[f"address:{name}"] = st.query_params.get(name, "")
    return value


def _write(name: str, value: str, default: str) -> None:
    if value == default:
        st.query_params.pop(name, None)
    elif st.query_params.get(name) != value:
        st.query_params[name] = value
