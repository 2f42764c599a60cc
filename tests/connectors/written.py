"""Small files of the kinds that people have, written by hand: packages of Office, books, and PDFs."""

import io
from collections.abc import Iterable
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
MATHS = 'xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math"'
RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
CORE = (
    '<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties"'
    ' xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/">{}</cp:coreProperties>'
)
STYLES = (
    ("Title", "Title", ""),
    ("Heading1", "heading 1", ""),
    ("Heading2", "heading 2", ""),
    ("Fach", "Kapitel", '<w:basedOn w:val="Heading2"/><w:pPr><w:outlineLvl w:val="1"/></w:pPr>'),
    ("TOC1", "toc 1", ""),
    ("Src", "Source Code", ""),
)


def zipped(files: dict[str, str | bytes]) -> bytes:
    """A zip with these files; the same files give the same bytes."""
    out = io.BytesIO()
    with ZipFile(out, "w", ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(ZipInfo(name), text, ZIP_DEFLATED)
    return out.getvalue()


def paragraph(text: str, style: str = "", font: str = "", bold: bool = False, number: int = 0) -> str:
    """A paragraph of DOCX; `text` may hold markup of runs, else it is one run."""
    properties = f'<w:pStyle w:val="{style}"/>' if style else ""
    properties += f'<w:numPr><w:ilvl w:val="0"/><w:numId w:val="{number}"/></w:numPr>' if number else ""
    return f"<w:p><w:pPr>{properties}</w:pPr>{text if text.startswith('<') else run(text, font, bold)}</w:p>"


def run(text: str, font: str = "", bold: bool = False) -> str:
    look = (f'<w:rFonts w:ascii="{font}"/>' if font else "") + ("<w:b/>" if bold else "")
    return f'<w:r><w:rPr>{look}</w:rPr><w:t xml:space="preserve">{text}</w:t></w:r>'


def docx(body: Iterable[str], core: str = "", parts: dict[str, str | bytes] | None = None) -> bytes:
    styles = "".join(
        f'<w:style w:type="paragraph" w:styleId="{key}"><w:name w:val="{name}"/>{more}</w:style>'
        for key, name, more in STYLES
    )
    levels = "".join(
        f'<w:abstractNum w:abstractNumId="{n}"><w:lvl w:ilvl="0"><w:numFmt w:val="{kind}"/></w:lvl></w:abstractNum>'
        for n, kind in ((1, "decimal"), (2, "bullet"))
    )
    numbers = "".join(f'<w:num w:numId="{n}"><w:abstractNumId w:val="{n}"/></w:num>' for n in (1, 2))
    files: dict[str, str | bytes] = {
        "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>',
        "_rels/.rels": f'<Relationships xmlns="{RELATIONS}"><Relationship Id="r1" Type="{OFFICE}/officeDocument"'
        ' Target="word/document.xml"/></Relationships>',
        "word/document.xml": f"<w:document {W} {MATHS}><w:body>{''.join(body)}</w:body></w:document>",
        "word/styles.xml": f"<w:styles {W}>{styles}</w:styles>",
        "word/numbering.xml": f"<w:numbering {W}>{levels}{numbers}</w:numbering>",
        "docProps/core.xml": CORE.format(core),
    }
    return zipped(files | (parts or {}))


def epub(chapters: dict[str, str], opf: str = "", nav: str = "", more: dict[str, str | bytes] | None = None) -> bytes:
    """A book of `chapters`, bodies of XHTML by the names of their files; `nav` is the list in its table of contents."""
    items = "".join(
        f'<item id="c{n}" href="{name}" media-type="application/xhtml+xml"/>' for n, name in enumerate(chapters)
    )
    spine = "".join(f'<itemref idref="c{n}"/>' for n in range(len(chapters)))
    files: dict[str, str | bytes] = {
        "mimetype": "application/epub+zip",
        "META-INF/container.xml": '<container><rootfiles><rootfile full-path="OPS/book.opf"/></rootfiles></container>',
        "OPS/book.opf": '<package xmlns="http://www.idpf.org/2007/opf" xmlns:dc="http://purl.org/dc/elements/1.1/">'
        f'<metadata>{opf}</metadata><manifest><item id="nav" href="nav.xhtml" properties="nav"'
        f' media-type="application/xhtml+xml"/>{items}</manifest><spine><itemref idref="nav"/>'
        f"{spine}</spine></package>",
        "OPS/nav.xhtml": '<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops"><body>'
        f'<nav epub:type="toc"><ol>{nav}</ol></nav></body></html>',
    }
    pages = {
        f"OPS/{name}": '<?xml version="1.0" encoding="utf-8"?><html xmlns="http://www.w3.org/1999/xhtml"'
        f' xmlns:epub="http://www.idpf.org/2007/ops"><head><title>x</title></head><body>{body}</body></html>'
        for name, body in chapters.items()
    }
    return zipped(files | pages | (more or {}))


FONTS = ("Helvetica", "Helvetica-Bold", "Courier", "Helvetica-Oblique")
PLAIN, BOLD, CODE, ITALIC = range(4)
Word = tuple[float, float, float, int, str]  # x, y, size, one of the fonts, text


def pdf(
    pages: list[list[Word]],
    drawn: str = "",
    info: str = "",
    trailer: str = "",
    catalog: str = "",
    more: tuple[str, ...] = (),
) -> bytes:
    """A PDF of words at their places.

    `drawn` are operators that each page begins with, `catalog` entries of the catalog, `more` further objects, of which
    the first has the number 8 + 2 * pages. Page number n, from 0, has 7 + 2 * n.
    """
    objects = [
        f"<< /Type /Catalog /Pages 2 0 R {catalog} >>",
        f"<< /Type /Pages /Count {len(pages)} /Kids [{' '.join(f'{7 + 2 * n} 0 R' for n in range(len(pages)))}] >>",
        *(f"<< /Type /Font /Subtype /Type1 /BaseFont /{font} /Encoding /WinAnsiEncoding >>" for font in FONTS),
    ]
    fonts = " ".join(f"/F{n} {3 + n} 0 R" for n in range(len(FONTS)))
    for number, words in enumerate(pages):
        stream = f"{drawn}\n" + "\n".join(_shown(*word) for word in words)
        objects += [
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Resources << /Font << {fonts} >> >>"
            f" /Contents {8 + 2 * number} 0 R >>",
            f"<< /Length {len(stream.encode('cp1252'))} >>\nstream\n{stream}\nendstream",
        ]
    about = len(objects) + 1
    objects += [f"<< {info} >>", *more]
    out, places = b"%PDF-1.7\n", list[int]()
    for number, each in enumerate(objects, 1):
        places.append(len(out))
        out += f"{number} 0 obj\n{each}\nendobj\n".encode("cp1252")
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    end = f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}trailer\n<< /Size {len(objects) + 1} /Root 1 0 R"
    return out + f"{end} /Info {about} 0 R {trailer} >>\nstartxref\n{len(out)}\n%%EOF".encode("cp1252")


def _shown(x: float, y: float, size: float, font: int, text: str) -> str:
    safe = text.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")
    return f"BT /F{font} {size} Tf {x} {y} Td ({safe}) Tj ET"


def typeset(lines: Iterable[str], x: float = 72, y: float = 720, size: float = 10, font: int = PLAIN) -> list[Word]:
    """Lines below each other, 12 points apart; an empty one is a gap."""
    return [(x, y - 12 * number, size, font, line) for number, line in enumerate(lines) if line]
