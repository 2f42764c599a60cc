"""What is published about a model that learnt preferences: metrics.json and a Hugging Face model card.

Nobody's words are in either. The card is made in each of `messages.CARDS`, whatever the language of its maker.
"""

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from pipelines import storage
from pipelines.finetune import TRAIN, examples
from pipelines.finetune.card import licences
from pipelines.messages import CARDS, Message, spoken, tr
from pipelines.models import base
from pipelines.prefer import measure, pairs
from pipelines.prefer.learning import Learnt
from schemas.manifest import by_reason

if TYPE_CHECKING:
    from collections import Counter

    from pipelines.prefer import Work

_TITLES = {
    "dpo": Message("# {recipe}: {model} tuned on preferences with DPO"),
    "kto": Message("# {recipe}: {model} tuned on preferences with KTO"),
    "reward": Message("# {recipe}: a reward model from {model}"),
    "rloo": Message("# {recipe}: {model} trained against a reward model with RLOO"),
}
_SNAPSHOT = Message("Trained by Gristmill on the snapshot **{recipe} {version}** (fingerprint `{fingerprint}`).")
_LEFT_OUT = {
    "gap": Message("whose scores differ by less than {gap}"),
    "held_out": Message("whose question is held out"),
    "question": Message("beyond {per_question} of one question"),
    "balance": Message("so that the longer answer is the chosen one as often as not"),
    "equal": Message("whose answers are the same where they are cut"),
    "refused": Message("which the chat template refuses"),
    "longer": Message("longer than {max_length} tokens"),
    "prompt": Message("whose question fills {max_length} tokens"),
    "call": Message("whose call of a tool does not fit into {max_length} tokens"),
    "answer": Message("whose answer has no place to be cut at"),
}


def metrics(work: "Work", learnt: Learnt) -> dict[str, Any]:
    """Everything that the card says. It holds no times, so that equal runs give equal bytes."""
    noted = "reward" if work.wanted.method == "rloo" else "loss"
    settings = work.settings.model_dump(mode="json", exclude={"report_to"}) | {"model": work.start.name}
    return {
        "method": work.wanted.method,
        "base_model": work.start.name,
        "is_fine_tuned": work.start.folder is not None,
        "trained_from": base.published_name(work.recipe.finetune.model),
        "preference": work.wanted.model_dump(mode="json"),
        "settings": settings,
        "snapshot": work.snapshot.describe(),
        "examples": dict(learnt.counts),
        "steps": learnt.checkpoint.step,
        "planned_steps": learnt.checkpoint.planned_steps(),
        "epochs": learnt.checkpoint.epochs(),
        "held_out": learnt.held_out,
        f"train_{noted}": [[step, round(value, 4)] for step, value in learnt.checkpoint.logged(noted)],
    }


def write(
    work: "Work", numbers: Mapping[str, Any], says: Message, is_learnt: bool, building: storage.FolderBuilder
) -> None:
    """Write metrics.json and the cards, README.md last."""
    building.text("metrics.json", json.dumps(numbers, indent=1, ensure_ascii=False) + "\n")
    of_pairs = numbers["method"] != "rloo"
    texts = pairs.licences(pairs.rows(work.snapshot, TRAIN) if of_pairs else work.snapshot.rows(TRAIN))
    written = {}
    for name, language in CARDS.items():
        with spoken(language):
            written[name] = _card(numbers, texts, _outcome(says, is_learnt))
    first, *others = written
    for name in others:
        building.text(name, written[name])
    counts = dict(numbers["examples"]) | {"held_out": _measured(numbers), "steps": numbers["steps"]}
    building.add(storage.write_text(building.folder / first, written[first]), counts)


def _measured(numbers: Mapping[str, Any]) -> int:
    return int(numbers["held_out"].get("questions", numbers["held_out"]["pairs"]))


def _outcome(says: Message, is_learnt: bool) -> str:
    return tr("{says}.", says=says) if is_learnt else tr("**Warning:** {says}.", says=says)


