"""The dashboard: how much of each source is left, why the rest is not, and the records themselves.

Every number is one of `queries/*.sql` over the views of `pipelines.catalog`. `gristmill up` starts it.
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
FATES = {"any": "", "kept": "true", "dropped": "false"}


def data_folder() -> str:
    return os.environ.get("GRISTMILL_DATA", "data")


@st.cache_data(show_spinner=False, max_entries=200)
def ask(name: str, data: str, state: str, parameters: tuple[tuple[str, Any], ...] = ()) -> pd.DataFrame:
    """The rows of one query. `state` is there for the cache's key, which leaves out what begins with `_`."""
    sql = (QUERIES / f"{name}.sql").read_text()
    with catalog.connect(data) as con:
        return con.sql(sql, params=dict(parameters)).to_arrow_table().to_pandas()


def answer(name: str, **parameters: Any) -> pd.DataFrame:
    """The rows of one query, asked again when something was published, taken away or run since the last time."""
    data = data_folder()
    return ask(name, data, catalog.state(data), tuple(sorted(parameters.items())))


def main() -> None:
    st.set_page_config(page_title="Gristmill", layout="wide")
    st.title("Gristmill")
    recipes = answer("recipes")["recipe"].tolist()
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
    show_records(recipe)
    show_runs()


def show_numbers(recipe: str) -> None:
    sources = answer("sources", recipe=recipe)
    records, kept = int(sources["records"].sum()), int(sources["kept"].sum())
    columns = st.columns(4)
    columns[0].metric("Sources", len(sources))
    columns[1].metric("Records", f"{records:,}")
    columns[2].metric("Kept", f"{kept:,}")
    columns[3].metric("Kept of all", f"{kept / records:.0%}" if records else "–")


def show_funnel(recipe: str) -> None:
    st.header("Funnel")
    st.caption("Pages become records; duplicates and what breaks a rule of the policy are left out of the snapshot.")
    rows = answer("funnel", recipe=recipe)
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
    st.subheader("Why records are dropped")
    rows = answer("reasons", recipe=recipe)
    if rows.empty:
        st.write("No record was dropped.")
        return
    bars = alt.Chart(rows.head(15)).mark_bar()
    rule = alt.Y("rule:N", sort="-x", title=None, axis=alt.Axis(labelLimit=240))
    st.altair_chart(bars.encode(x="records:Q", y=rule, tooltip=list(rows.columns)), width="stretch")


def show_tasks(recipe: str) -> None:
    st.subheader("What the snapshot is for")
    rows = answer("tasks", recipe=recipe)
    bars = alt.Chart(rows).mark_bar()
    task = alt.Y("task:N", sort="-x", title=None, axis=alt.Axis(labelLimit=240))
    language = alt.Color("language:N", legend=alt.Legend(orient="bottom", title=None))
    shown = bars.encode(x=alt.X("sum(records):Q", title="records"), y=task, color=language, tooltip=list(rows.columns))
    st.altair_chart(shown, width="stretch")


def show_sources(recipe: str) -> None:
    st.header("Sources")
    st.dataframe(answer("sources", recipe=recipe), hide_index=True, width="stretch")


def show_records(recipe: str) -> None:
    st.header("Records")
    choices = answer("choices", recipe=recipe)
    source, task, fate, words = st.columns(4)
    asked = {
        "recipe": recipe,
        "source": source.selectbox("Source", ["", *choices["source"].unique()], format_func=lambda one: one or "any"),
        "task": task.selectbox("Task", ["", *sorted(choices["task"].unique())], format_func=lambda one: one or "any"),
        "kept": FATES[fate.selectbox("Fate", list(FATES))],
        "words": words.text_input("With the words"),
    }
    count = int(answer("browse_count", **asked)["records"].iloc[0])
    pages = max(1, -(-count // PAGE_ROWS))
    page = st.number_input(f"Page of {pages:,} ({count:,} records)", min_value=1, max_value=pages)
    rows = answer("browse", **asked, size=PAGE_ROWS, start=(page - 1) * PAGE_ROWS)
    for row in rows.to_dict("records"):
        show_record(row)


def show_record(row: dict[Any, Any]) -> None:
    """Scraped text is shown as text: `st.code` and `st.text` interpret nothing."""
    with st.container(border=True):
        fate = "kept" if row["kept"] else "dropped"
        st.text(f"{fate} · {row['source']} · {row['task'] or 'no task'} · {row['licence'] or 'licence unknown'}")
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
    st.header("Runs")
    st.dataframe(answer("runs"), hide_index=True, width="stretch")


main()
