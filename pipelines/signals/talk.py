"""Signals that separate an answer from talk on a forum, in any language; the rule `output_talk` combines them."""

import pyarrow as pa

from pipelines.signals.phrases import count_matches
from schemas.signal import Signal

_UNQUOTED = r"regexp_replace(output_prose, '(?m)^\s*>.*$', '', 'g')"
_CLOSED = r"[^\pL\pN\s]*(?:\s|$)"
_ASKS = rf"[?？]{_CLOSED}|？"
# a mark that ends a sentence, or a line that ends without one
_ENDS = rf"[.!?]{_CLOSED}|[。！？]|(?m:[\pL\pN][^\pL\pN\n.!?。！？]*$)"
_NAMES = r"`[^`\n]+`|\w+::\w+|\w+\(\)|[A-Za-z]\w*_\w+|\b[a-z]+[A-Z]\w+"

SIGNALS = (
    Signal(
        "output_asks",
        pa.float32(),
        f"CASE WHEN regexp_matches(output_prose, '[?？]')"
        f" THEN least(1, {count_matches(_ASKS, _UNQUOTED)} / greatest(1, {count_matches(_ENDS, _UNQUOTED)}))"
        " ELSE 0 END",
        "share of its own sentences that are questions",
    ),
    Signal(
        "output_code_names",
        pa.int32(),
        count_matches(_NAMES, "left(output, 2000)"),
        "names of code in the first 2,000 characters: `x`, a::b, f(), snake_case, camelCase",
    ),
)
