"""Whether a snapshot teaches the prompts that a model is asked: they are looked for before any is asked.

Prompts of 20 words or more are sought by their 5-grams, as benchmarks are (curate/decontaminate.py). A shorter one is
found where an instruction is nothing but its words.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import pyarrow as pa

from pipelines.curate.benchmarks import Item
from pipelines.curate.decontaminate import MIN_WORDS, THRESHOLD, Index, build_index, find_evidence
from pipelines.evaluate.written import Prompt
from pipelines.signals.text import hash_words

BATCH = 1_000
Row = Mapping[str, Any]


def find(prompts: Sequence[Prompt], rows: Iterable[Row]) -> dict[str, float]:
    """The prompts that stand in training rows, by name, with the highest score: 0.8 or more, 1 word for word."""
    index = build_index(Item(one.test, one.name, one.text, "") for one in prompts)
    short = {words: one.name for one in prompts if (words := _short(one.text))}
    found: dict[str, float] = {}
    for batch in _batches(rows):
        hits = [*_long_ones(batch, index), *((short[words], 1.0) for row in batch if (words := _asks(row)) in short)]
        for name, score in hits:
            found[name] = max(score, found.get(name, 0.0))
    return {name: round(found[name], 2) for name in sorted(found)}


def _batches(rows: Iterable[Row]) -> Iterator[list[Row]]:
    waiting = iter(rows)
    while batch := list(islice(waiting, BATCH)):
        yield batch


def _short(text: str) -> bytes:
    """The words of a text that is too short to be told from ordinary speech by its 5-grams; b"" of a longer one."""
    words = hash_words(text)
    return words.tobytes() if len(words) < MIN_WORDS else b""


def _asks(row: Row) -> bytes:
    return _short(" ".join(part for part in (row["instruction"], row["input"]) if part))


def _long_ones(rows: Sequence[Row], index: Index) -> Iterator[tuple[str, float]]:
    texts = pa.array([_text(row) for row in rows])
    batch = pa.record_batch({"record_id": pa.array([row["record_id"] for row in rows]), "text": texts})
    for hit in find_evidence(batch, index).to_pylist():
        if hit["contamination"] >= THRESHOLD:
            yield hit["item"], hit["contamination"]


def _text(row: Row) -> str:
    earlier = [turn["content"] for turn in row["history"] or ()]
    parts = [row["system"], *earlier, row["instruction"], row["input"], row["reasoning"], row["output"]]
    return "\n".join(part for part in parts if part)
