"""Text that a library passes over in silence is read, or its place is marked, or it is told."""

import io
import json
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from lxml import etree
from pptx import Presentation
from pptx.util import Inches

from connectors.documents import archive, book
from connectors.reading import plain_yaml
from schemas.document import Article
from tests.connectors.told import MORE, PROSE, article, parts, rejected, told
from tests.connectors.written import MATHS, OFFICE, RELATIONS, W, docx, epub, paragraph, run, zipped

SPACES = (
    'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" xmlns:v="urn:schemas-microsoft-com:vml"'
    ' xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" xmlns:o="urn:schemas-microsoft-com:office:office"'
    ' xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing"'
    ' xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart"'
)
BOX = f"<w:txbxContent><w:p>{run('boxed')}</w:p></w:txbxContent>"
DRAWING = f"<w:drawing><wp:inline><a:graphic>{BOX}</a:graphic></wp:inline></w:drawing>"
CHART = "<w:drawing><wp:inline><a:graphic><c:chart/></a:graphic></wp:inline></w:drawing>"
CHOICE = '<mc:AlternateContent><mc:Choice Requires="wps">{}</mc:Choice>{}</mc:AlternateContent>'
OLDER = f"<mc:Fallback><w:pict><v:textbox>{BOX.replace('boxed', 'older')}</v:textbox></w:pict></mc:Fallback>"
WRITTEN = {
    f'<w:fldSimple w:instr="SEQ">{run("Figure 3")}</w:fldSimple>': "Figure 3",
    f'<w:bdo w:val="rtl">{run("back")}</w:bdo><w:dir w:val="ltr">{run("forth")}</w:dir>': "backforth",
    f"<w:r><w:ruby><w:rt>{run('kanji')}</w:rt><w:rubyBase>{run('漢字')}</w:rubyBase></w:ruby></w:r>": "漢字",
    "<w:r><w:t>one</w:t><w:cr/><w:t>two</w:t></w:r>": "one  \ntwo",
    f"<w:r>{DRAWING}</w:r>": "boxed",
    f"<w:r>{CHOICE.format(DRAWING, '')}</w:r>": "boxed",
    f"<w:r>{CHOICE.format(DRAWING, '<mc:Fallback><w:pict/></mc:Fallback>')}</w:r>": "boxed",
    f"<w:r>{CHOICE.format(DRAWING, OLDER)}</w:r>": "older",
    f"<w:r>{CHART}</w:r>": "⟦?⟧",
    f"<w:r>{CHOICE.format(CHART, '<mc:Fallback><w:pict/></mc:Fallback>')}</w:r>": "⟦?⟧",
    "<w:r><w:object><o:OLEObject/></w:object></w:r>": "⟦?⟧",
}


@pytest.mark.parametrize("body", WRITTEN)
def test_docx_text_that_mammoth_does_not_know(tmp_path: Path, body: str) -> None:
    shown = f"<w:p {SPACES}>{body}</w:p>"
    (markdown,) = parts(article(tmp_path, "b.docx", docx([paragraph(PROSE), shown]))).values()
    assert markdown == f"{PROSE}\n\n{WRITTEN[body]}"


def test_docx_parts_in_other_formats_and_elements_that_nobody_knows(tmp_path: Path) -> None:
    found = told(tmp_path, "b.docx", docx([paragraph(PROSE), "<w:altChunk/>", f"<w:new>{run('x')}</w:new>"]))
    assert rejected(found) == {"b.docx": "ignored_elements"} and found[0].detail == "w:new (1)"
    assert list(parts(found[1]).values()) == [f"{PROSE}\n\n⟦?⟧"]


def test_docx_notes_are_read_as_its_text_is(tmp_path: Path) -> None:
    formula = "<m:oMath><m:r><m:t>x</m:t></m:r></m:oMath>"
    note = f'<w:p>{run("See ")}<w:fldSimple w:instr="REF">{run("Figure 3")}</w:fldSimple>{formula}</w:p>'
    link = f'<Relationship Id="r8" Type="{OFFICE}/footnotes" Target="footnotes.xml"/>'
    more: dict[str, str | bytes] = {
        "word/footnotes.xml": f'<w:footnotes {W} {MATHS}><w:footnote w:id="2">{note}</w:footnote></w:footnotes>',
        "word/_rels/document.xml.rels": f'<Relationships xmlns="{RELATIONS}">{link}</Relationships>',
    }
    body = f'<w:p>{run(PROSE)}<w:r><w:footnoteReference w:id="2"/></w:r></w:p>'
    (markdown,) = parts(article(tmp_path, "b.docx", docx([body], parts=more))).values()
    assert markdown == f"{PROSE} (See Figure 3$x$)"


def slides(*, beside: str = "", frame: str = "") -> bytes:
    """A slide with a list, a text box within a choice with `beside` as its fallback, and a frame of its own."""
    deck = Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[1])
    slide.placeholders[1].text = PROSE
    box = slide.shapes.add_textbox(0, Inches(5), Inches(5), Inches(1))
    box.text_frame.text = MORE
    around = etree.fromstring(f"<p xmlns='x' {SPACES}>{CHOICE.format('', beside)}</p>")[0]
    box._element.addprevious(around)
    around[0].append(box._element)
    if frame:
        table = slide.shapes.add_table(1, 1, 0, Inches(6), Inches(5), Inches(1))
        table._element.graphic.graphicData.set("uri", frame)
    out = io.BytesIO()
    deck.save(out)
    return out.getvalue()


