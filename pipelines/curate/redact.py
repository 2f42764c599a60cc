"""Masks personal data and secrets in all rows that are published, kept or dropped."""

from collections.abc import Iterable, Iterator
from typing import Any

import pyarrow as pa

from pipelines.signals.privacy import redact_record

TEXTS = ("instruction", "input", "output", "chosen", "rejected", "title", "author", "record_text")


def redact_batches(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """The batches with masked text columns and turns of `history`. Equal values of a row get equal marks."""
    for batch in batches:
        names = [name for name in TEXTS if name in batch.schema.names]
        turns = _turns(batch["history"]) if "history" in batch.schema.names else [[]] * batch.num_rows
        texts = zip(*(batch[name].fill_null("").to_pylist() for name in names), strict=True)
        rows = [redact_record([*text, *turn]) for text, turn in zip(texts, turns, strict=True)] if names else []
        columns = {name: pa.array([row[index] for row in rows], pa.string()) for index, name in enumerate(names)}
        if "history" in batch.schema.names:
            columns["history"] = _history([row[len(names) :] for row in rows], batch["history"].type)
        yield pa.record_batch({name: columns.get(name, batch[name]) for name in batch.schema.names})


def _turns(history: pa.Array) -> list[list[str]]:
    """The texts of all turns of each row."""
    return [[text or "" for turn in turns or () for text in turn.values()] for turns in history.to_pylist()]


def _history(texts: list[list[str]], kind: pa.DataType) -> pa.Array:
    """The inverse of `_turns`."""
    fields = [field.name for field in kind.value_type]
    rows: list[list[dict[str, Any]]] = [
        [dict(zip(fields, row[start : start + len(fields)], strict=True)) for start in range(0, len(row), len(fields))]
        for row in texts
    ]
    return pa.array(rows, kind)
