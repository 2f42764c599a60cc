"""Optional signal: the static sentence embedding of a whole pair (pipelines/models/distil.py).

It is measured only for recipes with `dedupe.semantic`. The model knows English; of Chinese it has a few hundred single
characters, so unrelated Chinese texts get similar embeddings. A text gets null, and is left to MinHash, if it has no
words or its share of ASCII bytes is below MIN_ASCII_SHARE. The order of words does not count; numbers hardly do.
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
from pipelines.messages import Message
from pipelines.recipe import RecipeError
from pipelines.signals.blocks import absorb
from pipelines.signals.minhash import key_text
from pipelines.signals.text import CharacterTables, Texts, Words, character_tables, split_words, texts_of, word_buffers
from schemas.signal import Signal

NAME = "pair_embedding"
DIMENSIONS = 256
EMBEDDING = pa.list_(pa.float16(), DIMENSIONS)
MIN_ASCII_SHARE = 0.7
WEIGHTS = "model.safetensors"
_SOURCE = "all-MiniLM-L6-v2 (Wang 2020; Reimers, Gurevych 2019) distilled by model2vec (Tulkens, van Dongen 2024)"


def signals(data: Path) -> tuple[Signal, ...]:
    """Return the embedding and the hash of numbers; the model is distilled first if it is not there.

    `data` is the data folder, where the model is kept.

    Raises:
        RecipeError: a package is not installed, or the distillation failed; the message names the cure.
    """
    folder = _model_folder(data)
    with (folder / WEIGHTS).open("rb") as file:
        weights = file_digest(file, "sha256").hexdigest()
    # distilled on another machine the weights may differ in their last digits: they are the version
    return (
        Signal(NAME, EMBEDDING, partial(pair_embedding, folder), _SOURCE, int(weights[:8], 16)),
        Signal("pair_numbers", pa.uint64(), pair_numbers, "hash of the numbers in their order, which embeddings miss"),
    )


def _model_folder(data: Path) -> Path:
    """Return the folder of the model. Torch is loaded in another process, once for a data folder."""
    if find_spec("model2vec") is None:
        raise RecipeError("dedupe.semantic: model2vec is not installed: pip install 'gristmill[semantic]'")
    folder = data / storage.FOLDERS["finetune"] / ".base" / "minilm-static"
    if not folder.is_dir():
        call = [sys.executable, "-m", "pipelines.models.distil", str(folder)]
        done = subprocess.run(call, capture_output=True, text=True)
        if done.returncode:
            why = next(reversed(done.stderr.strip().splitlines()), "") or Message("distilling failed")
            raise RecipeError("dedupe.semantic: {why}", why=why)
    return folder


@cache
def _model(folder: Path) -> Any:
    from model2vec import StaticModel

    return StaticModel.from_pretrained(folder)


def pair_embedding(folder: Path, table: pa.Table) -> pa.Array:
    """Return float16[256] of length 1 per row, or null; `folder` holds the model."""
    text = key_text(table)
    # the whole text, in one thread: the stage already runs on several processes
    vectors = _model(folder).encode(text.to_pylist(), max_length=None, use_multiprocessing=False)
    lacks = ~_mostly_ascii(texts_of(text)) | ~vectors.any(axis=1)
    return pa.FixedSizeListArray.from_arrays(
        pa.array(vectors.astype(np.float16).ravel()), type=EMBEDDING, mask=pa.array(lacks)
    )


def pair_numbers(table: pa.Table) -> pa.Array:
    """Return uint64 per row: a hash of the numbers of the pair in their order, 0 without any."""
    texts = texts_of(key_text(table))
    return pa.array(_numbers(texts, character_tables(), word_buffers(texts)))


@njit(cache=True, nogil=True)
def _numbers(texts: Texts, tables: CharacterTables, words: Words) -> np.ndarray:
    """Return uint64[rows]: the words without a letter, absorbed one after another."""
    out = np.zeros(len(texts.offsets) - 1, np.uint64)
    for row in range(len(out)):
        count = split_words(texts.data, texts.offsets[row], texts.offsets[row + 1], tables, words)
        for word in range(count):
            if not words.flags[word]:
                out[row] = absorb(out[row], words.hashes[word])
    return out


def _mostly_ascii(texts: Texts) -> np.ndarray:
    wide = np.append(0, np.cumsum(texts.data >= 0x80))[texts.offsets]
    mostly: np.ndarray = np.diff(wide) <= (1 - MIN_ASCII_SHARE) * np.diff(texts.offsets)
    return mostly
