"""A head that `gristmill learn` wrote: a weighted sum of signals and an embedding, as a number from 0 to 1.

Its folder holds `head.json`, a README.md with its numbers, and a list of both with their hashes and with marks of the
records that it was learnt from. What the length of an answer tells about a signal is taken from it first, so that no
weight stands for length.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines import storage
from pipelines.messages import Message
from pipelines.models.embeddings import DIMENSIONS
from pipelines.recipe import ClassifierSettings, RecipeError
from pipelines.storage import complete, filesystem
from pipelines.storage.integrity import Damaged
from schemas.manifest import digest
from schemas.signal import Signal

FILE, CARD = "head.json", "README.md"
FOLDER = ".heads"  # beside the models, where `learn` writes unless it is told where
LENGTH = "output_chars"
EMBEDDING = "pair_embedding"


class Head(NamedTuple):
    """A record's features x, less `by_length`.T @ (1, l, l²) with l = log(1 + characters), are weighed.

    columns: the signals; embedding: the version of the embedding, whose numbers follow them, or 0; centre: what stands
    for a signal that is null; by_length: float64[3, features]; weights: float64[features]; bias.
    """

    columns: tuple[str, ...]
    embedding: int
    centre: np.ndarray
    by_length: np.ndarray
    weights: np.ndarray
    bias: float


def is_head(model: str) -> bool:
    """Whether a recipe's model is the folder of a head."""
    return (Path(model).expanduser() / FILE).is_file()


def reads(settings: ClassifierSettings) -> tuple[str, ...]:
    """The signals that a head reads."""
    head = load(settings)
    return (*head.columns, LENGTH, *([EMBEDDING] if head.embedding else []))


def fingerprint(settings: ClassifierSettings, measured: Sequence[Signal]) -> str:
    """A hash that changes with the head and with the signals that it reads.

    Raises: RecipeError where one of them is not measured, or the embedding is not the one that was learnt with.
    """
    head, versions = load(settings), {signal.name: signal.version for signal in measured}
    if missing := [name for name in reads(settings) if name not in versions]:
        raise RecipeError("annotate.models.{name}: the head reads {missing}, which is not measured; {cure}",
                          name=settings.name, missing=missing[0], cure=_cure(missing[0]))  # fmt: skip
    if head.embedding and versions[EMBEDDING] != head.embedding:
        raise RecipeError(
            "annotate.models.{name}: the head was learnt with another embedding; run `gristmill learn` again",
            name=settings.name,
        )
    return digest([_text(settings), [[name, versions[name]] for name in reads(settings)]])


def _cure(missing: str) -> Message:
    return Message("set annotate.embedding") if missing == EMBEDDING else Message("run `gristmill learn` again")


def published_name(settings: ClassifierSettings) -> str:
    """The name for cards: what it was learnt from."""
    return f"head {settings.name}, learnt from {json.loads(_text(settings))['learnt_from']}"


def licence(settings: ClassifierSettings) -> str:
    """What the recipe says; it is made of the user's own records."""
    return settings.licence


@cache
def load(settings: ClassifierSettings) -> Head:
    """The head in the folder that the settings name. Raises RecipeError where it cannot be read."""
    try:
        complete.read(Path(settings.model).expanduser())
        told = json.loads(_text(settings))
        centre, by_length, weights = (np.array(told[name], float) for name in ("centre", "by_length", "weights"))
        return Head(tuple(told["columns"]), told["embedding"], centre, by_length, weights, told["bias"])
    except (OSError, ValueError, KeyError, TypeError, Damaged) as error:
        raise RecipeError(
            "annotate.models.{name}: {file} cannot be read ({error}); run `gristmill learn {name}` again",
            name=settings.name,
            file=Path(settings.model) / FILE,
            error=type(error).__name__,
        ) from error


def _text(settings: ClassifierSettings) -> str:
    return (Path(settings.model).expanduser() / FILE).read_text()


def written(head: Head, about: Mapping[str, object]) -> str:
    """The content of `head.json`; `about` has `learnt_from` and the numbers."""
    told = {name: value.tolist() if isinstance(value, np.ndarray) else value for name, value in head._asdict().items()}
    return json.dumps(dict(about) | told, ensure_ascii=False, indent=1) + "\n"


def write(folder: Path, name: str, texts: Mapping[str, str], records: Iterable[str]) -> None:
    """Write the files of a head, and list them with their hashes and marks of the records that it was learnt from."""
    filesystem.make_folder(folder)
    (folder / complete.FILE).unlink(missing_ok=True)  # until all is there, the folder is incomplete and not damaged
    for file, text in texts.items():
        storage.write_text(folder / file, text)
    complete.write(folder, tuple(texts), name=name, records=sorted({_mark(name, one) for one in records}))


def _mark(name: str, record_id: str) -> str:
    """An id stays nowhere when its record is forgotten, so it is not written down."""
    return sha256(f"{name}\n{record_id}".encode()).hexdigest()[:16]


def may_have_learnt(folder: Path, records: Iterable[str]) -> bool:
    """Whether one of these may be among what the head in `folder` was learnt from.

    One whose list is damaged, or of an earlier release, which had none, may have learnt anything.
    """
    try:
        values, _ = complete.read(folder) or ({}, False)
    except (Damaged, OSError):
        return True
    marks = values.get("records")
    return marks is None or not {_mark(values["name"], one) for one in records}.isdisjoint(marks)


def features(table: pa.Table, columns: Sequence[str], embedded: bool) -> np.ndarray:
    """float64[rows, features]: signals, NaN where null, then the numbers of the embedding, zeros where null."""
    parts = [np.asarray(pc.cast(table[name], pa.float64()).to_numpy(), np.float64)[:, None] for name in columns]
    if embedded:
        chunks = table[EMBEDDING].combine_chunks()
        flat = chunks.fill_null([0.0] * DIMENSIONS).flatten().to_numpy(zero_copy_only=False)
        parts.append(np.asarray(flat, np.float64).reshape(-1, DIMENSIONS))
    return np.concatenate(parts, axis=1) if parts else np.empty((table.num_rows, 0))


def length_terms(table: pa.Table) -> np.ndarray:
    """float64[rows, 3]: 1, l, l²."""
    log = np.log1p(np.asarray(pc.cast(pc.fill_null(table[LENGTH], 0), pa.float64()).to_numpy(), np.float64))
    return np.stack([np.ones_like(log), log, log * log], axis=1)


def scores(settings: ClassifierSettings, table: pa.Table) -> list[float | None]:
    """A number from 0 to 1 for each row, with four digits; None where there is no answer."""
    head = load(settings)
    found = features(table, head.columns, bool(head.embedding))
    found = np.where(np.isnan(found), head.centre, found) - length_terms(table) @ head.by_length
    # row by row, so that a row's number depends on no other
    margins = np.clip([float((row * head.weights).sum()) + head.bias for row in found], -30, 30)
    empty = pc.equal(pc.fill_null(table[LENGTH], 0), 0).to_numpy(zero_copy_only=False)
    return [None if no else float(f"{1 / (1 + np.exp(-one)):.4g}") for no, one in zip(empty, margins, strict=True)]
