"""Whose record is kept where several sources say the same: chosen on the page of the policy, and what comes of it."""

from typing import Any

import streamlit as st

from dashboards import address, ask, texts
from pipelines.curate import moving, survivor
from pipelines.curate.edits import Edits
from pipelines.curate.policy import Policy
from pipelines.messages import tr

FIRST, KEY = "first", "sources that come first"
NOBODY = ","  # in the address: no source comes first, though one does by the policy


def told(base: Policy) -> tuple[str, ...] | None:
    """The sources that the address puts first; None where it leaves the policy's."""
    said = st.query_params.get(FIRST)
    chosen = None if said is None else tuple(filter(None, said.split(",")))
    return None if chosen == survivor.first_sources(base.prefer) else chosen


def show(recipe: str, base: Policy, changed: Edits, ready: moving.Prepared, judged: moving.Judged) -> None:
    """The choice, and how many records of each source are kept before it and after it."""
    stood = survivor.first_sources(base.prefer)
    chosen = stood if changed.first is None else changed.first
    sources = list(dict.fromkeys([*(row["source"] for row in ask.rows("sources", recipe=recipe)), *stood, *chosen]))
    if len(sources) < 2:
        return
    st.header(tr("Duplicates"))
    st.caption(
        tr(
            "Of records that say the same one is kept. Those of the sources chosen here stand before others, the first "
            "before the second; within a source the policy's own order decides."
        )
    )
    address.show(KEY, list(chosen))
    choose: dict[str, Any] = {"key": KEY, "on_change": _choose, "args": (stood,), "format_func": ask.titled}
    st.multiselect(tr("Sources that come first"), sources, placeholder=tr("none"), **choose)
    if changed.first is not None:
        now, stood_by = moving.kept_by_source(judged), moving.kept_by_source(moving.judge(ready, Edits()))
        for source, was in stood_by.items():
            words = {"was": f"{was:,}", "now": f"**{now.get(source, 0):,}**"}
            st.markdown(tr("{source}: {was} kept, now {now}", source=texts.plain(ask.titled(source)), **words))


def _choose(stood: tuple[str, ...]) -> None:
    address.hold()
    chosen = tuple(st.session_state[KEY])
    address.put(FIRST, "" if chosen == stood else ",".join(chosen) or NOBODY)
