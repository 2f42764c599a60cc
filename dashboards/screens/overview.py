"""Overview: how much of each source is left at each stage, what was lost and why, what ran, what lies on disk."""

import altair as alt
import streamlit as st
from rich.filesize import decimal

from dashboards import ask, running, texts
from pipelines.catalog import explain, status
from pipelines.flows import served
from pipelines.messages import Message, tr

RECORDS, POLICY, SOURCES = "screens/records.py", "screens/policy.py", "screens/sources.py"
RULES_SHOWN = 12
LICENCES_SHOWN = 120  # characters
KINDS = {
    "forum": Message("forum"),
    "tutorial": Message("tutorial"),
    "knowledge_base": Message("knowledge base"),
    "instructions": Message("instructions"),
}
FAULT = {"stage": "stage", "name": "name", "why": "failed"}


def draw() -> None:
    """The page; without a curated recipe, how to begin."""
    recipe = st.session_state["chosen"]
    if not recipe:
        show_beginning()
        return
    st.title(_titled(recipe))
    show_numbers(recipe)
    show_faults(recipe)
    show_funnel(recipe)
    left, right = st.columns(2, gap="large")
    with left:
        show_reasons(recipe)
    with right:
        show_uses(recipe)
    show_sources(recipe)
    show_losses(recipe)
    show_runs()
    show_storage()


def show_beginning() -> None:
    """What to do where nothing has been curated."""
    st.title(tr("Nothing has been curated here yet"))
    st.write(tr("Begin with what you have: a site, a forum, a help centre, files."))
    label = f"**{tr('Add a source here')}**"
    st.page_link(SOURCES, label=label, icon=":material/cloud_download:", query_params={"show": "add"})
    st.caption(tr("Or with one of these commands; the data folder is `{folder}`.", folder=ask.data_folder()))
    st.code("gristmill demo\ngristmill init\ngristmill run RECIPE", language="bash")
    st.caption(tr("This page fills itself as soon as the first snapshot is published; reload it then."))
    show_runs()
    show_storage()


def show_numbers(recipe: str) -> None:
    """Totals over all sources."""
    sources = ask.rows("sources", recipe=recipe)
    records, kept = (sum(row[name] for row in sources) for name in ("records", "kept"))
    cells = st.columns(4)
    cells[0].metric(tr("Sources"), len(sources))
    cells[1].metric(tr("Records"), f"{records:,}")
    cells[2].metric(tr("Kept"), f"{kept:,}")
    cells[3].metric(tr("Kept of all"), f"{kept / records:.0%}" if records else "–")


def show_faults(recipe: str) -> None:
    """What needs somebody's attention: failed stages, and sources of which nothing is kept."""
    for row in ask.rows("failed"):
        st.error(tr("{stage} of {name} failed: {why}", **{key: texts.plain(row[of]) for key, of in FAULT.items()}))
    if served.knows(recipe):
        running.show_nothing_kept(recipe)
        return
    for row in ask.rows("lost_numbers", recipe=recipe):
        if not row["kept"]:
            st.warning(tr("Nothing of {source} is kept.", source=_titled(row["source"])))


def show_funnel(recipe: str) -> None:
    """Rows of each source after each stage."""
    st.header(tr("Funnel"))
    st.caption(tr("Pages become records. Duplicates and what breaks a rule stay out of the snapshot."))
    stages = {
        "pages": tr("pages"),
        "records": tr("records"),
        "distinct": tr("no duplicates"),
        "kept": tr("kept"),
    }
    found = ask.table("funnel", recipe=recipe)
    found["shown"] = found["stage"].map(stages)
    found["source"] = found["source"].map(ask.titled)
    chart = (
        alt.Chart(found)
        .mark_bar()
        .encode(
            x=alt.X("sum(rows):Q", title=None),
            y=alt.Y("shown:N", title=None, sort=list(stages.values())),
            color=alt.Color("source:N", legend=alt.Legend(orient="bottom", title=None)),
            tooltip=[
                alt.Tooltip("source:N", title=tr("Source")),
                alt.Tooltip("shown:N", title=tr("Stage")),
                alt.Tooltip("rows:Q", title=tr("Count")),
            ],
        )
        .properties(height=alt.Step(30))
    )
    st.altair_chart(chart, width="stretch")


def show_reasons(recipe: str) -> None:
    """How many records each rule drops; each leads to them."""
    st.subheader(tr("Why records are dropped"))
    found = ask.rows("reasons", recipe=recipe)
    whys = explain.whys(ask.data_path(), recipe)
    if not found:
        st.write(tr("No record was dropped."))
    for row in found[:RULES_SHOWN]:
        label = tr("{rule}: {records}, by nothing else {alone}", rule=f"**{row['rule']}**", **_numbers(row))
        wanted = {"recipe": recipe, "fate": "dropped", "rule": row["rule"]}
        st.page_link(RECORDS, label=label, help=texts.plain(tr(whys.get(row["rule"], ""))), query_params=wanted)
    if found:
        st.page_link(
            POLICY, label=tr("All rules and their lines"), icon=":material/rule:", query_params={"recipe": recipe}
        )


