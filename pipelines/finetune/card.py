"""What is published about a model: metrics.json, the loss curve, and a Hugging Face model card.

Card and curve are made in each of `messages.CARDS`, whatever the language of their maker: equal runs give equal bytes.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pipelines import storage
from pipelines.finetune import answers, examples, gain, loss_curve
from pipelines.finetune.checkpoints import Checkpoint
from pipelines.messages import CARDS, Message, beside, card_name, spoken, tr
from pipelines.models import base
from pipelines.recipe import FinetuneSettings
from schemas.manifest import by_reason

CURVE = "loss.png"  # the picture beside the card, by its name in English


def metrics(
    settings: FinetuneSettings,
    snapshot: Mapping[str, str],
    counts: Mapping[str, int],
    checkpoint: Checkpoint,
    compared: Mapping[str, Any],
) -> dict[str, Any]:
    """Everything that the card and `gristmill demo` print. It holds no times, so that equal runs give equal bytes.

    `compared` is what `comparison.compare` found.
    """
    return {
        "base_model": base.published_name(settings.model),
        "settings": settings.model_dump(mode="json") | {"model": base.published_name(settings.model)},
        "snapshot": dict(snapshot),
        "examples": dict(counts),
        "steps": checkpoint.step,
        "planned_steps": checkpoint.planned_steps(),
        "epochs": checkpoint.epochs(),
        **compared,
        "held_out_loss": [[step, round(loss, 4)] for step, loss in checkpoint.held_out()],
        "train_loss": [[step, round(loss, 4)] for step, loss in checkpoint.losses()],
    }


def write(numbers: Mapping[str, Any], rows: Iterable[Mapping[str, Any]], building: storage.FolderBuilder) -> None:
    """Write metrics.json, the curves and the cards, README.md last. `rows` are all training rows of the snapshot."""
    building.text("metrics.json", json.dumps(numbers, indent=1, ensure_ascii=False) + "\n")
    for name, language in CARDS.items():
        with spoken(language):
            path = building.folder / beside(name, CURVE)
            building.add(storage.write_file(path, lambda file: loss_curve.draw(numbers, file)))
    texts = Counter((row["licence"] or "", row["language"] or "") for row in rows)  # (licence, language)
    first, *others = [(name, _in_language(language, numbers, texts)) for name, language in CARDS.items()]
    for name, card in others:
        building.text(name, card)
    counts = dict(numbers["examples"]) | {"held_out": numbers["held_out"]["records"], "steps": numbers["steps"]}
    building.add(storage.write_text(building.folder / first[0], first[1]), counts)


def _in_language(language: str, numbers: Mapping[str, Any], texts: Mapping[tuple[str, str], int]) -> str:
    with spoken(language):
        return _card(numbers, texts)


_TITLE = Message("# {recipe}: {model} fine-tuned on instructions")
_SNAPSHOT = Message("Trained by Gristmill on the snapshot **{recipe} {version}** (fingerprint `{fingerprint}`).")
_TRAINED = Message(
    "{trained} examples, {steps}, {method}. Only {answers} trained on: the prompt is masked. The examples hold "
    "{percent:.1f} % of the {tokens} tokens of all such answers{changes}."
)
_LEFT_OUT = {
    "refused": Message("which the chat template refuses"),
    "longer": Message("longer than {max_length} tokens"),
    "prompt": Message("whose question fills {max_length} tokens"),
    "call": Message("whose call of a tool does not fit into {max_length} tokens"),
    "answer": Message("whose answer has no place to be cut at"),
}


def _card(numbers: Mapping[str, Any], texts: Mapping[tuple[str, str], int]) -> str:
    snapshot = numbers["snapshot"]
    sections = (
        tr(_TITLE, recipe=snapshot["recipe"], model=numbers["base_model"]),
        tr(_SNAPSHOT, **snapshot),
        f"> {_outcome(numbers)}",
        _training(numbers),
        f"{tr('## Held-out loss')}\n\n{_losses(numbers)}\n\n{_curve()}",
        f"{tr(answers.HEADING)}\n\n{answers.as_html(numbers['samples'], numbers['languages'])}",
        f"{tr(answers.NEXT_HEADING)}\n\n{_SERVE}\n\n{tr(_USE)}",
        f"{tr('## Licences')}\n\n{licences(numbers['base_model'], texts)}",
    )
    return _front_matter(numbers, texts) + "\n\n".join(sections) + "\n"


def _front_matter(numbers: Mapping[str, Any], texts: Iterable[tuple[str, str]]) -> str:
    """YAML, each value as JSON, which YAML reads."""
    snapshot = numbers["snapshot"]
    fields = {
        "base_model": numbers["base_model"],
        "datasets": [f"{snapshot['recipe']}/{snapshot['version']}"],
        "language": sorted({language for _, language in texts if language}),
        "library_name": "transformers",
        "license": "other",
        "license_name": "see-licences-below",
        "pipeline_tag": "text-generation",
        "tags": ["gristmill", "sft", numbers["settings"]["method"]],
    }
    lines = (f"{key}: {json.dumps(value, ensure_ascii=False)}" for key, value in fields.items())
    return "---\n" + "\n".join(lines) + "\n---\n\n"


def _outcome(numbers: Mapping[str, Any]) -> str:
    says = gain.sentence(numbers)
    return tr("{says}.", says=says) if gain.is_learnt(numbers) else tr("**Warning:** {says}.", says=says)


def _training(numbers: Mapping[str, Any]) -> str:
    counts, settings = numbers["examples"], numbers["settings"]
    every = settings["learn"] == "all"
    says = tr(
        _TRAINED,
        trained=counts["trained"],
        steps=_steps(numbers),
        method=_method(settings),
        answers=tr("the answers of each conversation were") if every else tr("the last answer of each record was"),
        percent=_percent(counts["learnt_tokens"], counts["answer_tokens"]),
        tokens=counts["answer_tokens"],
        changes="".join(f"; {change}" for change in _changes(counts, settings)),
    )
    tables = (_shares(counts, of, tr(name)) for of, name in (("source", Message("source")), ("task", Message("task"))))
    return "\n\n".join((says, *tables))


def _changes(counts: Mapping[str, int], settings: Mapping[str, Any]) -> Iterator[str]:
    """What was done to rows that are too long, or not learnt."""
    length = settings["max_length"]
    if counts["cut"]:
        yield tr(
            "{number} answers are cut, at a paragraph, to {length} tokens in all", number=counts["cut"], length=length
        )
    if counts["history_cut"]:
        yield tr("{number} conversations lack their oldest turns", number=counts["history_cut"])
    for reason, number in by_reason(counts, "left_out").items():
        yield tr("{number} rows are left out, {why}", number=number, why=tr(_LEFT_OUT[reason], max_length=length))


def _shares(counts: Mapping[str, int], of: str, name: str) -> str:
    rows = [
        f"| {key} | {whole} | {_percent(learnt, whole):.1f} % |"
        for key, (learnt, whole) in examples.shares(counts, of).items()
    ]
    head = f"| {name} | {tr('tokens of answers')} | {tr('in the examples')} |"
    return "\n".join([head, "|---|---:|---:|", *rows])


def _percent(part: int, whole: int) -> float:
    return 100 * part / whole if whole else 100.0


def _steps(numbers: Mapping[str, Any]) -> str:
    done, planned = numbers["steps"], numbers["planned_steps"]
    passes = tr(", {epochs:.2f} times through the examples", epochs=numbers["epochs"])
    if done == planned:
        return tr("{done} steps", done=done) + passes
    if numbers["settings"]["patience"]:
        says = tr("{done} of {planned} steps, after which the held-out loss was lowest", done=done, planned=planned)
    else:
        says = tr("{done} of {planned} steps, where finetune.max_seconds ended it", done=done, planned=planned)
    return says + passes


def _method(settings: Mapping[str, Any]) -> str:
    lora = tr("LoRA of rank {rank} on all linear layers", rank=settings["lora_rank"])
    weights = lora if settings["method"] == "lora" else tr("all weights")
    chosen = {"rate": settings["learning_rate"], "seed": settings["seed"]}
    return tr("{weights}, learning rate {rate:g}, seed {seed}", weights=weights, **chosen)


_NOT_HELD_OUT = Message(
    "The snapshot has no held-out row that fits; nothing was measured on held-out rows. On {records} training rows the "
    "loss was {before:.3f} nats per answer token before training and {after:.3f} after it."
)
_HELD_OUT = Message("Nats per answer token over {records} rows of the split validation.")


def _losses(numbers: Mapping[str, Any]) -> str:
    held_out = numbers["held_out"]
    if not held_out["before"]:
        rows = numbers["training_rows"]
        losses = {when: rows[when]["loss"] for when in ("before", "after")}
        return tr(_NOT_HELD_OUT, records=rows["records"], **losses)
    before, after = held_out["before"], held_out["after"]
    tasks = [(tr("all"), before["loss"], after["loss"])]
    tasks += [(task, loss, after["by_task"][task]) for task, loss in before["by_task"].items()]
    lines = [f"| {task} | {old:.3f} | {new:.3f} |" for task, old, new in tasks]
    head = f"| {tr('task')} | {tr('before training')} | {tr('after training')} |"
    return "\n".join([f"{tr(_HELD_OUT, records=held_out['records'])}\n", head, "|---|---:|---:|", *lines])


_NO_LETTERS = Message("The words of the picture are English: where it was drawn no font had the letters of this card.")


def _curve() -> str:
    picture = f"![{tr('Loss curve')}]({beside(card_name(), CURVE)})"
    return picture if loss_curve.has_letters() else f"{picture}\n\n{tr(_NO_LETTERS)}"


_WEIGHTS = Message("The base model's licence{stated} applies to the weights. The training texts were published under:")


def licences(base_model: str, texts: Mapping[tuple[str, str], int]) -> str:
    """What the weights and the texts are under; `texts` counts them by licence and language."""
    counts: Counter[str] = Counter()
    for (licence, _), count in texts.items():
        counts[licence] += count
    packaged = base_model == base.PACKAGED_NAME
    stated = tr(" ({licence})", licence=base.PACKAGED_LICENCE) if packaged else ""
    lines = [
        tr("- {licence}: {count} rows", licence=licence or tr("unknown"), count=count)
        for licence, count in sorted(counts.items())
    ]
    parts = (tr(_WEIGHTS, stated=stated), "\n".join(lines), tr("Who wrote them is in the snapshot's `ATTRIBUTION.md`."))
    return "\n\n".join(parts)


_SERVE = "```sh\ngristmill serve .\n```"
_USE = Message(
    "The folder is an ordinary `transformers` model with its chat template: the instruction, and its input below it, "
    "are the user's turn. A model that had no template has the tokens `<|instruction|>`, `<|input|>` and "
    "`<|response|>` added. Under LoRA, `adapter/` holds what was trained, apart from the base model."
)
