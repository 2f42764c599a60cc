"""Optional signal: the static sentence embedding of a whole pair (pipelines/models/embeddings.py).

It is measured for recipes with `annotate.embedding`, or `dedupe.semantic`. A text gets null, and is left to MinHash, if
it has nothing that the model knows. The order of words does not count; numbers hardly do.
"""

from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
from numba import njit

from pipelines.models import embeddings
from pipelines.signals.blocks import absorb
from pipelines.signals.minhash import key_text
from pipelines.signals.text import CharacterTables, Texts, Words, character_tables, split_words, texts_of, word_buffers
from schemas.signal import Signal

NAME = "pair_embedding"
DIMENSIONS = embeddings.DIMENSIONS
EMBEDDING = pa.list_(pa.float16(), DIMENSIONS)


def signals(model: str, data: Path) -> tuple[Signal, ...]:
    """Return the embedding and the hash of numbers; the model is distilled first if it is not there.

    `data` is the data folder, where the model is kept.

    Raises:
        RecipeError: a package is not installed, or the distillation failed; the message names the cure.
    """
    folder = embeddings.folder_of(model, data)
    measure, version = partial(pair_embedding, folder), embeddings.version(folder)
    return (
        Signal(NAME, EMBEDDING, measure, embeddings.SOURCES[model], version),
        Signal("pair_numbers", pa.uint64(), pair_numbers, "hash of the numbers in their order, which embeddings miss"),
    )


def pair_embedding(folder: Path, table: pa.Table) -> pa.Array:
    """Return float16[256] of length 1 per row, or null; `folder` holds the model."""
    vectors = embeddings.encode(folder, key_text(table).to_pylist())
    lacks = pa.array(~vectors.any(axis=1))
    return pa.FixedSizeListArray.from_arrays(pa.array(vectors.astype(np.float16).ravel()), type=EMBEDDING, mask=lacks)


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
