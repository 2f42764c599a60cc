"""Start a run from a page, and see how it goes and what came of it."""

import shlex
from typing import Any

import streamlit as st

from dashboards import address, ask, recipe_text, texts, trying
from pipelines.catalog import crawls, models
from pipelines.errors import WorkFailed, WrongInput
from pipelines.flows import nothing_kept, served, start
from pipelines.flows.stages import OF_DATA
from pipelines.flows.start import Run
from pipelines.messages import Message, tr

NOT_STARTED = "not started"  # in the session: (recipe, policy, why)
SECONDS = 2  # between two looks at a run
STATES = {
    "SCHEDULED": Message("scheduled"),
    "PENDING": Message("pending"),
    "RUNNING": Message("running"),
    "PAUSED": Message("paused"),
    "CANCELLING": Message("being cancelled"),
    "COMPLETED": Message("done"),
    "FAILED": Message("failed"),
    "CRASHED": Message("broken off"),
    "CANCELLED": Message("cancelled"),
}  # of Prefect, of a run and of its steps
SIGNS = {"COMPLETED": "✓", "FAILED": "✗", "CRASHED": "✗", "RUNNING": "▸"}
WAITING = ("SCHEDULED", "PENDING")
BROKEN_OFF = 600  # seconds without an answer, after which nobody seems to be at a crawl


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
        show_end(recipe, follow(recipe, st.query_params["run"]))


def show_mill(recipe: str, label: str) -> None:
    """The button that collects and curates a recipe, or the command; the run that the address names."""
    if st.query_params.get("run"):
        show_end(recipe, follow(recipe, st.query_params["run"]))
        return
    if not served.knows(recipe):
        st.caption(tr("`gristmill up` was started without this recipe; with it, it is run from here."))
        return
    pressed: dict[str, Any] = {"on_click": start_mill, "args": (recipe,)}
    st.button(label, icon=":material/play_arrow:", type="primary", **pressed)
    tried = st.session_state.get(NOT_STARTED, ("", "", ""))
    if tried[:2] == (recipe, ""):
        st.warning(tr("Not started: {error}. This command does the same:", error=tried[2]))
        words = ["gristmill", "run", served.place(recipe), "--stages", ",".join(OF_DATA)]
        st.code(shlex.join(words), language="bash", wrap_lines=True)


def start_mill(recipe: str) -> None:
    """From the sources to a snapshot, without a model. Before the page is drawn, as `_start`."""
    address.hold()
    st.session_state.pop(NOT_STARTED, None)
    try:
        address.put("run", start.start_mill(recipe, served.place(recipe), OF_DATA).id)
    except WorkFailed as error:
        st.session_state[NOT_STARTED] = (recipe, "", texts.fault(error))


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
    show_owning(recipe, policy)


def show_owning(recipe: str, policy: str) -> None:
    """A run by hand obeys the policy once; the recipe's own is what every later run obeys."""
    known = served.recipe(recipe)
    if known and known.policy == policy:
        st.caption(tr("It is the recipe's own: every run obeys it."))
    elif recipe in served.files():
        pressed: dict[str, Any] = {"on_click": _own, "args": (recipe, policy), "icon": ":material/push_pin:"}
        says = tr("This is for one run. With the other button every later run obeys it, scheduled ones too.")
        st.caption(says)
        st.button(tr("Make it the recipe's own"), **pressed)
    else:
        st.caption(tr("To make it the recipe's own, write this into the recipe's file:"))
        st.code(f'policy = "{policy}"', language="toml", wrap_lines=True)


def _own(recipe: str, policy: str) -> None:
    address.hold()
    recipe_text.change(recipe, {"policy": policy})


def _start(recipe: str, policy: str) -> None:
    """Before the page is drawn: a draw may be broken off after a run has begun, and nobody would see it."""
    address.hold()
    st.session_state.pop(NOT_STARTED, None)
    try:
        address.put("run", start.start_mill(recipe, served.place(recipe), OF_DATA[1:], policy).id)
    except WorkFailed as error:
        st.session_state[NOT_STARTED] = (recipe, policy, texts.fault(error))


def follow(recipe: str, run: str) -> Run | None:
    """Look every few seconds until the run has ended; then the whole page is drawn anew, and the run returned."""
    try:
        found = start.find(run)
    except WorkFailed as error:
        st.warning(texts.fault(error))
        return None
    if not found.has_ended:
        _wait(recipe, run)
        return None
    return found


