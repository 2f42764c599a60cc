"""The lead of an article where it stands outside the body: a standfirst, a summary, a sentence below the title."""

from collections.abc import Iterator
from copy import deepcopy
from itertools import islice

import re2
from lxml.html import Element, HtmlElement

from connectors.html.density import letters
from connectors.html.notices import says_notice
from connectors.html.tags import HEADINGS, INLINE, is_inline

# Words of a class or id that name a lead, in the languages of content systems
# fmt: off
_WORDS = frozenset((
    "lead", "lede", "leadtext", "intro", "introtext", "introduction", "standfirst", "summary", "teaser", "excerpt",
    "dek", "deck", "subtitle", "subheadline", "subhead", "subheading", "strapline", "abstract", "chapo", "chapeau",
    "sommario", "occhiello", "bajada", "entradilla", "copete", "sumario", "vorspann", "anrisstext", "unterzeile",
    "ingress", "manchet", "perex", "zajawka", "resumo", "resumen", "zhaiyao", "daodu", "synopsis",
))
# fmt: on
_PART = re2.compile(r"[A-Z]?[a-z]+|[A-Z]+")
_NOT_A_LEAD = re2.compile(
    r"(?i)caption|byline|author|credit|copyright|legend|shar(?:e|ing)|social|breadcrumb|meta|date|cookie|consent|related"
    r"|comment|image|photo|picture|media|gallery|video|messenger|facebook|subscri|newsletter|sign-?up|notice|alert|promo"
)
_NEVER = re2.compile(r"(?i)cookie|consent|related|comment|newsletter|author|breadcrumb|navigation")
_NOT_IN = ("figure", "figcaption", "nav", "aside", "footer", "form", "table", "pre", "blockquote", "ul", "ol", "dl")
_NOT_IN_IT = (*HEADINGS, "figure", "ul", "ol", "form", "table", "button")
_CREDIT = re2.compile(r"(?i)credit|caption|copyright")
# How often an article was read, as it stands beside its date
_COUNTED = re2.compile(
    r"(?i)(?:阅读|閱讀|浏览|瀏覽|点击|點擊)(?:量|数|數|次数)\s*[:：]?\s*\d|\b\d[\d.,]*k? (?:views|reads)\b"
)
# Letters of a lead that is named, and of one that only stands where leads stand
_NAMED, _UNNAMED, _LONGEST = 30, 70, 1000
# Elements after the title among which a lead is looked for, and letters that may stand before it
_NEAR, _BEFORE = 80, 400
# Titles of a page that are tried, and letters by which one is known
_MOST_TITLES, _TITLE, _TITLE_SHARE = 6, 8, 0.3


def stated_title(root: HtmlElement) -> str:
    """The letters and digits of a page's `<title>`, by which its heading is known."""
    return next((_bare(each.text_content()) for each in root.iter("title") if each.getparent().tag == "head"), "")


def named_leads(body: HtmlElement, stated: str) -> list[HtmlElement]:
    """What follows a title and is named as a lead, though other sites give the name to lists of articles."""
    found = []
    for title in islice(_titles(body, stated), _MOST_TITLES):
        for element in islice(_after(title), _NEAR):
            named = _is_named(element)
            if element.tag in HEADINGS and not named:
                break
            if named and _is_like_a_lead(element, _NAMED):
                found.append(element)
                break
    return found


def find_lead(block: HtmlElement, body: HtmlElement, stated: str) -> HtmlElement | None:
    """The first lead between the last title before `block` and `block`, which does not say it again."""
    lead = _lead(block, body, stated)
    return None if lead is None or _bare(lead.text_content()) in _bare(block.text_content()) else lead


def behind(lead: HtmlElement, block: HtmlElement) -> HtmlElement:
    """An element of both."""
    around, copy = Element("div"), deepcopy(lead)
    copy.tag, copy.tail = "p" if copy.tag in (*HEADINGS, *INLINE) else copy.tag, None
    around.extend((copy, block))
    return around


