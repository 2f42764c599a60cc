"""Notes of books, each where it is referred to, without the number that leads to it; and what leads elsewhere."""

from pathlib import Path

import pytest

from tests.connectors.told import PROSE, article
from tests.connectors.written import epub


@pytest.mark.parametrize(
    ("note", "shown"),
    [
        ("2 Rye too.", "Rye too"),
        ("[2] Rye too.", "Rye too"),
        ("2. Rye too.", "Rye too"),
        ("21 loaves.", "21 loaves"),
        ("2", "2"),
        ("Rye too.", "Rye too"),
    ],
)
def test_a_note_stands_without_its_number(tmp_path: Path, note: str, shown: str) -> None:
    body = f'<p>Take flour<a epub:type="noteref" href="#n">2</a>.</p><p>{PROSE}</p>'
    book = epub({"c.xhtml": f'{body}<aside epub:type="footnote" id="n"><p>{note}</p></aside>'}, nav="")
    (section,) = article(tmp_path, "b.epub", book).sections
    assert section.markdown == f"Take flour ({shown}).\n\n{PROSE}"


def test_a_formula_whose_alternative_says_nothing_is_read_from_its_parts(tmp_path: Path) -> None:
    formula = (
        '<math xmlns="http://www.w3.org/1998/Math/MathML" alttext="Alternative text not available"><mi>x</mi></math>'
    )
    book = epub({"c.xhtml": f"<p>Take {formula} loaves.</p><p>{PROSE}</p>"}, nav="")
    (section,) = article(tmp_path, "b.epub", book).sections
    assert section.markdown == f"Take $x$ loaves.\n\n{PROSE}"


def test_ways_to_other_files_of_a_book_are_none_of_it(tmp_path: Path) -> None:
    before = '<div><b>Previous topic:</b> <a href="b.xhtml">Water</a></div>'
    ways = f'<div>{before}<p>Next topic: <a href="d.xhtml">Salt</a></p></div>'
    said = f'<p>Next topic: salt, of which <a href="d.xhtml">chapter 3</a> says more. {PROSE}</p>'
    (section,) = article(tmp_path, "b.epub", epub({"c.xhtml": said + ways}, nav="")).sections
    assert section.markdown.startswith("Next topic: salt, of which chapter 3 says more.")
    assert section.markdown.endswith(PROSE)
