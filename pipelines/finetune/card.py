"""What is published about a model: metrics.json, the loss curve, and a Hugging Face model card."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import IO, Any

from pipelines import storage
from pipelines.finetune.evaluate import Evaluation, EvaluationSet
from pipelines.finetune.train import Checkpoint
from pipelines.models import base
from pipelines.recipe import FinetuneSettings

# Nats per answer token by which the loss must fall: 1 % of the perplexity. Measured with the packaged model on 24 rows
# in bfloat16: another batch size moves the loss by 0.0006, and twenty steps of training lower it by 0.14.
MIN_IMPROVEMENT = 0.01


def metrics(
    settings: FinetuneSettings,
    snapshot: Mapping[str, str],
    counts: Mapping[str, int],
    checkpoint: Checkpoint,
    evaluated: EvaluationSet,
    before: Evaluation,
    after: Evaluation,
) -> dict[str, Any]:
    """Everything that the card and `gristmill demo` print. It holds no times, so that equal runs give equal bytes.

    `held_out` has the losses before and after training. Where nothing is held out, it says so, and `training_rows` has
    the losses of rows that were trained on.
    """
    losses = {"records": len(evaluated.rows), "before": before.loss, "after": after.loss}
    nothing = {"records": 0, "before": None, "after": None}
    answered = zip(evaluated.samples(), before.answers, after.answers, strict=True)
    return {
        "base_model": base.published_name(settings.model),
        "settings": settings.model_dump(mode="json") | {"model": base.published_name(settings.model)},
        "snapshot": dict(snapshot),
        "examples": dict(counts),
        "steps": checkpoint.step,
        "held_out": losses if evaluated.held_out else nothing,
        **({} if evaluated.held_out else {"training_rows": losses}),
        "samples": [_sample(encoded.row, *answers) for encoded, *answers in answered],
        "train_loss": [[step, round(loss, 4)] for step, loss in checkpoint.losses()],
    }


def warning(numbers: Mapping[str, Any]) -> str:
    """One line that says that training learnt nothing, and what to change; "" when it learnt something.

    `numbers` are what `metrics` returned.
    """
    held_out = bool(numbers["held_out"]["before"])
    losses = numbers["held_out"] if held_out else numbers["training_rows"]
    before, after = losses["before"]["loss"], losses["after"]["loss"]
    if before - after >= MIN_IMPROVEMENT:  # false also for a loss that is not a number
        return ""
    unchanged = abs(before - after) < MIN_IMPROVEMENT
    cure = "raise finetune.learning_rate, epochs or max_steps" if unchanged else "lower finetune.learning_rate"
    return (
        f"training learnt nothing: the loss on {'held-out' if held_out else 'training'} rows was {before:.4f} before "
        f"and {after:.4f} after it (nats per answer token; at least {MIN_IMPROVEMENT} less is wanted); {cure}"
    )


def _sample(row: Mapping[str, Any], before: str, after: str) -> dict[str, str]:
    prompt = {key: row[key] or "" for key in ("record_id", "task", "instruction", "input")}
    return prompt | {"reference": row["output"], "before": before, "after": after}


def write(numbers: Mapping[str, Any], rows: Iterable[Mapping[str, Any]], building: storage.FolderBuilder) -> None:
    """Write metrics.json, loss.png and README.md, the card last. `rows` are all training rows of the snapshot."""
    building.text("metrics.json", json.dumps(numbers, indent=1, ensure_ascii=False) + "\n")
    path = building.folder / "loss.png"
    building.add(storage.write_file(path, lambda file: _loss_curve(numbers, file)))
    card = storage.write_text(building.folder / "README.md", _card(numbers, rows))
    counts = dict(numbers["examples"]) | {"held_out": numbers["held_out"]["records"], "steps": numbers["steps"]}
    building.add(card, counts)


def _loss_curve(numbers: Mapping[str, Any], file: IO[bytes]) -> None:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    steps, losses = zip(*numbers["train_loss"], strict=True)
    figure = Figure(figsize=(7, 4), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot(xlabel="optimiser step", ylabel="loss per answer token (nats)")
    axes.plot(steps, losses, alpha=0.35, color="tab:blue")
    axes.plot(steps, _smoothed(losses), color="tab:blue", label="training, smoothed")
    held_out = numbers["held_out"]
    if held_out["before"]:
        ends, values = (steps[0], steps[-1]), (held_out["before"]["loss"], held_out["after"]["loss"])
        axes.plot(ends, values, "o--", color="tab:orange", label="held out, before and after")
    axes.legend()
    figure.savefig(file, format="png", dpi=110, metadata={"Software": None})


def _smoothed(losses: Sequence[float]) -> list[float]:
    """Exponential moving average."""
    smoothed, average = [], losses[0]
    for loss in losses:
        average = 0.8 * average + 0.2 * loss
        smoothed.append(average)
    return smoothed


def _card(numbers: Mapping[str, Any], rows: Iterable[Mapping[str, Any]]) -> str:
    snapshot, counts, settings = numbers["snapshot"], numbers["examples"], numbers["settings"]
    refused = f", and {counts['refused']} that the chat template refuses" if counts["refused"] else ""
    texts = Counter((row["licence"] or "unknown", row["language"] or "") for row in rows)  # (licence, language)
    front = {
        "base_model": numbers["base_model"],
        "datasets": [f"{snapshot['recipe']}/{snapshot['version']}"],
        "language": sorted({language for _, language in texts if language}),
        "library_name": "transformers",
        "license": "other",
        "license_name": "see-licences-below",
        "pipeline_tag": "text-generation",
        "tags": ["gristmill", "sft", settings["method"]],
    }
    warned = warning(numbers)
    sections = (
        f"# {snapshot['recipe']}: {numbers['base_model']} fine-tuned on instructions",
        f"Trained by Gristmill on the snapshot **{snapshot['recipe']} {snapshot['version']}** "
        f"(fingerprint `{snapshot['fingerprint']}`).",
        *([f"> **Warning:** {warned}."] if warned else []),
        f"{counts['trained']} examples, {numbers['steps']} steps, {_method(settings)}. Only the answers were trained "
        f"on: the prompt is masked. {counts['too_long']} rows longer than {settings['max_length']} tokens were left out"
        f"{refused}.",
        "## Held-out loss\n\n" + _losses(numbers) + "\n\n![Loss curve](loss.png)",
        "## Answers before and after\n\n" + _samples(numbers["samples"]),
        "## Use\n\n" + USE,
        "## Licences\n\n" + _licences(numbers["base_model"], texts),
    )
    return _front_matter(front) + "\n\n".join(sections) + "\n"


def _front_matter(fields: Mapping[str, Any]) -> str:
    """YAML, each value as JSON, which YAML reads."""
    lines = (f"{key}: {json.dumps(value, ensure_ascii=False)}" for key, value in fields.items())
    return "---\n" + "\n".join(lines) + "\n---\n\n"


def _method(settings: Mapping[str, Any]) -> str:
    weights = (
        f"LoRA of rank {settings['lora_rank']} on all linear layers" if settings["method"] == "lora" else "all weights"
    )
    return f"{weights}, learning rate {settings['learning_rate']:g}, seed {settings['seed']}"


def _losses(numbers: Mapping[str, Any]) -> str:
    held_out = numbers["held_out"]
    if not held_out["before"]:
        rows = numbers["training_rows"]
        return (
            "The snapshot has no validation row that fits; nothing was measured on held-out rows. On "
            f"{rows['records']} training rows the loss was {rows['before']['loss']:.3f} nats per answer token before "
            f"training and {rows['after']['loss']:.3f} after it."
        )
    before, after = held_out["before"], held_out["after"]
    tasks = [("all", before["loss"], after["loss"])]
    tasks += [(task, loss, after["by_task"][task]) for task, loss in before["by_task"].items()]
    lines = [f"| {task} | {old:.3f} | {new:.3f} |" for task, old, new in tasks]
    head = (
        f"Nats per answer token over {held_out['records']} rows of the validation split.\n\n| task | before | after |"
    )
    return "\n".join([head, "|---|---:|---:|", *lines])


def _samples(samples: Sequence[Mapping[str, str]]) -> str:
    parts = []
    for sample in samples:
        prompt = "\n\n".join(filter(None, (sample["instruction"], sample["input"])))
        parts += [f"`{sample['record_id']}`", _fenced(prompt)]
        parts += ["before", _fenced(sample["before"]), "after", _fenced(sample["after"])]
    return "\n\n".join(parts) or "No held-out instruction is short enough to show."


def _fenced(text: str) -> str:
    """`text` as plain text, however many backticks it holds: a card must not run what people wrote."""
    fence = "```"
    while fence in text:
        fence += "`"
    return f"{fence}text\n{text}\n{fence}"


def _licences(base_model: str, texts: Mapping[tuple[str, str], int]) -> str:
    counts: Counter[str] = Counter()
    for (licence, _), count in texts.items():
        counts[licence] += count
    own = f" ({base.PACKAGED_LICENCE})" if base_model == base.PACKAGED_NAME else ""
    lines = [f"- {licence}: {count} rows" for licence, count in sorted(counts.items())]
    head = f"The base model's licence{own} applies to the weights. The training texts were published under:"
    return head + "\n\n" + "\n".join(lines) + "\n\nWho wrote them is in the snapshot's `ATTRIBUTION.md`."


USE = """```sh
gristmill serve .
```

The folder is an ordinary `transformers` model with its chat template: the instruction, and its input below it, are the
user's turn. A model that had no template has the tokens `<|instruction|>`, `<|input|>` and `<|response|>` added. Under
LoRA, `adapter/` holds what was trained, apart from the base model."""
