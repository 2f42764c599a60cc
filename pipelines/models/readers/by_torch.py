"""A model of `transformers` that classifies texts or tags words, read by torch with one thread on a CPU."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pipelines.models import base, tagging
from pipelines.models.readers.reader import Part, Reader, check_label, number
from pipelines.recipe import ClassifierSettings, RecipeError


def load(settings: ClassifierSettings, key: str) -> Reader:
    """Raises RecipeError when the extra `train` or the model is missing, or it is none that classifies texts."""
    base.require_train()
    network, tokenizer = _ready(settings, key)

    def split(text: str) -> list[Part]:
        whole = settings.longer != "cut"
        read = tokenizer([text], truncation=True, max_length=settings.max_length, return_overflowing_tokens=whole)
        return [Part(ids, read.word_ids(at) if read.is_fast else []) for at, ids in enumerate(read["input_ids"])]

    def judge(batch: Sequence[Part]) -> list[float]:
        with base.one_thread():
            logits = _logits(network, tokenizer, batch).double().cpu().numpy()
        return [number(network.config, row, part, settings) for row, part in zip(logits, batch, strict=True)]

    return Reader(split, judge, settings.batch_size, tagging.is_tagger(network.config))


def _logits(network: Any, tokenizer: Any, batch: Sequence[Part]) -> Any:
    import torch

    padded = tokenizer.pad({"input_ids": [part.ids for part in batch]}, return_tensors="pt").to(network.device)
    with torch.inference_mode():
        return network(**padded).logits.float()


def _ready(settings: ClassifierSettings, key: str) -> tuple[Any, Any]:
    import torch

    network, tokenizer = _read(settings, key)
    check_label(network.config, settings, key)
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
