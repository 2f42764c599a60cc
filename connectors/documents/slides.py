"""PPTX: each slide a section, with its lists, tables and speaker's notes."""

import io
from collections.abc import Iterator
from html import escape
from typing import Any

import re2
from pptx import Presentation
from pptx.enum.shapes import PP_PLACEHOLDER

from connectors.documents import archive, office
from connectors.documents.fonts import MONOSPACED
from connectors.documents.material import Material
from connectors.documents.omml import M, to_mathml
from connectors.html import Unreadable
from schemas.hole import hole

_FRAMES = (PP_PLACEHOLDER.FOOTER, PP_PLACEHOLDER.DATE, PP_PLACEHOLDER.SLIDE_NUMBER, PP_PLACEHOLDER.HEADER)
_LISTS = (PP_PLACEHOLDER.BODY, PP_PLACEHOLDER.OBJECT, PP_PLACEHOLDER.VERTICAL_BODY)
_A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_FRAME = "{http://schemas.openxmlformats.org/presentationml/2006/main}graphicFrame"
_MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_CONTINUED = re2.compile(
    r"(?i)\s*(?:[(\[（]?\s*(?:cont(?:inued|['’]?d|\.)?|续|接上页|\d{1,2}\s*(?:/|of)\s*\d{1,2})\s*[)\]）]?|\(\d{1,2}\))\.?$"
)
_LABEL = 2  # characters of what names a part of a drawing
_DEEPEST = 9  # levels of a list


def read(body: bytes) -> Material:
    """Hidden slides are left out. Raises Unreadable: broken_document, and those of `office.xml` and `archive`."""
    with archive.opened(body) as opened:
        about = office.properties(opened)
        for info in opened.infolist():
            if info.filename.endswith((".xml", ".rels")) and info.file_size:
                office.xml(archive.member(opened, info))
    try:
        shown = [slide for slide in Presentation(io.BytesIO(body)).slides if slide.element.get("show") != "0"]
        for slide in shown:
            _choose(slide.element)
        titles = ["", *(_title(slide) for slide in shown)]
        markup = "\n".join(_slide(number, slide, titles) for number, slide in enumerate(shown, 1))
    except Exception as error:  # python-pptx names no exceptions for parts that are missing or wrong
        raise Unreadable("broken_document", type(error).__name__) from error
    return Material(markup=markup, **about)


def _choose(slide: Any) -> None:
    """Shapes that hold what is newer than PPTX, such as formulas, stand beside a picture of them for older readers."""
    for alternate in list(slide.iter(f"{_MC}AlternateContent")):
        for part in list(next(iter(alternate), ())):  # the choice comes first
            alternate.addprevious(part)
        alternate.getparent().remove(alternate)


def _title(slide: Any) -> str:
    shape = slide.shapes.title
    return " ".join(shape.text_frame.text.split()) if shape is not None else ""


def _slide(number: int, slide: Any, titles: list[str]) -> str:
    """`titles` are those of all slides, with "" before. A title that goes on from the slide before heads nothing."""
    title, before = titles[number], titles[number - 1]
    is_new = bool(title) and _CONTINUED.sub("", title).lower() != _CONTINUED.sub("", before).lower()
    heading = (
        f'<h{1 if number == 1 else 2} id="slide={number}">{escape(title)}</h{1 if number == 1 else 2}>'
        if is_new
        else ""
    )
    shapes = [shape for shape in _flat(slide.shapes) if shape.shape_id != _id(slide.shapes.title)]
    said = [_shape(shape) for shape in sorted(shapes, key=_place)]
    frame = slide.notes_slide.notes_text_frame if slide.has_notes_slide else None
    notes = [_runs(paragraph) for paragraph in frame._txBody.findall(f"{_A}p")] if frame is not None else []
    return "\n".join([heading, *said, *(f"<p>{note}</p>" for note in notes if note.strip())])


def _id(shape: Any) -> int:
    return -1 if shape is None else int(shape.shape_id)


def _flat(shapes: Any) -> Iterator[Any]:
    """Shapes, also those in groups, without what frames each slide."""
    for shape in shapes:
        if hasattr(shape, "shapes"):
            yield from _flat(shape.shapes)
        elif not (shape.is_placeholder and shape.placeholder_format.type in _FRAMES):
            yield shape


def _place(shape: Any) -> tuple[int, int]:
    """Rows from the top, each from the left; what begins within a quarter of an inch is a row."""
    return (shape.top or 0) // 228_600, shape.left or 0


