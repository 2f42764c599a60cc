"""Names of fields in the reference of an API, which stand above what each is, in a box of their own.

Mintlify, ReadMe, GitBook and Docusaurus write them so: a name, its type and whether it is required, each in a
box that says nothing alone. They become one line, the name in bold.
"""

import re2
from lxml import etree
from lxml.html import HtmlElement

from connectors.html.tags import is_inline

_NAME = re2.compile(
    r"(?i)(?:^|[\s_-])(?:field|param(?:eter)?|prop(?:erty)?|attribute|argument)s?[_-]{0,2}name(?:$|[\s_-]|(?-i:[A-Z\d]))"
    r"|(?:^|\s)openapi-schema(?:__property|-propertyname)(?:$|\s)"
)
_NAMED = etree.XPath(
    ".//*[contains(@class, 'name') or contains(@class, 'Name') or contains(@class, 'schema__property')"
    " or contains(@data-component-part, 'name')]"
)
_NO_NAME = re2.compile(r"\s|[.!?。！？]$")
_LONGEST, _LONGEST_LINE = 60, 120  # characters of a name, and with its type
_STOPS = (".", "!", "?", "。", "！", "？")


def write_fields(root: HtmlElement) -> None:
    """Change `root` in place."""
    names = {each for each in _NAMED(root) if _is_name(each)}
    for name in [each for each in root.iter() if each in names]:
        if name.getparent() is None or next(name.iterancestors("table", "a", "pre", "form"), None) is not None:
            continue
        line = _line(name, names)
        if not is_inline(line):  # a word of a sentence
            _write(line, _said(name))


def _is_name(element: HtmlElement) -> bool:
    given = f"{element.get('class') or ''} {element.get('data-component-part') or ''}"
    text = _said(element)
    return bool(_NAME.search(given)) and 0 < len(text) <= _LONGEST and not _NO_NAME.search(text)


def _line(name: HtmlElement, names: set[HtmlElement]) -> HtmlElement:
    """The largest box that begins with the name and says no sentence, and of no other field."""
    own, line = _said(name), name
    for around in name.iterancestors():
        said = _said(around)
        is_line = said.startswith(own) and len(said) <= _LONGEST_LINE and not said.endswith(_STOPS)
        if not is_line or around.tag in ("li", "section", "body") or sum(each in names for each in around.iter()) > 1:
            break
        line = around
    return line


def _said(element: HtmlElement) -> str:
    """The text of an element, of a long one the beginning."""
    said = ""
    for text in element.itertext():
        said += text.replace("\u200b", "")
        if len(said) > 2 * _LONGEST_LINE:
            break
    return " ".join(said.split())


def _write(line: HtmlElement, name: str) -> None:
    apart = " ".join(" ".join(line.itertext()).replace("\u200b", "").split())
    more, tail = (apart if apart.startswith(name) else _said(line)).removeprefix(name).strip(), line.tail
    line.clear()
    line.tag, line.tail = "p", tail
    line.set("role", "heading")  # no stray
    strong = etree.SubElement(line, "strong")
    strong.text, strong.tail = name, f" {more}" if more else ""