def show_uses(recipe: str) -> None:
    """Published records by task and language; each task leads to its records."""
    st.subheader(tr("What the snapshot is for"))
    found = ask.table("tasks", recipe=recipe)
    if found.empty:
        return
    task = alt.Y("task:N", sort="-x", title=None, axis=alt.Axis(labelLimit=240))
    language = alt.Color("language:N", legend=alt.Legend(orient="bottom", title=None))
    told = [
        alt.Tooltip("task:N", title=tr("Task")),
        alt.Tooltip("language:N", title=tr("Language")),
        alt.Tooltip("sum(records):Q", title=tr("Records")),
    ]
    records = alt.X("sum(records):Q", title=None)
    bars = alt.Chart(found).mark_bar().encode(x=records, y=task, color=language, tooltip=told)
    st.altair_chart(bars, width="stretch")
    for name in found["task"].dropna().unique():
        st.page_link(RECORDS, label=str(name), query_params={"recipe": recipe, "fate": "kept", "task": str(name)})


def show_sources(recipe: str) -> None:
    """Numbers and licences by source; each leads to its records."""
    st.header(tr("Sources"))
    for row in ask.rows("sources", recipe=recipe):
        label = tr("{source}: {kept} of {records} kept", source=f"**{_titled(row['source'])}**", **_numbers(row))
        st.page_link(RECORDS, label=label, query_params={"recipe": recipe, "source": row["source"]})
        licences = [*filter(None, row["licences"]), *([tr("unknown")] if "" in row["licences"] else [])]
        shown = texts.plain(texts.cut(", ".join(licences), LICENCES_SHOWN))
        kind = tr(KINDS.get(row["kind"]) or row["kind"])
        st.caption(tr("{kind} · licences: {licences}", kind=kind, licences=shown))


def show_losses(recipe: str) -> None:
    """What each source gave before the policy looked at it, and what was lost on the way there, by reason."""
    st.header(tr("What was lost"))
    st.caption(
        tr(
            "A post is a post of a thread, a section of an article or an exchange of a set. A hole is the place of "
            "something that could not be read; ⟦?⟧ stands there."
        )
    )
    words = {
        "source": tr("Source"),
        "pages": tr("Pages"),
        "documents": tr("Documents"),
        "posts": tr("Posts"),
        "records": tr("Records"),
        "kept": tr("Kept"),
        "pages_rejected": tr("Pages rejected"),
        "documents_rejected": tr("Documents rejected"),
        "parts_rejected": tr("Parts rejected"),
        "holes": tr("Holes"),
    }
    numbers = ask.table("lost_numbers", recipe=recipe)
    numbers["source"] = numbers["source"].map(ask.titled)
    st.dataframe(numbers.rename(columns=words), hide_index=True, width="stretch")
    reasons = ask.table("lost_reasons", recipe=recipe)
    if not reasons.empty:
        kinds = {
            "rejected_page": tr("page not collected"),
            "page": tr("page"),
            "document": tr("document"),
            "part": tr("part of a document"),
            "column": tr("pages with a column not read"),
            "hole": tr("hole in a text"),
        }
        reasons["lost"] = reasons["lost"].map(kinds)
        reasons["source"] = reasons["source"].map(ask.titled)
        titles = {"source": tr("Source"), "lost": tr("Lost"), "reason": tr("Reason or kind"), "count": tr("Count")}
        st.dataframe(reasons.rename(columns=titles), hide_index=True, width="stretch")


def show_runs() -> None:
    """The latest runs of all stages."""
    st.header(tr("Runs"))
    titles = {
        "started_at": tr("Started"),
        "recipe": tr("Recipe"),
        "stage": tr("Stage"),
        "name": tr("Name"),
        "seconds": tr("Seconds"),
        "skipped": tr("Up to date"),
        "peak_mb": tr("Peak MB"),
        "failed": tr("Failed"),
    }
    st.dataframe(ask.table("runs").rename(columns=titles), hide_index=True, width="stretch")


def show_storage() -> None:
    """Bytes on disk by stage."""
    st.header(tr("Storage"))
    sizes: dict[str, int] = {}
    for row in status.funnel(ask.data_path()):
        sizes[row.stage] = sizes.get(row.stage, 0) + row.bytes
    if not sizes:
        st.write(tr("Nothing lies here yet."))
        return
    cells = st.columns(len(sizes))
    for cell, (stage, size) in zip(cells, sizes.items(), strict=True):
        cell.metric(stage, decimal(size))


def _titled(name: str) -> str:
    return texts.plain(ask.titled(name))


def _numbers(row: dict[str, int]) -> dict[str, str]:
    wanted = {"records": row["records"], "kept": row.get("kept", 0), "alone": row.get("only_this_rule", 0)}
    return {name: f"{number:,}" for name, number in wanted.items()}


draw()
