"""The dashboard: how much of each source is kept, why records are dropped, and the records themselves.

Every number comes from one of `queries/*.sql`, over the views of `pipelines.catalog`. `gristmill up` starts it.
"""

import os
from pathlib import Path
from typing import Any

import altair as alt
import pandas as pd
import streamlit as st

from pipelines import catalog

QUERIES = Path(__file__).parent / "queries"
PAGE_ROWS = 10
KEPT_FILTERS = {"any": "", "kept": "true", "dropped": "false"}


def data_folder() -> str:
    """The data folder, by the environment variable GRISTMILL_DATA."""
    return os.environ.get("GRISTMILL_DATA", "data")


@st.cache_data(show_spinner=False, max_entries=200)
def _cached_query(name: str, data: str, state: str, parameters: tuple[tuple[str, Any], ...] = ()) -> pd.DataFrame:
    """The rows of one query. `state` is there for the cache's key, which leaves out what begins with `_`."""
    sql = (QUERIES / f"{name}.sql").read_text()
    with catalog.connect(data) as con:
        result: pd.DataFrame = con.sql(sql, params=dict(parameters)).to_arrow_table().to_pandas()
        return result


def query(name: str, **parameters: Any) -> pd.DataFrame:
    """The rows of one query, asked again when something was published, taken away or run since the last time."""
    data = data_folder()
    return _cached_query(name, data, catalog.state(data), tuple(sorted(parameters.items())))


def main() -> None:
    """Draw the page. Without a curated recipe it shows the runs only."""
    st.set_page_config(page_title="Gristmill", layout="wide")
    st.title("Gristmill")
    recipes = query("recipes")["recipe"].tolist()
    if not recipes:
        st.info(f"Nothing has been curated in {data_folder()} yet. `gristmill demo` is a good start.")
        show_runs()
        return
    wanted = st.query_params.get("recipe", "")
    recipe = st.selectbox("Recipe", recipes, index=recipes.index(wanted) if wanted in recipes else 0)
    show_numbers(recipe)
    show_funnel(recipe)
    left, right = st.columns(2)
    with left:
        show_reasons(recipe)
    with right:
        show_tasks(recipe)
    show_sources(recipe)
    show_losses(recipe)
    show_records(recipe)
    show_runs()


def show_numbers(recipe: str) -> None:
    """Totals of records over all sources."""
    sources = query("sources", recipe=recipe)
    records, kept = int(sources["records"].sum()), int(sources["kept"].sum())
    columns = st.columns(4)
    columns[0].metric("Sources", len(sources))
    columns[1].metric("Records", f"{records:,}")
    columns[2].metric("Kept", f"{kept:,}")
    columns[3].metric("Kept of all", f"{kept / records:.0%}" if records else "–")


def show_funnel(recipe: str) -> None:
    """Rows of each source after each stage."""
    st.header("Funnel")
    st.caption("Pages become records; duplicates and what breaks a rule of the policy are left out of the snapshot.")
    rows = query("funnel", recipe=recipe)
    chart = (
        alt.Chart(rows)
        .mark_bar()
        .encode(
            x=alt.X("sum(rows):Q", title="rows"),
            y=alt.Y("stage:N", title=None),
            color=alt.Color("source:N", legend=alt.Legend(orient="bottom", title=None)),
            tooltip=["source", "stage", "rows"],
        )
        .properties(height=alt.Step(30))
    )
    st.altair_chart(chart, width="stretch")


def show_reasons(recipe: str) -> None:
    """How many records each rule drops."""
    st.subheader("Why records are dropped")
    rows = query("reasons", recipe=recipe)
    if rows.empty:
        st.write("No record was dropped.")
        return
    bars = alt.Chart(rows.head(15)).mark_bar()
    rule = alt.Y("rule:N", sort="-x", title=None, axis=alt.Axis(labelLimit=240))
    st.altair_chart(bars.encode(x="records:Q", y=rule, tooltip=list(rows.columns)), width="stretch")


def show_tasks(recipe: str) -> None:
    """Published records by task and language."""
    st.subheader("What the snapshot is for")
    rows = query("tasks", recipe=recipe)
    bars = alt.Chart(rows).mark_bar()
    task = alt.Y("task:N", sort="-x", title=None, axis=alt.Axis(labelLimit=240))
    language = alt.Color("language:N", legend=alt.Legend(orient="bottom", title=None))
    shown = bars.encode(x=alt.X("sum(records):Q", title="records"), y=task, color=language, tooltip=list(rows.columns))
    st.altair_chart(shown, width="stretch")


def show_sources(recipe: str) -> None:
    """Numbers and licences by source."""
    st.header("Sources")
    st.dataframe(query("sources", recipe=recipe), hide_index=True, width="stretch")


def show_losses(recipe: str) -> None:
    """What each source gave before the policy looked at it, and what was lost on the way there, by reason."""
    st.header("What was lost")
    st.caption(
        "A post is a post of a thread, a section of an article or an exchange of a set. A hole is the place of "
        "something that could not be read; ⟦?⟧ stands there."
    )
    numbers = query("lost_numbers", recipe=recipe)
    for source in numbers.loc[numbers["Kept"] == 0, "Source"]:
        st.warning(f"Nothing of {source} is kept.")
    st.dataframe(numbers, hide_index=True, width="stretch")
    reasons = query("lost_reasons", recipe=recipe)
    if not reasons.empty:
        st.dataframe(reasons, hide_index=True, width="stretch")


def _label(choice: str) -> str:
    return choice or "any"


def show_records(recipe: str) -> None:
    """The records, filtered and in pages."""
    st.header("Records")
    choices = query("choices", recipe=recipe)
    source, task, kept, words = st.columns(4)
    filters = {
        "recipe": recipe,
        "source": source.selectbox("Source", ["", *choices["source"].unique()], format_func=_label),
        "task": task.selectbox("Task", ["", *sorted(choices["task"].unique())], format_func=_label),
        "kept": KEPT_FILTERS[kept.selectbox("Fate", list(KEPT_FILTERS))],
        "words": words.text_input("With the words"),
    }
    count = int(query("browse_count", **filters)["records"].iloc[0])
    pages = max(1, -(-count // PAGE_ROWS))
    page = st.number_input(f"Page of {pages:,} ({count:,} records)", min_value=1, max_value=pages)
    rows = query("browse", **filters, size=PAGE_ROWS, start=(page - 1) * PAGE_ROWS)
    for row in rows.to_dict("records"):
        show_record(row)


def show_record(row: dict[Any, Any]) -> None:
    """One record and its verdict. `st.code` and `st.text` show scraped text without interpreting it."""
    with st.container(border=True):
        verdict = "kept" if row["kept"] else "dropped"
        st.text(f"{verdict} · {row['source']} · {row['task'] or 'no task'} · {row['licence'] or 'licence unknown'}")
        st.text(row["record_id"])
        for part in ("instruction", "input", "output"):
            if row[part]:
                st.code(row[part], language=None, wrap_lines=True, height=None if len(row[part]) < 1200 else 300)
        for reason in row["reasons"] if row["reasons"] is not None else []:
            st.text(f"broke {reason}")
        if row["duplicate_of"]:
            st.text(f"says the same as {row['duplicate_of']}")
        st.text(row["url"])


def show_runs() -> None:
    """The latest runs of all stages."""
    st.header("Runs")
    st.dataframe(query("runs"), hide_index=True, width="stretch")


main()
