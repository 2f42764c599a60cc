"""The view is in the address: each choice of a page is a parameter of its query, so a link shows what its sender saw.

A widget and its parameter have one name. What the reader changes goes from the widget to the address; where the address
has changed by itself (a link, the browser's Back), it goes the other way. A choice that is the default is left out.

A draw that a widget asked for comes with the address that the browser had then, which lacks what was changed while it
waited. So every widget calls `hold` before the page is drawn, by itself or through another function of this module.
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import wraps
from math import isfinite
from typing import Any, TypeVar

import streamlit as st

from pipelines.messages import use

Draw = TypeVar("Draw", bound=Callable[..., None])
Say = Callable[[str], str]
LATE = 50  # changes that a browser may not have heard of yet


@dataclass
class _Known:
    """The address as it was last read or written, those that it was before, and the names that it changed by itself."""

    now: dict[str, str]
    before: deque[dict[str, str]] = field(default_factory=lambda: deque(maxlen=LATE))
    moved: set[str] = field(default_factory=set)

    def turn(self, to: dict[str, str]) -> None:
        self.before.append(self.now)
        self.now = to


def begin() -> None:
    """Call this before anything is drawn: where the address has changed by itself, the widgets follow it."""
    known, told = _known(), st.query_params.to_dict()
    if told != known.now:
        known.moved |= {name for name in known.now | told if known.now.get(name) != told.get(name)}
        known.turn(told)


def hold() -> None:
    """Call this before a draw that a widget asked for: an address from before the last changes is put right."""
    speak()
    known, told = _known(), st.query_params.to_dict()
    if told != known.now and told in known.before:
        st.query_params.from_dict(known.now)
    begin()


def speak() -> None:
    """Use the reader's language: what is called by a widget or a clock is called in a thread that has heard of none."""
    use(str(st.session_state.get("lang") or ""))


def looked_at_again(every: float) -> Callable[[Draw], Draw]:
    """A part of a page that draws itself anew, by itself, every so many seconds."""

    def parted(draw: Draw) -> Draw:
        @wraps(draw)
        def drawn(*args: Any) -> None:
            speak()
            draw(*args)

        return st.fragment(drawn, run_every=every)  # type: ignore[return-value]

    return parted


def text(label: str, name: str, keep: bool = False, **options: Any) -> str:
    """A line of text. With `keep` it goes on to the other pages."""
    _take(name, st.query_params.get(name, ""), keep and name not in st.query_params)
    return _give(name, st.text_input(label, key=name, on_change=_by_hand, args=(name, ""), **options), "")


def lines(label: str, name: str, default: str, **options: Any) -> str:
    """A text of several lines; `default` where the address has none."""
    _take(name, st.query_params.get(name, default))
    changed: dict[str, Any] = {"on_change": _by_hand, "args": (name, default)}
    return _give(name, st.text_area(label, key=name, **changed, **options), default)


def choice(label: str, name: str, options: Sequence[str], say: Say = str, keep: bool = False, **look: Any) -> str:
    """One of `options`, the first where the address names none of them. With `keep` it goes on to the other pages."""
    told = st.query_params.get(name, "")
    stays = keep and not told and st.session_state.get(name) in options
    _take(name, told if told in options else options[0], stays)
    changed: dict[str, Any] = {"on_change": _by_hand, "args": (name, options[0])}
    return _give(name, st.selectbox(label, options, format_func=say, key=name, **changed, **look), options[0])


def tabs(label: str, name: str, options: Sequence[str], say: Say = str) -> str:
    """One of a few options, all of which are seen."""
    told = st.query_params.get(name, "")
    _take(name, told if told in options else options[0])
    look: dict[str, Any] = {"format_func": say, "label_visibility": "collapsed", "required": True}
    changed: dict[str, Any] = {"on_change": _by_hand, "args": (name, options[0])}
    return _give(name, st.segmented_control(label, options, key=name, **look, **changed) or options[0], options[0])


def number(label: str, name: str, default: float | None = None, **options: Any) -> float | None:
    """A number; None, or the default, where nothing is written."""
    told = told_number(name)
    _take(name, default if told is None else told)
    changed: dict[str, Any] = {"on_change": _by_hand, "args": (name, _written(default))}
    value = st.number_input(label, key=name, value=None, format="%g", **changed, **options)
    _give(name, _written(value), _written(default))
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
    hold()
    _write(name, str(place), "0")


def turn_pages(page: int, pages: int) -> None:
    """The pages of a list, of which this one is shown; the parameter `page` counts from 0."""
    if pages > 1:
        key = f"page of {page}"
        st.pagination(pages, default=page + 1, key=key, on_change=_turn, args=(key,))


def _turn(key: str) -> None:
    move("page", st.session_state[key] - 1)


def put(name: str, value: object) -> None:
    """Put a choice in the address; "" and None take it out. For buttons."""
    hold()
    _write(name, _written(value), "")
    _known().moved.add(name)


def show(key: str, value: object) -> None:
    """What a widget without a parameter of its own shows. Set only where it differs: a draw that ends early would
    otherwise leave it as older than what the reader has done meanwhile."""
    if st.session_state.get(key) != value:
        st.session_state[key] = value


def forget(*names: str) -> None:
    """Take choices out of the address; for buttons."""
    for name in names:
        put(name, "")


def _known() -> _Known:
    if "address" not in st.session_state:
        st.session_state["address"] = _Known(st.query_params.to_dict())
    known: _Known = st.session_state["address"]
    return known


def _take(name: str, told: Any, stays: bool = False) -> None:
    known = _known()
    if name not in st.session_state or (name in known.moved and not stays):
        st.session_state[name] = told
    known.moved.discard(name)


def _give(name: str, value: str, default: str) -> str:
    _write(name, value, default)
    return value


def _by_hand(name: str, default: str) -> None:
    """The reader changed a widget: its value goes into the address before the page is drawn."""
    hold()
    _write(name, _written(st.session_state[name]), default)
    _known().moved.discard(name)


def _written(value: object) -> str:
    return f"{value:.12g}" if isinstance(value, float | int) else str(value or "")


def _write(name: str, value: str, default: str) -> None:
    """Entered before it is written: Streamlit may end the draw at any of its own calls, for the next one."""
    known = _known()
    wanted = known.now | {name: value}
    if value in ("", default):
        del wanted[name]
    if wanted != known.now:
        known.turn(wanted)
        st.query_params.from_dict(wanted)
