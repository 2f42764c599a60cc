"""Sources: what each gave, what was refused or lost and why, how a crawl goes; and a form that adds one."""

from typing import Any

import pandas as pd
import streamlit as st

from dashboards import adding, address, ask, recipe_text, running, texts
from pipelines.catalog import crawls
from pipelines.flows import served
from pipelines.messages import Message, tr

HERE, RECORDS = "screens/sources.py", "screens/records.py"
REFUSALS = ("robots", "opt_out", "robots_unreachable", "terms_unreachable", "no_licence", "forgotten")
LEVELS = {"page": Message("page"), "document": Message("document"), "part": Message("part of a document")}
LONGEST = 200  # characters of an example


def draw() -> None:
    """The page: what there is, one source, or the form."""
    recipe = st.session_state["chosen"]
    st.title(tr("Sources"))
    show_made()
    found = ask.rows("gathered", recipe=recipe)
    views = {"list": tr("What there is"), "add": tr("Add a source"), "recipe": tr("The recipe")}
    is_begun = found or "made" in st.query_params
    view = address.tabs(tr("View"), "show", list(views) if is_begun else ["add", "list"], views.__getitem__)
    if view == "add":
        adding.show()
        return
    if view == "recipe":
        recipe_text.show(recipe or st.query_params.get("made", ""))
        return
    show_under_way()
    if source := st.query_params.get("of", ""):
        show_source(recipe, source)
    else:
        show_sources(recipe, found)


def show_made() -> None:
    """A recipe that has just been written, and its run."""
    made = st.query_params.get("made", "")
    file = served.files().get(made)
    if not file:
        return
    with st.container(border=True):
        st.markdown(tr("{recipe} is written: {file}", recipe=f"**{texts.plain(made)}**", file=texts.plain(str(file))))
        running.show_mill(made, tr("Run it"))
        if any(row["recipe"] == made for row in ask.rows("recipes")):
            running.show_next(made)


def show_under_way() -> None:
    """Crawls that somebody is at, by whatever command; looked at again and again while there are any."""
    if not st.query_params.get("run") and crawls.under_way(ask.data_path()):
        _look_on()


@address.looked_at_again(running.SECONDS)
def _look_on() -> None:
    st.subheader(tr("Crawls"))
    if not running.show_crawls():
        st.caption(tr("Nobody is at one now."))


def show_sources(recipe: str, found: list[dict[str, Any]]) -> None:
    """Numbers of each; a name leads to all about it."""
    if not found:
        if "run" not in st.query_params:
            st.info(tr("Nothing has been collected here yet."))
        return
    for row in found:
        words = {name: f"{row[name]:,}" for name in ("pages", "documents", "records", "kept", "rejected", "holes")}
        name = f"**{texts.plain(ask.titled(row['source']))}**"
        label = tr("{source}: {pages} pages, {records} records, {kept} kept", source=name, **words)
        st.page_link(HERE, label=label, query_params={"recipe": recipe, "of": row["source"]})
        says = tr("{documents} documents · {rejected} rejected · {holes} holes", **words)
        st.caption(says if row["used"] else f"{says} · {tr('not in the latest snapshot of this recipe')}")
    if recipe:
        if "run" not in st.query_params:  # whose end has said so
            running.show_nothing_kept(recipe)
        if not st.query_params.get("made"):
            st.header(tr("Run"))
            st.caption(tr("What is new is fetched, and a new snapshot made; what is up to date is skipped."))
            running.show_mill(recipe, tr("Collect and curate {recipe} again", recipe=recipe))
            running.show_next(recipe)


def show_source(recipe: str, source: str) -> None:
    """All about one."""
    st.page_link(HERE, label=tr("All sources"), icon=":material/arrow_back:", query_params={"recipe": recipe})
    row = next((each for each in ask.rows("gathered", recipe=recipe) if each["source"] == source), None)
    if row is None:
        st.warning(tr("There is no source {name} here.", name=texts.plain(source)))
        return
    st.header(texts.plain(ask.titled(source)))
    labels = {"pages": tr("Pages"), "documents": tr("Documents"), "records": tr("Records"), "kept": tr("Kept")}
    for cell, (name, label) in zip(st.columns(len(labels)), labels.items(), strict=True):
        cell.metric(label, f"{row[name]:,}")
    wanted = {"recipe": recipe, "source": source}
    st.page_link(RECORDS, label=tr("Its records"), icon=":material/list:", query_params=wanted)
    refused = ask.rows("refused", source=source)
    show_permissions(source, [each for each in refused if each["reason"] in REFUSALS])
    show_refused([each for each in refused if each["reason"] not in REFUSALS])
    show_unread(source)
    show_licences(recipe, source)
    recipe_text.show_licence(recipe, source)
    show_runs(source)


def show_permissions(source: str, refused: list[dict[str, Any]]) -> None:
    """What the site asks machines not to do, which was obeyed."""
    st.subheader(tr("Robots and opt-outs"))
    opted_out = ask.rows("opted_out", source=source)
    if not refused and not opted_out:
        st.caption(tr("Nothing: neither robots.txt nor an opt-out stood in the way."))
    for row in opted_out:
        words = {"number": f"{row['pages']:,}", "says": texts.plain(row["says"]), "url": texts.plain(row["example"])}
        st.markdown(tr("{number} pages say {says}, such as {url}", **words))
    _show_reasons(refused)


def show_refused(refused: list[dict[str, Any]]) -> None:
    """What could not be had or not be used, by reason, with examples."""
    st.subheader(tr("Errors and rejects"))
    if not refused:
        st.caption(tr("None."))
    _show_reasons(refused)


def _show_reasons(refused: list[dict[str, Any]]) -> None:
    for row in refused:
        level = tr(LEVELS.get(row["level"]) or row["level"])
        label = f"{texts.plain(row['reason'])} · {level} · {row['number']:,}"
        with st.expander(label):
            for key, detail in zip(row["examples"], row["details"], strict=True):
                says = ": ".join(filter(None, (key, detail)))
                st.markdown(texts.plain(texts.cut(says, LONGEST)))


def show_unread(source: str) -> None:
    """What in its texts could not be read."""
    found = ask.table("lost_of", source=source)
    if found.empty:
        return
    st.subheader(tr("What could not be read"))
    kinds = {"holes": tr("hole in a text"), "unused_column": tr("pages with a column not read")}
    found["what"] = found["what"].map(kinds)
    _show_table(found, {"what": tr("Lost"), "reason": tr("Reason or kind"), "count": tr("Count")})


def show_licences(recipe: str, source: str) -> None:
    """Under which its records stand."""
    found = ask.table("licences", recipe=recipe, source=source)
    if found.empty:
        return
    st.subheader(tr("Licences"))
    found["licence"] = found["licence"].replace("", tr("unknown"))
    _show_table(found, {"licence": tr("Licence"), "records": tr("Records"), "kept": tr("Kept")})


def show_runs(source: str) -> None:
    """When it was worked on last."""
    found = ask.table("runs_of", source=source)
    if found.empty:
        return
    st.subheader(tr("Runs"))
    titles = {"stage": tr("Stage"), "started_at": tr("Started"), "seconds": tr("Seconds"), "failed": tr("Failed")}
    _show_table(found, titles)


def _show_table(found: pd.DataFrame, titles: dict[str, str]) -> None:
    st.dataframe(found.rename(columns=titles), hide_index=True, width="stretch")


draw()
