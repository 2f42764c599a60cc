"""Texts are cut into the most likely pieces."""

import numpy as np
import pytest

from pipelines.models import pieces

WORDS = {"<unk>": 0.0, "▁": -3.0, "▁un": -4.0, "▁under": -6.0, "der": -5.0, "stand": -4.0, "▁understand": -9.0,
         "安": -6.0, "装": -6.0, "安装": -7.0, "▁安": -9.0}  # fmt: skip
TABLE = pieces.vocabulary(list(WORDS), list(WORDS.values()))
VECTORS = np.eye(len(WORDS), dtype=np.int8)


def plainly(text: str) -> float:
    """The best score of any way to cut the text."""
    best = [0.0] + [-np.inf] * len(text)
    for end in range(1, len(text) + 1):
        best[end] = best[end - 1] + min(WORDS.values()) - 10
        for piece, score in WORDS.items():
            if text[:end].endswith(piece):
                best[end] = max(best[end], best[end - len(piece)] + score)
    return best[-1]


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        ("understand", {"▁understand"}),
        ("  under\n stand ", {"▁under", "▁", "stand"}),
        ("安装", {"▁", "安装"}),
        ("ｕｎ", {"▁un"}),  # full-width letters
        ("", set()),
        (" \t", set()),
    ],
)
def test_the_most_likely_pieces_are_taken(text: str, cut: set[str]) -> None:
    total, counts, unknown = pieces.sums([text], TABLE, VECTORS)
    assert {list(WORDS)[at] for at in np.flatnonzero(total[0])} == cut
    assert counts[0] == total[0].sum() and unknown[0] == 0


def test_no_way_to_cut_is_better() -> None:
    draw = np.random.RandomState(2)
    for _ in range(60):
        text = "".join(draw.choice(["un", "der", "stand", "安装", " ", "安", "x"], 6))
        total, _, unknown = pieces.sums([text], TABLE, VECTORS)
        values = np.array([*WORDS.values()])
        values[0] = values.min() - 10
        prepared = pieces.prepared(text).decode()
        assert total[0] @ values == pytest.approx(plainly(prepared)), text
        assert unknown[0] >= prepared.count("x")


def test_what_is_not_text_is_unknown_and_harmless() -> None:
    total, counts, unknown = pieces.sums(["\ud800 \x00", "é" * 3, "😀"], TABLE, VECTORS)
    assert list(unknown) == [3, 3, 1] or (unknown > 0).all()
    assert (counts >= unknown).all() and total[:, 0].tolist() == unknown.tolist()
