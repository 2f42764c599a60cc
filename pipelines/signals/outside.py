"""Counts of phrases outside of what makes them harmless: words of medicine, a quotation.

Python's RE2 and not DuckDB's, since its memory can be set. Large patterns have more states than 8 MiB hold; RE2 then
makes the same ones again and again, and takes ten times as long.
"""

from collections.abc import Sequence
from functools import cache

import pyarrow as pa
import pyarrow.compute as pc
import re2

_MEMORY = 64 << 20  # bytes at most for a pattern with its states; 64 MiB hold those of 100,000 texts
# Latin beyond ASCII, marks that combine with it, Greek, Cyrillic; no Han, beside which a word of ASCII is a word
_LETTERS = re2.compile(rb"[\x{aa}\x{b5}\x{ba}\x{c0}-\x{24f}\x{300}-\x{52f}\x{1e00}-\x{1fff}]")


def joined(table: pa.Table, *columns: str) -> list[bytes]:
    """Return for each row the texts of these columns as UTF-8, one below the other."""
    texts = [pc.fill_null(table[column].cast(pa.large_binary()), b"") for column in columns]
    return list(pc.binary_join_element_wise(*texts, pa.scalar(b"\n", pa.large_binary())).to_pylist())


def count_outside(texts: list[bytes], patterns: Sequence[str], harmless: str) -> pa.Array:
    """Return for each text the matches of all `patterns` outside of those of `harmless`, as int32.

    `harmless` is searched only in texts that match a pattern. RE2's `\\b` knows ASCII only and would find a word within
    a longer one (`Doļkys`): other letters of alphabets are `_`, which no pattern for this may therefore hold.
    """
    counts = [0] * len(texts)
    for pattern in map(_compiled, patterns):
        for row, text in enumerate(texts):
            if pattern.search(text):
                rest = _compiled(harmless).sub(b" ", _LETTERS.sub(b"_", text))
                counts[row] += sum(1 for _ in pattern.finditer(rest))
    return pa.array(counts, pa.int32())


@cache
def _compiled(pattern: str) -> "re2._Regexp[bytes]":
    options = re2.Options()
    options.max_mem = _MEMORY
    return re2.compile(pattern.encode(), options)
