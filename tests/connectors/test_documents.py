"""Files that people have, whole and hostile, and what becomes of each of them."""

import io
import json
import random
import struct
import tracemalloc
from collections import Counter
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from pptx import Presentation
from pptx.util import Inches

from connectors.documents.material import licence_in
from schemas.document import Article
from schemas.hole import mark_holes
from tests.connectors.told import HALVES, MORE, PROSE, article, parts, read, rejected, told
from tests.connectors.written import docx, epub, paragraph, pdf, run, typeset, zipped

SAMPLES = Path(__file__).parent / "documents"


def test_docx_headings_by_style_and_outline_and_no_table_of_contents(tmp_path: Path) -> None:
    core = "<dc:title>Another</dc:title><dc:rights>CC BY-SA 4.0</dc:rights><dc:language>en-GB</dc:language>"
    body = [
        paragraph("Bread", "Title"), paragraph("First 3", "TOC1"), paragraph("First", "Heading1"), paragraph(PROSE),
        paragraph("Deeper", "Fach"), paragraph(MORE),
    ]  # fmt: skip
    found = article(tmp_path, "b.docx", docx(body, core))
    assert (found.title, found.licence, found.language) == ("Bread", "CC-BY-SA-4.0", "en-GB")
    assert parts(found) == {"First": PROSE, "First / Deeper": MORE}


def test_docx_bold_lines_are_headings_where_no_style_is(tmp_path: Path) -> None:
    body = [paragraph("What it needs", bold=True), paragraph(PROSE), paragraph("How long", bold=True), paragraph(MORE)]
    found = article(tmp_path, "rye_bread.docx", docx(body))
    assert found.title == "rye bread" and parts(found) == {"What it needs": PROSE, "How long": MORE}


def test_docx_code_by_its_style_or_its_font_keeps_lines_and_indents(tmp_path: Path) -> None:
    code = ["def bake():", "    return 1", "", "bake()"]
    body = [
        paragraph(f"{run('Call ')}{run('bake()', 'Consolas')}{run(' now.')}"), paragraph(PROSE),
        *(paragraph(line, font="Courier New") for line in code), paragraph(MORE), paragraph("make bread", "Src"),
    ]  # fmt: skip
    (section,) = article(tmp_path, "b.docx", docx(body)).sections
    assert section.markdown.startswith("Call `bake()` now.")
    assert "```\ndef bake():\n    return 1\n\nbake()\n```" in section.markdown
    assert section.markdown.endswith("```\nmake bread\n```")


def test_docx_lists_count_on_after_what_stands_between(tmp_path: Path) -> None:
    steps = [paragraph("Knead it.", number=1), paragraph(PROSE), paragraph("Bake it.", number=1)]
    (section,) = article(tmp_path, "b.docx", docx([*steps, paragraph("hot", number=2)])).sections
    assert section.markdown == f"1. Knead it.\n\n{PROSE}\n\n2. Bake it.\n\n- hot"


def test_docx_formulas_are_tex_and_unknown_ones_holes(tmp_path: Path) -> None:
    known = "<m:oMath><m:f><m:num><m:r><m:t>a</m:t></m:r></m:num><m:den><m:r><m:t>2</m:t></m:r></m:den></m:f></m:oMath>"
    strange = "<m:oMath><m:quark/></m:oMath>"
    body = [paragraph(f"{run('It is ')}{known}{run(' or ')}{strange}{run('.')}"), paragraph(PROSE)]
    (section,) = article(tmp_path, "b.docx", docx(body)).sections
    assert mark_holes(section.markdown, Counter()).startswith(r"It is $\frac{a}{2}$ or ⟦?⟧.")