def _shape(shape: Any) -> str:
    if getattr(shape, "has_table", False):
        return _table(shape.table._tbl)
    if shape.has_text_frame:
        if not shape.is_placeholder and len(shape.text_frame.text.strip()) <= _LABEL:
            return ""
        is_list = shape.is_placeholder and shape.placeholder_format.type in _LISTS
        return _paragraphs(shape._element.findall(f".//{_A}p"), is_list)
    if shape._element.tag == _FRAME:
        return f"<p>{hole('embed', 'chart, diagram or object')}</p>"
    return ""


def _table(table: Any) -> str:
    rows = ["".join(f"<td>{_cell(cell)}</td>" for cell in row.findall(f"{_A}tc")) for row in table.findall(f"{_A}tr")]
    return f"<table>{''.join(f'<tr>{row}</tr>' for row in rows)}</table>"


def _cell(cell: Any) -> str:
    return "<br>".join(filter(None, (_runs(paragraph) for paragraph in cell.iter(f"{_A}p"))))


def _paragraphs(paragraphs: list[Any], is_list: bool) -> str:
    """Paragraphs of one shape: items with their levels, code by its font, and prose."""
    out: list[str] = []
    open_lists: list[tuple[int, str]] = []
    for paragraph in paragraphs:
        text = _runs(paragraph)
        if not text.strip():
            continue
        kind = _kind(paragraph, is_list)
        if kind in ("ul", "ol"):
            out += [*_to_level(open_lists, _level(paragraph), kind), text]
            continue
        out += _closed(open_lists, 0)
        if kind == "pre" and out and out[-1].endswith("</pre>"):
            out[-1] = f"{out[-1].removesuffix('</pre>')}\n{_plain(paragraph)}</pre>"
        else:
            out.append(f"<pre>{_plain(paragraph)}</pre>" if kind == "pre" else f"<p>{text}</p>")
    return "".join([*out, *_closed(open_lists, 0)])


def _to_level(open_lists: list[tuple[int, str]], level: int, kind: str) -> list[str]:
    """What stands before an item: the ends of deeper lists, and its own list where that has not begun."""
    depth = sum(each <= level for each, _ in open_lists)
    out = _closed(open_lists, depth)
    if open_lists and open_lists[-1][0] == level and open_lists[-1][1] != kind:
        out += _closed(open_lists, depth - 1)
    if open_lists and open_lists[-1][0] == level:
        return [*out, "</li><li>"]
    open_lists.append((level, kind))
    return [*out, f"<{kind}><li>"]


def _closed(open_lists: list[tuple[int, str]], depth: int) -> list[str]:
    """The ends of the lists that are deeper than `depth`."""
    ends = [f"</li></{kind}>" for _, kind in reversed(open_lists[depth:])]
    del open_lists[depth:]
    return ends


def _kind(paragraph: Any, is_list: bool) -> str:
    properties = paragraph.find(f"{_A}pPr")
    bullets = {child.tag.removeprefix(_A) for child in properties} if properties is not None else set()
    if _is_monospaced(paragraph):
        return "pre"
    if "buAutoNum" in bullets:
        return "ol"
    return "ul" if "buChar" in bullets or (is_list and "buNone" not in bullets) else "p"


def _level(paragraph: Any) -> int:
    properties = paragraph.find(f"{_A}pPr")
    stated = properties.get("lvl", "0") if properties is not None else "0"
    return min(int(stated), _DEEPEST) if stated.isdecimal() else 0


def _is_monospaced(paragraph: Any) -> bool:
    fonts = [run.find(f"{_A}rPr/{_A}latin") for run in paragraph.findall(f"{_A}r")]
    return bool(fonts) and all(font is not None and MONOSPACED.search(font.get("typeface", "")) for font in fonts)


def _plain(paragraph: Any) -> str:
    return escape(
        "".join("\n" if part.tag == f"{_A}br" else part.text or "" for part in paragraph.iter(f"{_A}t", f"{_A}br"))
    )


def _runs(paragraph: Any) -> str:
    """The text of a paragraph as HTML, its formulas as MathML."""
    return "".join(_run(part) for part in paragraph)


def _run(part: Any) -> str:
    if part.tag in (f"{_A}r", f"{_A}fld"):
        text, look = "".join(part.itertext(f"{_A}t")), part.find(f"{_A}rPr")
        font = look.find(f"{_A}latin") if look is not None else None
        if text.strip() and font is not None and MONOSPACED.search(font.get("typeface", "")):
            return f"<code>{escape(text)}</code>"
        is_bold = text.strip() and look is not None and look.get("b") in ("1", "true")
        return f"<b>{escape(text)}</b>" if is_bold else escape(text)
    if part.tag == f"{_A}br":
        return "<br>"
    return "".join(to_mathml(formula) for formula in part.iter(f"{M}oMath"))
