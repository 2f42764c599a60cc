"""What a model says about itself: metrics.json, the loss curve, and a Hugging Face model card."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import IO, Any

from pipelines import storage
from pipelines.finetune.evaluate import HeldOut, samples
from pipelines.finetune.train import Checkpoint
from pipelines.models import base
from pipelines.recipe import FinetuneSettings

Measured = tuple[dict[str, Any], list[str]]


def metrics(
    settings: FinetuneSettings,
    snapshot: Mapping[str, str],
    counts: Mapping[str, int],
    checkpoint: Checkpoint,
    held: Sequence[HeldOut],
    measured: tuple[Measured, Measured],
) -> dict[str, Any]:
    """Everything the card and `gristmill demo` print; no times, so that the same run gives the same bytes."""
    (loss_before, before), (loss_after, after) = measured
    answered = zip(samples(held), before, after, strict=True)
    return {
        "base_model": base.published_name(settings.model),
        "settings": settings.model_dump(mode="json") | {"model": base.published_name(settings.model)},
        "snapshot": dict(snapshot),
        "examples": dict(counts),
        "steps": checkpoint.step,
        "held_out": {"records": len(held), "before": loss_before, "after": loss_after},
        "samples": [_sample(one.row, *pair) for one, *pair in answered],
        "train_loss": [[step, round(loss, 4)] for step, loss in checkpoint.losses()],
    }


def _sample(row: Mapping[str, Any], before: str, after: str) -> dict[str, str]:
    shown = {key: row[key] or "" for key in ("record_id", "task", "instruction", "input")}
    return shown | {"reference": row["output"], "before": before, "after": after}


def write(numbers: Mapping[str, Any], rows: Iterable[Mapping[str, Any]], building: storage.FolderBuilder) -> None:
    """metrics.json, loss.png and README.md; `rows` is what the snapshot offered for training."""
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
    held = numbers["held_out"]
    if held["before"]:
        ends, values = (steps[0], steps[-1]), (held["before"]["loss"], held["after"]["loss"])
        axes.plot(ends, values, "o--", color="tab:orange", label="held out, before and after")
    axes.legend()
    figure.savefig(file, format="png", dpi=110, metadata={"Software": None})


def _smoothed(losses: Sequence[float]) -> list[float]:
    smooth, level = [], losses[0]
    for loss in losses:
        level = 0.8 * level + 0.2 * loss
        smooth.append(level)
    return smooth


def _card(numbers: Mapping[str, Any], rows: Iterable[Mapping[str, Any]]) -> str:
    snapshot, counts, settings = numbers["snapshot"], numbers["examples"], numbers["settings"]
    texts = Counter((row["licence"] or "unknown", row["language"] or "") for row in rows)
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
    sections = (
        f"# {snapshot['recipe']}: {numbers['base_model']} fine-tuned on instructions",
        f"Trained by Gristmill on the snapshot **{snapshot['recipe']} {snapshot['version']}** "
        f"(fingerprint `{snapshot['fingerprint']}`).",
        f"{counts['trained']} examples, {numbers['steps']} steps, {_method(settings)}. Only the answers were learnt: "
        f"the prompt is masked. {counts['too_long']} rows longer than {settings['max_length']} tokens were left out"
        f"{_refused(counts)}.",
        "## Held-out loss\n\n" + _losses(numbers["held_out"]) + "\n\n![Loss curve](loss.png)",
        "## Answers before and after\n\n" + _samples(numbers["samples"]),
        "## Use\n\n" + USE,
        "## Licences\n\n" + _licences(numbers["base_model"], texts),
    )
    return _front_matter(front) + "\n\n".join(sections) + "\n"


def _front_matter(front: Mapping[str, Any]) -> str:
    """YAML, each value as JSON, which YAML reads."""
    lines = (f"{key}: {json.dumps(value, ensure_ascii=False)}" for key, value in front.items())
    return "---\n" + "\n".join(lines) + "\n---\n\n"


def _method(settings: Mapping[str, Any]) -> str:
    how = (
        f"LoRA of rank {settings['lora_rank']} on all linear layers" if settings["method"] == "lora" else "all weights"
    )
    return f"{how}, learning rate {settings['learning_rate']:g}, seed {settings['seed']}"


def _refused(counts: Mapping[str, int]) -> str:
    return f", and {counts['refused']} that the chat template refuses" if counts["refused"] else ""


def _losses(held: Mapping[str, Any]) -> str:
    if not held["before"]:
        return "The snapshot has no validation row that fits; nothing was measured."
    before, after = held["before"], held["after"]
    tasks = [("all", before["loss"], after["loss"])]
    tasks += [(task, loss, after["by_task"][task]) for task, loss in before["by_task"].items()]
    lines = [f"| {task} | {old:.3f} | {new:.3f} |" for task, old, new in tasks]
    head = f"Nats per answer token over {held['records']} rows of the validation split.\n\n| task | before | after |"
    return "\n".join([head, "|---|---:|---:|", *lines])


def _samples(shown: Sequence[Mapping[str, str]]) -> str:
    parts = []
    for sample in shown:
        asked = "\n\n".join(filter(None, (sample["instruction"], sample["input"])))
        parts += [f"`{sample['record_id']}`", _fenced(asked)]
        parts += ["before", _fenced(sample["before"]), "after", _fenced(sample["after"])]
    return "\n\n".join(parts) or "No held-out instruction is short enough to show."


def _fenced(text: str) -> str:
    """As plain text, however many backticks it holds: a card must not run what people wrote."""
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
    head = f"The base model's licence{own} holds for the weights. The training texts were published under:"
    return head + "\n\n" + "\n".join(lines) + "\n\nWho wrote them is in the snapshot's `ATTRIBUTION.md`."


USE = """```sh
gristmill serve .
```

The folder is an ordinary `transformers` model with its chat template: the instruction, and its input below it, are the
user's turn. A model that had no template has the tokens `<|instruction|>`, `<|input|>` and `<|response|>` added. Under
LoRA, `adapter/` holds what was learnt apart from the base model."""