def test_docx_tables_with_lists_in_their_cells_stay_tables(tmp_path: Path) -> None:
    def row(*cells: str) -> str:
        return f"<w:tr>{''.join(f'<w:tc>{cell}</w:tc>' for cell in cells)}</w:tr>"

    things = paragraph("rye", number=2) + paragraph("water", number=2)
    rows = row(paragraph("Day"), paragraph("Take")) + row(paragraph("First") + paragraph("day"), things)
    (section,) = article(tmp_path, "b.docx", docx([f"<w:tbl>{rows}</w:tbl>", paragraph(PROSE)])).sections
    assert section.markdown.startswith("| Day | Take |\n| --- | --- |\n| First")


def test_docx_notes_stand_where_they_are_referred_to(tmp_path: Path) -> None:
    space = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    notes = f'<w:footnotes {space}><w:footnote w:id="2">{paragraph("Rye too.")}</w:footnote></w:footnotes>'
    body = [paragraph(f'{run("Take flour")}<w:r><w:footnoteReference w:id="2"/></w:r>{run(".")}'), paragraph(PROSE)]
    (section,) = article(tmp_path, "b.docx", docx(body, parts={"word/footnotes.xml": notes})).sections
    assert section.markdown == f"Take flour (Rye too).\n\n{PROSE}"


def test_epub_chapters_by_the_table_of_contents(tmp_path: Path) -> None:
    book = epub(
        {
            "a.xhtml": f"<h1>Flour</h1><p>{PROSE}</p>",
            "b.xhtml": f'<p>{MORE}<span epub:type="pagebreak">7</span></p>',
            "c.xhtml": f'<h1>Water</h1><p>{MORE}<a epub:type="noteref" href="#n">1</a></p>'
            '<aside epub:type="footnote" id="n"><p>Not salted.</p></aside>',
            "d.xhtml": '<section epub:type="copyright-page"><p>All rights reserved by the author of it.</p></section>',
            "e.xhtml": f"<p>{PROSE}</p>",
        },
        "<dc:title>Bread</dc:title><dc:creator>Ann</dc:creator><dc:creator>Bo</dc:creator><dc:subject>food</dc:subject>"
        "<dc:rights>Creative Commons Attribution-ShareAlike 4.0 International</dc:rights><dc:date>2020</dc:date>"
        "<dc:language>de-AT</dc:language>",
        '<li><span>Part</span><ol><li><a href="a.xhtml">Flour</a></li></ol></li><li><a href="c.xhtml#w">Water</a></li>'
        '<li><a href="d.xhtml">Rights</a></li><li><a href="e.xhtml">版权信息</a></li>',
    )
    flour, water, rights, imprint = told(tmp_path, "b.epub", book)
    assert (flour.title, flour.context, flour.author) == ("Flour", ("Bread", "Part"), "Ann, Bo")
    assert (flour.licence, flour.tags, flour.key) == ("CC-BY-SA-4.0", ("food",), "b.epub/OPS/a.xhtml")
    assert flour.language == "de-AT"
    assert parts(flour) == {"": f"{PROSE}\n\n{MORE}"}
    assert parts(water) == {"": f"{MORE} (Not salted)"}
    assert (imprint.reason, imprint.key) == ("front_matter", "b.epub/OPS/e.xhtml")
    assert (rights.reason, rights.key) == ("front_matter", "b.epub/OPS/d.xhtml")


def test_epub_locked_by_a_shop_and_with_scrambled_fonts(tmp_path: Path) -> None:
    way = '<encryption><EncryptionMethod Algorithm="{}"/></encryption>'
    locked = {"META-INF/encryption.xml": way.format("http://www.w3.org/2001/04/xmlenc#aes128-cbc")}
    fonts = {"META-INF/encryption.xml": way.format("http://www.idpf.org/2008/embedding")}
    chapters = {"a.xhtml": f"<p>{PROSE}</p>"}
    (found,) = told(tmp_path, "a.epub", epub(chapters, more=locked))
    assert found.reason == "password_protected"
    assert parts(article(tmp_path, "b.epub", epub(chapters, more=fonts))) == {"": PROSE}


def notebook(*cells: dict[str, Any], **about: Any) -> bytes:
    return json.dumps({"nbformat": 4, "metadata": about, "cells": cells}).encode()