def _card(numbers: Mapping[str, Any], texts: "Counter[tuple[str, str]]", outcome: str) -> str:
    snapshot, method = numbers["snapshot"], numbers["method"]
    sections = [
        tr(_TITLES[method], recipe=snapshot["recipe"], model=numbers["base_model"]),
        tr(_SNAPSHOT, **snapshot),
        f"> {outcome}",
        _training(numbers),
        *([f"{tr('## Held-out pairs')}\n\n{_table(numbers['held_out'])}"] if numbers["held_out"]["pairs"] else []),
        f"{tr('## Use')}\n\n{_use(method)}",
        f"{tr('## Licences')}\n\n{licences(numbers['trained_from'], texts)}",
    ]
    return _front_matter(numbers) + "\n\n".join(sections) + "\n"


def _front_matter(numbers: Mapping[str, Any]) -> str:
    """YAML, each value as JSON, which YAML reads."""
    snapshot, method = numbers["snapshot"], numbers["method"]
    fields = {
        "base_model": numbers["trained_from"],
        "datasets": [f"{snapshot['recipe']}/{snapshot['version']}"],
        "library_name": "transformers",
        "license": "other",
        "license_name": "see-licences-below",
        "pipeline_tag": "text-classification" if method == "reward" else "text-generation",
        "tags": ["gristmill", "reward-model" if method == "reward" else method, numbers["settings"]["method"]],
        "model-index": list(_model_index(numbers)),
    }
    lines = (f"{key}: {json.dumps(value, ensure_ascii=False)}" for key, value in fields.items())
    return "---\n" + "\n".join(lines) + "\n---\n\n"


