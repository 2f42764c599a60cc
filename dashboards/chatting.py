"""Chat with a model and what it began with, side by side; a blind vote is written as the command line writes one."""

from typing import Any

import streamlit as st

from dashboards import address, ask, texts
from dashboards.markdown import to_html
from dashboards.talk import SIDES, Talk, Turn
from pipelines.catalog.models import Model
from pipelines.curate import votes
from pipelines.errors import WorkFailed, WrongInput
from pipelines.flows import chat, model_server
from pipelines.flows.model_server import Served
from pipelines.messages import Message, tr

LICENCES = ("CC0-1.0", "CC-BY-4.0", "CC-BY-SA-4.0", "MIT", "LicenseRef-proprietary")
LOOK, WAIT = 0.4, 2  # seconds between two looks at answers, and at a server that starts
NAMES = {"": Message("Blind"), "shown": Message("With names")}
TALK, NOT_STARTED, ASKED, VOTER = "talk", "model not started", "question", "voter"  # in the session
SOURCES = "screens/sources.py"


def show(recipe: str, model: Model) -> None:
    """The server of the model, and once it answers the conversation."""
    if not model.answers:
        st.info(tr("A reward model scores answers and writes none; choose another to talk to."))
        return
    served = model_server.running()
    if not served or served.model != model.name:
        show_start(model, served)
        return
    state = served.state()
    if state == "ended":
        st.error(tr("The model's server has ended: {why}", why=texts.plain(tr(served.why()))))
        show_start(model, None)
    elif state == "starting":
        _wait(served)
    else:
        show_talk(recipe, served)


def show_start(model: Model, other: Served | None) -> None:
    """The button, what it takes, and why it failed."""
    tried, why = st.session_state.get(NOT_STARTED, ("", ""))
    if tried == model.name:
        st.error(tr("Not started: {error}", error=why))
    try:
        needed, free = model_server.memory_needed(model.name, ask.data_path()), model_server.memory_free()
    except (WrongInput, OSError) as error:
        st.error(texts.fault(error))
        return
    st.write(
        tr(
            "The model and what it began with are loaded side by side: about {needed} GB of memory, of which {free} GB "
            "are free. They stop with the dashboard.",
            needed=f"{needed / 1e9:.1f}",
            free=tr("an unknown number of") if free is None else f"{free / 1e9:.1f}",
        )
    )
    if other:
        st.caption(tr("{name} is served now, and would be stopped.", name=texts.plain(other.model)))
    pressed: dict[str, Any] = {"on_click": _start, "args": (model.name,), "icon": ":material/play_arrow:"}
    st.button(tr("Start the model"), type="primary", **pressed)


def _start(name: str) -> None:
    address.hold()
    st.session_state.pop(NOT_STARTED, None)
    try:
        model_server.start(name, ask.data_path())
    except (WorkFailed, WrongInput, OSError) as error:
        st.session_state[NOT_STARTED] = (name, texts.fault(error))


def _stop() -> None:
    address.hold()
    model_server.stop()


@address.looked_at_again(WAIT)
def _wait(served: Served) -> None:
    if served.state() != "starting":
        address.hold()
        st.rerun()
    st.info(tr("The model is being loaded, which takes up to a minute."))
    st.button(tr("Stop the model"), on_click=_stop, icon=":material/stop:")


def show_talk(recipe: str, served: Served) -> None:
    """Settings, the turns, and where to write the next question."""
    try:
        talk = _talk(served)
    except WorkFailed as error:
        st.error(texts.fault(error))
        return
    named = show_settings()
    if not talk.turns:
        st.caption(tr("Ask below. Both answer without their names, and your vote becomes a pair to learn from."))
    for number, turn in enumerate(talk.turns):
        show_turn(recipe, talk, turn, number, named)
    st.chat_input(tr("Ask both"), key=ASKED, on_submit=_ask, args=(served,))


def _talk(served: Served) -> Talk:
    """The conversation with the models of this server. Raises WorkFailed where it does not answer."""
    known, talk = st.session_state.get(TALK, ("", None))
    if known != served.url or talk is None:
        talk = Talk(tuple(chat.names(served)))
        st.session_state[TALK] = (served.url, talk)
    found: Talk = talk
    return found


def show_settings() -> bool:
    """What the next questions are asked with. Returns whether names are shown."""
    with st.expander(tr("Settings")):
        left, middle, right = st.columns(3)
        with left:
            address.number(tr("Temperature"), "temperature", 0.7, min_value=0.0, max_value=2.0, step=0.1)
        with middle:
            address.number(tr("Tokens of an answer"), "tokens", 256, min_value=1, max_value=1_024, step=1)
        with right:
            address.choice(tr("Licence of your words"), "licence", LICENCES)
        st.caption(tr("A vote is published: your question and both answers, with your name and this licence."))
    with st.container(horizontal=True, vertical_alignment="center"):
        named = address.tabs(tr("Names"), "names", list(NAMES), lambda name: tr(NAMES[name])) == "shown"
        st.button(tr("Begin anew"), on_click=_begin, icon=":material/restart_alt:")
        st.button(tr("Stop the model"), on_click=_stop, icon=":material/power_settings_new:")
    return named


def _begin() -> None:
    address.hold()
    _, talk = st.session_state.pop(TALK, ("", None))
    for turn in talk.turns if talk else ():
        turn.stop()


def _ask(served: Served) -> None:
    """Before the page is drawn: a draw may be broken off, and the question would be lost."""
    address.hold()
    question = str(st.session_state.get(ASKED) or "").strip()
    talk = _talk(served)
    if not question or (talk.turns and not talk.turns[-1].has_ended):
        return
    settings = {"temperature": _setting("temperature", 0.7), "max_tokens": int(_setting("tokens", 256))}
    order = talk.order()
    answers = {
        model: chat.ask(served, model, talk.messages(model, question), seed=talk.seed, **settings) for model in order
    }
    talk.turns.append(Turn(question, order, answers))


