"""SQL: a question of one's own over the views; the answer as a table, a chart or a file, and a link to it."""

import io
from typing import Any, Literal

import altair as alt
import pyarrow as pa
import pyarrow.parquet as pq
import streamlit as st

from dashboards import address, ask, texts
from pipelines.catalog import shell
from pipelines.errors import WorkFailed, WrongInput
from pipelines.messages import tr

FIRST = "SELECT source, task, count(*) AS records\nFROM curated\nGROUP BY ALL\nORDER BY records DESC"
SHOWN = 1_000  # rows
CHARTS = ("", "bar", "line", "points")


def draw() -> None:
    """The page."""
    st.title(tr("Questions in SQL"))
    query = address.lines(tr("One statement that reads"), "sql", FIRST, height=160)
    st.button(tr("Ask"), icon=":material/play_arrow:", type="primary", on_click=address.hold)
    show_views()
    try:
        with st.spinner(tr("DuckDB is at it.")):
            answer = ask.in_sql(query)
    except (WrongInput, WorkFailed) as error:
        st.error(texts.fault(error))
        return
    st.caption(tr("{number} rows", number=f"{answer.num_rows:,}"))
    shown = readable(answer.slice(0, SHOWN))
    st.dataframe(shown, hide_index=True, width="stretch")
    if answer.num_rows > SHOWN:
        st.caption(tr("The first {number} are shown; the files have all.", number=f"{SHOWN:,}"))
    show_files(answer)
    show_chart(shown)


def show_views() -> None:
    """What can be asked about."""
    with st.expander(tr("Views and their columns")):
        titles = {"view": tr("View"), "name": tr("Column"), "type": tr("Type")}
        st.dataframe(ask.table("columns").rename(columns=titles), hide_index=True, width="stretch")


def readable(answer: pa.Table) -> pa.Table:
    """Bytes as hexadecimal digits, which a table on a page cannot show."""
    for at, field in enumerate(answer.schema):
        if pa.types.is_binary(field.type) or pa.types.is_large_binary(field.type):
            digits = [None if value is None else value.hex() for value in answer.column(at).to_pylist()]
            answer = answer.set_column(at, field.name, pa.array(digits, pa.string()))
    return answer


def show_files(answer: pa.Table) -> None:
    """The whole answer, made when it is asked for."""
    look: dict[str, Any] = {"icon": ":material/download:", "on_click": address.hold}
    with st.container(horizontal=True):
        st.download_button("CSV", lambda: as_csv(answer), "answer.csv", "text/csv", **look)
        kind = "application/vnd.apache.parquet"
        st.download_button("Parquet", lambda: as_parquet(answer), "answer.parquet", kind, **look)


def as_csv(answer: pa.Table) -> bytes:
    """As `gristmill sql --format csv` prints it."""
    with io.StringIO() as out:
        shell.show(answer, "csv", out)
        return out.getvalue().encode()


def as_parquet(answer: pa.Table) -> bytes:
    """As `gristmill sql --format parquet` prints it."""
    with io.BytesIO() as out:
        pq.write_table(answer, out)
        return out.getvalue()


def show_chart(shown: pa.Table) -> None:
    """Two columns against each other."""
    if not shown.num_columns:
        return
    names = {"": tr("none"), "bar": tr("bars"), "line": tr("a line"), "points": tr("points")}
    chosen, across, up = st.columns(3)
    with chosen:
        kind = address.choice(tr("Chart"), "chart", CHARTS, names.__getitem__)
    if not kind:
        return
    columns = shown.column_names
    with across:
        x = address.choice(tr("Across"), "x", columns)
    with up:
        y = address.choice(tr("Upwards"), "y", columns[::-1])
    base = alt.Chart(shown.select(list(dict.fromkeys((x, y)))).to_pandas())
    drawn = {"bar": base.mark_bar, "line": base.mark_line, "points": base.mark_point}[kind]()
    titles = {"x": alt.X(field=x, title=x, type=_type(shown, x)), "y": alt.Y(field=y, title=y, type=_type(shown, y))}
    told = [alt.Tooltip(field=name, title=name, type=_type(shown, name)) for name in (x, y)]
    st.altair_chart(drawn.encode(**titles, tooltip=told), width="stretch")


def _type(shown: pa.Table, name: str) -> Literal["quantitative", "temporal", "nominal"]:
    kind = shown.schema.field(name).type
    if pa.types.is_temporal(kind):
        return "temporal"
    return "quantitative" if pa.types.is_integer(kind) or pa.types.is_floating(kind) else "nominal"


draw()
