"""What mammoth leaves out of a DOCX without a word, written as what it reads. ECMA-376 part 1, chapter 17."""

from collections.abc import Iterator
from typing import Any

import re2
from lxml import etree

from connectors.documents import office
from schemas.hole import Kind, hole

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_GRAPHIC = "{http://schemas.openxmlformats.org/drawingml/2006/main}graphicData"
_CHOICE = "{http://schemas.openxmlformats.org/markup-compatibility/2006}AlternateContent"
_OLE = "{urn:schemas-microsoft-com:office:office}OLEObject"
_DRAWN = re2.compile(r"/(?:chart|chartex|diagram)$")
_EQUATION = re2.compile(r"(?i)^equation|mathtype")
_AROUND = ("fldSimple", "dir", "bdo")  # elements around runs


def spell_out(root: Any) -> None:
    """Change `root` in place: the text of fields, of lines that run the other way and under ruby, initials of
    paragraphs, and a hole for each chart, diagram and formula that is kept as an object."""
    for around in list(root.iter(*(f"{W}{tag}" for tag in _AROUND))):
        _put(around, list(around))
    for ruby in list(root.iter(f"{W}ruby")):
        base = ruby.find(f"{W}rubyBase")
        _put(ruby, [] if base is None else list(base.iter(f"{W}t")))
    for paragraph in list(root.iter(f"{W}p")):
        _write_initial(paragraph)
    for place, kind, name in list(_objects(root)):
        written = etree.Element(f"{W}t")
        written.text = hole(kind, name)
        _put(place, [written])


def _put(element: Any, parts: list[Any]) -> None:
    """`parts` in the place of an element."""
    for part in reversed(parts):
        element.addnext(part)
    element.getparent().remove(element)


def _write_initial(paragraph: Any) -> None:
    """A first letter that hangs beside several lines is a paragraph of its own, before the one that it begins."""
    frame = paragraph.find(f"{W}pPr/{W}framePr")
    follows = paragraph.getnext()
    kind = "" if frame is None else frame.get(f"{W}dropCap", "none")
    if kind not in ("drop", "margin") or follows is None or follows.tag != f"{W}p":
        return
    properties = follows.find(f"{W}pPr")
    place = 0 if properties is None else 1
    for run in reversed(paragraph.findall(f"{W}r")):
        follows.insert(place, run)
    paragraph.getparent().remove(paragraph)


def _objects(root: Any) -> Iterator[tuple[Any, Kind, str]]:
    for graphic in root.iter(_GRAPHIC):
        drawing = next(graphic.iterancestors(f"{W}drawing"), None)
        if drawing is not None and _DRAWN.search(graphic.get("uri", "")):
            yield next(drawing.iterancestors(_CHOICE), drawing), "embed", "chart or diagram"
    for held in root.iter(_OLE):
        place = next(held.iterancestors(f"{W}object"), None)
        if place is not None and _EQUATION.search(held.get("ProgID", "")):
            yield place, "formula", "kept as an object"


def numberings(parts: dict[str, bytes]) -> dict[str, tuple[str, int]]:
    """By the id of each numbering: which it counts on with, and the number that its first item has. Raises Unreadable.

    Numberings of one kind are one, unless they say that they begin anew.
    """
    held = parts.get("word/numbering.xml")
    root = office.xml(held) if held else etree.Element("none")
    kinds = {kind.get(f"{W}abstractNumId"): kind for kind in root.iter(f"{W}abstractNum")}
    found: dict[str, tuple[str, int]] = {}
    for each in root.iter(f"{W}num"):
        own = each.get(f"{W}numId", "")
        kind = _value(each.find(f"{W}abstractNumId"))
        anew = each.find(f"{W}lvlOverride[@{W}ilvl='0']/{W}startOverride")
        level = kinds[kind].find(f"{W}lvl[@{W}ilvl='0']/{W}start") if kind in kinds else None
        first = _value(level if anew is None else anew)
        number = int(first) if first.isdecimal() and len(first) < 5 else 1
        found[own] = (f"kind {kind}" if anew is None else own, number)
    return found


def _value(element: Any) -> str:
    return "" if element is None else str(element.get(f"{W}val") or "")
