"""Masks personal data and secrets in all rows that are published, kept or dropped."""

import json
import re
from typing import Any

import pyarrow as pa

from pipelines.signals.privacy import redact_address, redact_id, redact_record

TEXTS = (
    *("instruction", "input", "output", "chosen", "rejected", "title", "author", "record_text"),
    *("system", "reasoning", "rejected_reasoning", "tools", "tool_calls"),
)
IDS = ("record_id", "pair_id", "duplicate_of")
_STRING_OR_MARK = re.compile(r'"(?:[^"\\]|\\.)*"|<[A-Z_]+_\d+>')


def redact_batch(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The batch with masked text columns, messages of `history` and addresses. Equal values of a row get equal marks.

    What is JSON stays JSON.
    """
    names = [name for name in TEXTS if name in batch.schema.names]
    turns = _turns(batch["history"]) if "history" in batch.schema.names else [[]] * batch.num_rows
    texts = zip(*(batch[name].fill_null("").to_pylist() for name in names), strict=True)
    rows = [_redact([*text, *turn]) for text, turn in zip(texts, turns, strict=True)] if names else []
    columns = {name: pa.array([row[index] for row in rows], pa.string()) for index, name in enumerate(names)}
    for name in (name for name in IDS if name in batch.schema.names):
        columns[name] = pa.array([one and redact_id(one) for one in batch[name].to_pylist()], pa.string())
    if "url" in batch.schema.names:
        columns["url"] = pa.array([url and redact_address(url) for url in batch["url"].to_pylist()], pa.string())
    if "history" in batch.schema.names:
        columns["history"] = _history([row[len(names) :] for row in rows], batch["history"].type)
    return pa.record_batch({name: columns.get(name, batch[name]) for name in batch.schema.names})


def _redact(texts: list[str]) -> list[str]:
    return [_as_json(text, masked) for text, masked in zip(texts, redact_record(texts), strict=True)]


def _as_json(text: str, masked: str) -> str:
    """`masked`, with a mark that stands for a number as a string, where `text` is JSON and the mark broke it."""
    if masked == text or text[:1] not in ("[", "{") or not _is_json(text) or _is_json(masked):
        return masked
    return _STRING_OR_MARK.sub(lambda found: found[0] if found[0][0] == '"' else f'"{found[0]}"', masked)


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _turns(history: pa.Array) -> list[list[str]]:
    """The texts of all messages of each row."""
    return [[text or "" for turn in turns or () for text in turn.values()] for turns in history.to_pylist()]


def _history(texts: list[list[str]], kind: pa.DataType) -> pa.Array:
    """The inverse of `_turns`."""
    fields = [field.name for field in kind.value_type]
    rows: list[list[dict[str, Any]]] = [
        [dict(zip(fields, row[start : start + len(fields)], strict=True)) for start in range(0, len(row), len(fields))]
        for row in texts
    ]
    return pa.array(rows, kind)
