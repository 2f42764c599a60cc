"""Signals of length: characters, words and lines of each field."""

import pyarrow as pa

from pipelines.signals.text import count_words
from schemas.signal import Signal

_WORDS = "words of spaced scripts, characters of unspaced ones (Chinese, Japanese, Thai …)"


def instruction_words(table: pa.Table) -> pa.Array:
    """Return int32 per row: words of the instruction."""
    return count_words(table["instruction"])


def input_words(table: pa.Table) -> pa.Array:
    """Return int32 per row: words of the input."""
    return count_words(table["input"])


def output_words(table: pa.Table) -> pa.Array:
    """Return int32 per row: words of the output."""
    return count_words(table["output"])


SIGNALS = (
    Signal("instruction_chars", pa.int32(), "length(instruction)", "Unicode characters"),
    Signal("input_chars", pa.int32(), "length(input)", "Unicode characters"),
    Signal("output_chars", pa.int32(), "length(output)", "Unicode characters"),
    Signal("instruction_words", pa.int32(), instruction_words, _WORDS),
    Signal("input_words", pa.int32(), input_words, _WORDS),
    Signal("output_words", pa.int32(), output_words, _WORDS),
    Signal(
        "output_lines", pa.int32(), r"len(list_filter(string_split(output, chr(10)), x -> trim(x) <> ''))", "not blank"
    ),
)
