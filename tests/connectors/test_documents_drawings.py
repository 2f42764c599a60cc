"""PDF: what is drawn instead of written leaves a hole where it stands among the text, and nothing else does."""

from pathlib import Path

import pytest

from schemas.hole import kinds_in, without_holes
from tests.connectors.told import article, rejected, told
from tests.connectors.written import Word, pdf, typeset

LINES = [f"Line {number} of a text about bread that is as long as the others" for number in range(12)]
HOLE = "\ufdd0embed:drawing\ufdd1"
BELOW = LINES[6:]


def glyph(x: float, y: float, width: float, height: float) -> str:
    """A letter as converters draw it: curves, filled."""
    return (
        f"{x} {y} m {x + width} {y} {x + width} {y + height} {x} {y + height} c "
        f"{x + width / 2} {y + height} {x + width / 2} {y} {x} {y} c f"
    )


def formula(x: float, y: float, letters: int = 6, size: float = 6) -> str:
    return "\n".join(glyph(x + 1.3 * size * number, y, size, size) for number in range(letters))


def picture(x: float, y: float, width: float, height: float) -> str:
    return f"q {width} 0 0 {height} {x} {y} cm BI /W 1 /H 1 /CS /G /BPC 8 ID € EI Q"


def rounded(x: float, y: float, width: float, height: float) -> str:
    """A box with round corners."""
    right, top = x + width, y + height
    return (
        f"{x + 10} {y} m {right - 10} {y} l {right} {y} {right} {y} {right} {y + 10} c {right} {top - 10} l "
        f"{right} {top} {right} {top} {right - 10} {top} c {x + 10} {top} l {x} {top} {x} {top} {x} {top - 10} c "
        f"{x} {y + 10} l {x} {y} {x} {y} {x + 10} {y} c h"
    )


def said(folder: Path, words: list[Word], drawn: str) -> str:
    return "\n\n".join(section.markdown for section in article(folder, "b.pdf", pdf([words], drawn)).sections)


def apart() -> list[Word]:
    """Two paragraphs with room for something 60 points high between them, from 584 to 644."""
    return [*typeset(LINES[:6], y=710), *typeset(BELOW, y=574)]


BETWEEN = {
    "a formula": formula(200, 610),
    "a formula of large letters": formula(150, 605, 4, 18),
    "a figure": "100 590 m 150 640 l 200 600 l 260 635 l S 100 600 m 300 640 l S",
    "a picture": picture(150, 590, 200, 48),
}


@pytest.mark.parametrize("case", BETWEEN)
def test_a_drawing_between_lines_is_one_hole_in_its_place(tmp_path: Path, case: str) -> None:
    markdown = said(tmp_path, apart(), BETWEEN[case])
    assert kinds_in(markdown) == [("embed", "drawing")]
    before, after = markdown.split(HOLE)
    assert before.strip().endswith(LINES[5]) and after.strip().startswith(LINES[6])


@pytest.mark.parametrize("drawn", [formula(139, 699, 2), picture(139, 697, 15, 9)])
def test_a_drawing_within_a_line_is_a_hole_between_its_words(tmp_path: Path, drawn: str) -> None:
    words = [*typeset(LINES[:1], y=712), (72, 700, 10, 0, "The weight of"), (158, 700, 10, 0, "is what counts here."),
             *typeset(LINES[1:], y=688)]  # fmt: skip
    assert f"{LINES[0]} The weight of {HOLE} is what counts here. {LINES[1]}" in said(tmp_path, words, drawn)


def test_a_wide_drawing_and_one_that_ends_a_line(tmp_path: Path) -> None:
    words = [*typeset(LINES[:1], y=712), (72, 700, 10, 0, "The weight of"), (230, 700, 10, 0, "is as large as"),
             *typeset(LINES[1:], y=688)]  # fmt: skip
    markdown = said(tmp_path, words, f"{formula(140, 699, 10)}\n{formula(300, 699, 8)}")
    assert f"The weight of {HOLE} is as large as {HOLE} {LINES[1]}" in markdown


NO_DRAWINGS = {
    "rules": "72 640 m 400 640 l S 72 639 328 1 re f",
    "an underline that waves": "72 698 m 80 700 88 696 96 698 c S",
    "a background": "0.9 g 60 500 480 250 re f",
    "a frame with round corners": f"{rounded(50, 500, 500, 250)} S",
    "a border with round corners": f"{rounded(50, 500, 500, 250)} {rounded(52, 502, 496, 246)} f*",
    "a bullet": glyph(60, 701, 5, 5),
    "a logo above the text": formula(72, 760, 6, 20),
    "a dividing flourish": "100 612 m 250 616 250 608 400 612 c S",
    "a picture behind the page": picture(0, 0, 600, 800),
    "an icon in the margin": glyph(20, 640, 14, 14),
    "a path that is only to cut": "100 590 m 150 640 l 200 600 l h W n",
    "bars of a table": "72 590 20 40 re f 100 590 20 30 re f",
}


@pytest.mark.parametrize("case", NO_DRAWINGS)
def test_what_only_decorates_is_no_hole(tmp_path: Path, case: str) -> None:
    markdown = said(tmp_path, apart(), NO_DRAWINGS[case])
    assert kinds_in(markdown) == [] and without_holes(markdown).count("Line") == 12


def test_a_page_that_is_drawn_is_told(tmp_path: Path) -> None:
    drawn = "\n".join(formula(72, 700 - 12 * number, 30) for number in range(20))
    assert rejected(told(tmp_path, "d.pdf", pdf([[]], drawn))) == {"d.pdf": "no_text_layer"}


def test_a_group_is_one_drawing_where_it_stands(tmp_path: Path) -> None:
    """Its parts are drawn in measures of its own."""
    drawn = formula(0, 0)
    group = f"<< /Type /XObject /Subtype /Form /BBox [0 0 60 10] /Length {len(drawn)} >>\nstream\n{drawn}\nendstream"
    body = pdf([apart()], "q 1 0 0 1 200 610 cm /G Do Q", more=(group,))
    body = body.replace(b"/Resources << /Font", b"/Resources << /XObject << /G 10 0 R >> /Font")
    markdown = article(tmp_path, "b.pdf", body).sections[0].markdown
    assert markdown == f"{' '.join(LINES[:6])}\n\n{HOLE}\n\n{' '.join(BELOW)}"
