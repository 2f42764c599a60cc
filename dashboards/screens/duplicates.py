"""Duplicates: clusters of records that say the same, each beside the one that is kept; another may be kept instead."""

from typing import Any

import streamlit as st

from dashboards import address, ask, deciding, texts
from dashboards.differences import marked
from pipelines.catalog import explain
from pipelines.messages import tr

PER_PAGE = 20
MEMBERS_SHOWN = 20
HERE, POLICY = "screens/duplicates.py", "screens/policy.py"


def draw() -> None:
    """All clusters, or the one that the address names."""
    recipe = st.session_state["chosen"]
    st.title(tr("Duplicates"))
    if not recipe:
        texts.show_nothing_curated()
        return
    if cluster := st.query_params.get("cluster", ""):
        show_cluster(recipe, cluster)
    else:
        show_clusters(recipe)


def show_clusters(recipe: str) -> None:
    """Links to the clusters, the largest first, a page at a time."""
    sources = ["", *(row["source"] for row in ask.rows("sources", recipe=recipe))]
    source = address.choice(tr("Source"), "source", sources, lambda name: ask.titled(name) if name else tr("any"))
    found = ask.rows("families", recipe=recipe, source=source)
    st.caption(tr("{number} clusters", number=f"{len(found):,}"))
    label = tr("Which sources come first among duplicates")
    st.page_link(POLICY, label=label, icon=":material/rule:", query_params={"recipe": recipe})
    if not found:
        st.info(tr("No two records say the same."))
        show_how(recipe)
        return
    pages = -(-len(found) // PER_PAGE)
    page = min(address.position("page"), pages - 1)
    for row in found[page * PER_PAGE : (page + 1) * PER_PAGE]:
        numbers = {"members": f"{row['members']:,}", "kept": f"{row['kept']:,}"}
        label = tr("{record}: {members} say the same, {kept} kept", record=texts.plain(row["cluster_id"]), **numbers)
        st.page_link(HERE, label=label, query_params={"recipe": recipe, "cluster": row["cluster_id"]})
        st.caption(texts.plain(", ".join(map(ask.titled, row["sources"]))))
    address.turn_pages(page, pages)


def show_how(recipe: str) -> None:
    """What was compared, and where that is said otherwise: the same answer to another question is no duplicate."""
    st.caption(tr("Question and answer are compared together. To compare answers alone, write this into the recipe:"))
    st.code('[dedupe]\nkey = "output"', language="toml")
    wanted = {"recipe": recipe, "show": "recipe"}
    st.page_link("screens/sources.py", label=tr("The recipe"), icon=":material/edit_note:", query_params=wanted)


def show_cluster(recipe: str, cluster: str) -> None:
    """The members; each other one beside the first, with the differences marked."""
    st.page_link(HERE, label=tr("All clusters"), icon=":material/arrow_back:", query_params={"recipe": recipe})
    members = ask.rows("members", recipe=recipe, cluster=cluster)
    if not members:
        st.warning(tr("There is no cluster {name} here.", name=texts.plain(cluster)))
        return
    shown = members[:MEMBERS_SHOWN]
    rows = {row["record_id"]: row for row in ask.rows("shown", recipe=recipe, ids=tuple(m["record_id"] for m in shown))}
    first = rows[shown[0]["record_id"]]
    show_first(recipe, first)
    for member in shown[1:]:
        show_member(recipe, first, rows[member["record_id"]], member)
    if len(members) > len(shown):
        st.caption(tr("{number} more say the same.", number=len(members) - len(shown)))


def show_first(recipe: str, row: dict[str, Any]) -> None:
    """The member that is kept, and by what order; or the first, where every member breaks a rule."""
    st.header(tr("This one is kept") if row["kept"] else tr("None of them is kept"))
    show_head(recipe, row)
    if policy := explain.policy(ask.data_path(), recipe):
        st.caption(tr("One that somebody accepted stays; else, of those that break no rule, the first by this order:"))
        st.code(policy.prefer, language="sql", wrap_lines=True)


def show_member(recipe: str, first: dict[str, Any], row: dict[str, Any], member: dict[str, Any]) -> None:
    """A member beside the first one."""
    with st.container(border=True):
        show_head(recipe, row)
        if member["similarity"] is not None:
            how = {"exact": tr("word for word"), "near": tr("in words"), "semantic": tr("in meaning")}[member["method"]]
            st.caption(tr("{share} alike, {how}", share=f"{member['similarity']:.0%}", how=how))
        for cell, text in zip(st.columns(2), marked(texts.whole(first), texts.whole(row)), strict=True):
            cell.html(text)
        name = row["record_id"]
        pressed: dict[str, Any] = {"on_click": _keep, "args": (recipe, name), "icon": ":material/swap_horiz:"}
        st.button(tr("Keep this one"), key=f"keep {name}", help=tr("The next run of curate obeys."), **pressed)


def show_head(recipe: str, row: dict[str, Any]) -> None:
    """The record's id, fate and reasons."""
    wanted = {"recipe": recipe, "id": row["record_id"]}
    st.page_link(texts.RECORD, label=texts.plain(row["record_id"]), query_params=wanted)
    texts.show_head(row)
    if broken := [rule for rule in row["rules"] if rule != "duplicate"]:
        st.caption(tr("It breaks {rules}.", rules=texts.plain(", ".join(broken))))


def _keep(recipe: str, name: str) -> None:
    address.hold()
    deciding.say(recipe, [name], "accept")


draw()
