"""No personal data and no secrets in anything that is published, kept or dropped."""

from collections.abc import Iterable, Iterator

import pyarrow as pa

from pipelines.signals.privacy import redact

TEXTS = ("instruction", "input", "output", "chosen", "rejected", "title", "author")


def redacted(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """The batches with every text column, and the turns of `history`, masked."""
    for batch in batches:
        columns = {name: batch[name] for name in batch.schema.names}
        columns.update({name: redact(columns[name]) for name in TEXTS if name in columns})
        if "history" in columns:
            columns["history"] = _history(columns["history"])
        yield pa.record_batch(columns)


def _history(turns: pa.ListArray) -> pa.ListArray:
    texts = turns.flatten()
    fields = [redact(texts.field(name)) for name in ("instruction", "output")]
    masked = pa.StructArray.from_arrays(fields, ["instruction", "output"])
    lengths = turns.value_lengths().fill_null(0).to_numpy()
    return pa.ListArray.from_arrays(pa.array([0, *lengths.cumsum()], pa.int32()), masked)
