"""A recipe's file on the page: what no form asks for is written here, and is a recipe before it is a file."""

import streamlit as st

from dashboards import address, texts
from pipelines.errors import WrongInput
from pipelines.flows import recipe_file, served
from pipelines.messages import tr

DRAFTS = "texts of recipes"  # in the session, by recipe: (what the file said, what the reader has written)


def show(recipe: str) -> None:
    """Its text, with a button that writes what was changed."""
    file = served.files().get(recipe)
    if not file:
        st.info(tr("This recipe has no file of its own that could be changed here."))
        return
    try:
        stands = recipe_file.text_of(file)
    except (WrongInput, OSError) as error:
        st.error(texts.fault(error))
        return
    before, draft = _drafts().get(recipe, (stands, stands))
    widget = f"text of {recipe}"
    address.show(widget, draft)
    st.caption(texts.plain(str(file)))
    st.text_area(tr("The recipe"), key=widget, height=420, on_change=_keep, args=(recipe, widget, before))
    if before != stands:
        st.warning(tr("The file has changed meanwhile: take your changes back to see what it says."))
    with st.container(horizontal=True):
        st.button(tr("Write it"), type="primary", on_click=_write, args=(recipe, widget, before))
        if draft != before:
            st.button(tr("Take back all changes"), icon=":material/undo:", on_click=_take_back, args=(recipe,))
    st.caption(tr("It is written once it can be read as a recipe; the next run obeys it."))


def change(recipe: str, keys: dict[str, str], source: str = "") -> bool:
    """Set keys of a recipe's file, or of a source in it. False: it was refused, and the page says why."""
    file = served.files()[recipe]
    try:
        before = recipe_file.text_of(file)
        recipe_file.replace(file, recipe_file.with_keys(file, before, keys, source), before)
    except (WrongInput, OSError) as error:
        texts.refuse(texts.fault(error))
        return False
    st.toast(tr("{file} is written.", file=texts.plain(file.name)))
    return True


def show_licence(recipe: str, source: str) -> None:
    """A field that states the licence of a source where its recipe states none."""
    known = served.recipe(recipe) if recipe in served.files() else None
    if not known or source not in known.source_names() or known.source(source).licence:
        return
    with st.form("licence"):
        label = tr("Its licence: the recipe states none")
        st.text_input(label, placeholder="CC-BY-4.0, LicenseRef-proprietary", key="licence of it")
        st.form_submit_button(tr("Write it into the recipe"), on_click=_state, args=(recipe, source))
        st.caption(tr("What is your own may be `LicenseRef-proprietary`. Then collect and curate again."))


def _state(recipe: str, source: str) -> None:
    address.hold()
    if told := str(st.session_state["licence of it"]).strip():
        change(recipe, {"licence": told}, source)


def _drafts() -> dict[str, tuple[str, str]]:
    kept: dict[str, tuple[str, str]] = st.session_state.setdefault(DRAFTS, {})
    return kept


def _keep(recipe: str, widget: str, before: str) -> None:
    """A draft outlives the page that it is written on."""
    address.hold()
    _drafts()[recipe] = (before, st.session_state[widget])
    if _drafts()[recipe][1] == before:
        del _drafts()[recipe]


def _take_back(recipe: str) -> None:
    address.hold()
    _drafts().pop(recipe, None)


def _write(recipe: str, widget: str, before: str) -> None:
    """Before the page is drawn: a draw may be broken off, and nobody would see whether it was written."""
    address.hold()
    text = str(st.session_state[widget])
    if text == before:
        return
    try:
        recipe_file.replace(served.files()[recipe], text, before)
    except (WrongInput, OSError) as error:
        texts.refuse(texts.fault(error))
        return
    _take_back(recipe)
    st.toast(tr("{file} is written.", file=texts.plain(served.files()[recipe].name)))
