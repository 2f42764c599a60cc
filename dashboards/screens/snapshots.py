"""Snapshots: the card of each version, what it differs in from another, whether its files are what was written."""

import re
from pathlib import Path
from typing import Any

import streamlit as st

from dashboards import address, ask, exporting, texts
from dashboards.markdown import to_html
from pipelines.catalog import diff, snapshots
from pipelines.catalog.diff import Difference
from pipelines.flows import shown
from pipelines.messages import card_name, tr

LISTED = 50  # records of each kind
PICTURE = re.compile(r"!\[[^\]\n]*\]\(([\w.-]+\.svg)\)")  # beside the card


def draw() -> None:
    """The page."""
    recipe = st.session_state["chosen"]
    st.title(tr("Snapshots"))
    if not recipe:
        texts.show_nothing_curated()
        return
    latest = snapshots.latest(recipe, ask.data_path())
    versions = sorted(snapshots.versions(recipe, ask.data_path())[::-1], key=lambda name: name != latest)
    left, right = st.columns(2)
    with left:
        version = address.choice(tr("Version"), "version", versions)
    others = ["", *(other for other in versions if other != version)]
    with right:
        other = address.choice(tr("Compared with"), "with", others, lambda name: name or tr("none"))
    folder = snapshots.folder_of(recipe, version, ask.data_path())
    if other:
        show_difference(recipe, ask.difference(recipe, other, version))
    show_ways_out(recipe, folder, version == latest)
    show_card(folder)


def show_difference(recipe: str, found: Difference) -> None:
    """Numbers, rules, and the records themselves."""
    st.header(f"{found.before} → {found.after}")
    cells = st.columns(4)
    cells[0].metric(tr("Kept"), f"{found.kept[1]:,}", f"{found.kept[1] - found.kept[0]:+,}")
    for cell, label, names in zip(
        cells[1:], (tr("Came"), tr("Went"), tr("Changed")), (found.came, found.went, found.changed), strict=True
    ):
        cell.metric(label, f"{len(names):,}")
    show_rules(found)
    show_records(recipe, tr("Came"), found.came, dict.fromkeys(found.new, tr("was not there before")))
    show_records(recipe, tr("Went"), found.went, dict.fromkeys(found.gone, tr("is not there any more")))
    changed = {name: ", ".join(columns) for name, columns in found.changed.items()}
    show_records(recipe, tr("Changed"), tuple(changed), changed)


def show_rules(found: Difference) -> None:
    """The rules that moved records, and those that are other ones."""
    if not found.rules:
        return
    titles = (
        tr("Rule"),
        tr("Went, and break it in {version}", version=found.after),
        tr("Came, and broke it in {version}", version=found.before),
        tr("What became of the rule"),
    )
    rows = [(each.rule, each.went, each.came, diff.became(each)) for each in found.rules]
    st.dataframe([dict(zip(titles, row, strict=True)) for row in rows], hide_index=True, width="stretch")


def show_records(recipe: str, label: str, names: tuple[str, ...], notes: dict[str, str]) -> None:
    """Links to the first of the records, with a note each."""
    if not names:
        return
    with st.expander(tr("{kind}: {number} records", kind=label, number=f"{len(names):,}")):
        for name in names[:LISTED]:
            note = f" · {texts.plain(notes[name])}" if name in notes else ""
            wanted = {"recipe": recipe, "id": name}
            st.page_link(texts.RECORD, label=f"{texts.plain(name)}{note}", query_params=wanted)
        if len(names) > LISTED:
            st.caption(tr("{number} more; `gristmill diff --json` has all.", number=f"{len(names) - LISTED:,}"))


def show_ways_out(recipe: str, folder: Path, latest: bool) -> None:
    """How to load it, hand it to a trainer, and whether it is what was written."""
    with st.expander(tr("Load it, export it, verify it")):
        st.code(f'from datasets import load_dataset\n\nrecords = load_dataset("parquet", data_dir="{folder}")')
        if latest:
            exporting.show(recipe)
        else:
            st.caption(tr("Exports are of the latest version; this one is read where it lies."))
        look: dict[str, Any] = {"icon": ":material/verified:", "on_click": address.hold}
        if st.button(tr("Compare its files with their hashes"), **look):
            show_faults(folder)


def show_faults(folder: Path) -> None:
    """Files of the snapshot that are not what was written."""
    found = snapshots.faults(folder)
    for path, fault in found:
        st.error(texts.plain(f"{path}: {tr(fault)}"))
    if not found:
        st.success(tr("All files are what was written."))


def show_card(folder: Path) -> None:
    """The dataset's card in the reader's language, with its pictures where it has them."""
    card = shown.body((folder / card_name()).read_text(encoding="utf-8"))
    for at, part in enumerate(PICTURE.split(card)):
        if at % 2:
            st.image((folder / part).read_text(encoding="utf-8"), width="stretch")
        else:
            st.html(to_html(part, texts.theme()))


draw()
