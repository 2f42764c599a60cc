"""Formulas as TeX between dollar signs, from MathJax, KaTeX, MathML and Sphinx."""

import re2
from lxml.html import HtmlElement

from connectors.html.marks import Mark, Marks

_DELIMITERS = re2.compile(r"^(?:\\\(|\\\[|\$\$?)\s*|\s*(?:\\\)|\\\]|\$\$?)$")
_DISPLAY = ("display", "block")


def mark_mathematics(root: HtmlElement, marks: Marks) -> None:
    for script in root.xpath('.//script[starts-with(@type, "math/tex")]'):
        _put(script, script.text or "", "display" in script.get("type", ""), marks)
    for element in root.xpath('.//*[contains(@class, "katex-display")]'):
        _put_annotated(element, True, marks)
    for element in root.xpath('.//*[contains(@class, "katex") or contains(@class, "mwe-math-element")] | .//math'):
        display = element.get("display") in _DISPLAY or "block" in (element.get("class") or "")
        _put_annotated(element, display, marks)
    for element in root.xpath('.//*[contains(concat(" ", @class, " "), " math ")]'):
        if not len(element):
            _put(element, element.text or "", element.tag == "div" or "display" in element.get("class", ""), marks)
    for element in root.xpath('.//*[starts-with(@class, "MathJax")]'):
        if element.getparent() is not None:
            element.drop_tree()


def _put_annotated(element: HtmlElement, display: bool, marks: Marks) -> None:
    """A rendered formula that carries its TeX as an annotation or alternative text."""
    if element.getparent() is None or not _attached(element):
        return
    notes = element.xpath('.//*[local-name()="annotation" and contains(@encoding, "tex")]/text()')
    tex = next(iter(notes), "") or element.get("alttext") or next(iter(element.xpath(".//img/@alt")), "")
    if tex:
        _put(element, tex, display, marks)


def _attached(element: HtmlElement) -> bool:
    return element.getroottree().getroot() is not element


def _put(element: HtmlElement, tex: str, display: bool, marks: Marks) -> None:
    if element.getparent() is None:
        return
    bare = _DELIMITERS.sub("", _DELIMITERS.sub("", tex.strip())).strip()
    if display:
        marks.put(element, Mark(f"$$\n{bare}\n$$"))
    elif bare:
        marks.put(element, Mark(f"${bare}$", inline=True))
