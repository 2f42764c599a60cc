"""Where an answer that is too long ends. Sizes are characters here."""

import pytest

from pipelines.finetune.cutting import cut

CODE = "```py\nfirst()\n\nsecond()\n```"
PARTS = "One thing. Another thing.\n\n- an item\n- a second item. It is long.\n\n" + CODE + "\n\nThe end of it."


def until(text: str, size: int) -> str:
    return cut(text, lambda part: len(part) <= size)


@pytest.mark.parametrize(
    ("size", "last"),
    [
        (len(PARTS), "of it."),  # all of it
        (len(PARTS) - 1, "second()\n```"),  # behind the code
        (PARTS.index("```py") + 20, "It is long."),  # not within it
        (PARTS.index("second item") + 9, "- an item"),  # behind an item
        (30, "Another thing."),
        (24, "One thing."),  # behind a sentence, where no paragraph fits
        (9, "One"),  # between words, where no sentence fits
        (2, ""),  # nothing fits
    ],
)
def test_it_ends_behind_a_block_or_else_a_sentence_or_else_a_word(size: int, last: str) -> None:
    kept = until(PARTS, size)
    assert PARTS.startswith(kept) and len(kept) <= size
    assert kept.endswith(last) and bool(kept) == bool(last)


def test_a_code_block_is_cut_by_lines_where_there_is_no_other_place() -> None:
    assert until(CODE, len(CODE) - 1) == "```py\nfirst()\n\nsecond()"
    assert until("Well.\n\n" + CODE, len(CODE)) == "Well."


def test_a_long_paragraph_is_cut_by_sentences_rather_than_left_out() -> None:
    """Where the paragraph before it is less than half of what fits."""
    long = " ".join(f"Sentence {number} of it." for number in range(40))
    assert until(f"Short.\n\n{long}", 200).endswith("of it.") and len(until(f"Short.\n\n{long}", 200)) > 170
    half = "A paragraph that is long enough to end with. It has a hundred characters or so, if one counts all."
    assert until(f"{half}\n\n{long}", 180) == half


def test_what_announces_more_is_no_end() -> None:
    for colon in (":", "："):
        text = f"A paragraph.\n\nDo this{colon}\n\n{CODE}\n\nDone."
        assert until(text, text.index("second()")) == "A paragraph."
    assert until("A paragraph.\n\n## Next\n\nMore of it, which is long.", 30) == "A paragraph."


def test_sentences_end_where_people_end_them() -> None:
    assert until("Some dogs, e.g. Rex, and Dr. who barks. Cats do not bark at all.", 50).endswith("barks.")
    example = "One is here. Some dogs, e.g. rex, bark all the day long."
    assert until(example, example.index("rex")) == "One is here."
    assert until("1. First step of it, and more.", 12) == "1. First"
    assert until("1. First do this. Then do that, and more of it.", 20) == "1. First do this."
    assert until("1. First do this, and more of it.", 5) == "1."  # by a word: no sentence fits
    assert until("先做这个。然后做那个。最后做完。", 12) == "先做这个。然后做那个。"
    assert until("He said “Stop.” Then he left the room for good.", 30) == "He said “Stop.”"


def test_tables_stay_whole() -> None:
    table = "Look.\n\n| a | b |\n|---|---|\n| One. Two. | 2 |\n| 3 | 4 |"
    assert until(table, len(table) - 2) == "Look."


def test_words_without_spaces_have_no_end() -> None:
    assert until("x" * 100, 50) == ""
