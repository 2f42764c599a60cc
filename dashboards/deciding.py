"""What a person says of a record: accept, edit, reject, note, undo, by button or key. The command line writes it."""

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from dashboards import address, ask
from dashboards.texts import RECORD, fault, plain, refuse
from pipelines.curate import decisions
from pipelines.curate.decisions import Decision, standing
from pipelines.errors import WrongInput
from pipelines.flows import served
from pipelines.messages import tr

LINE, HIGHEST = 26, 520  # pixels
BYTES_IN_A_LINE = 120  # of the field; a Chinese character is twice as wide as a letter and has three bytes
FIELDS = {"note": ("note",), "edit": ("instruction", "input", "output")}
# Streamlit takes R for itself (run again) and gives it to no button, so this one is pressed from here
_R_REJECTS = st.components.v2.component(
    "r_rejects",
    js="""
    export default function () {
      const press = (event) => {
        const typing = event.composedPath().some((part) => /^(INPUT|TEXTAREA)$/.test(part.tagName || ""))
        if (typing || event.key !== "r" || event.ctrlKey || event.metaKey || event.altKey) return
        event.preventDefault()
        event.stopImmediatePropagation()
        document.querySelector(".st-key-reject button")?.click()
      }
      document.addEventListener("keydown", press, true)
      return () => document.removeEventListener("keydown", press, true)
    }
    """,
)


def history(recipe: str) -> list[Decision]:
    """All that was decided, oldest first; what is wrong with the file is shown instead."""
    try:
        return decisions.history(served.recipe(recipe), ask.data_path())
    except WrongInput as error:
        st.error(fault(error))
        return []


def buttons(recipe: str, row: dict[str, Any], after: Callable[[], None]) -> None:
    """The buttons of a record. `after` is called when it was accepted, edited or rejected: the next one may come."""
    name = row["record_id"]
    accept, edit, reject, note, undo = st.columns(5)

    def decide(decision: str) -> None:
        address.hold()
        if say(recipe, [name], decision) and decision != "undo":
            after()

    wide: dict[str, Any] = {"width": "stretch"}
    accept.button(tr("Accept"), key="accept", shortcut="a", on_click=decide, args=["accept"], **wide)
    edit.button(tr("Edit"), key="edit", shortcut="e", on_click=_begin, args=["edit", name], **wide)
    reject.button(tr("Reject") + " `R`", key="reject", on_click=decide, args=["reject"], **wide)
    note.button(tr("Note"), key="note", shortcut="n", on_click=_begin, args=["note", name], **wide)
    undo.button(tr("Undo"), key="undo", shortcut="u", on_click=decide, args=["undo"], **wide)
    show_begun(name)
    _R_REJECTS(key="r_rejects")
    _form(recipe, row, after)


def _begin(what: str, name: str) -> None:
    address.hold()
    _writing()[name] = what


def _writing() -> dict[str, str]:
    """What is being written of which records, by their names: `edit` or `note`."""
    begun: dict[str, str] = st.session_state.setdefault("writing", {})
    return begun


def _drafts() -> dict[tuple[str, str], str]:
    """What was written and not yet saved, by record and field: it outlives a form that is not on the page."""
    kept: dict[tuple[str, str], str] = st.session_state.setdefault("drafts", {})
    return kept


def say(recipe: str, names: Sequence[str], decision: str, **said: str) -> bool:
    """Write one decision about each record, in the reader's name. False: it was refused, and the page says why."""
    made = [Decision.model_validate({"record_id": name, "decision": decision, "who": _who(), **said}) for name in names]
    try:
        decisions.append(served.recipe(recipe), ask.data_path(), made)
    except (WrongInput, OSError) as error:
        refuse(fault(error) if _who() else tr("Say who you are first: your name stands in the side bar."))
        return False
    st.toast(
        tr(
            "{decision}: {record}",
            decision=said_of(decision),
            record=plain(names[0] if len(names) == 1 else f"{len(names):,}"),
        )
    )
    return True