def code(source: str, *outputs: dict[str, Any], tags: tuple[str, ...] = ()) -> dict[str, Any]:
    return {"cell_type": "code", "metadata": {"tags": tags}, "source": [source], "outputs": outputs}


def printed(said: str) -> dict[str, Any]:
    return {"output_type": "stream", "text": said}


def test_notebook_cells_and_what_they_printed(tmp_path: Path) -> None:
    picture = {"output_type": "display_data", "data": {"image/png": ""}}
    table = "<table><tr><th>x</th><th>y</th></tr><tr><td>1</td><td>2</td></tr></table>"
    found = article(
        tmp_path,
        "b.ipynb",
        notebook(
            {"cell_type": "markdown", "source": ["# Bread\n", f"{PROSE} It costs $5 and $6, and $x_1 < y_1$."]},
            code("bake()", printed("10%\r"), printed("100%\n"), picture),
            code("table()", {"output_type": "execute_result", "data": {"text/html": table, "text/plain": "x y"}}),
            code("oven", {"output_type": "execute_result", "data": {"text/plain": "<Oven at 0x7f00a1>"}}),
            code("fail()", {"output_type": "error", "traceback": ["\x1b[0;31mValueError\x1b[0m: hot"]}),
            code("%%bash\nls", tags=("remove-output",)),
            code("secret()", tags=("remove-cell",)),
            {"cell_type": "raw", "metadata": {"raw_mimetype": "text/restructuredtext"}, "source": ".. note::"},
            language_info={"name": "python"},
            authors=[{"name": "Ann"}],
            license="CC-BY-4.0 https://creativecommons.org/licenses/by/4.0/",
        ),
    )  # fmt: skip
    assert (found.title, found.author, found.licence) == ("Bread", "Ann", "CC-BY-4.0")
    assert parts(found)[""].split("\n\n") == [
        f"{PROSE} It costs $5 and $6, and $x_1 < y_1$.", "```python\nbake()\n```", "```\n100%\n```",
        "```python\ntable()\n```", "| x | y |\n| --- | --- |\n| 1 | 2 |", "```python\noven\n```",
        "```python\nfail()\n```", "```\nValueError: hot\n```", "```bash\n%%bash\nls\n```", "⟦?⟧",
    ]  # fmt: skip


def test_notebook_of_format_3_and_none(tmp_path: Path) -> None:
    old = {
        "nbformat": 3,
        "worksheets": [
            {
                "cells": [
                    {"cell_type": "heading", "level": 1, "source": "Bread"},
                    {"cell_type": "markdown", "source": PROSE},
                    {"cell_type": "code", "language": "python", "input": "bake()", "outputs": [printed("done")]},
                ]
            }
        ],
    }
    found = article(tmp_path, "b.ipynb", json.dumps(old).encode())
    assert parts(found) == {"": f"{PROSE}\n\n```python\nbake()\n```\n\n```\ndone\n```"}
    for broken in (b'{"cells": 3}', b"[1]", b'{"cells": ['):
        assert rejected(told(tmp_path, "c.ipynb", broken)) == {"c.ipynb": "malformed_notebook"}


def test_slides_are_sections_with_lists_tables_and_notes(tmp_path: Path) -> None:
    deck = Presentation()
    for title in ("Bread", "Bread (2)"):
        slide = deck.slides.add_slide(deck.slide_layouts[1])
        slide.shapes.title.text = title
    slide.placeholders[1].text = "flour\nwater"
    slide.placeholders[1].text_frame.paragraphs[1].level = 1
    slide.notes_slide.notes_text_frame.text = PROSE
    cells = slide.shapes.add_table(2, 2, Inches(1), Inches(4), Inches(4), Inches(1)).table
    for row in range(2):
        for column in range(2):
            cells.cell(row, column).text = f"{row}{column}"
    out = io.BytesIO()
    deck.save(out)
    found = article(tmp_path, "b.pptx", out.getvalue())
    assert found.title == "Bread" and found.sections[0].anchor in ("", "slide=1")
    (markdown,) = parts(found).values()
    assert markdown == f"- flour\n  - water\n\n| 00 | 01 |\n| --- | --- |\n| 10 | 11 |\n\n{PROSE}"


