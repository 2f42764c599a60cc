"""Models: how one was trained and on what, how it does beside its base, what it says; and a chat with both."""

import re

import streamlit as st

from dashboards import address, ask, chatting, loss_chart, texts, training
from dashboards.markdown import to_html
from pipelines.catalog import models, snapshots
from pipelines.catalog.models import Model
from pipelines.flows import ablation, shown
from pipelines.messages import Message, tr

PER_PAGE = 10
RULES_SHOWN = 12
PICTURE = re.compile(r"!\[[^\]\n]*\]\([\w.-]+\.png\)\n?")  # the page draws the curve itself
ANSWERS = re.compile(r"<table>.*</table>", re.DOTALL)  # and the answers
SNAPSHOTS, POLICY, RECORDS, HERE = (f"screens/{name}.py" for name in ("snapshots", "policy", "records", "models"))
PARTS = {
    "training": Message("Training"),
    "evaluation": Message("Evaluation"),
    "answers": Message("Answers"),
    "curation": Message("Does curation help?"),
    "chat": Message("Chat"),
    "new": Message("Train another"),
}
TESTS = {
    "": Message("any"),
    "instruction": Message("instructions that a program checks"),
    "code": Message("code that passes its tests"),
    "danger": Message("dangerous requests that are refused"),
    "look_alike": Message("harmless requests that look like them and are answered"),
}


def draw() -> None:
    """The page."""
    recipe = st.session_state["chosen"]
    st.title(tr("Models"))
    if not recipe:
        texts.show_nothing_curated()
        return
    is_trained = training.show_run(recipe)
    found = {model.name: model for model in models.listed(recipe, ask.data_path())}
    if not found:
        if not is_trained:
            st.info(tr("{recipe} has no model yet.", recipe=texts.plain(recipe)))
        show_new(recipe, is_trained)
        return
    model = found[address.choice(tr("Model"), "model", list(found))]
    part = address.tabs(tr("Part"), "part", list(PARTS), lambda name: tr(PARTS[name]))
    if part == "new":
        show_new(recipe, is_trained)
        return
    {
        "training": show_training,
        "evaluation": show_evaluation,
        "answers": show_answers,
        "curation": show_curation,
        "chat": chatting.show,
    }[part](recipe, model)


def show_new(recipe: str, is_trained: bool) -> None:
    """The form that trains one, unless that is under way."""
    if not is_trained:
        training.show_form(recipe)


def show_training(recipe: str, model: Model) -> None:
    """Curves, what it was trained on, where it comes from, the card."""
    numbers, counts = model.numbers, model.numbers["examples"]
    st.markdown(texts.plain(tr(models.says(model))))
    cells = st.columns(4)
    cells[0].metric(tr("Examples"), f"{counts['trained']:,}")
    cells[1].metric(tr("Steps"), f"{numbers['steps']:,}")
    if counts.get("answer_tokens"):
        share = f"{counts['learnt_tokens'] / counts['answer_tokens']:.1%}"
        cells[2].metric(tr("Answer tokens learnt"), share, help=tr("Of all tokens of the answers that it may learn."))
    if loss := _held_out(numbers):
        cells[3].metric(tr("Held-out loss"), f"{loss[1]:.3f}", f"{loss[1] - loss[0]:+.3f}", delta_color="inverse")
    if curves := loss_chart.chart(numbers):
        st.altair_chart(curves, width="stretch")
    show_lineage(recipe, model)
    with st.expander(tr("The model's card")):
        card = ANSWERS.sub("", PICTURE.sub("", shown.body(model.card())))
        st.html(to_html(card, texts.theme()))


def _held_out(numbers: models.Numbers) -> tuple[float, float] | None:
    held_out = numbers["held_out"]
    measured = held_out.get("before")
    return (measured["loss"], held_out["after"]["loss"]) if measured and "loss" in measured else None


def show_lineage(recipe: str, model: Model) -> None:
    """Model → what it began with → snapshot → the rules that shaped that."""
    st.header(tr("Where it came from"))
    told, numbers = model.numbers["snapshot"], model.numbers
    base = numbers["base_model"]
    if model.start:
        label = tr("Began with the model {name}", name=texts.plain(model.start))
        st.page_link(HERE, label=label, icon=":material/model_training:", query_params=_wanted(recipe, model.start))
    else:
        st.markdown(tr("Began with the base model {name}.", name=f"**{texts.plain(base)}**"))
    version = told["version"]
    label = tr("Trained on the snapshot {version}", version=version)
    if version in snapshots.versions(recipe, ask.data_path()):
        wanted = {"recipe": recipe, "version": version}
        st.page_link(SNAPSHOTS, label=label, icon=":material/inventory_2:", query_params=wanted)
    else:
        st.markdown(f"{label}. {tr('It is not here any more.')}")
    show_rules(recipe, version, models.rules(model, ask.data_path()))


