"""What curation decided about each record, and the columns it publishes."""

import pyarrow as pa

from schemas.record import HISTORY, STAMP

# `value` is the JSON of the columns the rule looked at, as measured.
REASONS = pa.list_(pa.struct([("rule", pa.string()), ("value", pa.string())]))

VERDICT = pa.schema(
    [
        ("record_id", pa.string()),
        ("kept", pa.bool_()),
        ("reasons", REASONS),
        ("duplicate_of", pa.string()),
        ("split", pa.string()),
    ]
)

PUBLISHED = pa.schema(
    [
        ("record_id", pa.string()),
        ("instruction", pa.string()),
        ("input", pa.string()),
        ("output", pa.string()),
        ("history", HISTORY),
        ("task", pa.string()),
        ("language", pa.string()),
        ("source", pa.string()),
        ("source_kind", pa.string()),
        ("url", pa.string()),
        ("title", pa.string()),
        ("licence", pa.string()),
        ("author", pa.string()),
        ("created_at", STAMP),
        ("score", pa.int32()),
        ("quality", pa.float32()),
        ("split", pa.string()),
    ]
)