def show_end(recipe: str, ended: Run | None) -> None:
    """What a run that ends with a snapshot has left, and what to do with it."""
    if not ended:
        return
    if ended.state == "COMPLETED":
        kept = sum(row["kept"] for row in ask.rows("sources", recipe=recipe))
        words: dict[str, Any] = {"recipe": texts.plain(recipe), "kept": f"{kept:,}"}
        st.success(tr("The run is done: the latest snapshot of {recipe} keeps {kept} records.", **words))
    else:
        st.error(tr("The run has ended without a snapshot; its page says why."))
        show_failed()
    show_nothing_kept(recipe)
    st.link_button(tr("The run's page"), ended.url, icon=":material/open_in_new:")


def show_failed() -> None:
    """What failed last, stage by stage."""
    for row in ask.rows("failed"):
        st.error(texts.plain(f"{row['stage']} {row['name']}: {row['failed']}"))


def show_next(recipe: str) -> None:
    """Where to go from a snapshot."""
    wanted = {"recipe": recipe}
    st.page_link(
        "screens/records.py",
        label=tr("The records that it keeps"),
        icon=":material/list:",
        query_params=wanted | {"fate": "kept"},
    )
    label = tr("What was dropped, and why")
    st.page_link("screens/overview.py", label=label, icon=":material/stacks:", query_params=wanted)
    label = tr("Train a model on it")
    wanted = wanted | {"part": "new"}
    st.page_link("screens/models.py", label=label, icon=":material/model_training:", query_params=wanted)


def show_nothing_kept(recipe: str) -> None:
    """Sources of which nothing came through, each with the cure."""
    try:
        served_recipe = served.recipe(recipe)
    except WrongInput as error:
        st.error(texts.fault(error))
        return
    for lost in nothing_kept.find(served_recipe, ask.data_path()) if served_recipe else ():
        st.warning(f"**{texts.plain(lost.source)}**: {texts.plain(tr(lost.says))}")
        label = tr("{source}: what was refused, its licence, its records", source=texts.plain(lost.source))
        wanted = {"recipe": recipe, "of": lost.source}
        st.page_link("screens/sources.py", label=label, icon=":material/cloud_download:", query_params=wanted)


@address.looked_at_again(SECONDS)
def _wait(recipe: str, run: str) -> None:
    try:
        found, steps = start.find(run), start.steps(run)
    except WorkFailed:  # the server was stopped, or is busy; the next look may tell
        return
    if found.has_ended:
        address.hold()
        address.put("recipe", recipe)
        st.rerun()
    st.info(tr("The run is {state}.", state=_state(found.state)))
    if found.state in WAITING:
        st.caption(tr("It begins within half a minute, or once the run before it has ended."))
    told = [f"{SIGNS.get(state, '·')} {texts.plain(name)}: {_state(state)}" for name, state in steps]
    st.markdown("  \n".join(told))
    show_crawls()
    if any(name.startswith("finetune ") and state == "RUNNING" for name, state in steps):
        _show_training(recipe)
    st.link_button(tr("The run's page"), found.url, icon=":material/open_in_new:")


def _show_training(recipe: str) -> None:
    done = models.steps_done(recipe, ask.data_path())
    st.caption(tr("Step {number} of training is done.", number=f"{done:,}") if done else tr("Training begins."))


def _state(state: str) -> str:
    return tr(STATES.get(state) or state.lower())


def show_crawls() -> bool:
    """How far crawls are, how fast, what fails and what is waited for; whether somebody is at one of them."""
    found = crawls.under_way(ask.data_path())
    for crawl in found:
        _show_crawl(crawl)
    return any(crawl.idle < BROKEN_OFF for crawl in found)


def _show_crawl(crawl: crawls.Crawl) -> None:
    words: dict[str, Any] = {"source": f"**{texts.plain(ask.titled(crawl.source))}**", "asked": f"{crawl.asked:,}"}
    if crawl.idle > BROKEN_OFF:
        st.markdown(tr("{source}: broken off after {asked} addresses; the next run goes on there.", **words))
        return
    words |= {"expected": f"{crawl.expected or 0:,}", "lately": f"{crawl.lately:,}"}
    if crawl.expected:
        says = tr("{source}: {asked} addresses of {expected} dealt with, {lately} in the last minute", **words)
        st.progress(min(1.0, crawl.asked / crawl.expected), says)
    else:
        st.markdown(tr("{source}: {asked} addresses dealt with, {lately} in the last minute", **words))
    if crawl.failed:
        reasons = ", ".join(f"{texts.plain(reason)} {number:,}" for reason, number in crawl.reasons.items())
        st.caption(tr("{number} without an answer: {reasons}", number=f"{crawl.failed:,}", reasons=reasons))
    if crawl.waits >= 1:
        st.caption(tr("{host} is asked again in {seconds:.0f} s.", host=texts.plain(crawl.host), seconds=crawl.waits))