def test_slides_shapes_that_stand_beside_a_picture_of_them(tmp_path: Path) -> None:
    beside = '<mc:Fallback><p:sp xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main"/></mc:Fallback>'
    assert list(parts(article(tmp_path, "b.pptx", slides(beside=beside))).values()) == [f"- {PROSE}\n\n{MORE}"]


def test_slides_objects_of_other_programs_are_holes(tmp_path: Path) -> None:
    body = slides(frame="http://schemas.openxmlformats.org/presentationml/2006/ole")
    assert list(parts(article(tmp_path, "b.pptx", body)).values()) == [f"- {PROSE}\n\n{MORE}\n\n⟦?⟧"]


def test_epub_files_of_the_spine_that_cannot_be_read_are_told(tmp_path: Path) -> None:
    body = epub({"a.xhtml": f"<p>{PROSE}</p>", "b.xhtml": f"<p>{MORE}</p>", "c.xhtml": "x" * (2 << 20)})
    with ZipFile(io.BytesIO(body)) as opened:
        files: dict[str, Any] = {name: opened.read(name) for name in opened.namelist() if not name.endswith("b.xhtml")}
    files["OPS/book.opf"] = files["OPS/book.opf"].replace(
        b"</spine>", b'<itemref idref="nothing"/><itemref idref="p"/></spine>'
    ).replace(b"</manifest>", b'<item id="p" href="p.svg" media-type="image/svg+xml"/></manifest>')  # fmt: skip
    found = told(tmp_path, "b.epub", zipped(files))
    assert rejected(found) == {
        "b.epub/nothing": "missing_file", "b.epub/OPS/p.svg": "unsupported_format",
        "b.epub/OPS/b.xhtml": "missing_file", "b.epub/OPS/c.xhtml": "zip_bomb",
    }  # fmt: skip
    assert [each.key for each in found if isinstance(each, Article)] == ["b.epub/OPS/a.xhtml"]


def test_epub_chapters_of_any_length_are_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(book, "LONGEST", 700)
    chapters = {f"{name}.xhtml": f"<p>{name} {PROSE}</p>" for name in "abcde"}
    found = told(tmp_path, "b.epub", epub(chapters, nav='<li><a href="a.xhtml">Bread</a></li>'))
    assert [(each.key, each.title) for each in found] == [(f"b.epub/OPS/{name}.xhtml", "Bread") for name in "ace"]
    assert "".join("".join(parts(each).values()) for each in found).count(PROSE) == 5


def test_notebook_cells_of_kinds_to_come_and_metadata_of_any_type(tmp_path: Path) -> None:
    text = {"cell_type": "markdown", "source": PROSE, "metadata": {"tags": 5}}
    cells = [text, {"cell_type": "sql", "source": "select 1"}, "no cell"]
    found = article(tmp_path, "b.ipynb", json.dumps({"nbformat": 4, "cells": cells}).encode())
    assert list(parts(found).values()) == [f"{PROSE}\n\n⟦?⟧\n\n⟦?⟧"]
    assert rejected(told(tmp_path, "c.ipynb", b'{"worksheets": [{"cells": 5}]}')) == {"c.ipynb": "empty_notebook"}


@pytest.mark.parametrize(
    "value", ["!!bool maybe", "!!int ''", "!!timestamp x", "!!float _", "&a [*a]", "[", "? [a]: b"]
)
def test_yaml_that_lies_about_its_types_raises_nothing(tmp_path: Path, value: str) -> None:
    assert plain_yaml.load(f"a: {value}") is None or value.startswith("?")
    found = article(tmp_path, "b.md", f"---\nlicense: {value}\n---\n{PROSE}".encode())
    assert PROSE in "".join(parts(found).values())


def test_yaml_with_half_a_letter(tmp_path: Path) -> None:
    assert plain_yaml.load('{"a\\ud800": ["\\ud800b"]}') == {"a": ["b"]}
    assert article(tmp_path, "b.md", f'---\ntitle: "\\ud800"\nlicense: "\\ud800"\n---\n{PROSE}'.encode()).title


def test_a_zip_without_files_and_one_with_a_nameless_file(tmp_path: Path) -> None:
    assert rejected(told(tmp_path, "a.zip", zipped({"dir/": ""}))) == {"a.zip": "empty_archive"}
    assert rejected(told(tmp_path, "b.zip", zipped({"\0": PROSE}))) == {"b.zip": "ignored_file"}


def test_a_list_of_files_of_any_length_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    entry = b"PK\x01\x02" + bytes(24) + b"\x01\x00" + bytes(16) + b"a"
    end = b"PK\x05\x06" + bytes(8) + (len(entry) * 201_000).to_bytes(4, "little") + bytes(6)
    body = b"PK\x03\x04" + entry * 201_000 + end
    monkeypatch.setattr(archive, "ZipFile", None)
    assert rejected(told(tmp_path, "b.zip", body)) == {"b.zip": "too_large"}
    assert rejected(told(tmp_path, "b.docx", body)) == {"b.docx": "too_large"}
