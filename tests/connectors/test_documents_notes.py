"""Notes of books: each where it is referred to, without the number that leads to it."""

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
