"""Text to an element tree, with the checks that keep a hostile page from costing more than it is worth."""

import re

import lxml.html
import re2
from lxml import etree
from lxml.html import HtmlElement

MAX_TEXT = 10 * 1024 * 1024
# libxml2 drops text below 256 levels in silence unless told otherwise; no page that people read is so deep
MAX_DEPTH = 256
MAX_ELEMENTS = 200_000
# libxml2 takes quadratic time in the attributes of one tag: 10,000 cost 0.2 s, 100,000 cost 15 s
MAX_ATTRIBUTES = 5_000
_LONG_TAG = 65_536

_INLINE_DATA = re2.compile(r"data:[a-zA-Z0-9.+/;=-]{1,200}base64,[A-Za-z0-9+/=\s]+")
_QUOTED = re2.compile(r"\"[^\"]*\"|'[^']*'")
# NUL and other controls, and places where a word may be cut; the private area is kept for the marks of `markdown`
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\xad\ue000-\uf8ff\ufeff\ufffe\uffff]")
_REFERENCE = re2.compile(r"&#(?:[xX]0*([0-9a-fA-F]{1,4})|0*([0-9]{1,5}))")


class Unreadable(Exception):
    """A page that cannot be parsed. Reasons: too_large, too_deep, too_many_attributes, too_many_elements, no_markup."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason} {detail}".rstrip())
        self.reason, self.detail = reason, detail


def parse(text: str) -> HtmlElement:
    """The document's root element, without comments. Raises Unreadable."""
    if len(text) > MAX_TEXT:
        raise Unreadable("too_large", f"{len(text)} characters")
    clean = _CONTROLS.sub("", text).replace("&shy;", "")
    if "base64," in clean:
        clean = _INLINE_DATA.sub("data:,", clean)
    _check_tags(clean)
    root = _parse(clean)
    _check_shape(root)
    for shadow in list(root.iter("template")):
        if shadow.get("shadowrootmode") and shadow.getparent() is not None:
            shadow.drop_tag()  # a browser shows what is in it
    if any(map(_is_control, _REFERENCE.finditer(clean))):
        _drop_controls(root)
    return root


def _is_control(reference: "re2._Match") -> bool:
    """Whether a character reference, such as `&#1;`, stands for a character that no text may hold."""
    number = int(reference[1], 16) if reference[1] else int(reference[2])
    return number <= 0xFFFF and bool(_CONTROLS.match(chr(number)))


def _drop_controls(root: HtmlElement) -> None:
    """Take them out of the tree: libxml2 reads references to them, and lxml refuses to write what they stand for."""
    for element in root.iter():
        element.text = _CONTROLS.sub("", element.text or "") or None
        element.tail = _CONTROLS.sub("", element.tail or "") or None
        for name, value in element.attrib.items():
            if _CONTROLS.search(value):
                element.set(name, _CONTROLS.sub("", value))


def _check_tags(text: str) -> None:
    if len(text) <= _LONG_TAG:
        return
    for chunk in text.split("<"):
        if len(chunk) > MAX_ATTRIBUTES and chunk[0].isalpha():
            tag = _QUOTED.sub('""', chunk.partition(">")[0])
            attributes = max(tag.count("="), len(tag.split()))
            if attributes > MAX_ATTRIBUTES:
                raise Unreadable("too_many_attributes", f"{attributes} in one tag")


def _parse(text: str) -> HtmlElement:
    parser = lxml.html.HTMLParser(encoding="utf-8", huge_tree=True, remove_comments=True, remove_pis=True)
    try:
        root = lxml.html.document_fromstring(text.encode("utf-8", "replace"), parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError) as error:
        raise Unreadable("no_markup", type(error).__name__) from error
    _bring_in(root)
    return root


def _bring_in(root: HtmlElement) -> None:
    """Put into the body what stands behind its end or behind `</html>`, or all that is behind an `<html />`: libxml2
    puts it beside the body and beside the root, browsers show it."""
    for more in list(root.itersiblings()):
        if root.find("body") is None:
            root.extend(list(more))
            continue
        for part in (more, *more.findall("body")):
            _say(root.find("body"), part.text)
            root.find("body").extend(child for child in list(part) if child.tag not in ("head", "body"))
    body = root.find("body")
    for child in list(body.itersiblings()) if body is not None else ():
        body.append(child)


def _say(element: HtmlElement, text: str | None) -> None:
    """Put `text` behind all that is in `element`."""
    if len(element):
        element[-1].tail = (element[-1].tail or "") + (text or "")
    else:
        element.text = (element.text or "") + (text or "")


def _check_shape(root: HtmlElement) -> None:
    depth = deepest = elements = 0
    for event, _ in etree.iterwalk(root, events=("start", "end")):
        depth += 1 if event == "start" else -1
        deepest = max(deepest, depth)
        elements += event == "start"
    if deepest > MAX_DEPTH:
        raise Unreadable("too_deep", f"{deepest} levels")
    if elements > MAX_ELEMENTS:
        raise Unreadable("too_many_elements", f"{elements} elements")


def text_before(element: HtmlElement, root: HtmlElement) -> str:
    """The last words before `element` in `root`, from whatever holds them; "" where it is not in it."""
    while element is not root and element.getparent() is not None:
        before = element.getprevious()
        around = element.getparent()
        said = (around.text if before is None else before.tail) or ""
        if said.strip():
            return str(said)
        if before is not None and (before.text_content() or "").strip():
            return str(before.text_content())
        element = around if before is None else before
    return ""
