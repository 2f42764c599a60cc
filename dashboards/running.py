"""Run curate with a policy from the page, and see how it goes and what came of it."""

import shlex
from typing import Any

import streamlit as st

from dashboards import address, ask, texts, trying
from pipelines.errors import WorkFailed
from pipelines.flows import served, start
from pipelines.messages import Message, tr

NOT_STARTED = "not started"  # in the session: (recipe, policy, why)
SECONDS = 2  # between two looks at a run
STATES = {
    "SCHEDULED": Message("scheduled"),
    "PENDING": Message("pending"),
    "RUNNING": Message("running"),
    "PAUSED": Message("paused"),
    "CANCELLING": Message("being cancelled"),
}  # of Prefect, of a run that has not ended


def show(recipe: str, name: str, is_saved: bool) -> None:
    """The button, or the command; the run that the address names; how to keep the policy."""
    st.header(tr("Run"))
    if not is_saved:
        st.caption(tr("Save your changes first; a run obeys a file."))
    elif name == trying.SNAPSHOT:
        st.caption(
            tr("The latest snapshot obeys this policy already. Save a changed one, or choose another, to run it.")
        )
    else:
        _show_button(recipe, trying.file_of(name))
    if st.query_params.get("run"):
        _follow(recipe, st.query_params["run"])


def _show_button(recipe: str, policy: str) -> None:
    st.write(
        tr(
            "Curate {recipe} again with {policy}: a new snapshot, and the old ones stay.",
            recipe=f"**{texts.plain(recipe)}**",
            policy=f"**{texts.plain(policy)}**",
        )
    )
    pressed: dict[str, Any] = {"on_click": _start, "args": (recipe, policy)}
    st.button(tr("Run curate with it"), icon=":material/play_arrow:", type="primary", **pressed)
    tried = st.session_state.get(NOT_STARTED, ("", "", ""))
    if tried[:2] == (recipe, policy):
        st.warning(tr("Not started: {error}. This command does the same:", error=tried[2]))
        words = ["gristmill", "stage", "curate", served.place(recipe), "--policy", policy]
        st.code(shlex.join(words), language="bash", wrap_lines=True)
    st.caption(tr("To make it the recipe's own, write this into the recipe's file:"))
    st.code(f'policy = "{policy}"', language="toml", wrap_lines=True)


def _start(recipe: str, policy: str) -> None:
    """Before the page is drawn: a draw may be broken off after a run has begun, and nobody would see it."""
    address.hold()
    st.session_state.pop(NOT_STARTED, None)
    try:
        address.put("run", start.start_curate(recipe, policy).id)
    except WorkFailed as error:
        st.session_state[NOT_STARTED] = (recipe, policy, texts.fault(error))


def _follow(recipe: str, run: str) -> None:
    """Look every few seconds until the run has ended; then the whole page is drawn anew, of the new snapshot."""
    try:
        found = start.find(run)
    except WorkFailed as error:
        st.warning(texts.fault(error))
        return
    if not found.has_ended:
        _wait(run)
        return
    if found.state == "COMPLETED":
        kept = sum(row["kept"] for row in ask.rows("sources", recipe=recipe))
        st.success(
            tr(
                "The run is done: the latest snapshot of {recipe} keeps {kept} records.",
                recipe=recipe,
                kept=f"{kept:,}",
            )
        )
    else:
        st.error(tr("The run has ended without a snapshot; its page says why."))
    st.link_button(tr("The run's page"), found.url, icon=":material/open_in_new:")


@st.fragment(run_every=SECONDS)
def _wait(run: str) -> None:
    try:
        found = start.find(run)
    except WorkFailed:  # the server was stopped, or is busy; the next look may tell
        return
    if found.has_ended:
        address.hold()
        st.rerun()
    st.info(tr("The run is {state}.", state=STATES.get(found.state, found.state.lower())))
    st.link_button(tr("The run's page"), found.url, icon=":material/open_in_new:")
