"""Boxes within an article: notes, tips and warnings. They belong to the section they stand in."""

from itertools import islice

import re2
from lxml import etree
from lxml.html import HtmlElement

from connectors.html.tags import HEADINGS

_WORDS = re2.compile(
    r"(?i)(?:^|[\s_-])(?:callout|admonition|infobox|note|notice|tip|hint|warning|caution|danger|important|information"
    r"|message-box|alert-(?:info|warning|danger|success|primary|secondary)|theme-admonition|starlight-aside|sidebarblock)(?:$|[\s_-])"
)
# Boxes of docutils and DocBook, whose names are others' words for what stands beside the text
_TITLED = etree.XPath(
    "boolean(self::*[self::div or self::aside][contains(@class, 'sidebar') or contains(@class, 'topic')]"
    "[not(contains(@class, 'contents'))][./p[contains(@class, 'sidebar-title') or contains(@class, 'topic-title')]"
    " or ./div[@class='titlepage']])"
)
_TITLE_LINES = etree.XPath(
    ".//*[self::p or self::div or self::span][contains(@class, 'title') or contains(@class, 'heading')]"
)
_NOT_IN_A_TITLE = ("ul", "ol", "table", "pre", *HEADINGS)
_LONGEST_TITLE = 120  # characters
_LONGEST = 2000  # characters of a box; what is longer is a page that is called so
_CELLS = 3  # picture, title, text


def is_callout(element: HtmlElement) -> bool:
    """Whether a box says something within an article, by its class or role, and by how little it is."""
    named = element.get("role") == "note" or bool(_WORDS.search(element.get("class") or "") or _TITLED(element))
    return named and 0 < len(element.text_content()) <= _LONGEST


def titles(root: HtmlElement) -> set[HtmlElement]:
    """Headings that are titles of boxes: alone in one, with nothing before them."""
    found = set[HtmlElement]()
    if next(root.iter(*HEADINGS), None) is None:
        return found
    for box in root.iterdescendants("div", "aside", "section", "blockquote", "details"):
        headings = list(box.iterdescendants(*HEADINGS)) if is_callout(box) else []
        if len(headings) == 1 and _is_first(headings[0], box):
            found.add(headings[0])
    return found


def title_lines(root: HtmlElement) -> list[HtmlElement]:
    """Titles of boxes that are no headings: named so, alone in a box that says more, with nothing before them."""
    found = list[HtmlElement]()
    for line in _TITLE_LINES(root):
        box = next((each for each in islice(line.iterancestors(), 2) if is_callout(each)), None)
        said = line.text_content().strip()
        if box is not None and 0 < len(said) <= _LONGEST_TITLE and len(said) < len(box.text_content().strip()):
            found += [line] if _is_first(line, box) and _is_one_line(line) else []
    return found


def _is_one_line(element: HtmlElement) -> bool:
    return next(element.iter(*_NOT_IN_A_TITLE), None) is None and sum(1 for _ in element.iter("p")) <= 1


def titles_in_tables(root: HtmlElement) -> list[HtmlElement]:
    """Titles of boxes that DocBook draws as a table of a picture, a title and a text; such a table becomes layout."""
    found = list[HtmlElement]()
    for table in root.iter("table"):
        cells = table.xpath(".//td | .//th")
        titled = [cell for cell in cells if cell.tag == "th"]
        if table is not root and len(titled) == 1 and len(cells) <= _CELLS and is_callout(table.getparent()):
            table.set("role", "presentation")
            found += titled
    return found


def _is_first(heading: HtmlElement, box: HtmlElement) -> bool:
    before = heading
    while before is not box:
        if any(each.text_content().strip() for each in before.itersiblings(preceding=True)):
            return False
        before = before.getparent()
        if (before.text or "").strip():
            return False
    return True
