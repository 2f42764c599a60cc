"""Scores of texts by a model that classifies texts or tags words: for pipelines/signals/of_models.py.

It is one of `transformers`, or a file in ONNX. One thread on a CPU, batches by length within the texts of a call, and
four significant digits: the numbers depend neither on the number of workers nor on the order of shards.
"""

import re
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

from pipelines.models import base
from pipelines.models.readers import by_gliner, by_onnx, by_torch
from pipelines.models.readers.reader import Part, Reader
from pipelines.recipe import ClassifierSettings, RecipeError
from schemas.manifest import digest

_LICENCE = re.compile(r"^license: *[\"']?([\w.+-]+)", re.MULTILINE)


def fingerprint(settings: ClassifierSettings) -> str:
    """A hash that changes with the weights and with what is asked of them.

    Raises: RecipeError when a package or the model is missing, or it is none that classifies texts.
    """
    _load(settings)
    onnx = by_onnx.is_onnx(settings)
    known = (
        by_onnx.fingerprint(settings, _key(settings)) if onnx else base.fingerprint(settings.model, settings.revision)
    )
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

    Raises: RecipeError when a package or the model is missing.
    """
    reader = _load(settings)
    parts = [(number, part) for number, text in enumerate(texts) if text for part in reader.split(text)]
    found: dict[int, list[float]] = {}
    for batch in _batches(parts, reader.size):
        for (number, _), score in zip(batch, reader.judge([part for _, part in batch]), strict=True):
            found.setdefault(number, []).append(score)
    return [_together(found.get(number), reader, settings) for number in range(len(texts))]


def _batches(parts: Sequence[tuple[int, Part]], size: int) -> Iterator[list[tuple[int, Part]]]:
    ordered = sorted(parts, key=lambda each: (len(each[1].ids), each[0]))
    for first in range(0, len(ordered), size):
        yield ordered[first : first + size]


def _together(found: Sequence[float] | None, reader: Reader, settings: ClassifierSettings) -> float | None:
    if not found:
        return None
    if reader.adds_up:
        return sum(found)
    score = max(found) if settings.longer == "max" else sum(found) / len(found)
    return float(f"{score:.4g}")


def _key(settings: ClassifierSettings) -> str:
    return f"annotate.models.{settings.name}"


@cache
def _load(settings: ClassifierSettings) -> Reader:
    key = _key(settings)
    if settings.model.startswith(("/", ".", "~")) and not Path(settings.model).expanduser().is_dir():
        raise RecipeError("{key}.model: {model}: no such folder", key=key, model=settings.model)
    if not by_onnx.is_onnx(settings):
        return by_torch.load(settings, key)
    folder, _ = by_onnx.files(settings, key)
    return by_gliner.load(settings, key) if by_gliner.is_gliner(folder) else by_onnx.load(settings, key)
