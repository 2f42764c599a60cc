"""The dashboard: what came out, why the rest did not, and what people decide about it. `gristmill up` starts it.

Each file of `screens` is a page. This one holds what all pages have: the language, the recipe and the reader's name.
"""

import os

import streamlit as st

from dashboards import address, ask, steady, texts
from pipelines.errors import WorkFailed, WrongInput
from pipelines.flows import sign_in
from pipelines.messages import LANGUAGES, Message, of_locale, tr, use

PAGES = {  # with their icons
    "overview": (Message("Overview"), "stacks"),
    "sources": (Message("Sources"), "cloud_download"),
    "records": (Message("Records"), "list"),
    "record": (Message("One record"), "article"),
    "policy": (Message("Policy"), "rule"),
    "map": (Message("Map"), "scatter_plot"),
    "duplicates": (Message("Duplicates"), "content_copy"),
    "contamination": (Message("Contamination"), "science"),
    "snapshots": (Message("Snapshots"), "inventory_2"),
    "models": (Message("Models"), "model_training"),
    "sql": (Message("Questions in SQL"), "database"),
}


def main() -> None:
    """Draw the page that the address names, in the reader's language."""
    address.begin()
    with st.sidebar:
        chosen = st.container()
        languages = sorted(LANGUAGES, key=lambda key: key != of_locale(st.context.locale or ""))
        use(address.choice("Language · 语言", "lang", languages, LANGUAGES.__getitem__, keep=True))
    st.set_page_config(page_title="Gristmill", page_icon="🌾", layout="wide")
    pages = [
        st.Page(f"screens/{name}.py", title=tr(title), icon=f":material/{icon}:")
        for name, (title, icon) in PAGES.items()
    ]
    page = st.navigation(pages)
    with st.sidebar:
        steady.watch()
    try:
        with chosen:
            choose()
        page.run()
    except (WrongInput, WorkFailed) as error:
        st.error(texts.fault(error))


def choose() -> None:
    """The recipe, and who the reader is."""
    recipes = [row["recipe"] for row in ask.rows("recipes")]
    shown = {name: ask.titled(name) for name in recipes}
    chosen = address.choice(tr("Recipe"), "recipe", recipes, shown.__getitem__, keep=True) if recipes else ""
    st.session_state["chosen"] = chosen
    signed_in = sign_in.user_of(st.context.headers.get(sign_in.USER.decode(), ""))
    if signed_in:  # what the address says does not count then
        st.session_state["who"] = signed_in
        st.caption(tr("You decide as {name}.", name=f"**{texts.plain(signed_in)}**"))
    else:
        address.text(tr("Your name"), "who", keep=True, help=tr("Stands beside what you decide."))
    if runs := os.environ.get("PREFECT_UI_URL"):
        st.link_button(tr("Runs and schedules"), f"{runs}/runs", icon=":material/open_in_new:")


main()
