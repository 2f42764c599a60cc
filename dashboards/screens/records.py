"""Records: search and filters over all of them, as a list or one after another for review."""

from typing import Any

import streamlit as st

from dashboards import address, ask, deciding, map_area, texts
from pipelines.catalog import explain
from pipelines.curate import review
from pipelines.curate.decisions import JUDGEMENTS, Decision, counting
from pipelines.messages import tr

PER_PAGE = 20
FILTERS = (
    "q",
    "source",
    "task",
    "language",
    "fate",
    "rule",
    "said",
    "signal",
    "low",
    "high",
    "order",
    "seed",
    "near",
    "area",
)


def draw() -> None:
    """The page."""
    recipe = st.session_state["chosen"]
    st.title(tr("Records"))
    if not recipe:
        texts.show_nothing_curated()
        return
    said = deciding.history(recipe)
    ids = filtered(recipe, said)
    show_agreement(said)
    view = address.tabs(
        tr("View"), "view", ["list", "review"], {"list": tr("List"), "review": tr("Review")}.__getitem__
    )
    st.caption(tr("{number} records", number=f"{len(ids):,}"))
    if not ids:
        st.info(tr("No record passes these filters."))
    elif view == "list":
        show_whole(recipe, ids)
        show_list(recipe, ids)
    else:
        show_review(recipe, ids, said)


def show_agreement(said: list[Decision]) -> None:
    """How well every two people agree who judged the same records."""
    found = review.agreement(said)
    if not found:
        return
    with st.expander(tr("Agreement")):
        for one in found:
            kappa = "–" if one.kappa is None else f"{one.kappa:.2f}"
            people = {"one": texts.plain(one.one), "other": texts.plain(one.other)}
            st.markdown(
                tr(
                    "{one} and {other} judged {records} alike in {agreed}; beyond chance that is {kappa} (Cohen's κ).",
                    **people,
                    records=one.records,
                    agreed=one.agreed,
                    kappa=kappa,
                )
            )


def filtered(recipe: str, said: list[Decision]) -> list[str]:
    """The filters, and the ids of the records that pass them, in the chosen order."""
    used = [name for name in FILTERS if st.query_params.get(name)]
    title = tr("Filters") if not used else tr("Filters: {number} in use", number=len(used))
    with st.expander(title, expanded=bool(used) and st.query_params.get("view") != "review"):
        wanted, order = _wanted(recipe), _order(explain.rules_with_a_line(ask.data_path(), recipe))
        if used:
            cleared: dict[str, Any] = {"on_click": address.forget, "args": FILTERS}
            st.button(tr("Clear all filters"), icon=":material/filter_alt_off:", **cleared)
    decided = wanted.pop("said")
    return _by_area(recipe, _by_decision(ask.queue(recipe, order, wanted), decided, said))


def _by_area(recipe: str, ids: list[str]) -> list[str]:
    """Those in the area of the map that the address names."""
    box = map_area.told()
    if box is None:
        return ids
    within = set(ask.in_area(recipe, box))
    st.caption(tr("Only records in an area of the map; {button} shows all.", button=tr("Clear all filters")))
    return [name for name in ids if name in within]


def _wanted(recipe: str) -> dict[str, Any]:
    choices: dict[str, list[str]] = {}
    for row in ask.rows("choices", recipe=recipe):
        choices.setdefault(row["what"], [""]).append(row["choice"])
    words = address.text(tr("With the words"), "q")
    cells = st.columns(3)
    labels = {"source": tr("Source"), "task": tr("Task"), "language": tr("Language"), "rule": tr("Breaks the rule")}
    wanted: dict[str, Any] = {"words": words}
    for at, (name, label) in enumerate(labels.items()):
        with cells[at % 3]:
            say = _source if name == "source" else _or_any
            wanted[name] = address.choice(label, name, choices.get(name, [""]), say)
    with cells[1]:
        wanted["fate"] = address.choice(tr("Fate"), "fate", ["", "kept", "dropped"], _fate)
    with cells[2]:
        wanted["said"] = address.choice(tr("Decided"), "said", ["", "no", "yes", *JUDGEMENTS], _decided)
    return wanted | _range()


def _source(name: str) -> str:
    return ask.titled(name) if name else _or_any(name)


def _range() -> dict[str, Any]:
    signal, low, high = st.columns(3)
    names = [row["name"] for row in ask.rows("signal_names")]
    with signal:
        chosen = address.choice(tr("Signal"), "signal", ["", *names], _or_any)
    if not chosen:
        return {"signal": "output_words", "low": None, "high": None}
    with low:
        least = address.number(tr("At least"), "low")
    with high:
        most = address.number(tr("At most"), "high")
    return {"signal": chosen, "low": least, "high": most}