def _wanted(recipe: str, name: str) -> dict[str, str]:
    return {"recipe": recipe, "model": name}


def show_rules(recipe: str, version: str, rules: dict[str, int]) -> None:
    """What shaped the snapshot, each rule with its line."""
    if not rules:
        return
    with st.expander(tr("The {number} rules that shaped the snapshot", number=len(rules))):
        for rule, count in list(rules.items())[:RULES_SHOWN]:
            label = tr("{rule}: {records} records", rule=texts.plain(rule), records=f"{count:,}")
            st.page_link(POLICY, label=label, query_params={"recipe": recipe, "rule": rule})
        if version == snapshots.latest(recipe, ask.data_path()):
            wanted = {"recipe": recipe, "fate": "dropped"}
            st.page_link(RECORDS, label=tr("All records that were dropped"), query_params=wanted)


def show_evaluation(recipe: str, model: Model) -> None:
    """Numbers by use with their intervals, and the answers to written prompts."""
    numbers = models.evaluation(model, ask.data_path())
    if not numbers:
        st.info(tr("Nothing was measured of this version. This command measures the recipe's latest model:"))
        st.code(f"gristmill evaluate {recipe}", language="bash")
        return
    st.html(to_html(models.evaluation_text(numbers), texts.theme()))
    show_prompts(recipe, model)


def show_prompts(recipe: str, model: Model) -> None:
    """Answers to written prompts, of base and model side by side."""
    st.header(tr("Answers to the written prompts"))
    test = address.choice(tr("Test"), "test", list(TESTS), lambda name: tr(TESTS[name]))
    found = ask.rows("evaluated", recipe=recipe, version=model.folder.name, test=test)
    if not found:
        st.caption(tr("No prompt of this kind was asked."))
        return
    asked = models.prompts()
    pages = -(-len(found) // PER_PAGE)
    page = min(address.position("page"), pages - 1)
    for row in found[page * PER_PAGE : (page + 1) * PER_PAGE]:
        marks = (_mark(row["passed_before"]), _mark(row["passed_after"]))
        show_answered(asked.get(row["item"]) or row["item"], (row["before"], row["after"]), marks)
    address.turn_pages(page, pages)


def _mark(passed: bool | None) -> str:
    return "" if passed is None else f" · :green[{tr('right')}]" if passed else f" · :red[{tr('wrong')}]"


def show_answers(recipe: str, model: Model) -> None:
    """What it said to held-out questions before training and after it."""
    samples = model.numbers.get("samples", [])
    if not samples:
        st.info(tr("Training has left no answers to show; the chat asks the model itself."))
    for sample in samples:
        question = "\n\n".join(filter(None, (sample["instruction"], sample["input"])))
        show_answered(question, (sample["before"], sample["after"]), ("", ""), sample["record_id"], recipe)


def show_answered(
    question: str, answers: tuple[str, str], marks: tuple[str, str], record: str = "", recipe: str = ""
) -> None:
    """A question, and below it both answers."""
    with st.container(border=True):
        st.html(to_html(question, texts.theme()))
        if record:
            wanted = {"recipe": recipe, "id": record}
            st.page_link(texts.RECORD, label=texts.plain(record), icon=":material/article:", query_params=wanted)
        labels = (tr("base model"), tr("this model"))
        for cell, label, mark, answer in zip(st.columns(2), labels, marks, answers, strict=True):
            cell.caption(f"{label}{mark}")
            cell.html(to_html(answer, texts.theme()))


def show_curation(recipe: str, model: Model) -> None:
    """The ablation of the snapshot that it was trained on."""
    version = model.numbers["snapshot"]["version"]
    told, picture = ablation.shown(recipe, version, ask.data_path())
    if not told:
        st.info(tr("Whether curation helps was not measured for {version}. This command finds out:", version=version))
        st.code(f"gristmill ablate {recipe}", language="bash")
        return
    if picture:
        st.image(picture.read_bytes())
    st.html(to_html(told, texts.theme()))


draw()
