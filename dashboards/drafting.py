"""The recipe that a form has asked for: what is wrong beside its field, what a check finds, written and run."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dashboards import address, ask, running, texts
from pipelines.curate import edits
from pipelines.errors import WorkFailed, WrongInput
from pipelines.flows import begin, check, recipe_file, served
from pipelines.flows.stages import OF_DATA
from pipelines.messages import said, tr

# parameters of the form
ASKED = (
    *("have", "bring", "place", "reads", "called", "title", "licence", "from", "into", "fresh", "policy"),
    *("contact", "delay", "private"),
)
COLOURS = {"ok": "green", "note": "gray", "warn": "orange", "error": "red"}
CHECKED, TO_CHECK = "checked", "to check"  # in the session
Spots = dict[str, DeltaGenerator]  # places on the page below the fields, by what they ask for


@dataclass(frozen=True)
class Draft:
    """A recipe that is to be written. `before` is what its file says now; None where there is none."""

    file: Path
    recipe: str
    answers: begin.Answers
    text: str
    before: str | None


def show(answers: begin.Answers, into: str, fresh: str, spots: Spots) -> None:
    """What is wrong, or the recipe with its buttons; `into` is one that is there, `fresh` the name of a new one."""
    try:
        draft = make(answers, into, fresh)
    except (WrongInput, OSError) as error:
        spots["place"].error(texts.fault(error))
        return
    faults = find_faults(draft)
    for spot, says in faults:
        spots[spot if spot in spots else "place"].error(says)
    if not faults:
        show_check(draft)


def make(answers: begin.Answers, into: str, fresh: str) -> Draft:
    """The recipe as it would be written. Raises: WrongInput, OSError."""
    if into:
        file = served.files()[into]
        before = recipe_file.text_of(file)
        return Draft(file, into, answers, begin.added(file, answers, before), before)
    file = recipe_file.folder(ask.data_folder()) / f"{Path(fresh).name}.toml"
    return Draft(file, fresh, answers, begin.draft(file, answers, fresh), None)


def find_faults(draft: Draft) -> list[tuple[str, str]]:
    """What is wrong, in words for Markdown, each with the field that it is about."""
    place = draft.answers.place
    if not begin.is_address(place) and not begin.path_of(place).exists():
        return [("place", tr("There is no such file or folder on the machine of this dashboard."))]
    found = begin.faults(draft.answers, draft.file.parent)
    told = [
        (_field_of(key.partition(".")[0], draft.answers), texts.plain(f"{key}: {tr(says)}" if key else tr(says)))
        for key, says in found.items()
    ]
    if draft.before is None and _is_there(draft.file):
        told.append(("fresh", tr("There is such a recipe already: choose it, or another name.")))
    if told:
        return told
    try:
        recipe_file.read(draft.file, draft.text)
    except WrongInput as error:
        return [("fresh" if draft.before is None else "into", texts.fault(error))]
    return []


def _is_there(file: Path) -> bool:
    try:
        return file.exists()
    except OSError:  # its name is too long, which is told when it is written
        return False


def _field_of(key: str, answers: begin.Answers) -> str:
    """The field that a key of a source is filled from; of what is wrong with the whole, the one that is left empty."""
    if not key:
        return "from" if begin.needs_address(answers.place, answers.connector) and not answers.address else "place"
    is_origin = key == begin.FROM.get(answers.connector) and not begin.is_address(answers.place)
    return "from" if is_origin else key


def show_check(draft: Draft) -> None:
    """The recipe, the button that checks it, what was found, and the buttons that write it."""
    with st.expander(tr("The recipe, {file}", file=texts.plain(str(draft.file)))):
        st.code(draft.text, language="toml", wrap_lines=True)
    wanted = (str(draft.file), draft.text)
    is_checked = TO_CHECK in st.session_state or st.session_state.get(CHECKED, (None,))[0] == wanted
    look: dict[str, Any] = {"type": "secondary" if is_checked else "primary", "on_click": _ask_check}
    st.button(tr("Check it"), icon=":material/fact_check:", **look)
    if not is_checked:
        st.caption(
            tr("Asks the site a question or two and writes nothing; then it can be written and run.")
            if begin.is_address(draft.answers.place)
            else tr("Looks at the files and writes nothing; then it can be written and run.")
        )
    if st.session_state.pop(TO_CHECK, False):
        with st.spinner(tr("Sites are asked politely, which takes some seconds.")):
            st.session_state[CHECKED] = (wanted, _check(draft))
    checked, findings = st.session_state.get(CHECKED, (None, []))
    if checked == wanted:
        show_findings(findings)
        if not any(one.level == "error" for one in findings):
            show_buttons(draft)


def _ask_check() -> None:
    """What is checked is what the form says once it is drawn: a field may change by the same click."""
    address.hold()
    st.session_state[TO_CHECK] = True


def _check(draft: Draft) -> list[check.Finding]:
    """As `gristmill check` finds it. Its words may name no file yet: nothing is written."""
    try:
        return check.look(recipe_file.read(draft.file, draft.text), ask.data_path(), OF_DATA)
    except (WrongInput, WorkFailed, OSError) as error:
        return [check.Finding("error", draft.recipe, str(error))]


def show_findings(findings: list[check.Finding]) -> None:
    """What stands in the way first."""
    for finding in sorted(findings, key=lambda one: -list(check.LEVELS).index(one.level)):
        badge = f":{COLOURS[finding.level]}-badge[{texts.plain(tr(check.LEVELS[finding.level]))}]"
        st.markdown(f"{badge} **{texts.plain(str(said(finding.what)))}**: {texts.plain(tr(finding.says))}")
        if finding.level == "error" and "allow_private" in finding.says:
            st.caption(tr("`allow_private` stands above, below “How it is asked”."))


def show_buttons(draft: Draft) -> None:
    """Write it, and run it."""
    with st.container(horizontal=True):
        for run, label in ((True, tr("Write it and run it")), (False, tr("Only write it"))):
            pressed: dict[str, Any] = {"on_click": _write, "args": (draft, run)}
            st.button(label, type="primary" if run else "secondary", **pressed)


def _write(draft: Draft, run: bool) -> None:
    """Before the page is drawn: a draw may be broken off, and nobody would see whether it was written."""
    address.hold()
    try:
        if draft.before is None:
            heading = edits.made_by(str(st.session_state.get("who", "")))
            recipe_file.create(draft.file, begin.draft(draft.file, draft.answers, draft.recipe, heading))
        else:
            recipe_file.replace(draft.file, draft.text, draft.before)
    except (WrongInput, OSError) as error:
        texts.refuse(texts.fault(error))
        return
    address.forget(*_asked(list(st.query_params)))
    address.put("made", draft.recipe)
    address.put("show", "list")
    address.forget("run")
    if run:
        running.start_mill(draft.recipe)


def _asked(query: Iterable[str]) -> Iterator[str]:
    return (name for name in query if name in ASKED or name.startswith("set."))
