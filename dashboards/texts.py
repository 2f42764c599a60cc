"""A record on a page: its texts as safe HTML, its fate and the reasons in words."""

import json
from typing import Any

import streamlit as st

from dashboards import ask
from dashboards.markdown import to_html
from pipelines.catalog import explain
from pipelines.errors import error_message
from pipelines.messages import Message, reworded, tr

PREVIEW = 600  # characters of a text in a list
RECORD = "screens/record.py"
ROBOTS = (  # as the client words it, in what pages keep
    Message("no rule for {agent} matches"),
    Message("allowed by '{rule}' for {group}"),
    Message("no robots.txt ({status})"),
)


def robots(said: str) -> str:
    """What a page keeps of the robots.txt that let it be fetched."""
    return reworded(said, ROBOTS) or tr("asked nothing")


def theme() -> str:
    """`light` or `dark`, as the reader's page is."""
    return str(st.context.theme.type or "light")


def show(row: dict[str, Any], longest: int | None = None) -> None:
    """Question and answer; each is cut after `longest` characters."""
    if row.get("turns_before"):
        st.caption(tr("There are {number} messages before this question.", number=row["turns_before"]))
    for label, name in ((tr("Question"), "instruction"), (tr("Input"), "input"), (tr("Answer"), "output")):
        if row[name]:
            st.caption(label)
            st.html(to_html(cut(row[name], longest), theme()))


def show_nothing_curated() -> None:
    """In place of a page that is about a recipe, while there is none."""
    st.info(tr("Nothing has been curated here yet; the overview says how to begin."))


def show_head(row: dict[str, Any]) -> None:
    """Fate, source, task and licence in one line."""
    fate = (tr("kept"), "green") if row["kept"] else (tr("dropped"), "red")
    with st.container(horizontal=True):
        st.badge(fate[0], color=fate[1])  # type: ignore[arg-type]
        for word in (ask.titled(row["source"]), row["task"], row["language"], row["licence"]):
            if word:
                st.badge(plain(word), color="gray")


def show_reasons(recipe: str, row: dict[str, Any]) -> None:
    """Why the record was dropped: words first, then what was measured."""
    whys = explain.whys(ask.data_path(), recipe)
    for rule, measured in zip(row["rules"], row["measured"], strict=True):
        with st.container(border=True):
            st.markdown(f"**{plain(rule)}** — {plain(tr(whys.get(rule, '')))}")
            if values := in_words(measured):
                st.caption(plain(values))
    if row["duplicate_of"]:
        wanted = {"recipe": recipe, "id": row["duplicate_of"]}
        label = tr("{record} was kept instead", record=plain(row["duplicate_of"]))
        st.page_link(RECORD, label=label, icon=":material/content_copy:", query_params=wanted)


def in_words(measured: str) -> str:
    """`output_words = 3, score = -2` for the JSON that a verdict holds."""
    values = json.loads(measured or "{}")
    return ", ".join(
        f"{name} = {value:.4g}" if isinstance(value, float) else f"{name} = {value}" for name, value in values.items()
    )


def fault(error: Exception) -> str:
    """What an error says, in the reader's language, for a place that reads Markdown."""
    return plain(tr(error_message(error)))


def refuse(says: str) -> None:
    """Why a press of a button did nothing: it floats, since who pressed may be far from the head of the page, it stays
    until it is read, and it moves nothing under the mouse."""
    st.toast(says, icon=":material/error:", duration="infinite")


def plain(text: str) -> str:
    """A text for a place that reads Markdown, so that it stands there as it is."""
    return "".join(f"\\{sign}" if sign in "\\`*_{}[]()<>#+-.!|~$:&" else sign for sign in text)


def whole(row: dict[str, Any]) -> str:
    """All that a record says, as one text."""
    return "\n\n".join(row[name] for name in ("instruction", "input", "output") if row[name])


def cut(text: str, longest: int | None) -> str:
    """A text, or its beginning with a mark that there is more."""
    return text if longest is None or len(text) <= longest else f"{text[:longest]} …"
