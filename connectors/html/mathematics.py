"""Formulas as TeX between dollar signs, from MathJax, KaTeX, MathML, Sphinx and pictures of formulas.

A formula that is there and cannot be read leaves a hole.
"""

from urllib.parse import unquote_plus, urlsplit

import lxml.html
import re2
from lxml import etree
from lxml.html import HtmlElement

from connectors.html.marks import Mark, Marks
from connectors.html.mathml import to_tex
from schemas.hole import hole

_DELIMITERS = re2.compile(r"^(?:\\\(|\\\[|\$\$?)\s*|\s*(?:\\\)|\\\]|\$\$?)$")
BAR = "\\vert "  # a bar would part the cells of a table
_DISPLAY = ("display", "block", "true")
_SOURCES = ("data-latex", "data-tex", "data-formula", "data-equation", "data-katex", "alttext", "latex")
# Words for a class of a picture of a formula ...
_PICTURE = re2.compile(r"(?i)(?:^|[\s_-])(?:latex|tex|math|mathjax|equation|formula|mwe-math[a-z-]*)(?:$|[\s_-])")
# ... and where such pictures are drawn; the formula is the query, or what follows it
_DRAWN = re2.compile(
    r"(?i)(?:codecogs\.com/|wp\.com/latex\.php|/render/math|/cgi-bin/mathtex|/mathtex\.cgi|/mimetex\.cgi"
    r"|chart\.(?:apis\.)?google[a-z]*\.com/chart\?cht=tx|quicklatex\.com/)"
)
_IN_QUERY = re2.compile(r"(?:^|&)(?:latex|math|from|chl|tex|formula|eq)=([^&]+)")
# An alternative text is TeX if it has dollars at both ends, or a command with its argument
_TEX = re2.compile(r"(?s)^\s*(?:\$.+\$|\\\(.+\\\)|\\\[.+\\\])\s*$|\\[a-zA-Z]{2,}\s*[{_^\\]|^\\[a-zA-Z]+$")
_FRAMES = etree.XPath(".//*[@data-mathml]")
_NAMED = ("math", "MathJax", "katex")  # one of them is in every class that is looked for
_SIZE = re2.compile(r"^(?:\\(?:bg|fg|inline|dpi|large|Large|small|huge)(?:_[a-z]+|\{[^}]*\}|\b)\s*)+")


def mark_mathematics(root: HtmlElement, marks: Marks, named: str) -> None:
    """Change `root` in place. `named` are its `tags.names`."""
    scripts = [script for script in root.iter("script") if (script.get("type") or "").startswith("math/")]
    drawn_by = {f"{script.get('id')}-Frame" for script in scripts if script.get("id")}
    for script in scripts:
        _mark_script(script, marks)
    for container in list(root.iter("mjx-container")):
        _mark_rendered(container, container.get("display") in _DISPLAY, marks, root)
    for frame in _FRAMES(root):
        if frame.get("id") not in drawn_by:
            _mark_rendered(frame, bool(frame.xpath("ancestor::*[contains(@class, 'MathJax_Display')]")), marks, root)
    if any(name in named for name in _NAMED) or next(root.iter("math"), None) is not None:
        _mark_katex(root, marks)
        _mark_elements(root, marks)
    for image in list(root.iter("img")):
        if written := tex_of_image(image):
            _put(image, written, False, marks)


def _mark_elements(root: HtmlElement, marks: Marks) -> None:
    """MathML, what wikis and Pandoc wrap around TeX, and what MathJax has left."""
    for element in root.xpath('.//*[contains(@class, "mwe-math-element")] | .//math'):
        display = element.get("display") in _DISPLAY or "block" in (element.get("class") or "")
        _mark_rendered(element, display, marks, root)
    for element in root.xpath('.//*[contains(concat(" ", @class, " "), " math ")]'):
        if not len(element):
            _put(element, element.text or "", element.tag == "div" or "display" in element.get("class", ""), marks)
    for element in root.xpath('.//*[starts-with(@class, "MathJax")]'):
        if element.getparent() is not None:
            element.drop_tree()


def tex_of_image(image: HtmlElement) -> str:
    """The TeX of a picture of a formula, "" for any other picture."""
    words = image.get("alt") or image.get("title") or ""
    address = image.get("src") or ""
    if _DRAWN.search(address):
        return words.strip() if _TEX.search(words) else _in_address(address) or words.strip()
    if _TEX.search(words) or (words.strip() and _PICTURE.search(image.get("class") or "")):
        return words.strip()
    return ""


def _in_address(address: str) -> str:
    try:
        query = urlsplit(address).query
    except ValueError:
        return ""
    named = _IN_QUERY.search(query)
    # `+` is a plus in a query that is TeX by itself, and a blank in one that a form has filled in
    written = unquote_plus(named[1]) if named else unquote_plus(query.replace("+", "%2B"))
    return _SIZE.sub("", written.strip()).strip()


def _mark_script(script: HtmlElement, marks: Marks) -> None:
    kind, text = script.get("type", ""), script.text or ""
    if kind.startswith("math/mml"):
        _put(script, _tex_in(text), "display" in kind, marks)
    elif text.strip():
        _put(script, text, "display" in kind, marks)


def _mark_katex(root: HtmlElement, marks: Marks) -> None:
    for element in root.xpath('.//*[contains(@class, "katex-display")]'):
        _mark_rendered(element, True, marks, root)
    for element in root.xpath('.//*[contains(concat(" ", @class, " "), " katex ")]'):
        _mark_rendered(element, False, marks, root)


def _mark_rendered(element: HtmlElement, display: bool, marks: Marks, root: HtmlElement) -> None:
    """A rendered formula by the TeX or MathML that it carries, else by what it is to be read aloud as."""
    if root not in element.iterancestors():  # it went with the formula that it stood in
        return
    tex = _carried(element)
    aloud = " ".join((element.get("aria-label") or "").split())
    if not tex and aloud:
        marks.put(element, Mark(aloud, inline=True))
    elif tex or element.text_content().strip() or len(element):
        _put(element, tex, display, marks)


def _carried(element: HtmlElement) -> str:
    stated = (part.get(name) for name in _SOURCES for part in (element, *element.iterdescendants()))
    maths = [element] if element.tag == "math" else list(element.iter("math"))
    drawn = (
        *(to_tex(math) for math in maths),
        next((text for text in stated if text), ""),
        _tex_in(element.get("data-mathml") or ""),
        *element.xpath(".//annotation[contains(@encoding, 'tex')]/text()"),
        *element.xpath(".//img/@alt"),
    )
    return next((text for text in drawn if text and text.strip()), "")


def _tex_in(markup: str) -> str:
    """TeX of MathML that stands in an attribute or a script."""
    if "<" not in markup:
        return ""
    math = next(lxml.html.fragment_fromstring(markup, create_parent="div").iter("math"), None)
    return to_tex(math) if math is not None else ""


def _put(element: HtmlElement, tex: str, display: bool, marks: Marks) -> None:
    """`tex` in place of `element`, and a hole where it is blank."""
    if element.getparent() is None:
        return
    bare = _DELIMITERS.sub("", _DELIMITERS.sub("", tex.strip())).strip()
    if not bare:
        marks.put(element, Mark(hole("formula", element.tag), inline=True))
    elif display:
        marks.put(element, Mark(f"$$\n{bare}\n$$"))
    else:
        in_cell = any(True for _ in element.iterancestors("td", "th"))
        marks.put(element, Mark(f"${bare.replace('|', BAR) if in_cell else bare}$", inline=True))
