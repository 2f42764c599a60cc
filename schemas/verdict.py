"""What curation decided about each record, and the columns it publishes."""

import pyarrow as pa

from schemas.record import HISTORY, STAMP

# `value` is the JSON of the columns the rule looked at, as measured.
REASONS = pa.list_(pa.struct([("rule", pa.string()), ("value", pa.string())]))

# `decision` is what a person said of the record: accept, edit, reject, or "" for nothing; `overruled` are the rules it
# breaks and was accepted all the same.
VERDICT = pa.schema(
    [
        ("record_id", pa.string()),
        ("kept", pa.bool_()),
        ("reasons", REASONS),
        ("duplicate_of", pa.string()),
        ("split", pa.string()),
        ("decision", pa.string()),
        ("overruled", REASONS),
    ]
)

# What a policy sees of the benchmarks, null where none was found in the record: see pipelines/curate/decontaminate.py.
CONTAMINATION = pa.schema(
    [("contamination", pa.float32()), ("contamination_8", pa.float32()), ("contamination_13", pa.float32())]
)

# The evidence, side by side: the words that record and benchmark item share, first to last.
CONTAMINATED = pa.schema(
    [
        ("record_id", pa.string()),
        ("benchmark", pa.string()),
        ("item", pa.string()),
        *CONTAMINATION,
        ("answer_found", pa.bool_()),
        ("record_text", pa.string()),
        ("item_text", pa.string()),
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
