"""Policy: what each rule drops; move its lines, switch it off, see at once who survives, save it, run it."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from dashboards import address, ask, deciding, line_chart, preferring, running, texts, trying
from pipelines.catalog import explain
from pipelines.curate import bounds, edits, lines, moving
from pipelines.curate.decisions import counting
from pipelines.curate.edits import Edits
from pipelines.curate.policy import BUILT_IN, Policy, Rule, mentions
from pipelines.curate.what_if import Effect
from pipelines.errors import WrongInput
from pipelines.messages import tr

NEAREST = 5  # examples on each side of a line
RECORDS = "screens/records.py"


def draw() -> None:
    """The page."""
    recipe = st.session_state["chosen"]
    st.title(tr("Policy"))
    if not recipe:
        texts.show_nothing_curated()
        return
    name = choose(recipe)
    try:
        base = trying.named(name, recipe)
        with st.spinner(tr("All records are judged once; then every change is quick.")):
            ready, before = trying.prepared(base, recipe)
        changed = changes(base)
        judged = moving.judge(ready, changed)
        after = before if changed == Edits() else moving.effect(judged)
    except WrongInput as error:
        st.error(texts.fault(error))
        return
    show_survivors(before, after, changed)
    rule = next((each for each in base.rules if each.name == st.query_params.get("rule")), None)
    looked_at, listed = st.columns([3, 2], gap="large") if rule else (st.container(), st.container())
    with listed:
        show_rules(base, changed, before, after)
    if rule:
        with looked_at:
            show_rule(recipe, judged, rule, changed)
    preferring.show(recipe, base, changed, ready, judged)
    show_saving(recipe, name, changed)
    running.show(recipe, name, changed == Edits())


def choose(recipe: str) -> str:
    """Which policy is looked at: that of the snapshot, by its own name where it is one of the listed."""
    stood = trying.of_snapshot(recipe)
    listed = trying.names()
    if stood:
        listed = [trying.SNAPSHOT, *listed]
    before = st.query_params.get("policy", "")
    chosen = address.choice(tr("Which policy"), "policy", listed, _title)
    if before and before != chosen and before not in listed:
        st.warning(tr("There is no policy {name} here.", name=texts.plain(before)))
    return chosen


def _title(name: str) -> str:
    return tr("that of the latest snapshot") if name == trying.SNAPSHOT else name.removesuffix(".toml")


def changes(base: Policy) -> Edits:
    """The lines that the address moves and the rules that it switches off; what the policy lacks is left out."""
    off = frozenset(st.query_params.get("off", "").split(",")) & {rule.name for rule in base.rules}
    values: dict[str, dict[int, float]] = {}
    for rule in base.rules:
        for number, bound in enumerate(_lines(rule)):
            told = address.told_number(_parameter(rule.name, number))
            if told is not None and told != bound.number:
                values.setdefault(rule.name, {})[number] = told
    return Edits(values, off, preferring.told(base))


def show_survivors(before: Effect, after: Effect, changed: Edits) -> None:
    """Before and after, in numbers."""
    cells = st.columns(3)
    cells[0].metric(tr("Records"), f"{before.records:,}")
    cells[1].metric(tr("Kept by the policy as it is"), f"{before.kept:,}")
    delta = f"{after.kept - before.kept:+,}" if changed != Edits() else None
    cells[2].metric(tr("Kept with your changes"), f"{after.kept:,}", delta, delta_color="off")
    if changed == Edits():
        st.caption(
            tr("Choose a rule, move its line or switch it off: the numbers follow at once. Nothing is changed yet.")
        )
    else:
        st.button(tr("Take back all changes"), icon=":material/undo:", on_click=_take_back)


def show_rules(base: Policy, changed: Edits, before: Effect, after: Effect) -> None:
    """All rules, by what they drop, each with a switch; a click on a name looks at it."""
    st.header(tr("Rules"))
    st.caption(
        tr("Broken: records that the rule drops. Alone: those that nothing else drops; without it they come back.")
    )
    rules = {rule.name: rule for rule in base.rules}
    now = {each.rule: each for each in after.rules}
    shown = [each for each in before.rules if each.rule in rules or each.broken]
    silent = [each for each in shown if not each.broken and not _is_touched(each.rule, changed)]
    for each in shown:
        if each not in silent:
            _show_row(each, now.get(each.rule), rules, changed)
    with st.expander(tr("{number} rules drop nothing", number=len(silent))):
        for each in silent:
            _show_row(each, now.get(each.rule), rules, changed)


def _is_touched(rule: str, changed: Edits) -> bool:
    return rule in changed.off or rule in changed.values or rule == st.query_params.get("rule")


def _show_row(was: Any, now: Any, rules: dict[str, Rule], changed: Edits) -> None:
    name = was.rule
    with st.container(border=name == st.query_params.get("rule"), gap="xxsmall"):
        with st.container(horizontal=True, vertical_alignment="center"):
            if name in rules:
                address.show(f"on {name}", name not in changed.off)
                label = tr("{rule} is on", rule=name)
                st.toggle(label, key=f"on {name}", label_visibility="collapsed", on_change=_switch, args=(name,))
                st.button(name, key=f"look {name}", type="tertiary", on_click=_look, args=(name,))
            else:
                st.markdown(f"**{texts.plain(name)}**", width="content")
            st.markdown(_numbers(was, now), width="content")
        why = rules[name].why if name in rules else BUILT_IN[name]
        st.caption(texts.plain(tr(why)))


def _numbers(was: Any, now: Any) -> str:
    broken, alone = (now.broken, now.marginal) if now else (0, 0)
    words = tr("broken {broken}, alone {alone}", broken=f"**{broken:,}**", alone=f"**{alone:,}**")
    if (broken, alone) != (was.broken, was.marginal):
        words += " " + tr("(before: {broken}, {alone})", broken=f"{was.broken:,}", alone=f"{was.marginal:,}")
    return words


def _take_back() -> None:
    address.hold()
    address.forget("off", preferring.FIRST, *(name for name in st.query_params if name.startswith("line.")))


def _switch(rule: str) -> None:
    address.hold()
    off = set(filter(None, st.query_params.get("off", "").split(","))) - {rule}
    address.put("off", ",".join(sorted(off if st.session_state[f"on {rule}"] else off | {rule})))


def _look(rule: str) -> None:
    address.hold()
    address.put("rule", "" if st.query_params.get("rule") == rule else rule)


def show_rule(recipe: str, judged: moving.Judged, rule: Rule, changed: Edits) -> None:
    """The chosen rule: in words, its lines, what people decided, examples."""
    st.header(rule.name)
    st.markdown(texts.plain(tr(rule.why)))
    values = changed.values.get(rule.name, {})
    st.caption(tr("It drops a record of which this is true:"))
    st.code(bounds.move(rule.drop_if, values), language="sql", wrap_lines=True)
    definitions = explain.definitions()
    for name in mentions(rule.drop_if):
        if name in definitions:
            st.caption(f"{texts.plain(name)}: {texts.plain(tr(definitions[name]))}")
    _show_precision(recipe, judged, rule, values)
    found = _lines(rule)
    if not found:
        st.info(tr("This rule draws no line that could be moved; it is on or off."))
    for number, bound in enumerate(found):
        _show_line(recipe, judged, rule, number, bound, values)
    wanted = {"recipe": recipe, "fate": "dropped", "rule": rule.name}
    st.page_link(RECORDS, label=tr("All records that it drops in the latest snapshot"), query_params=wanted)


def _lines(rule: Rule) -> tuple[bounds.Bound, ...]:
    return bounds.find(rule.drop_if)


def _parameter(rule: str, number: int) -> str:
    return f"line.{rule}.{number}"


def _show_precision(recipe: str, judged: moving.Judged, rule: Rule, values: Mapping[int, float]) -> None:
    said = {name: one.decision for name, one in counting(deciding.history(recipe)).items()}
    told = lines.precision(judged, rule.name, values, said)
    if not told.decided:
        st.markdown(tr("Nobody has decided yet about a record that it drops."))
        return
    words: dict[str, object] = {
        "decided": told.decided,
        "rejected": told.rejected,
        "accepted": told.decided - told.rejected,
    }
    words |= {"low": f"{told.share.low:.0%}", "high": f"{told.share.high:.0%}", "share": f"{told.share.value:.0%}"}
    st.markdown(
        tr(
            "People decided about {decided} records that it drops: {rejected} rejected, {accepted} accepted or edited. "
            "It is right in {share} (95 % interval: {low} to {high}).",
            **words,
        )
    )


def _show_line(
    recipe: str, judged: moving.Judged, rule: Rule, number: int, bound: bounds.Bound, values: Mapping[int, float]
) -> None:
    parameter = _parameter(rule.name, number)
    measure = texts.plain(bound.measure)
    st.subheader(measure)
    if bound.when:
        st.caption(tr("Where {condition}.", condition=texts.plain(bound.when)))
    line = lines.look(judged, rule.name, number, values)
    spread = lines.spread(line)
    label = tr("The line: {measure} {sign}", measure=measure, sign=texts.plain(bound.operator))
    line_chart.inputs(label, parameter, bound, spread)
    if not spread.bars:
        st.caption(tr("Wherever it is drawn, this line decides about no record here."))
        return
    st.caption(
        tr("It decides about {number} records; the others pass or fall wherever it is.", number=f"{spread.records:,}")
    )
    st.altair_chart(line_chart.chart(spread, line.at, bound.measure), width="stretch")
    with st.expander(tr("Examples nearest to the line"), expanded=number in values or len(_lines(rule)) == 1):
        _show_examples(recipe, lines.nearest(line, NEAREST), bound.measure)


def _show_examples(recipe: str, found: list[tuple[str, float, bool]], measure: str) -> None:
    rows = {row["record_id"]: row for row in ask.rows("shown", recipe=recipe, ids=tuple(name for name, *_ in found))}
    for name, value, broken in found:
        if name not in rows:
            continue
        with st.container(border=True):
            fate = tr("breaks the rule") if broken else tr("passes the rule")
            st.badge(fate, color="red" if broken else "green")
            st.caption(f"{texts.plain(measure)} = {value:.4g}")
            texts.show(rows[name], longest=texts.PREVIEW)
            st.page_link(texts.RECORD, label=texts.plain(name), query_params={"recipe": recipe, "id": name})


def show_saving(recipe: str, name: str, changed: Edits) -> None:
    """Save the changes as a policy file of their own."""
    st.header(tr("Save"))
    if changed == Edits():
        st.caption(tr("There is no change to save."))
        return
    where = texts.plain(str(edits.folder(ask.data_path())))
    st.caption(tr("A policy is a file of its own on the machine of this dashboard, in {folder}.", folder=where))
    with st.form("save"):
        st.text_input(tr("A name for the changed policy"), placeholder="mine", key="policy_name")
        pressed: dict[str, Any] = {"on_click": _save, "args": (name, recipe, changed)}
        st.form_submit_button(tr("Save as a policy file"), icon=":material/save:", **pressed)


def _save(name: str, recipe: str, changed: Edits) -> None:
    """Before the page is drawn: a draw may be broken off, and the changes would not be saved."""
    address.hold()
    wanted, who = str(st.session_state["policy_name"]), str(st.session_state.get("who", ""))
    try:
        file = edits.save(wanted, trying.base(name, recipe), changed, ask.data_path(), who)
    except (WrongInput, OSError) as error:
        texts.refuse(texts.fault(error))
        return
    _take_back()
    address.put("policy", file.name)


draw()
