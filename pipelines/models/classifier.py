"""Scores of texts by a model of `transformers` that classifies texts or tags words: for pipelines/signals/of_models.py.

One thread on a CPU, batches by length within the texts of a call, and four significant digits: the numbers depend
neither on the number of workers nor on the order in which shards are measured.
"""

import re
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from pipelines.models import base, tagging
from pipelines.recipe import ClassifierSettings, RecipeError
from schemas.manifest import digest

_LICENCE = re.compile(r"^license: *[\"']?([\w.+-]+)", re.MULTILINE)


class Part(NamedTuple):
    """The tokens of a text, or of a part of it, and for a model that tags words the word of each."""

    text: int
    ids: list[int]
    words: list[int | None]


def fingerprint(settings: ClassifierSettings) -> str:
    """A hash that changes with the weights and with what is asked of them.

    Raises: RecipeError when the extra `train` or the model is missing, or it is none that classifies texts.
    """
    _load(settings)
    known = base.fingerprint(settings.model, settings.revision)
    return digest([known, settings.label, settings.max_length, settings.longer])


def published_name(settings: ClassifierSettings) -> str:
    """The name for cards. It holds no path of this machine."""
    return base.published_name(settings.model)


def licence(settings: ClassifierSettings) -> str:
    """What the recipe says, else the head of the model's README; "" where neither states one."""
    if settings.licence:
        return settings.licence
    readme = _readme(settings)
    text = readme.read_text(errors="replace") if readme else ""
    found = _LICENCE.search(text.partition("\n---")[0]) if text.startswith("---") else None
    return found[1] if found else ""


def _readme(settings: ClassifierSettings) -> Path | None:
    """The model's own card: in its folder, or from the hub."""
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import EntryNotFoundError, HfHubHTTPError, LocalEntryNotFoundError

    if Path(settings.model).is_dir():
        file = Path(settings.model) / "README.md"
        return file if file.is_file() else None
    try:
        return Path(hf_hub_download(settings.model, "README.md", revision=settings.revision or None))
    except (EntryNotFoundError, LocalEntryNotFoundError, HfHubHTTPError, OSError):
        return None  # the card says that it is not stated


def scores(texts: Sequence[str], settings: ClassifierSettings) -> list[float | None]:
    """One score for each text; None of no text.

    It is the probability of the label, the score of a model that gives one, or the count of a tagger's spans.

    Raises: RecipeError when the extra `train` or the model is missing.
    """
    network, tokenizer = _load(settings)
    parts = [part for number, text in enumerate(texts) if text for part in _parts(number, text, tokenizer, settings)]
    found: dict[int, list[float]] = {}
    judge: Any = _count if tagging.is_tagger(network.config) else _classify
    with base.one_thread():
        for batch in _batches(parts, settings.batch_size):
            judged = judge(network, _logits(network, tokenizer, batch), batch, settings)
            for part, score in zip(batch, judged, strict=True):
                found.setdefault(part.text, []).append(score)
    return [_together(found.get(number), network.config, settings) for number in range(len(texts))]


def _parts(number: int, text: str, tokenizer: Any, settings: ClassifierSettings) -> Iterator[Part]:
    whole = settings.longer != "cut"
    read = tokenizer([text], truncation=True, max_length=settings.max_length, return_overflowing_tokens=whole)
    for at, ids in enumerate(read["input_ids"]):
        yield Part(number, ids, read.word_ids(at) if read.is_fast else [])


def _batches(parts: Sequence[Part], size: int) -> Iterator[list[Part]]:
    ordered = sorted(parts, key=lambda part: (len(part.ids), part.text))
    for first in range(0, len(ordered), size):
        yield ordered[first : first + size]


def _logits(network: Any, tokenizer: Any, batch: Sequence[Part]) -> Any:
    import torch

    padded = tokenizer.pad({"input_ids": [part.ids for part in batch]}, return_tensors="pt").to(network.device)
    with torch.inference_mode():
        return network(**padded).logits.float()