def _order(rules: list[str]) -> dict[str, Any]:
    orders = {
        "": tr("by id"),
        "random": tr("random"),
        "threshold": tr("nearest to the line of a rule"),
        "disagreement": tr("where two people differ"),
    }
    order, more = st.columns(2)
    with order:
        chosen = address.choice(tr("Order"), "order", list(orders), orders.__getitem__)
    wanted: dict[str, Any] = {"order": chosen, "seed": 17, "rule": ""}
    with more:
        if chosen == "threshold":
            wanted["rule"] = address.choice(tr("The rule"), "near", rules)
        elif chosen == "random":
            wanted["seed"] = int(address.number(tr("Seed"), "seed") or 17)
    return wanted


def _or_any(choice: str) -> str:
    return choice or tr("any")


def _fate(choice: str) -> str:
    return {"": tr("any"), "kept": tr("kept"), "dropped": tr("dropped")}[choice]


def _decided(choice: str) -> str:
    return {"": tr("any"), "no": tr("not yet"), "yes": tr("by somebody")}.get(choice) or deciding.said_of(choice)


def _by_decision(ids: list[str], decided: str, said: list[Decision]) -> list[str]:
    if not decided:
        return ids
    judged = {name: one.decision for name, one in counting(said).items()}
    if decided == "no":
        return [name for name in ids if name not in judged]
    return [name for name in ids if judged.get(name) in ((decided,) if decided in JUDGEMENTS else JUDGEMENTS)]


def show_whole(recipe: str, ids: list[str]) -> None:
    """One decision about all that pass the filters, and the way back."""
    number = f"{len(ids):,}"
    with st.container(horizontal=True):
        with st.popover(tr("Decide about all {number}", number=number)):
            note = st.text_input(tr("Why"), key="why_all", on_change=address.hold)
            labels = {
                "accept": tr("Accept all {number}", number=number),
                "reject": tr("Reject all {number}", number=number),
            }
            for decision, label in labels.items():
                st.button(label, key=f"{decision}_all", on_click=_decide_all, args=[recipe, ids, decision, note])
        if last := st.session_state.get("decided_together", []):
            label = tr("Take back what was decided about {number} together", number=f"{len(last):,}")
            st.button(label, key="undo_all", on_click=_decide_all, args=[recipe, last, "undo", ""])


def _decide_all(recipe: str, ids: list[str], decision: str, note: str) -> None:
    address.hold()
    if deciding.say(recipe, ids, decision, note=note):
        st.session_state["decided_together"] = [] if decision == "undo" else ids


def show_list(recipe: str, ids: list[str]) -> None:
    """Twenty records at a time, each leading to its own page."""
    pages = -(-len(ids) // PER_PAGE)
    page = min(address.position("page"), pages - 1)
    for row in ask.rows("shown", recipe=recipe, ids=tuple(ids[page * PER_PAGE : (page + 1) * PER_PAGE])):
        with st.container(border=True):
            texts.show_head(row)
            texts.show(row, longest=texts.PREVIEW)
            if row["rules"]:
                st.caption(", ".join(texts.plain(rule) for rule in row["rules"]))
            wanted = {"recipe": recipe, "id": row["record_id"]}
            st.page_link(texts.RECORD, label=texts.plain(row["record_id"]), query_params=wanted)
    address.turn_pages(page, pages)


def show_review(recipe: str, ids: list[str], said: list[Decision]) -> None:
    """One record, what people said of it, and what the reader says."""
    at = min(address.position("at"), len(ids) - 1)
    (row,) = ask.rows("shown", recipe=recipe, ids=(ids[at],))
    show_place(at, len(ids))
    deciding.buttons(recipe, row, after=lambda: _go_on(recipe, at, len(ids), ids[at]))
    texts.show_head(row)
    texts.show(row)
    deciding.show_said([one for one in said if one.record_id == row["record_id"]])
    texts.show_reasons(recipe, row)
    st.page_link(texts.RECORD, label=tr("Everything about it"), query_params={"recipe": recipe, "id": row["record_id"]})


def show_place(at: int, number: int) -> None:
    """Where the reader is, and the way back and on."""
    back, place, on = st.columns([1, 2, 1])
    move: dict[str, Any] = {"width": "stretch", "on_click": address.move}
    back.button(tr("Previous"), shortcut="k", disabled=at == 0, args=["at", at - 1], **move)
    place.progress((at + 1) / number, tr("{at} of {number}", at=f"{at + 1:,}", number=f"{number:,}"))
    on.button(tr("Next"), shortcut="j", disabled=at + 1 == number, args=["at", at + 1], **move)


def _go_on(recipe: str, at: int, number: int, name: str) -> None:
    """To the next record; it has this one's place where this one no longer passes the filter by decision."""
    stays = bool(_by_decision([name], st.query_params.get("said", ""), deciding.history(recipe)))
    address.move("at", min(at + stays, number - 1))


draw()