def said_of(decision: str) -> str:
    """A decision in the reader's language."""
    words = {
        "accept": tr("accepted"),
        "edit": tr("edited"),
        "reject": tr("rejected"),
        "note": tr("noted"),
        "undo": tr("taken back"),
    }
    return words[decision]


def show_said(said: Sequence[Decision]) -> None:
    """What people said of one record, oldest first; what was taken back is left out."""
    for one in standing(said):
        words = tr(
            "{who} {decision} it on {when}",
            who=f"**{plain(one.who)}**",
            decision=said_of(one.decision),
            when=plain(one.when[:10]),
        )
        st.markdown(f"{words}{f' — {plain(one.note)}' if one.note else ''}")


def _who() -> str:
    return str(st.session_state.get("who", "")).strip()


def _form(recipe: str, row: dict[str, Any], after: Callable[[], None]) -> None:
    """What is written of this record; a form of Streamlit's would keep it in the browser, and lose it there."""
    name = row["record_id"]
    what = _writing().get(name)
    if not what:
        return

    def save() -> None:  # before the page is drawn: a draw may be broken off, and what was said would be lost
        address.hold()
        if _writing().get(name) != what:  # the second click of a double click: it is saved
            return
        said = _said(row, what)
        if _says_something(said) and say(recipe, [name], what, **said):
            if what == "edit":
                after()
            _end(name, what)

    with st.container(border=True):
        for field in FIELDS[what]:
            _draw_field(row, field)
        left, right = st.columns(2)
        left.button(tr("Save"), key="save", type="primary", width="stretch", on_click=save)
        right.button(tr("Cancel"), key="cancel", width="stretch", on_click=_end, args=(name, what))


def _end(name: str, what: str) -> None:
    """What else was begun about this record is gone on with."""
    address.hold()
    _writing().pop(name, None)
    for field in FIELDS[what]:
        _drafts().pop((name, field), None)
    for other, fields in FIELDS.items():
        if any((name, field) in _drafts() for field in fields):
            _writing()[name] = other


def show_begun(here: str) -> None:
    """The way back to what was begun and not saved about other records."""
    begun = dict.fromkeys(name for name, _ in _drafts() if name != here)
    for name in begun:
        label = tr("Begun and not saved: {record}", record=plain(name))
        wanted = {"recipe": st.session_state["chosen"], "id": name}
        st.page_link(RECORD, label=label, icon=":material/edit_note:", query_params=wanted)


def _says_something(said: dict[str, str]) -> bool:
    if said and all(said.get(name, "…").strip() for name in ("note", "instruction", "output")):
        return True
    refuse(tr("Nothing is said yet: change a text, or write a note."))
    return False


def _draw_field(row: dict[str, Any], field: str) -> None:
    labels = {"note": tr("Note"), "instruction": tr("Question"), "input": tr("Input"), "output": tr("Answer")}
    key = (row["record_id"], field)
    widget = f"new {field} of {row['record_id']}"

    def keep() -> None:
        address.hold()
        _drafts()[key] = st.session_state[widget]
        if _drafts()[key] == row.get(field, ""):
            del _drafts()[key]

    text = _drafts().get(key, row.get(field, ""))
    st.text_area(labels[field], text, key=widget, height=_height(text), on_change=keep)


def _height(text: str) -> int:
    """Pixels, settled before it is drawn: a field that grew to its text would take the buttons below it along, away
    from under the mouse."""
    lines = sum(1 + len(line.encode()) // BYTES_IN_A_LINE for line in text.split("\n"))
    return min(LINE * (lines + 2), HIGHEST)


def _said(row: dict[str, Any], what: str) -> dict[str, str]:
    """The note, or the texts that were changed, by field."""
    written = {field: _drafts().get((row["record_id"], field), row.get(field, "")) for field in FIELDS[what]}
    return written if what == "note" else {name: text for name, text in written.items() if text != row[name]}
