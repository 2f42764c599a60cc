"""Initials and numberings of a DOCX, which mammoth does not know. ECMA-376 part 1, chapter 17."""

from typing import Any

from lxml import etree

from connectors.documents import office
from connectors.documents.word_content import W


def write_initials(root: Any) -> None:
    """Change `root` in place: a first letter that hangs beside several lines joins the paragraph that it begins."""
    for paragraph in list(root.iter(f"{W}p")):
        _write_initial(paragraph)


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
