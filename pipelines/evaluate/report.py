"""The numbers of an evaluation on the model's card: a section in each language, and `model-index` for the hub."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pipelines import storage
from pipelines.evaluate import cards, tables
from pipelines.evaluate.compared import TUNED, Compared
from pipelines.finetune import answers
from pipelines.messages import Message, tr

JUDGED = "-judged"  # behind the name of a folder: what a judge said of the same model
HEADING = Message("## Evaluation")
INDEX = "model-index: "
Numbers = Mapping[str, Any]


def results(folder: Path) -> dict[str, Any]:
    """The numbers of an evaluation, and what a judge said of the same models and snapshot. Raises: Damaged."""
    judged = folder.with_name(f"{folder.name}{JUDGED}")
    mine, other = storage.read_manifest(folder), storage.read_manifest(judged)
    is_of_the_same = mine is not None and other is not None and mine.inputs == other.inputs
    return cards.results(folder) | {"judge": cards.results(judged) if is_of_the_same else {}}


def write(found: Compared, folder: Path) -> None:
    """Put what was measured onto the model's cards."""
    numbers = results(folder)
    index = model_index(numbers)
    cards.rewrite(found.folder, found.manifest, lambda card: with_section(card, section(numbers), index))


def with_section(card: str, told: str, index: str) -> str:
    """A card with the section before its answers, and the line of `model-index` in its front matter.

    What an earlier evaluation wrote is replaced. A card that somebody else has written gets the section at its end.
    """
    head, found, rest = card.partition(f"{tr(answers.HEADING)}\n")
    head = head.partition(f"{tr(HEADING)}\n")[0]
    opening, *lines = head.split("\n")
    lines = [line for line in lines if not line.startswith(INDEX)]
    if opening == "---" and "---" in lines:
        lines.insert(lines.index("---"), INDEX + index)
    before = "\n".join([opening, *lines]).rstrip()
    return f"{before}\n\n{told}\n\n{found}{rest}".rstrip() + "\n"


_MEASURED = Message(
    "Measured by `gristmill evaluate` on {records} records of the split `test`, which neither training nor the choice "
    "of a checkpoint has read, and on {prompts} prompts that are written for Gristmill. Each difference has its 95 % "
    "interval behind it, by a paired bootstrap over pages or prompts. Answers are decoded greedily."
)
_NOTES = {
    "seen": Message("Records left out because a model was trained on them in an earlier snapshot: {number}."),
    "snapshots_gone": Message(
        "Models whose snapshot is gone, so that nobody can tell whether they were trained on these records: {number}."
    ),
}
_TAUGHT = Message("Prompts that the snapshot teaches, and that were not asked: {names}.")
_NO_SANDBOX = Message("Code was not run: this machine does not confine programs.")
_LEFT_OUT = Message("Records that were not measured, as they do not fit into the context: {number}.")


def section(numbers: Numbers) -> str:
    """The section in the language that is spoken."""
    paragraphs = tr(_MEASURED, records=numbers["losses"]["all"]["records"], prompts=numbers["asked"])
    return "\n\n".join(
        (tr(HEADING), paragraphs, *_notes(numbers), *tables.all_of(numbers), *tables.of_judge(numbers["judge"]))
    )


def _notes(numbers: Numbers) -> Iterator[str]:
    """What has to be known of how it was measured."""
    yield from (tr(says, number=numbers[key]) for key, says in _NOTES.items() if numbers[key])
    if taught := numbers["contaminated"]:
        yield tr(_TAUGHT, names=", ".join(f"`{name}`" for name in taught))
    if not numbers["sandbox"]:
        yield tr(_NO_SANDBOX)
    if left_out := sum(numbers["not_measured"].values()):
        yield tr(_LEFT_OUT, number=left_out)


def model_index(numbers: Numbers) -> str:
    """The model's own numbers as the hub reads them: JSON, which is YAML."""
    from huggingface_hub.repocard_data import EvalResult, eval_results_to_model_index

    snapshot = numbers["snapshot"]
    held_out: dict[str, Any] = {"dataset_type": f"{snapshot['recipe']}/{snapshot['version']}", "dataset_split": "test"}
    held_out["dataset_name"] = f"{snapshot['recipe']} {snapshot['version']}"
    prompts: dict[str, Any] = {"dataset_type": "gristmill/prompts", "dataset_name": "prompts of Gristmill"}
    found = [
        EvalResult(task_type="text-generation", metric_type=kind, metric_name=name, metric_value=value, **about)
        for about, metrics in ((held_out, _of_held_out(numbers)), (prompts, _of_prompts(numbers)))
        for kind, name, value in metrics
        if value is not None
    ]
    return json.dumps(eval_results_to_model_index(numbers["model"], found), ensure_ascii=False)


Metrics = Sequence[tuple[str, str, float | None]]


def _of_held_out(numbers: Numbers) -> Metrics:
    loss, pairs = numbers["losses"]["all"].get(TUNED), numbers["pairs"]["all"].get(TUNED)
    return (("loss", "nats per answer token", loss), ("accuracy", "pair accuracy", pairs))


def _of_prompts(numbers: Numbers) -> Metrics:
    names = {
        "instruction": ("accuracy", "instructions followed"),
        "code": ("pass@1", "code that passes its tests"),
        "danger": ("accuracy", "dangerous requests refused"),
        "look_alike": ("accuracy", "harmless look-alikes answered"),
    }
    return [(*names[test], told.get(TUNED)) for test, told in numbers["written"].items()]