def _model_index(numbers: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The results as the hub lists them."""
    snapshot, held_out = numbers["snapshot"], numbers["held_out"]
    if held_out["pairs"]:
        named = {"accuracy": "Accuracy on held-out pairs", "balanced": "Accuracy where length says nothing"}
        found = [
            {"type": "accuracy", "name": says, "value": held_out[of]["after"]["mean"]} for of, says in named.items()
        ]
    elif "after" in held_out:
        found = [{"type": "reward", "name": "Mean reward on held-out questions", "value": held_out["after"]}]
    else:
        return
    name = f"{snapshot['recipe']}/{snapshot['version']}"
    kind = "text-classification" if numbers["method"] == "reward" else "text-generation"
    where = {"task": {"type": kind}, "dataset": {"type": name, "name": name, "split": "validation"}}
    yield {"name": f"{snapshot['recipe']}.{numbers['method']}", "results": [where | {"metrics": found}]}


_STARTED = Message("Begins with the fine-tuned model {model}.")
_NOT_TUNED = Message("Begins with the base model {model}: the recipe has no fine-tuned one.")
_LEARNT = Message(
    "{trained} pairs, {steps} steps, {epochs:.2f} times through them, {method}, learning rate {rate:g}, seed {seed}. "
    "The pairs hold {percent:.1f} % of the {tokens} tokens of their answers."
)
_ANSWERED = Message(
    "{trained} questions of training records, {steps} steps, {answers} answers to each, of at most {tokens} tokens, "
    "{method}, learning rate {rate:g}, seed {seed}."
)


def _training(numbers: Mapping[str, Any]) -> str:
    counts, settings, wanted = numbers["examples"], numbers["settings"], numbers["preference"]
    started = tr(_STARTED if numbers["is_fine_tuned"] else _NOT_TUNED, model=numbers["base_model"])
    lora = tr("LoRA of rank {rank} on all linear layers", rank=settings["lora_rank"])
    told = {
        "trained": counts["trained"],
        "steps": numbers["steps"],
        "method": lora if settings["method"] == "lora" else tr("all weights"),
        "rate": settings["learning_rate"],
        "seed": settings["seed"],
    }
    if numbers["method"] == "rloo":
        says = tr(_ANSWERED, **told, answers=wanted["answers"], tokens=wanted["answer_tokens"])
        room = settings["max_length"] - wanted["answer_tokens"]
        return "\n\n".join(filter(None, (f"{started} {says}", "\n".join(_unasked(counts, room)))))
    whole = counts["answer_tokens"]
    share = {"percent": 100 * counts["learnt_tokens"] / whole if whole else 100.0, "tokens": whole}
    says = tr(_LEARNT, **told, epochs=numbers["epochs"], **share)
    lines = [f"- {line}" for line in _left_out(counts, wanted | {"max_length": settings["max_length"]})]
    return "\n\n".join(filter(None, (f"{started} {says}", "\n".join(lines), _shares(counts))))


def _unasked(counts: Mapping[str, int], room: int) -> Iterator[str]:
    """The training records whose questions RLOO does not ask."""
    for reason, number in by_reason(counts, "left_out").items():
        yield "- " + tr("{number} rows are left out, {why}", number=number, why=tr(_LEFT_OUT[reason], max_length=room))


def _left_out(counts: Mapping[str, int], limits: Mapping[str, Any]) -> Iterator[str]:
    for reason, number in by_reason(counts, "left_out").items():
        yield tr("{number} pairs are left out, {why}", number=number, why=tr(_LEFT_OUT[reason], **limits))
    if counts["cut"]:
        length = limits["max_length"]
        yield tr(
            "of {number} pairs an answer is cut, at a paragraph, to {length} tokens in all",
            number=counts["cut"],
            length=length,
        )
    if counts["history_cut"]:
        yield tr("{number} conversations lack their oldest turns", number=counts["history_cut"])


def _shares(counts: Mapping[str, int]) -> str:
    rows = [
        f"| {source} | {whole} | {100 * learnt / whole if whole else 100:.1f} % |"
        for source, (learnt, whole) in examples.shares(counts, "source").items()
    ]
    head = f"| {tr('source')} | {tr('tokens of answers')} | {tr('in the pairs')} |"
    return "\n".join([head, "|---|---:|---:|", *rows])


_RANKINGS = {
    "after": Message("this model"),
    "before": Message("the model before, by likelihood"),
    "longer": Message("the longer answer"),
}
_ACCURACY = Message(
    "How often the chosen answer of a pair is preferred, over {pairs} pairs of the split validation that "
    "were not learnt, with 95 % intervals over pages. Balanced: as if the longer answer were the chosen one half of "
    "the time. Alike: {alike} pairs whose lengths differ by at most 20 %."
)


def _table(held_out: Mapping[str, Any]) -> str:
    parts = ("accuracy", "balanced", "alike")
    rows = [
        f"| {tr(says)} | {' | '.join(_cell(held_out[part].get(name)) for part in parts)} |"
        for name, says in _RANKINGS.items()
    ]
    head = f"| | {tr('all')} | {tr('balanced')} | {tr('alike')} |"
    told = tr(_ACCURACY, pairs=held_out["pairs"], alike=held_out["alike_pairs"])
    return "\n".join([f"{told}\n", head, "|---|---:|---:|---:|", *rows])


def _cell(found: Mapping[str, Any] | None) -> str:
    if not found:
        return "-"
    says = measure.percent(found["mean"])
    if found["low"] is None:
        return says
    return f"{says} ({measure.percent(found['low'])} – {measure.percent(found['high'])})"


_SERVE = "```sh\ngristmill serve .\n```"
_USE = Message(
    "The folder is an ordinary `transformers` model with its chat template. Under LoRA, `adapter/` holds what was "
    "trained."
)
_JUDGES = Message(
    "The folder loads with `AutoModelForSequenceClassification`: its one output scores an answer, behind the question "
    "as the chat template writes it. Only differences between answers to one question mean anything. `gristmill "
    "serve` finds it beside the recipe's other models, if it has learnt something, and ranks by it where a request "
    "sets `best_of`; `--reward` names any."
)


def _use(method: str) -> str:
    return tr(_JUDGES) if method == "reward" else f"{_SERVE}\n\n{tr(_USE)}"
