"""What a site adds within its articles: notices, datelines, lists of other articles, headings with nothing below."""

import tomllib
from itertools import takewhile
from pathlib import Path

import re2
from lxml import etree
from lxml.html import HtmlElement

from connectors.html.density import Weight
from connectors.html.tags import HEADINGS

_SAID = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))


def _any(kind: str) -> "re2._Regexp[str]":
    """Reads lower case, since a pattern of all languages without regard to case is too large for re2's fast way."""
    options = re2.Options()
    options.max_mem = _MEMORY
    return re2.compile("|".join(pattern for language in _SAID[kind].values() for pattern in language), options)


_MEMORY = 64 * 2**20
_BEGINS, _HOLDS, _DATED, _MORE = (_any(kind) for kind in ("begins", "holds", "dated", "ways_on"))
_FRAMES = ("div", "ul", "ol", "section", "table", "p", "figure", "header", "form")  # and elements of a page's own
_NOTICE = 160
_DATE = 80
_HEADING = 70
_STOPS = ".!?。！？…”"
_SENTENCE = 25
_PROSE = 0.3
_ADDRESS = re2.compile(r"(?i)(?:https?://|www\.)\S+|[\w.-]+\.[a-z]{2,}(?:/\S*)?|[\w.+-]+@[\w.-]+")
# A list of other articles has at least so many items, and at most this share of the content's prose
_FEWEST, _MOST = 3, 0.5


def trim(block: HtmlElement, weights: dict[HtmlElement, Weight]) -> None:
    """Drop lists of links, notices and empty frames within the content."""
    _drop_ways_on(block, weights)
    for element in [each for each in block.iter(etree.Element) if each.tag in _FRAMES or "-" in each.tag]:
        weight = weights.get(element)
        if element is block or weight is None or element.getparent() is None or element.getparent().tag == "li":
            continue
        is_small = weight.prose <= _MOST * weights[block].prose
        if _is_of_links(element, weight) or _is_notice(element, weight) or (is_small and _is_of_teasers(element)):
            element.drop_tree()


def _is_of_links(element: HtmlElement, weight: Weight) -> bool:
    """Links and little else; but not a paragraph that says something between them, nor what holds such a paragraph."""
    if weight.worth >= 0 or weight.links <= 0.5 * weight.length or weight.prose > _PROSE * weight.length:
        return False
    is_sentence = weight.length - weight.links >= _SENTENCE and element.text_content().rstrip()[-1:] in _STOPS
    return not (element.tag == "p" and (is_sentence or _names_addresses(element)))


def _names_addresses(element: HtmlElement) -> bool:
    """Whether a line says what is where: behind a word or more, links that show the address they lead to."""
    shown = [" ".join(link.text_content().split()) for link in element.iter("a")]
    said = (element.text or "").strip()
    return bool(said and shown) and all(map(_ADDRESS.fullmatch, shown))


def _is_notice(element: HtmlElement, weight: Weight) -> bool:
    if weight.length >= _NOTICE:
        return False
    text = " ".join(element.text_content().split())
    times = " ".join(" ".join(time.text_content() for time in element.iter("time")).split())
    return says_notice(text, weight.length) or (bool(text) and text == times)


def says_notice(text: str, length: float) -> bool:
    """Whether a line of `length` letters is the site's, and not of the article."""
    if length >= _NOTICE:
        return False
    lower = text.lower()
    return bool(_BEGINS.match(lower) or _HOLDS.search(lower) or (length < _DATE and _DATED.match(lower)))


def _is_of_teasers(element: HtmlElement) -> bool:
    """A list of other articles: most items link twice to one place, as a picture and a title, or a title and "more"."""
    items = [item for item in element if isinstance(item.tag, str)]
    if len(items) < _FEWEST or len({item.tag for item in items}) > 1 or items[0].tag in ("p", *HEADINGS):
        return False
    twice = 0
    for item in items:
        targets = [href for href in item.xpath(".//a/@href") if not href.startswith(("#", "javascript"))]
        twice += len(set(targets)) < len(targets)
    return twice >= 0.7 * len(items)


def _drop_ways_on(block: HtmlElement, weights: dict[HtmlElement, Weight]) -> None:
    """Headings like "See also" with the links below them, where nothing else is."""
    for heading in list(block.iter(*HEADINGS, "p", "div")):
        if heading.getparent() is None or not _leads_on(heading, weights):
            continue
        below = list(takewhile(lambda each: _is_linked(each, weights), heading.itersiblings()))
        if below or heading.getnext() is None:
            for element in (*below, heading):
                element.drop_tree()


def _leads_on(element: HtmlElement, weights: dict[HtmlElement, Weight]) -> bool:
    weight = weights.get(element)
    if weight is None or not 0 < weight.length <= _HEADING:
        return False
    is_bold = len(element) == 1 and element[0].tag in ("strong", "b") and not (element.text or "").strip()
    text = " ".join(element.text_content().split())
    return (element.tag in HEADINGS or is_bold or text.endswith((":", "："))) and bool(_MORE.match(text.lower()))


def _is_linked(element: HtmlElement, weights: dict[HtmlElement, Weight]) -> bool:
    weight = weights.get(element)
    if weight is None or element.tag in HEADINGS:
        return False
    if element.tag in ("ul", "ol"):
        return all(next(item.iter("a"), None) is not None for item in element.iter("li"))
    return not weight.length or weight.links > 0.5 * weight.length


def drop_last_headings(block: HtmlElement) -> None:
    """Headings that nothing follows."""
    for heading in reversed(list(block.iter(*HEADINGS))):
        if heading is block or _is_quoted(heading) or _says_something_after(heading, block):
            break
        heading.drop_tree()


def _is_quoted(heading: HtmlElement) -> bool:
    return next(heading.iterancestors("blockquote"), None) is not None


def _says_something_after(element: HtmlElement, block: HtmlElement) -> bool:
    step: HtmlElement | None = element
    while step is not None and step is not block:
        if (step.tail or "").strip() or any(each.text_content().strip() for each in step.itersiblings()):
            return True
        step = step.getparent()
    return False