def _setting(name: str, default: float) -> float:
    told = address.told_number(name)
    return default if told is None else told


def show_turn(recipe: str, talk: Talk, turn: Turn, number: int, named: bool) -> None:
    """A question and both answers; below the last ones what can be done with them."""
    with st.container(border=True):
        st.html(to_html(turn.question, texts.theme()))
        if not turn.has_ended:
            _follow(turn, number, named)
            return
        _draw_answers(turn, named)
        if turn is talk.turns[-1]:
            show_vote(recipe, talk, turn)


@address.looked_at_again(LOOK)
def _follow(turn: Turn, number: int, named: bool) -> None:
    """Look at the answers until both have ended; then the whole page is drawn anew."""
    if turn.has_ended:
        address.hold()
        st.rerun()
    _draw_answers(turn, named)
    st.button(tr("Stop"), key=f"stop {number}", on_click=_stop_turn, args=(turn,), icon=":material/stop:")


def _stop_turn(turn: Turn) -> None:
    address.hold()
    turn.stop()


def _draw_answers(turn: Turn, named: bool) -> None:
    """Both in the order that was drawn; their names where the reader wants them, or has voted."""
    turn.named = turn.named or (named and not turn.better)
    labels = dict(zip(SIDES, (tr("Answer A"), tr("Answer B")), strict=True))
    for cell, side, model in zip(st.columns(2), SIDES, turn.models, strict=True):
        answer = turn.answers[model]
        better = f" · :green[{tr('better')}]" if turn.better == model else ""
        name = f": {texts.plain(model)}" if named or turn.better else ""
        with cell:
            st.caption(f"**{labels[side]}**{name}{better}")
            st.html(to_html(answer.text or "…", texts.theme()))
            if answer.error:
                st.error(texts.plain(answer.error))
            elif answer.cut or answer.stopped.is_set():
                st.caption(tr("Stopped.") if answer.stopped.is_set() else tr("Cut off: it may have no more tokens."))


def show_vote(recipe: str, talk: Talk, turn: Turn) -> None:
    """Which answer is better, or what was said of it."""
    if turn.better:
        st.caption(tr("Your vote is written; the next run of curate publishes it among the pairs."))
        pressed: dict[str, Any] = {"on_click": _take_back, "args": (recipe, talk), "icon": ":material/undo:"}
        st.button(tr("Take the vote back"), **pressed)
        label = tr("Curate {recipe} again", recipe=texts.plain(recipe))
        st.page_link(SOURCES, label=label, icon=":material/cloud_download:", query_params={"recipe": recipe})
    elif talk.may_vote() and not any(map(talk.may_win, SIDES)):
        st.caption(tr("Both answers were cut off, so neither can win: ask again with more tokens, under Settings."))
    elif talk.may_vote() and not st.session_state.get("who"):
        st.text_input(tr("Your name, to vote"), key=VOTER, on_change=_name, placeholder="Ada")
    elif talk.may_vote():
        labels = (tr("A is better"), tr("B is better"))
        for cell, side, label in zip(st.columns(2), SIDES, labels, strict=True):
            can = talk.may_win(side)
            wide: dict[str, Any] = {"width": "stretch", "disabled": not can, "help": None if can else _cut_help()}
            cell.button(label, key=f"better {side}", on_click=_vote, args=(recipe, talk, side), **wide)
    elif why := _why_not(talk, turn):
        st.caption(why)


def _name() -> None:
    """On a telephone the side bar, which asks for it too, is folded."""
    address.put("who", str(st.session_state.get(VOTER) or "").strip())


def _cut_help() -> str:
    return tr("An answer that was cut would be learnt with its end missing; ask for more tokens.")


def _why_not(talk: Talk, turn: Turn) -> str:
    if turn.named:
        return tr("A vote is blind: these answers were seen with their names.")
    if not talk.is_shared(talk.turns[:-1]):
        return tr("Each model went on with its own answer, so these are no pair: vote in each turn, or begin anew.")
    if talk.says_the_same():
        return tr("Both say the same, so there is nothing to choose: ask something else, or train the model longer.")
    return tr("These answers are no pair: one was stopped, failed or is empty.")


def _vote(recipe: str, talk: Talk, side: str) -> None:
    address.hold()
    licence = st.query_params.get("licence", "")
    who = str(st.session_state.get("who", "")).strip()
    vote = talk.vote(recipe, side, who, licence if licence in LICENCES else LICENCES[0])
    if _written(vote):
        talk.turns[-1].better = vote.chosen_model


def _take_back(recipe: str, talk: Talk) -> None:
    """Both names are known by now, so the turn is no longer blind."""
    address.hold()
    turn = talk.turns[-1]
    who = str(st.session_state.get("who", "")).strip()
    side = SIDES[turn.models.index(turn.better)]
    if _written(talk.vote(recipe, side, who, LICENCES[0]).model_copy(update={"undo": True})):
        turn.better, turn.named = "", True


def _written(vote: votes.Vote) -> bool:
    """Write it as the command line does. False: it was refused, and the page says why."""
    try:
        votes.append(ask.data_path(), vote)
    except (WrongInput, OSError) as error:
        texts.refuse(texts.fault(error) if vote.who else tr("Say who you are first: your name stands in the side bar."))
        return False
    st.toast(tr("Your vote is taken back.") if vote.undo else tr("Your vote is written."))
    return True
