"""One record: what it says, what became of it and why, what says the same, where it came from, what was measured."""

from typing import Any

import streamlit as st

from dashboards import address, ask, deciding, texts
from dashboards.differences import marked
from pipelines.catalog import explain
from pipelines.messages import tr

RECORDS = "screens/records.py"
DUPLICATES_SHOWN = 5


def draw() -> None:
    """The page of the record that the address names."""
    recipe = st.session_state["chosen"]
    st.title(tr("One record"))
    name = address.text(tr("Its id"), "id", placeholder="demo-forum:q1#a101")
    if not name:
        st.info(tr("Choose one among the records."))
        st.page_link(RECORDS, label=tr("Records"), query_params={"recipe": recipe})
        return
    try:
        life = explain.explain(name, ask.data_path())
    except explain.UnknownRecord as error:
        st.error(texts.fault(error))
        return
    show_words(recipe, name)
    show_duplicates(recipe, life)
    show_origin(life)
    show_contamination(life["contaminated"])
    show_signals(life["signals"])
    show_other_verdicts(recipe, life["verdicts"])


def show_words(recipe: str, name: str) -> None:
    """The texts, the decisions and the reasons."""
    found = ask.rows("shown", recipe=recipe, ids=(name,))
    if not found:
        st.warning(tr("The latest snapshot of {recipe} knows nothing of this record.", recipe=recipe))
        return
    (row,) = found
    deciding.buttons(recipe, row, after=lambda: None)
    texts.show_head(row)
    texts.show_reasons(recipe, row)
    texts.show(row)
    deciding.show_said([one for one in deciding.history(recipe) if one.record_id == name])


def show_duplicates(recipe: str, life: dict[str, Any]) -> None:
    """Each record that says the same, beside this one, with the differences marked."""
    same = {one["duplicate"]: one["similarity"] or 0 for one in life["duplicates"] if one["recipe"] == recipe}
    if not same:
        return
    st.header(tr("Says the same"))
    nearest = sorted(same, key=lambda name: (-same[name], name))
    for row in ask.rows("shown", recipe=recipe, ids=tuple(nearest[:DUPLICATES_SHOWN])):
        wanted = {"recipe": recipe, "id": row["record_id"]}
        label = tr(
            "{record}, {share} alike", record=texts.plain(row["record_id"]), share=f"{same[row['record_id']]:.0%}"
        )
        st.page_link(texts.RECORD, label=label, query_params=wanted)
        here, there = marked(texts.whole(life["record"]), texts.whole(row))
        left, right = st.columns(2)
        left.html(here)
        right.html(there)
    if len(same) > DUPLICATES_SHOWN:
        st.caption(tr("{number} more say the same.", number=len(same) - DUPLICATES_SHOWN))


def show_origin(life: dict[str, Any]) -> None:
    """Page and document in sentences."""
    page, document = life["page"], life["document"]
    st.header(tr("Where it came from"))
    who = document["author"] or tr("somebody unnamed")
    written = tr("Written by {who}", who=texts.plain(who))
    if document["created_at"]:
        written += tr(" on {day}", day=f"{document['created_at']:%Y-%m-%d}")
    licence = texts.plain(document["licence"] or tr("unknown"))
    st.markdown(f"{tr('{says}.', says=written)} {tr('Licence: {licence}.', licence=licence)} {_votes(document)}")
    if page:
        st.markdown(f"{_fetched(page)} {tr('Its page gave {number} records.', number=document['records_of_page'])}")
    url = str(document["url"])
    if url.startswith(("http://", "https://")):
        st.link_button(tr("Go to the source"), url, icon=":material/open_in_new:")
    st.caption(texts.plain(url))


def show_contamination(found: list[dict[str, Any]]) -> None:
    """Benchmark items that stand in the record."""
    for one in found:
        item = {name: texts.plain(one[name]) for name in ("benchmark", "item")}
        st.header(tr("Found in it: {benchmark} {item}", **item))
        left, right = st.columns(2)
        for cell, shown in zip((left, right), marked(one["record_text"], one["item_text"]), strict=True):
            cell.html(shown)


def show_signals(measured: dict[str, Any]) -> None:
    """What was measured, and by what definition."""
    st.header(tr("What was measured"))
    definitions = explain.definitions()
    rows = [
        {tr("Signal"): name, tr("Value"): _said(value), tr("Definition"): tr(definitions.get(name, ""))}
        for name, value in measured.items()
        if value is not None
    ]
    st.dataframe(rows, hide_index=True, width="stretch")


def show_other_verdicts(recipe: str, verdicts: list[dict[str, Any]]) -> None:
    """What other recipes made of it."""
    for verdict in verdicts:
        if verdict["recipe"] != recipe:
            fate = tr("kept") if verdict["kept"] else tr("dropped")
            st.markdown(tr("In {recipe} it is {fate}.", recipe=texts.plain(verdict["recipe"]), fate=fate))


def _votes(document: dict[str, Any]) -> str:
    said = [tr("{score} votes.", score=document["score"])] if document["score"] is not None else []
    said += [tr("The asker accepted it.")] if document["accepted"] else []
    said += [tr("The asker wrote that it helped.")] if document["thanked"] else []
    return " ".join(said)


def _fetched(page: dict[str, Any]) -> str:
    if not page["fetched_at"]:
        return tr("Read from a file.")
    day = f"{page['fetched_at']:%Y-%m-%d}"
    robots = texts.plain(texts.robots(page["robots"]))
    return tr("Fetched on {day}; robots.txt: {robots}.", day=day, robots=robots)


def _said(value: Any) -> str:
    if isinstance(value, bool):
        return tr("yes") if value else tr("no")
    return f"{value:.4g}" if isinstance(value, float) else str(value)


draw()
