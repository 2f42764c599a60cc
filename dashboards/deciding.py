"""What a person says of a record: accept, edit, reject, note, undo, by button or key. The command line writes it."""

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from dashboards import address, ask
from dashboards.texts import fault, plain
from pipelines.curate import decisions
from pipelines.curate.decisions import Decision, standing
from pipelines.errors import WrongInput
from pipelines.flows import served
from pipelines.messages import tr

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
    _R_REJECTS(key="r_rejects")
    _form(recipe, row, after)


def _begin(what: str, name: str) -> None:
    address.hold()
    st.session_state["writing"] = (what, name)


def say(recipe: str, names: Sequence[str], decision: str, **said: str) -> bool:
    """Write one decision about each record, in the reader's name. False: it was refused, and the page says why."""
    made = [Decision.model_validate({"record_id": name, "decision": decision, "who": _who(), **said}) for name in names]
    try:
        decisions.append(served.recipe(recipe), ask.data_path(), made)
    except (WrongInput, OSError) as error:
        st.error(fault(error) if _who() else tr("Say who you are first: your name stands in the side bar."))
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
    """The form of an edit or a note that was begun for this record."""
    what, name = st.session_state.get("writing", ("", ""))
    if name != row["record_id"]:
        return

    def save() -> None:  # before the page is drawn: a draw may be broken off, and what was said would be lost
        address.hold()
        if st.session_state.get("writing") != (what, name):  # the second click of a double click: it is saved
            return
        said = _said(row, what)
        if _says_something(said) and say(recipe, [name], what, **said):
            if what == "edit":
                after()
            _end()

    with st.form("form of what is said"):
        _draw_fields(row, what)
        left, right = st.columns(2)
        left.form_submit_button(tr("Save"), type="primary", width="stretch", on_click=save)
        right.form_submit_button(tr("Cancel"), width="stretch", on_click=_end)


def _end() -> None:
    address.hold()
    st.session_state.pop("writing", None)


def _says_something(said: dict[str, str]) -> bool:
    if said and all(said.get(name, "…").strip() for name in ("note", "instruction", "output")):
        return True
    st.error(tr("Nothing is said yet: change a text, or write a note."))
    return False


def _draw_fields(row: dict[str, Any], what: str) -> None:
    if what == "note":
        st.text_area(tr("Note"), key="note_text")
        return
    for name, label in {"instruction": tr("Question"), "input": tr("Input"), "output": tr("Answer")}.items():
        st.text_area(label, row[name], key=f"new_{name}", height="content")


def _said(row: dict[str, Any], what: str) -> dict[str, str]:
    """The note, or the texts that were changed, by field."""
    if what == "note":
        return {"note": st.session_state["note_text"]}
    written = {name: st.session_state[f"new_{name}"] for name in ("instruction", "input", "output")}
    return {name: text for name, text in written.items() if text != row[name]}
