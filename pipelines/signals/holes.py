"""Holes: places where a source held something that could not be read (schemas/hole.py)."""

import pyarrow as pa

from schemas.hole import MARK
from schemas.signal import Signal

_ASKED = "concat_ws(' ', instruction, input)"
_ALL = "concat_ws(chr(10), instruction, input, output)"
# A mark with a letter or digit beside it on its line: without what stood there, the sentence is not what its author
# wrote. A mark that has its line for itself was a picture, a box or a form.
_IN_SENTENCE = r"(?m)^[^\n]*[\p{L}\p{N}][^\n]*⟦\?⟧|⟦\?⟧[^\n]*[\p{L}\p{N}]"


def _count(text: str) -> str:
    return f"CAST((length({text}) - length(replace({text}, '{MARK}', ''))) // {len(MARK)} AS INTEGER)"


SIGNALS = (
    Signal("instruction_holes", pa.int32(), _count(_ASKED), "holes in question and input"),
    Signal("output_holes", pa.int32(), _count("output"), "holes in the answer"),
    Signal(
        "pair_holes_in_sentences",
        pa.int32(),
        f"CASE WHEN contains({_ALL}, '{MARK}') THEN len(regexp_extract_all({_ALL}, '{_IN_SENTENCE}')) ELSE 0 END",
        "lines of question and answer with words and a hole",
    ),
)
