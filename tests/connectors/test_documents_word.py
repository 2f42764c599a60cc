"""DOCX: what its library leaves out without a word, and where lists begin."""

from collections import Counter
from pathlib import Path

import pytest

from schemas.hole import mark_holes
from tests.connectors.told import PROSE, article
from tests.connectors.written import W, docx, paragraph, run

DRAWING = "http://schemas.openxmlformats.org/drawingml/2006"
EQUATION = '<w:object><o:OLEObject xmlns:o="urn:schemas-microsoft-com:office:office" ProgID="Equation.3"/></w:object>'


def said(folder: Path, *body: str, parts: dict[str, str | bytes] | None = None) -> str:
    (section,) = article(folder, "b.docx", docx([*body, paragraph(PROSE)], parts=parts)).sections
    return mark_holes(section.markdown, Counter()).removesuffix(PROSE).strip()


def test_formulas_kept_as_objects_leave_a_hole(tmp_path: Path) -> None:
    markup = f"{run('It is ')}<w:r>{EQUATION}</w:r>{run(' hours.')}"
    assert said(tmp_path, paragraph(markup)) == "It is ⟦?⟧ hours."


def test_an_initial_begins_its_paragraph(tmp_path: Path) -> None:
    initial = f'<w:p><w:pPr><w:framePr w:dropCap="drop" w:lines="3"/></w:pPr>{run("B")}</w:p>'
    assert said(tmp_path, initial, paragraph("read is old.")) == "Bread is old."


def test_a_picture_in_a_line_is_what_stands_in_its_place(tmp_path: Path) -> None:
    place = "http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    picture = (
        f'<w:drawing><wp:inline xmlns:wp="{place}"><wp:docPr id="1" name="x" descr="the red knob"/><a:graphic'
        f' xmlns:a="{DRAWING}/main"><a:graphicData uri="{DRAWING}/picture"><pic:pic xmlns:pic="{DRAWING}/picture">'
        f'<pic:blipFill><a:blip xmlns:r="{office}" r:embed="r9"/></pic:blipFill></pic:pic></a:graphicData></a:graphic>'
        "</wp:inline></w:drawing>"
    )
    links = (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r9"'
        f' Type="{office}/image" Target="media/a.png"/></Relationships>'
    )
    parts: dict[str, str | bytes] = {"word/_rels/document.xml.rels": links, "word/media/a.png": b"png"}
    body = paragraph(f"{run('Press ')}<w:r>{picture}</w:r>{run(' twice.')}")
    assert said(tmp_path, body, parts=parts) == "Press the red knob twice."


@pytest.mark.parametrize(
    ("numbers", "shown"),
    [
        ((1, 3), "1. Knead\n\nWait.\n\n2. Bake"),  # both are of one kind
        ((1, 4), "1. Knead\n\nWait.\n\n7. Bake"),  # which begins anew
        ((5, 5), "3. Knead\n\nWait.\n\n4. Bake"),  # whose kind begins with 3
    ],
)
def test_lists_begin_with_the_number_that_their_numbering_says(
    tmp_path: Path, numbers: tuple[int, int], shown: str
) -> None:
    kind = (
        '<w:abstractNum w:abstractNumId="{}"><w:lvl w:ilvl="0"><w:start w:val="{}"/><w:numFmt w:val="decimal"/></w:lvl>'
    )
    anew = '<w:lvlOverride w:ilvl="0"><w:startOverride w:val="7"/></w:lvlOverride>'
    told = "".join(
        f'<w:num w:numId="{own}"><w:abstractNumId w:val="{of}"/>{more}</w:num>'
        for own, of, more in ((1, 1, ""), (3, 1, ""), (4, 1, anew), (5, 2, ""))
    )
    kinds = "".join(f"{kind.format(own, first)}</w:abstractNum>" for own, first in ((1, 1), (2, 3)))
    body = [paragraph("Knead", number=numbers[0]), paragraph("Wait."), paragraph("Bake", number=numbers[1])]
    parts: dict[str, str | bytes] = {"word/numbering.xml": f"<w:numbering {W}>{kinds}{told}</w:numbering>"}
    assert said(tmp_path, *body, parts=parts) == shown