def test_slides_items_may_leave_out_a_level(tmp_path: Path) -> None:
    deck = Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[1])
    slide.placeholders[1].text = "flour\nrye\n\nwheat\nwater"
    for place, level in ((1, 2), (3, 2)):
        slide.placeholders[1].text_frame.paragraphs[place].level = level
    slide.notes_slide.notes_text_frame.text = PROSE
    out = io.BytesIO()
    deck.save(out)
    (section,) = article(tmp_path, "b.pptx", out.getvalue()).sections
    assert section.markdown.startswith("- flour\n  - rye\n  - wheat\n- water\n\n")


def locked_pdf() -> bytes:
    marks = f"<{'00' * 32}>"
    trailer = f"/Encrypt << /Filter /Standard /V 1 /R 2 /O {marks} /U {marks} /P -4 >> /ID [<00> <00>]"
    return pdf([typeset([PROSE])], trailer=trailer)


OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500)
TYPES = "<Types/>"
REJECTED = {
    "empty.docx": (b"", "empty_file"),
    "blank.txt": (b" \n\n", "empty_file"),
    "old.doc": (OLE, "legacy_format"),
    "old.xls": (OLE, "legacy_format"),
    "locked.docx": (OLE + "EncryptedPackage".encode("utf-16-le"), "password_protected"),
    "locked.pdf": (locked_pdf(), "password_protected"),
    "sheet.xlsx": (zipped({"[Content_Types].xml": TYPES, "xl/workbook.xml": "<a/>"}), "unsupported_format"),
    "text.odt": (zipped({"mimetype": "application/vnd.oasis.opendocument.text"}), "unsupported_format"),
    "text.rtf": (b"{\\rtf1 bread}", "unsupported_format"),
    "noise.pdf": (random.Random(3).randbytes(4000), "unrecognised_content"),
    "broken.pdf": (b"%PDF-1.7\nbread", "broken_document"),
    "cut.docx": (docx([paragraph(PROSE)])[:300], "broken_archive"),
    "hollow.docx": (zipped({"[Content_Types].xml": TYPES, "word/other.xml": "<a/>"}), "broken_document"),
    "bomb.docx": (docx([], parts={"word/x.xml": "<a>" + " " * (2 << 20) + "</a>"}), "zip_bomb"),
    "entities.docx": (docx([], parts={"word/document.xml": "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>"}), "unsafe_xml"),
    "hollow.epub": (zipped({"mimetype": "application/epub+zip"}), "broken_book"),
    "short.docx": (docx([paragraph("Bread.")]), "too_short"),
    "headed.docx": (docx([paragraph("Bread", "Title"), paragraph("Rye", "Heading1")]), "too_short"),
    "bare.docx": (docx([]), "no_text"),
}


@pytest.mark.parametrize("name", REJECTED)
def test_what_cannot_be_read_is_named_with_its_reason(tmp_path: Path, name: str) -> None:
    body, why = REJECTED[name]
    assert rejected(told(tmp_path, name, body)) == {name: why}


def test_the_content_tells_what_a_file_is(tmp_path: Path) -> None:
    page = f"<html><body><h1>Bread</h1><p>{PROSE}</p></body></html>".encode()
    for name, body in (
        ("a.pdf", docx([paragraph(PROSE)])),
        ("a.docx", pdf([typeset(HALVES)])),
        ("a.doc", page),
        ("a.dat", docx([paragraph(PROSE)])),
        ("a.txt", notebook({"cell_type": "markdown", "source": PROSE})),
    ):
        assert PROSE in "".join(parts(article(tmp_path, name, body)).values()), name


