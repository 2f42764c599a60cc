"""Train a model on the latest snapshot: with what, for how long; the run that does it, and what came of it."""

import shlex
from typing import Any

import streamlit as st

from dashboards import address, ask, running, texts
from pipelines.catalog import models, snapshots
from pipelines.errors import WorkFailed, WrongInput
from pipelines.flows import served, start, training
from pipelines.messages import Message, tr

HERE = "screens/models.py"
NOT_STARTED = "training not started"  # in the session: (recipe, why)
METHODS = {"lora": Message("a small part beside the weights (LoRA)"), "full": Message("all weights")}
BASE = Message("`smollm2`, which comes with Gristmill, a folder on this machine, or the name of a model on the hub.")
MINUTE = 60.0
FEW = 200  # records; one round is a dozen steps then


def show_run(recipe: str) -> bool:
    """The run that the address names, and what came of it. Returns whether it is still at work."""
    run = st.query_params.get("run", "")
    if not run:
        return False
    ended = running.follow(recipe, run)
    if not ended:
        return True
    found = models.listed(recipe, ask.data_path()) if ended.state == "COMPLETED" else []
    if found:
        show_trained(recipe, found[0])
    else:
        st.error(tr("The run has ended without a model; its page says why."))
        running.show_failed()
    st.link_button(tr("The run's page"), ended.url, icon=":material/open_in_new:")
    return False


def show_trained(recipe: str, model: models.Model) -> None:
    """That it is there, what training has changed, and the way to the chat."""
    st.success(tr("The run is done: the model {name} is there.", name=texts.plain(model.name)))
    st.caption(texts.plain(tr(models.says(model))))
    wanted = {"recipe": recipe, "model": model.name, "part": "chat"}
    label = tr("Chat with it, and with what it began with")
    st.page_link(HERE, label=label, icon=":material/chat:", query_params=wanted)


def show_form(recipe: str) -> None:
    """What would be learnt, what may be changed, and the button."""
    sizes = snapshots.sizes(recipe, ask.data_path())
    show_sizes(snapshots.latest(recipe, ask.data_path()), sizes)
    if not training.is_installed():
        st.error(tr("Nothing trains here yet: `pip install 'gristmill[train]'`, then start the dashboard again."))
        return
    known = served.recipe(recipe)
    if known is None:
        st.caption(tr("`gristmill up` was started without this recipe; with it, it is run from here."))
        st.code(shlex.join(["gristmill", "stage", "finetune", recipe]), language="bash")
        return
    changed = ask_settings(known.finetune, sizes.get("train", 0) < FEW)
    try:
        settings = training.settings(known, changed)
    except WrongInput as error:
        st.error(texts.fault(error))
        return
    pressed: dict[str, Any] = {"on_click": _start, "args": (recipe, settings), "disabled": not sizes.get("train")}
    st.button(tr("Train a model"), icon=":material/play_arrow:", type="primary", **pressed)
    st.caption(tr("The run goes on by itself: this page may be closed meanwhile."))
    tried, why = st.session_state.get(NOT_STARTED, ("", ""))
    if tried == recipe:
        st.warning(tr("Not started: {error}. This command does the same:", error=why))
        st.code(shlex.join(["gristmill", "stage", "finetune", served.place(recipe)]), language="bash", wrap_lines=True)


def show_sizes(version: str, sizes: dict[str, int]) -> None:
    """How many records of which snapshot would be learnt, and what to do where that is little."""
    words = {"version": version, "learnt": f"{sizes.get('train', 0):,}", "held": f"{sizes.get('validation', 0):,}"}
    st.write(
        tr("Snapshot {version}: {learnt} records to learn from, {held} held out to measure what was learnt.", **words)
    )
    if 0 < sizes.get("train", 0) < FEW:
        st.info(tr("These are few records: one round leaves no trace of them, ten to thirty rounds do."))


def ask_settings(own: Any, unfold: bool) -> dict[str, Any]:
    """Settings of training that are not left as the recipe has them."""
    with st.expander(tr("Settings of training"), expanded=unfold):
        base = address.text(tr("Base model"), "base", placeholder=own.model, help=tr(BASE)).strip()
        methods = {"": tr("as the recipe says: {method}", method=tr(METHODS[own.method]))}
        methods |= {name: tr(text) for name, text in METHODS.items()}
        method = address.choice(tr("What is trained"), "method", list(methods), methods.__getitem__)
        cells = st.columns(4)
        with cells[0]:
            epochs = address.number(tr("Rounds through the records"), "epochs", placeholder=f"{own.epochs:g}")
        with cells[1]:
            steps = address.number(tr("At most so many steps"), "steps", step=1, placeholder="–")
        with cells[2]:
            minutes = address.number(tr("At most so many minutes"), "minutes", placeholder="–")
        with cells[3]:
            rate = address.number(tr("Learning rate"), "rate", placeholder=f"{own.learning_rate:g}")
        st.caption(tr("All others are keys of `[finetune]` in the recipe's file."))
    seconds = None if minutes is None else minutes * MINUTE
    told = {"model": base, "method": method, "epochs": epochs, "max_steps": steps, "max_seconds": seconds}
    told |= {"learning_rate": rate}
    return {name: value for name, value in told.items() if value not in ("", None)}


def _start(recipe: str, settings: dict[str, Any]) -> None:
    """Before the page is drawn: a draw may be broken off after a run has begun, and nobody would see it."""
    address.hold()
    st.session_state.pop(NOT_STARTED, None)
    try:
        address.put("run", start.start_mill(recipe, served.place(recipe), ["finetune"], finetune=settings).id)
    except WorkFailed as error:
        st.session_state[NOT_STARTED] = (recipe, texts.fault(error))
