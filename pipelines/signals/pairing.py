"""Signals of how well instruction and output belong together."""

import numpy as np
import pyarrow as pa
from numba import njit

from pipelines.signals.text import CharacterTables, Texts, Words, character_tables, split_words, texts_of, word_buffers
from schemas.signal import Signal

_ASKS = (
    r"(?i)[?？]"
    r"|^\W*(?:what|how|why|when|where|who|whom|whose|which|is|are|am|was|were|do|does|did|can|could|should"
    r"|would|will|shall|has|have|may|might|isn''t|aren''t|doesn''t|don''t|can''t)\b"
    r"|\b(?:how (?:to|do|can|does|is|are)|what (?:is|are|does)|why (?:is|are|does|do))\b"
    r"|什么|怎么|怎样|如何|为什么|为何|哪[里些个种一位儿]|多少|几[个种次点时]|是否|能否|可否|能不能|可不可以|有没有|是不是|吗\s*$|呢\s*$|何时|谁|甚麼|什麼|怎麼|為什麼"
)


def pair_overlap(table: pa.Table) -> pa.Array:
    """Return float32 per row: share of the instruction's different words that the output has, or null."""
    instructions, outputs = texts_of(table["instruction_prose"]), texts_of(table["output_prose"])
    shares = np.full(instructions.rows, np.nan, np.float32)
    _overlap(instructions, outputs, character_tables(), word_buffers(instructions), word_buffers(outputs), shares)
    return pa.array(shares, from_pandas=True)


@njit(cache=True, nogil=True)
def _overlap(
    instructions: Texts, outputs: Texts, tables: CharacterTables, left: Words, right: Words, shares: np.ndarray
) -> None:
    for row in range(len(shares)):
        count = split_words(instructions.data, instructions.offsets[row], instructions.offsets[row + 1], tables, left)
        against = split_words(outputs.data, outputs.offsets[row], outputs.offsets[row + 1], tables, right)
        if count:
            shares[row] = _containment(left.hashes[:count], right.hashes[:against])


@njit(cache=True, nogil=True)
def _containment(one: np.ndarray, other: np.ndarray) -> float:
    """Return the share of the different values of `one` that are in `other`; both are sorted in place."""
    one.sort()
    other.sort()
    different, shared, at = 0, 0, 0
    for k in range(len(one)):
        if k and one[k] == one[k - 1]:
            continue
        while at < len(other) and other[at] < one[k]:
            at += 1
        different += 1
        shared += at < len(other) and other[at] == one[k]
    return shared / different


def _plain(field: str) -> str:
    return rf"regexp_replace(lower({field}), '[\s\pP\pS]+', '', 'g')"


def _same(one: str, other: str) -> str:
    """Return an expression: whether two texts are equal but for blanks and a full stop at the end."""
    plain = [rf"regexp_replace(trim({field}), '\s+|[.。]\s*$', ' ', 'g')" for field in (one, other)]
    return f"rtrim({plain[0]}) = rtrim({plain[1]})"


# What is sorted may be in order already.
_SORTED = r"(?i)\b(?:sort|order|arrange|rank|organi[sz]e|sequence|transcribe|alphabeti\w+)\b"
# An edit changes what it is given: letters, marks or blanks. A word may be its own plural, past or synonym.
_MARKS_ASKED = (
    r"(?i)\b(?:punctuat\w*|full stop|period|grammar|grammatical\w*|correct\w*|proofread|copy|paste|repeat|output the"
    r"|(?:white)?spaces?|line breaks?|paragraphs?|lines|parts)\b|标点|句号|语法|纠正|校对|重复|复制|抄写|空格|换行|段落"
)
_REPEATS_INPUT = rf"""
CASE WHEN NOT regexp_matches(trim(input), '[\s\p{{Han}}]') OR regexp_matches(instruction, '{_SORTED}') THEN false
WHEN regexp_matches(instruction, '{_MARKS_ASKED}') THEN trim(output) = trim(input)
  AND NOT regexp_matches(instruction, '(?i)\b(?:copy|paste|repeat|output the)\b|重复|复制|抄写')
ELSE {_same("output", "input")} END"""

# What is equal begins alike, which costs less to see.
_BEGINS = _plain("left(output, 100)")
_BEGINS_ALIKE = (
    f"starts_with({_plain('concat(instruction, input)')}, {_BEGINS}) OR starts_with({_plain('input')}, {_BEGINS})"
)

_EQUALS_QUESTION = f"""CASE WHEN NOT ({_BEGINS_ALIKE}) THEN false ELSE {_plain("output")} <> ''
AND ({_plain("output")} IN ({_plain("instruction")}, {_plain("concat(instruction, input)")})
  OR {_plain("output")} = {_plain("input")} AND {_REPEATS_INPUT}) END"""

SIGNALS = (
    Signal(
        "pair_overlap", pa.float32(), pair_overlap, "share of the instruction's different words that the output has"
    ),
    Signal(
        "output_equals_question",
        pa.bool_(),
        _EQUALS_QUESTION,
        "the question, but for case, white space and punctuation, or the input as it stands; Self-Instruct",
        3,
    ),
    Signal("instruction_question", pa.bool_(), f"regexp_matches(instruction_prose, '{_ASKS}')", "asks something"),
)
