"""Verdicts: what curate decides about each record; and the columns that it publishes."""

import pyarrow as pa

from schemas.record import HISTORY, PAIR, STAMP

# `value` is a JSON object with the values of the columns that the rule uses.
REASONS = pa.list_(pa.struct([("rule", pa.string()), ("value", pa.string())]))

# `decision` is that of a person: accept, edit, reject, or "" for none. `overruled` are the rules that a record breaks
# which a person accepted. `target` is the nearest line of the policy's `mixture.like`, with the cosine of
# embeddings; null without such a file, and of what caps, quotas and rules had left out before.
VERDICT = pa.schema(
    [
        ("record_id", pa.string()),
        ("kept", pa.bool_()),
        ("reasons", REASONS),
        ("duplicate_of", pa.string()),
        ("split", pa.string()),
        ("decision", pa.string()),
        ("overruled", REASONS),
        ("target", pa.string()),
        ("target_cosine", pa.float32()),
    ]
)

# The highest scores of a record over all benchmark items, null where no item was found in it. Policies may use them;
# pipelines/curate/decontaminate.py defines them.
CONTAMINATION = pa.schema(
    [("contamination", pa.float32()), ("contamination_8", pa.float32()), ("contamination_13", pa.float32())]
)

# The evidence: the text from the first to the last shared n-gram, in the record and in the benchmark item.
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
        ("system", pa.string()),
        ("tools", pa.string()),
        ("reasoning", pa.string()),
        ("tool_calls", pa.string()),
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

# `split` is that of the pair's question: where the question is held out, the pair is held out with it.
PUBLISHED_PAIR = PAIR.append(pa.field("split", pa.string()))
