"""A signal of pages that are translated in part: English words in what is asked about in another language."""

import pyarrow as pa

from pipelines.signals.phrases import count_matches
from schemas.signal import Signal

# Words that English has in every other sentence, and other languages do not write so
_ENGLISH = r"(?i)(?:^|[^A-Za-z])(?:the|and|of|that|with|which|this|are|from|you|is|for)(?:[^A-Za-z]|$)"
# What questions in other languages have in them, by the templates that ask them
FOREIGN = r"[«»¿„「」]|[\p{Cyrillic}\p{Han}\p{Hangul}\p{Hiragana}\p{Katakana}]{3}"
# Without quotations and inline code
_TEXT = r"regexp_replace(output_prose, '(?m)^>[^\n]*$|`[^`\n]*`', ' ', 'g')"
_IS_FOREIGN = f"kind IN ('explanation', 'how_to', 'question') AND regexp_matches(instruction, '{FOREIGN}')"

SIGNALS = (
    Signal(
        "output_english_words",
        pa.int32(),
        f"CASE WHEN {_IS_FOREIGN} THEN {count_matches(_ENGLISH, _TEXT)} ELSE 0 END",
        "common English words in an answer that is asked for in another language",
    ),
)