def _titles(body: HtmlElement, stated: str) -> Iterator[HtmlElement]:
    """Headings of the first level, and those that say what the page's `<title>` says."""
    for heading in body.iter("h1", "h2", "h3", "h4"):
        if heading.tag == "h1" or (heading.getparent() is not None and _is_stated(heading, stated)):
            yield heading


def _is_stated(heading: HtmlElement, stated: str) -> bool:
    text = _bare(heading.text_content())
    return len(text) >= max(_TITLE, _TITLE_SHARE * len(stated)) and text in stated


def _lead(block: HtmlElement, body: HtmlElement, stated: str) -> HtmlElement | None:
    """The first that is named as one after a title before `block`, else what stands as one after the last title."""
    if any(_is_stated(each, stated) for each in block.iter("h1", "h2")):
        return None
    below = _below_titles(block, body, stated)
    found = [_first_lead([each for each in part if _is_named(each)], _NAMED) for part in below]
    found += [_first_lead(part, _UNNAMED) for part in below[-1:]]
    return next((lead for lead in found if lead is not None), None)


def _below_titles(block: HtmlElement, body: HtmlElement, stated: str) -> list[list[HtmlElement]]:
    """What stands below each title, up to the next one or to `block`, without what is around `block`."""
    around = set(block.iterancestors())
    parts: list[list[HtmlElement]] = []
    inside: set[HtmlElement] = set()
    for element in body.iter():
        if element is block:
            break
        if element.tag == "h1" or (element.tag in ("h2", "h3", "h4") and _is_stated(element, stated)):
            inside = set(element.iter())
            parts.append([])
        elif parts and isinstance(element.tag, str) and element not in around and element not in inside:
            parts[-1].append(element)
    return [part[:_NEAR] for part in parts]


def _first_lead(elements: list[HtmlElement], shortest: int) -> HtmlElement | None:
    """The first of `elements` that is one, if nothing but short lines comes before it."""
    passed = 0.0
    for element in elements:
        if _is_like_a_lead(element, shortest):
            return element
        passed += 0 if len(element) else letters(element.text_content())
        if passed > _BEFORE:
            break
    return None


def _after(title: HtmlElement) -> Iterator[HtmlElement]:
    """The elements after `title` in the order of the page."""
    inside = set(title.iter())
    for step in (title, *title.iterancestors()):
        if step.tag == "body":
            return
        for sibling in step.itersiblings():
            yield from (each for each in sibling.iter() if isinstance(each.tag, str) and each not in inside)


def _is_named(element: HtmlElement) -> bool:
    given = _names(element)
    return bool(given.strip()) and not _WORDS.isdisjoint(part.lower() for part in _PART.findall(given))


def _is_like_a_lead(element: HtmlElement, shortest: int) -> bool:
    """A sentence or a few, hardly linked, and no heading of another part."""
    others = _NEVER if shortest == _NAMED else _NOT_A_LEAD
    if any(
        each.tag in _NOT_IN or others.search(_names(each)) for each in (element, *islice(element.iterancestors(), 2))
    ):
        return False
    if any(inner.tag in _NOT_IN_IT or _CREDIT.search(inner.get("class") or "") for inner in element.iterdescendants()):
        return False
    text = " ".join(element.text_content().split())
    length = letters(text)
    linked = sum(letters(link.text_content()) for link in element.iter("a"))
    if not (shortest <= length <= _LONGEST and linked < 0.3 * length and _says_something(text, shortest)):
        return False
    lines = (inner for inner in element.iter() if inner is element or not is_inline(inner))
    return shortest == _NAMED or not any(map(_is_of_site, lines))


def _is_of_site(element: HtmlElement) -> bool:
    text = " ".join(element.text_content().split())
    return bool(_COUNTED.search(text)) or says_notice(text, letters(text))


def _says_something(text: str, shortest: int) -> bool:
    return shortest < _UNNAMED or any(stop in text for stop in ".!?。！？…")


def _names(element: HtmlElement) -> str:
    return f"{element.get('class') or ''} {element.get('id') or ''} {element.get('itemprop') or ''}"


def _bare(text: str) -> str:
    return "".join(letter for letter in text.lower() if letter.isalnum())
