"""The static sentence embeddings of a data folder, by the name that a recipe gives: `multilingual` or `english`.

Both give 256 numbers for a text of any length. `english` gives none for a text whose share of ASCII bytes is below
MIN_ASCII_SHARE: of Chinese it has a few hundred single characters, so unrelated Chinese texts would look alike.
"""

import subprocess
import sys
from collections.abc import Sequence
from functools import cache
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from pipelines import storage
from pipelines.messages import Message
from pipelines.models import multilingual
from pipelines.recipe import RecipeError

DIMENSIONS = 256
MIN_ASCII_SHARE = 0.7
SOURCES = {
    "multilingual": "multilingual Universal Sentence Encoder (Yang 2019), distilled to a static embedding",
    "english": "all-MiniLM-L6-v2 (Wang 2020; Reimers, Gurevych 2019) distilled by model2vec (Tulkens, van Dongen 2024)",
}
_FOLDERS = {"multilingual": "use-static", "english": "minilm-static"}


def folder_of(name: str, data: Path) -> Path:
    """The folder of an embedding. It is distilled first where it is not there, in another process.

    Raises:
        RecipeError: a package is not installed, or the distillation failed; the message names the cure.
    """
    if name == "english" and find_spec("model2vec") is None:
        raise RecipeError("annotate.embedding: model2vec is not installed: pip install 'gristmill[semantic]'")
    folder = data / storage.FOLDERS["finetune"] / ".base" / _FOLDERS[name]
    if not folder.is_dir():
        call = [sys.executable, "-m", "pipelines.models.distil", name, str(folder)]
        done = subprocess.run(call, capture_output=True, text=True)
        if done.returncode:
            why = next(reversed(done.stderr.strip().splitlines()), "") or Message("distilling failed")
            raise RecipeError("annotate.embedding: {why}", why=why)
    return folder


def fingerprint(folder: Path) -> str:
    """A hash of the weights: distilled on another machine they may differ in their last digits."""
    files = sorted(file for file in folder.iterdir() if file.suffix in (".safetensors", ".npy", ".npz"))
    return sha256(b"".join(sha256(file.read_bytes()).digest() for file in files)).hexdigest()


def version(folder: Path) -> int:
    """The version of the signal that this embedding measures."""
    return int(fingerprint(folder)[:8], 16)


def of_version(wanted: int | None, data: Path) -> Path | None:
    """The folder of the embedding that measured the signal of a version; None where it is not there any more."""
    base = data / storage.FOLDERS["finetune"] / ".base"
    folders = [base / name for name in _FOLDERS.values() if (base / name).is_dir()]
    return next((folder for folder in folders if version(folder) == wanted), None)


def encode(folder: Path, texts: Sequence[str]) -> np.ndarray:
    """float32[texts, DIMENSIONS] of length 1; zeros where a text has nothing that the model knows."""
    if folder.name == _FOLDERS["multilingual"]:
        return multilingual.encode(folder, texts)
    # the whole text, in one thread: the stage already runs on several processes
    vectors: np.ndarray = _english(folder).encode(list(texts), max_length=None, use_multiprocessing=False)
    vectors[[not _is_mostly_ascii(text) for text in texts]] = 0
    return vectors


@cache
def _english(folder: Path) -> Any:
    from model2vec import StaticModel

    return StaticModel.from_pretrained(folder)


def _is_mostly_ascii(text: str) -> bool:
    read = text.encode("utf-8", "replace")
    return len(read.translate(None, bytes(range(128)))) <= (1 - MIN_ASCII_SHARE) * len(read)