def _classify(network: Any, logits: Any, batch: Sequence[Part], settings: ClassifierSettings) -> list[float]:
    if not settings.label:
        return [float(score) for score in logits[:, 0]]
    chosen = network.config.label2id[settings.label]
    several = network.config.problem_type == "multi_label_classification"
    shares = logits.sigmoid() if several else logits.softmax(-1)
    return [float(share) for share in shares[:, chosen]]


def _count(network: Any, logits: Any, batch: Sequence[Part], settings: ClassifierSettings) -> list[float]:
    names = network.config.id2label
    rows = zip(batch, logits.argmax(-1).tolist(), strict=True)
    tags = [(part, [names[tag] for tag in row[: len(part.ids)]]) for part, row in rows]
    return [tagging.count_spans(row, part.words, settings.label) for part, row in tags]


def _together(found: Sequence[float] | None, config: Any, settings: ClassifierSettings) -> float | None:
    if not found:
        return None
    if tagging.is_tagger(config):
        return sum(found)
    score = max(found) if settings.longer == "max" else sum(found) / len(found)
    return float(f"{score:.4g}")


@cache
def _load(settings: ClassifierSettings) -> tuple[Any, Any]:
    base.require_train()
    import torch

    key = f"annotate.models.{settings.name}"
    network, tokenizer = _read(settings, key)
    _check_label(network.config, settings, key)
    if tagging.is_tagger(network.config):
        tokenizer.padding_side = "right"
    if tagging.is_tagger(network.config) and not tokenizer.is_fast:
        raise RecipeError("{key}.model: {model!r} has no fast tokenizer, which tells words from their pieces", key=key,
                          model=settings.model)  # fmt: skip
    if tokenizer.pad_token is None:
        tokenizer.pad_token, network.config.pad_token_id = tokenizer.eos_token, tokenizer.eos_token_id
    device = settings.device
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    return network.eval().to(device), tokenizer


def _read(settings: ClassifierSettings, key: str) -> tuple[Any, Any]:
    import torch
    from transformers import (
        AutoConfig,
        AutoModelForSequenceClassification,
        AutoModelForTokenClassification,
        AutoTokenizer,
    )

    if settings.model.startswith(("/", ".", "~")) and not Path(settings.model).is_dir():
        raise RecipeError("{key}.model: {model}: no such folder", key=key, model=settings.model)
    where = {"local_files_only": Path(settings.model).is_dir(), "revision": settings.revision or None}
    try:
        tokenizer = AutoTokenizer.from_pretrained(settings.model, **where)
        config = AutoConfig.from_pretrained(settings.model, **where)
        kind = AutoModelForTokenClassification if tagging.is_tagger(config) else AutoModelForSequenceClassification
        network, told = kind.from_pretrained(
            settings.model, dtype=torch.float32, use_safetensors=True, output_loading_info=True, **where
        )
    except (OSError, ValueError) as error:
        raise RecipeError(
            "{key}.model: {model!r} cannot be loaded ({error}); name a folder with config.json, tokenizer and "
            "safetensors, or a model on the hub that classifies texts or tokens",
            key=key,
            model=settings.model,
            error=str(error).splitlines()[0],
        ) from error
    if missing := sorted(told["missing_keys"]):  # transformers would draw them at random
        raise RecipeError(
            "{key}.model: {model!r} does not classify texts: it has no {missing}",
            key=key,
            model=settings.model,
            missing=missing[0],
        )
    return network, tokenizer


def _check_label(config: Any, settings: ClassifierSettings, key: str) -> None:
    known = tagging.kinds(config) if tagging.is_tagger(config) else list(config.label2id)
    labels = ", ".join(known)
    if settings.label and (settings.label not in known or config.num_labels == 1):
        raise RecipeError("{key}.label: the model has no label {label!r}; its labels: {labels}",
                          key=key, label=settings.label, labels=labels)  # fmt: skip
    if not settings.label and config.num_labels > 1:
        raise RecipeError("{key}.label: missing; name one of the model's labels: {labels}", key=key, labels=labels)
