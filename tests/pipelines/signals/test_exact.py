"""Texts that are equal but for case, width and white space, and hashes that see no more and no less."""

import unicodedata

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.signals import exact
from pipelines.signals.text import IGNORED, SPACE, character_tables, kind_of


def pair(instruction: str, input: str, output: str) -> pa.Table:
    return pa.table({"instruction": [instruction], "input": [input], "output": [output]})


@pytest.mark.parametrize(
    ("other", "same"),
    [
        (("what  is\nX?", "", "An answer."), True),
        (("What is X？", "", "An answer."), True),  # full-width
        (("What is X?", "An answer.", ""), False),
        (("What is X", "", "An answer."), False),
        (("What is X+?", "", "An answer."), False),
        (("What is X?", "", "An\u200b answer."), True),
    ],
)
def test_exact_duplicates_differ_in_case_width_and_white_space_only(other: tuple[str, str, str], same: bool) -> None:
    ours, theirs = exact.pair_hash(pair("What is X?", "", "An answer.")), exact.pair_hash(pair(*other))
    assert (ours == theirs) == same
    assert len(ours[0].as_py()) == 32


def folded(text: str) -> str:
    """What `fold_key` should make of a text, in a slow and simple way."""
    kinds, folds = character_tables()
    kept = [char for char in text if kind_of(ord(char), kinds) != IGNORED]
    spaced = (" " if kind_of(ord(char), kinds) == SPACE else char for char in kept)
    return " ".join("".join(chr(folds[ord(c)]) if ord(c) < 0x10000 else c for c in spaced).split())


PIECES = st.sampled_from([*"azAZ09@[`{ \t\n\x00\x1f\x7fé漢ȺＡ\u200b\u3000𠀀", "word " * 13, "x" * 63, "Two  ", "Naïve"])


@given(st.lists(PIECES, max_size=40).map("".join))
def test_blocks_fold_as_single_characters_do(text: str) -> None:
    (made,) = exact.fold_key(pa.table({"output": [text]}), "output")
    assert bytes(made).decode() == folded(text)


@pytest.mark.parametrize("kind", ["NFC", "NFKC"])
def test_every_character_survives_folding_in_utf8(kind: str) -> None:
    """The longest ones too: none is cut, and none runs into the next text."""
    chars = [chr(code) for code in range(1, 0x30000, 7) if unicodedata.category(chr(code)) not in ("Cs", "Cn")]
    made = exact.fold_key(pa.table({"output": [unicodedata.normalize(kind, char * 3) for char in chars]}), "output")
    assert all(bytes(row).decode() is not None for row in made)


def test_each_key_looks_at_its_own_fields() -> None:
    one, other = pair("Add these.", "1 2", "3"), pair("Add these.", "1 2", "Three.")
    assert exact.instruction_hash(one) == exact.instruction_hash(other)
    assert exact.instruction_hash(one) != exact.instruction_hash(pair("Add these.", "4 5", "3"))
    assert exact.output_hash(one) == exact.output_hash(pair("Count to this.", "", "3"))
    assert exact.pair_hash(one) != exact.pair_hash(other)
