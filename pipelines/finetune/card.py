"""What is published about a model: metrics.json, the loss curve, and a Hugging Face model card."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import IO, Any

from pipelines import storage
from pipelines.finetune import answers, gain
from pipelines.finetune.train import Checkpoint
from pipelines.models import base
from pipelines.recipe import FinetuneSettings


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
        **compared,
        "train_loss": [[step, round(loss, 4)] for step, loss in checkpoint.losses()],
    }


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
    sections = (
        f"# {snapshot['recipe']}: {numbers['base_model']} fine-tuned on instructions",
        f"Trained by Gristmill on the snapshot **{snapshot['recipe']} {snapshot['version']}** "
        f"(fingerprint `{snapshot['fingerprint']}`).",
        f"> {'' if gain.is_learnt(numbers) else '**Warning:** '}{gain.sentence(numbers)}.",
        f"{counts['trained']} examples, {_steps(numbers)}, {_method(settings)}. Only the answers were trained "
        f"on: the prompt is masked. {counts['too_long']} rows longer than {settings['max_length']} tokens were left out"
        f"{refused}.",
        "## Held-out loss\n\n" + _losses(numbers) + "\n\n![Loss curve](loss.png)",
        "## Answers before and after\n\n" + answers.as_html(numbers["samples"], numbers["languages"]),
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


def _steps(numbers: Mapping[str, Any]) -> str:
    done, planned = numbers["steps"], numbers["planned_steps"]
    return f"{done} steps" if done == planned else f"{done} of {planned} steps, where finetune.max_seconds ended it"


def _losses(numbers: Mapping[str, Any]) -> str:
    held_out = numbers["held_out"]
    if not held_out["before"]:
        rows = numbers["training_rows"]
        return (
            "The snapshot has no held-out row that fits; nothing was measured on held-out rows. On "
            f"{rows['records']} training rows the loss was {rows['before']['loss']:.3f} nats per answer token before "
            f"training and {rows['after']['loss']:.3f} after it."
        )
    before, after = held_out["before"], held_out["after"]
    tasks = [("all", before["loss"], after["loss"])]
    tasks += [(task, loss, after["by_task"][task]) for task, loss in before["by_task"].items()]
    lines = [f"| {task} | {old:.3f} | {new:.3f} |" for task, old, new in tasks]
    rows = f"Nats per answer token over {held_out['records']} rows of the splits validation and test."
    return "\n".join([f"{rows}\n\n| task | before | after |", "|---|---:|---:|", *lines])


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
