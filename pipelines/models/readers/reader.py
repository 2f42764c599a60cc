"""What a model that judges texts is to those who ask it, and how its logits become numbers."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from pipelines.models import tagging
from pipelines.recipe import ClassifierSettings, RecipeError

Logits = np.ndarray  # float64[labels], of a tagger float64[tokens, labels]


class Part(NamedTuple):
    """The tokens of a text, or of a part of it, and for a model that tags words the word of each."""

    ids: list[int]
    words: list[int | None]


class Reader(NamedTuple):
    """A model that is loaded.

    split: the parts of a text that it reads one by one; judge: a number for each part; size: parts at a time;
    adds_up: whether the numbers of a text's parts are counts.
    """

    split: Callable[[str], list[Part]]
    judge: Callable[[Sequence[Part]], list[float]]
    size: int
    adds_up: bool


class Labels(NamedTuple):
    """What a `config.json` says of a model's answers."""

    architectures: tuple[str, ...]
    label2id: dict[str, int]
    id2label: dict[int, str]
    num_labels: int
    problem_type: str | None


def labels_of(config: Mapping[str, Any]) -> Labels:
    """Labels of a `config.json`; without any there is one score."""
    named = {int(number): str(label) for number, label in (config.get("id2label") or {0: "LABEL_0"}).items()}
    ids = {label: number for number, label in named.items()}
    return Labels(tuple(config.get("architectures") or ()), ids, named, len(named), config.get("problem_type"))


def number(config: Any, logits: Logits, part: Part, settings: ClassifierSettings) -> float:
    """The probability of the label, the score of a model that gives one, or the count of a tagger's spans."""
    if tagging.is_tagger(config):
        tags = [config.id2label[int(tag)] for tag in logits[: len(part.ids)].argmax(-1)]
        return tagging.count_spans(tags, part.words, settings.label)
    if not settings.label:
        return float(logits[0])
    if config.problem_type == "multi_label_classification":
        return float(1 / (1 + np.exp(-logits[config.label2id[settings.label]])))
    shares = np.exp(logits - logits.max())
    return float(shares[config.label2id[settings.label]] / shares.sum())


def check_label(config: Any, settings: ClassifierSettings, key: str) -> None:
    """Raises RecipeError where a label is missing, or is none of the model's."""
    known = tagging.kinds(config) if tagging.is_tagger(config) else list(config.label2id)
    labels = ", ".join(known)
    if settings.label and (settings.label not in known or config.num_labels == 1):
        raise RecipeError("{key}.label: the model has no label {label!r}; its labels: {labels}",
                          key=key, label=settings.label, labels=labels)  # fmt: skip
    if not settings.label and config.num_labels > 1:
        raise RecipeError("{key}.label: missing; name one of the model's labels: {labels}", key=key, labels=labels)
