"""What mammoth passes over in silence in a DOCX, written so that it reads it, or marked with a hole."""

from typing import Any

import re2
from lxml import etree

from schemas.hole import hole

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_VML = "{urn:schemas-microsoft-com:vml}"
# Fields such as the numbers of captions and cross-references, and runs in another direction: wrappings of runs
_WRAPPINGS = (f"{W}fldSimple", f"{W}bdo", f"{W}dir", f"{W}rubyBase")
_SAME = {f"{W}cr": f"{W}br", f"{W}ptab": f"{W}tab"}
# By local names, since each is of a namespace of its own: what is drawn or kept in another file
_EMBEDDED = {
    "chart": "chart", "relIds": "diagram", "altChunk": "a part in another format", "contentPart": "ink",
    "OLEObject": "an object of another program", "oleObject": "an object of another program",
}  # fmt: skip
_EQUATION = re2.compile(r"(?i)^equation|mathtype")


def make_readable(root: Any) -> None:
    """Change a part in place: the main one, or one of notes."""
    for choice in list(root.iter(f"{_MC}AlternateContent")):
        _choose(choice)
    for box in [box for box in root.iter(f"{W}txbxContent") if not _is_read(box)]:
        _show(box)
    for ruby in list(root.iter(f"{W}ruby")):
        _keep_base(ruby)
    for old, new in _SAME.items():
        for element in root.iter(old):
            element.tag = new
    for element in list(root.iter(*_WRAPPINGS)):
        _unwrap(element)
    for element in [element for element in root.iter() if _embedded(element) and _is_chosen(element)]:
        _mark(element)


def _choose(alternate: Any) -> None:
    """Mammoth reads the fallback only. Where that has no text, as that of many drawings, the choice may have."""
    fallback, choice = alternate.find(f"{_MC}Fallback"), alternate.find(f"{_MC}Choice")
    if choice is None or (fallback is not None and (_text(fallback) or not _says(choice))):
        return
    _replace(alternate, list(choice))


def _says(element: Any) -> bool:
    return bool(_text(element)) or any(_embedded(each) for each in element.iter())


def _is_chosen(element: Any) -> bool:
    """Whether it is not in a choice beside which older readers are shown something else."""
    return not any(True for _ in element.iterancestors(f"{_MC}Choice"))


def _text(element: Any) -> str:
    return "".join(element.itertext(f"{W}t")).strip()


def _is_read(box: Any) -> bool:
    above = box.getparent()
    return above is None or above.tag == f"{_VML}textbox" or not _is_chosen(box)


def _show(box: Any) -> None:
    """A text box of a drawing, as one of the older kind that mammoth reads."""
    drawing = next(box.iterancestors(f"{W}drawing"), None)
    if drawing is not None:
        picture = etree.Element(f"{W}pict")
        etree.SubElement(picture, f"{_VML}textbox").append(box)
        drawing.addnext(picture)


def _keep_base(ruby: Any) -> None:
    """The words without how they are said, which stands above them."""
    words = etree.Element(f"{W}t")
    words.text = "".join(text for base in ruby.findall(f"{W}rubyBase") for text in base.itertext(f"{W}t"))
    _replace(ruby, [words])


def _unwrap(element: Any) -> None:
    _replace(element, list(element))


def _replace(element: Any, parts: list[Any]) -> None:
    for part in parts:
        element.addprevious(part)
    if element.getparent() is not None:
        element.getparent().remove(element)


def _embedded(element: Any) -> str:
    """What it is that cannot be read here; "" for anything else."""
    return _EMBEDDED.get(etree.QName(element).localname, "") if isinstance(element.tag, str) else ""


def _mark(element: Any) -> None:
    """A hole in the run that holds the element, or in a paragraph of its own."""
    run = etree.Element(f"{W}r")
    is_equation = _EQUATION.search(element.get("ProgID", ""))
    held = hole("formula", "kept as an object") if is_equation else hole("embed", _embedded(element))
    etree.SubElement(run, f"{W}t").text = held
    around = next(element.iterancestors(f"{W}r"), None)
    if around is not None:
        around.addnext(run)
    else:
        place = etree.Element(f"{W}p")
        place.append(run)
        element.addnext(place)
    _replace(element, [])
