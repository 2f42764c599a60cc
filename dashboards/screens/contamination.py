"""Contamination: items of benchmarks beside the records that hold them; a record may be rejected."""

from collections import Counter
from typing import Any

import streamlit as st

from dashboards import address, ask, deciding, texts
from dashboards.differences import shared
from pipelines.catalog import snapshots
from pipelines.curate.decisions import Decision
from pipelines.messages import tr

PER_PAGE = 10
HOW = '[decontaminate]\nbenchmarks = ["benchmarks/test.jsonl"]'


def draw() -> None:
    """What was compared, and what was found."""
    recipe = st.session_state["chosen"]
    st.title(tr("Contamination"))
    if not recipe:
        texts.show_nothing_curated()
        return
    compared = snapshots.benchmarks(recipe, ask.data_path())
    if not compared:
        show_how(recipe)
        return
    found = Counter({name: 0 for name in compared})
    found.update(row["benchmark"] for row in ask.rows("contaminated_in", recipe=recipe, benchmark=""))
    show_found(recipe, found)


def show_how(recipe: str) -> None:
    """Nothing was compared, which is not the same as nothing found."""
    st.warning(tr("Nothing was compared: the recipe names no benchmarks. So nobody knows whether records hold them."))
    st.write(
        tr(
            "Write the files of the benchmarks that your model must not have seen into the recipe, Parquet or JSON "
            "Lines with a question in each row, and run curate again:"
        )
    )
    st.code(HOW, language="toml")
    label, wanted = tr("The recipe"), {"recipe": recipe, "show": "recipe"}
    st.page_link("screens/sources.py", label=label, icon=":material/edit_note:", query_params=wanted)
    st.code(f"gristmill run {recipe} --stages curate", language="bash")


def show_found(recipe: str, found: Counter[str]) -> None:
    """The pairs of a benchmark, a page at a time."""
    names = ["", *sorted(found)]
    said = {name: f"{name} ({found[name]:,})" for name in sorted(found)}
    benchmark = address.choice(tr("Benchmark"), "benchmark", names, lambda name: said.get(name, tr("any")))
    rows = ask.rows("contaminated_in", recipe=recipe, benchmark=benchmark)
    if not rows:
        st.success(tr("Compared, and no item stands in a record."))
        return
    st.caption(
        tr(
            "Contamination is the share of the item's runs of five words that the record has too, scaled so that items "
            "of any length have one line: from 80 % on the default policy drops the record. Those runs are marked."
        )
    )
    pages = -(-len(rows) // PER_PAGE)
    page = min(address.position("page"), pages - 1)
    listed = rows[page * PER_PAGE : (page + 1) * PER_PAGE]
    ids = tuple(dict.fromkeys(row["record_id"] for row in listed))
    records = {row["record_id"]: row for row in ask.rows("shown", recipe=recipe, ids=ids)}
    history = deciding.history(recipe)
    for at, row in enumerate(listed):
        show_one(recipe, row, records[row["record_id"]], history, at)
    address.turn_pages(page, pages)


def show_one(recipe: str, row: dict[str, Any], record: dict[str, Any], history: list[Decision], at: int) -> None:
    """An item beside the part of a record that says it, with what can be done."""
    name = row["record_id"]
    with st.container(border=True):
        st.markdown(f"**{texts.plain(row['benchmark'])}** {texts.plain(row['item'])}")
        st.page_link(texts.RECORD, label=texts.plain(name), query_params={"recipe": recipe, "id": name})
        texts.show_head(record)
        share = f"{row['contamination']:.0%}"
        st.caption(f"{tr('Contamination {share}.', share=share)} {_answer(row)}")
        left, right = st.columns(2)
        for cell, label, text in zip(
            (left, right),
            (tr("In the benchmark"), tr("In the record")),
            shared(row["item_text"], row["record_text"]),
            strict=True,
        ):
            cell.caption(label)
            cell.html(text)
        pressed: dict[str, Any] = {"on_click": _reject, "args": (recipe, name), "icon": ":material/block:"}
        st.button(tr("Reject the record"), key=f"reject {at}", help=tr("The next run of curate obeys."), **pressed)
        deciding.show_said([one for one in history if one.record_id == name])


def _answer(row: dict[str, Any]) -> str:
    if row["answer_found"] is None:
        return tr("The item has no answer.")
    return tr("Its answer is there too.") if row["answer_found"] else tr("Its answer is not there.")


def _reject(recipe: str, name: str) -> None:
    address.hold()
    deciding.say(recipe, [name], "reject")


draw()
