"""Where a whole pair lies in meaning: a static sentence embedding (pipelines/finetune/distil.py), when a recipe asks.

Measured only for recipes with `dedupe.semantic`. The model knows English: of Chinese it has a few hundred single
characters, so that unrelated texts come out alike. A text whose bytes are to less than PLAIN ASCII gets null and is
left to MinHash, as is one without words. Order of words does not count; numbers hardly do.
"""

import subprocess
import sys
from functools import cache, partial
from hashlib import file_digest
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numba import njit

from pipelines import storage
from pipelines.recipe import RecipeError
from pipelines.signals.blocks import absorb
from pipelines.signals.minhash import key_text
from pipelines.signals.text import Tables, Texts, Words, room, split_words, tables, texts_of
from schemas.signal import Signal

NAME = "pair_embedding"
DIMENSIONS = 256
EMBEDDING = pa.list_(pa.float16(), DIMENSIONS)
PLAIN = 0.7
WEIGHTS = "model.safetensors"
_SOURCE = "all-MiniLM-L6-v2 (Wang 2020; Reimers, Gurevych 2019) distilled by model2vec (Tulkens, van Dongen 2024)"


def signals(data: Path) -> tuple[Signal, ...]:
    """The embedding, its model distilled if need be, and the numbers. Raises RecipeError with the cure."""
    folder = _model_folder(data)
    with (folder / WEIGHTS).open("rb") as file:
        weights = file_digest(file, "sha256").hexdigest()
    # distilled on another machine the weights may differ in their last digits: they are the version
    return (
        Signal(NAME, EMBEDDING, partial(pair_embedding, folder), _SOURCE, int(weights[:8], 16)),
        Signal("pair_numbers", pa.uint64(), pair_numbers, "hash of the numbers in their order, which embeddings miss"),
    )


def _model_folder(data: Path) -> Path:
    """Torch is loaded in another process, and only once for a data folder."""
    if find_spec("model2vec") is None:
        raise RecipeError("dedupe.semantic: model2vec is not installed: pip install 'gristmill[semantic]'")
    folder = data / storage.FOLDERS["finetune"] / ".base" / "minilm-static"
    if not folder.is_dir():
        call = [sys.executable, "-m", "pipelines.models.distil", str(folder)]
        done = subprocess.run(call, capture_output=True, text=True)
        if done.returncode:
            raise RecipeError(f"dedupe.semantic: {(done.stderr.strip().splitlines() or ['distilling failed'])[-1]}")
    return folder


@cache
def _model(folder: Path) -> Any:
    from model2vec import StaticModel

    return StaticModel.from_pretrained(folder)


def pair_embedding(folder: Path, table: pa.Table) -> pa.Array:
    """float16[256] of length 1 per record, or null."""
    text = key_text(table)
    # the whole text, in one thread: processes share the work already
    made = _model(folder).encode(text.to_pylist(), max_length=None, use_multiprocessing=False)
    lacks = ~_mostly_ascii(texts_of(text)) | ~made.any(axis=1)
    return pa.FixedSizeListArray.from_arrays(
        pa.array(made.astype(np.float16).ravel()), type=EMBEDDING, mask=pa.array(lacks)
    )


def pair_numbers(table: pa.Table) -> pa.Array:
    texts = texts_of(key_text(table))
    return pa.array(_numbers(texts, tables(), room(texts)))


@njit(cache=True, nogil=True)
def _numbers(texts: Texts, tables: Tables, words: Words) -> np.ndarray:
    """Words without a letter, absorbed one after another."""
    out = np.zeros(len(texts.offsets) - 1, np.uint64)
    for row in range(len(out)):
        count = split_words(texts.data, texts.offsets[row], texts.offsets[row + 1], tables, words)
        for word in range(count):
            if not words.flags[word]:
                out[row] = absorb(out[row], words.hashes[word])
    return out


def _mostly_ascii(texts: Texts) -> np.ndarray:
    wide = np.append(0, np.cumsum(texts.data >= 0x80))[texts.offsets]
    return np.diff(wide) <= (1 - PLAIN) * np.diff(texts.offsets)
