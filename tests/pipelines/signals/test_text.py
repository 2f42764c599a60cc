"""Words and prose as the kernels see them."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.signals.prose import mask_code
from pipelines.signals.text import character_tables, count_words, hash_words, split_words, texts_of, word_buffers

WORDS = [
    ("", 0),
    ("one two  three\n", 3),
    ("Don't stop, it's 5 o'clock", 5),
    ("it’s a ’quoted’ word", 4),
    ("snake_case x.y a-b", 6),
    ("你好，世界！", 4),
    ("用 Python 写代码", 5),
    ("ひらがな", 4),
    ("한국어 문장", 2),
    ("Straße naïve Ελληνικά русский", 4),
    ("😀 ok 👍🏽", 1),
    ("𠀀𠀁", 2),
    ("zero​width", 1),
]


@pytest.mark.parametrize(("text", "count"), WORDS)
def test_words_are_counted_in_every_script(text: str, count: int) -> None:
    assert count_words(pa.array([text])).to_pylist() == [count]


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("ABC", "abc"),
        ("ＡＢＣ", "abc"),
        ("漢語學習", "汉语学习"),
        ("it’s", "IT'S"),
        ("**bold**, text!", "bold text"),
        ("ÄÖ", "äö"),
    ],
)
def test_case_width_markup_and_variants_are_folded(left: str, right: str) -> None:
    assert (hash_words(left) == hash_words(right)).all()


@pytest.mark.parametrize(("left", "right"), [("ab c", "a bc"), ("ab", "ba"), ("a", "aa"), ("买", "卖"), ("a b", "b a")])
def test_different_words_hash_differently(left: str, right: str) -> None:
    assert hash_words(left).tolist() != hash_words(right).tolist()


# letters at both ends of their ranges and their neighbours, words longer than two lanes, blocks that end in a word
PIECES = st.sampled_from(
    [*"azAZ09@[`{/:_' \t.\n\x00\x1f\x7f’é好ＡΩ\u200b", "don't", "it’s", "word" * 5, "x" * 63, "naïve", "  "]
)
FAR = "and so on " * 10  # farther from the end of the buffer than any block reaches


@given(st.lists(PIECES, max_size=60).map("".join))
def test_words_in_blocks_are_those_found_character_by_character(text: str) -> None:
    held = texts_of(pa.array(["before'", text, FAR]))
    words = word_buffers(held)
    count = split_words(held.data, held.offsets[1], held.offsets[2], character_tables(), words)
    alone = texts_of(pa.array([text]))
    slow = word_buffers(alone)
    assert count == split_words(alone.data, alone.offsets[0], alone.offsets[1], character_tables(), slow)
    for ours, theirs in zip(words[:3], slow[:3], strict=True):
        assert np.array_equal(ours[:count], theirs[:count])


def test_slices_nulls_and_chunks_read_alike() -> None:
    column = pa.chunked_array([pa.array(["skip", "one two"]), pa.array([None, "三个字"])])
    assert count_words(column.slice(1)).to_pylist() == [2, 0, 3]
    assert count_words(pa.chunked_array([], pa.string())).to_pylist() == []
    assert texts_of(pa.array([], pa.string())).rows == 0


def test_broken_utf8_reads_to_its_end_and_no_further() -> None:
    broken = pa.Array.from_buffers(pa.string(), 1, [None, pa.py_buffer(b"\0\0\0\0\4\0\0\0"), pa.py_buffer(b"ab \xf0")])
    assert count_words(broken).to_pylist() == [1]


PROSE = [
    ("plain text", "plain text", 0.0, False),
    ("a\n```py\nx = 1\n```\nb", "a\n\nb", 6 / 19, False),
    ("a\n~~~\n```\n~~~\nb", "a\n\nb", 4 / 15, False),
    ("````\n```\n````\nend", "\nend", 4 / 17, False),
    ("open\n```\ncode", "open\n\n", 4 / 13, True),
    ("```inline``` stays", "```inline``` stays", 0.0, False),
    ("- item\n  ```\n  code\n  ```\n- next", "- item\n\n- next", 7 / 32, False),
    ("- ```\n  code\n  ```\n\n  text", "\n\n  text", 7 / 26, False),
    ("1. ```sh\n   ls\n   ```\nb", "\nb", 6 / 23, False),
    ("> ```\n> code\n> ```\n> b", "\n> b", 7 / 22, False),
    ("```\n> ```\n```\nb", "\nb", 6 / 15, False),
    ("- [x] done\n-- ```no``` \n1.5 ```", "- [x] done\n-- ```no``` \n1.5 ```", 0.0, False),
    ("", "", 0.0, False),
    ("``` \n中文\n```  \n后", "\n后", 7 / 21, False),
]


@pytest.mark.parametrize(("text", "prose", "share", "unclosed"), PROSE)
def test_fenced_code_is_masked(text: str, prose: str, share: float, unclosed: bool) -> None:
    masked = mask_code(pa.array(["before", text]).slice(1))
    assert masked.prose.to_pylist() == [prose]
    assert masked.code_share[0] == pytest.approx(share)
    assert masked.unclosed[0] == unclosed