def test_every_file_of_a_folder_and_of_a_zip_is_read_or_named(tmp_path: Path) -> None:
    inner = zipped({"a.txt": PROSE})
    members = {
        "dir/a.txt": PROSE, "b.docx": docx([paragraph(MORE)]), "c.zip": inner, "../evil.txt": PROSE, "d.exe": "x",
        "C:\\evil.txt": PROSE, "pic.png": "x", "bomb.txt": "bread " * 500_000,
    }  # fmt: skip
    (tmp_path / "all.zip").write_bytes(zipped(members))
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "x.md").write_text(f"# X\n\n{PROSE}")
    (tmp_path / "sub" / "code.py").write_text("x = 1")
    found = read(tmp_path)
    assert {each.key for each in found if isinstance(each, Article)} == {
        "all.zip/dir/a.txt",
        "all.zip/b.docx",
        "sub/x.md",
    }
    assert rejected(found) == {
        "sub/code.py": "ignored_file", "all.zip/d.exe": "ignored_file", "all.zip": "ignored_companions",
        "all.zip/c.zip": "nested_archive", "all.zip/../evil.txt": "unsafe_path", "all.zip/C:\\evil.txt": "unsafe_path",
        "all.zip/bomb.txt": "zip_bomb",
    }  # fmt: skip


def test_a_header_that_lies_about_its_size_unpacks_no_more_than_it_says(tmp_path: Path) -> None:
    body = bytearray(zipped({"a.txt": PROSE * 400_000}))
    place = body.index(b"PK\x01\x02")
    struct.pack_into("<I", body, place + 24, 100)
    (tmp_path / "a.zip").write_bytes(body)
    tracemalloc.start()
    assert rejected(read(tmp_path / "a.zip")) == {"a.zip/a.txt": "broken_archive"}
    assert tracemalloc.get_traced_memory()[1] < 10 << 20
    tracemalloc.stop()


def test_members_with_a_password_and_with_names_of_another_machine(tmp_path: Path) -> None:
    body = bytearray(zipped({"a.txt": PROSE}))
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        struct.pack_into("<H", body, body.index(mark) + offset, 1)
    assert rejected(told(tmp_path, "a.zip", bytes(body))) == {"a.zip/a.txt": "password_protected"}
    name = "面包手册第一章.txt".encode("gb18030")
    plain = zipped({"n" * len(name): PROSE}).replace(b"n" * len(name), name)
    assert article(tmp_path, "b.zip", plain).title == "面包手册第一章"


def test_nothing_raises_whatever_is_cut_or_broken(tmp_path: Path) -> None:
    chance = random.Random(5)
    for path in sorted(SAMPLES.iterdir()):
        whole = path.read_bytes()
        for _ in range(12):
            place = chance.randrange(len(whole))
            for body in (whole[:place], whole[:place] + chance.randbytes(4) + whole[place + 4 :]):
                assert told(tmp_path, path.name, body)


def test_broken_xml_in_whole_packages(tmp_path: Path) -> None:
    """The checksums of a zip find most damage; what was written so reaches the readers."""
    chance = random.Random(6)
    for path in (SAMPLES / "descaling.docx", SAMPLES / "kettles.epub"):
        with ZipFile(path) as archive:
            files = {name: archive.read(name) for name in archive.namelist()}
        for name in files:
            for _ in range(6):
                place = chance.randrange(len(files[name]) + 1)
                broken = files[name][:place] + chance.choice([b"", b"<", b"&x;", b"\xff", b"</w:p>", b"9" * 40])
                assert told(tmp_path, path.name, zipped(files | {name: broken + files[name][place + 2 :]}))


@pytest.mark.parametrize(
    ("said", "licence"),
    [
        ("Creative Commons Attribution-ShareAlike 4.0 International", "CC-BY-SA-4.0"),
        ("CC BY-NC-ND 3.0", "CC-BY-NC-ND-3.0"),
        ("See http://creativecommons.org/licenses/by/2.5/", "CC-BY-2.5"),
        ("Text CC BY 4.0, pictures CC BY-NC 4.0", ""),
        ("All rights reserved", ""),
    ],
)
def test_licences_in_words(said: str, licence: str) -> None:
    assert licence_in(said) == licence
