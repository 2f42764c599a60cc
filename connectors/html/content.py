"""The part of a page that is its own: the article without navigation, sidebars, comments and advertising."""

from copy import deepcopy

import re2
from lxml.html import HtmlElement

from connectors.html.clutter import drop_clutter, drop_invisible
from connectors.html.density import Weight, weigh
from connectors.html.edges import trim_edges
from connectors.html.lead import behind, find_lead, named_leads, stated_title
from connectors.html.manuals import frame, is_manual
from connectors.html.notices import drop_last_headings, trim
from connectors.html.strays import find_strays

# Names that content systems and generators give to the element around the text and nothing else ...
_BODY = re2.compile(
    r"(?i)(?:^|[\s_-])(?:(?:article|post|entry|story|news|blog|content|detail|text|main|page|single|paper|art|rich)[_-]*"
    r"(?:body|content|text|txt|main|detail|details|maintext|area|copy|inner|paragraphs?|words)|rich_media_content|mw-content-text|mw-parser-output|"
    r"markdown-body|markdown|td-post-content|js_content|articlebody|articletext|storytext|bodytext|field-name-body|postmessage)(?:$|[\s_-])"
)
# ... and to nothing but an article, so that a frame of much text does not hide it
_SURELY = re2.compile(
    r"(?i)(?:^|\s)(?:trs_editor|wp_articlecontent|v_news_content|vsb_content|ucap-?content|js_content|rich_media_content"
    r"|article-?body|articlebody|entry-content|post-content|mw-parser-output)(?:$|\s)"
)
# A container must hold this share of the page's prose
_SHARE = 0.4
_SURE_SHARE = 0.15
# Pieces of one text: how much of all of them is together, and how much else may stand between them
_NEARLY_ALL, _BETWEEN, _MOST_PIECES = 0.85, 1.1, 100
# A block without a name holds this share of the page's prose, unless more than that of what is around it is links
_HOLDS, _LINKED = 0.5, 0.3
_CONTAINERS = ("div", "section", "article", "main", "td", "table", "tbody", "body")
_SHORTEST = 50
_LITTLE = 150


def main_content(root: HtmlElement) -> HtmlElement | None:
    """The element that holds the text of the page's article, cleaned, as a tree of its own; None where there is none.

    `root` is left as it was. A lead that stands outside of the element is not in it: `article_content` has both.
    """
    return _content(root)[0]


def article_content(root: HtmlElement) -> HtmlElement | None:
    """`main_content` behind the article's lead, where that stands outside of it."""
    block, lead = _content(root)
    return block if block is None or lead is None else behind(lead, block)


def _content(root: HtmlElement) -> tuple[HtmlElement | None, HtmlElement | None]:
    found = framed(root)
    if found is None:
        return None, None
    block, lead, weights, stated = found
    strays = [] if is_manual(root) else find_strays(block, weights, stated)
    trim(block, weights)
    for each in strays:
        if block in each.iterancestors():  # not gone with what was around it
            each.drop_tree()
    drop_last_headings(block)
    return block, lead


def framed(root: HtmlElement) -> tuple[HtmlElement, HtmlElement | None, dict[HtmlElement, Weight], str] | None:
    """The block of the article without its title, its lead, weights, and the page's stated title; what the site has set
    between the lines is still in it. None where there is none."""
    page = deepcopy(root)
    stated = stated_title(root)
    drop_invisible(page)
    body = page.find("body")
    body = page if body is None else body
    drop_clutter(body, weigh(body), named_leads(body, stated))
    weights = weigh(body)
    block = best(body, weights)
    whole = frame(body)
    if whole is not None and whole in weights and whole in block.iterancestors():
        block = whole
    if not weights[block].length:
        return None
    lead = find_lead(block, body, stated)
    block.tail = None
    trim_edges(block, weights)
    _drop_title(block)
    return block, lead, weights, stated


def best(body: HtmlElement, weights: dict[HtmlElement, Weight]) -> HtmlElement:
    """The worthiest block, or the innermost container of the most telling kind that holds much of its prose."""
    block = max(weights, key=lambda element: weights[element].worth)
    if weights[block].worth <= 0:
        block = body
    elif weights[body].prose < _LITTLE:  # a page of short lines: a list, a table of contents
        block = max(weights, key=lambda element: weights[element].length - 3 * weights[element].links)
    return _container(body, block, weights)


def _container(body: HtmlElement, block: HtmlElement, weights: dict[HtmlElement, Weight]) -> HtmlElement:
    least = _SHARE * weights[block].mass
    weighty = [element for element, weight in weights.items() if weight.mass >= least and weight.length > _SHORTEST]
    sure = [*_titled(body), *(element for element in weights if _SURELY.search(_names(element)))]
    weighty += [element for element in sure if weights[element].mass >= _SURE_SHARE * weights[block].mass]
    for is_container in (_is_marked_up, _is_named, _is_article, _is_main):
        found = [element for element in weighty if is_container(element)]
        if found:
            return _with_its_like(_innermost(found, weights), weights)
    around = block.getparent()
    if block.tag not in _CONTAINERS and block is not body and around.tag in _CONTAINERS and around in weights:
        block = around  # its neighbours are short, and belong to it
    return _wide_enough(block, body, weights)


def _wide_enough(block: HtmlElement, body: HtmlElement, weights: dict[HtmlElement, Weight]) -> HtmlElement:
    """`block`, or what is around it where it holds little of the page's prose and what is around it hardly links."""
    for around in (block, *block.iterancestors()):
        if around not in weights:
            continue
        if around is not block and weights[around].links > _LINKED * weights[around].length:
            break
        if weights[around].mass >= _HOLDS * weights[body].mass:
            return around
    return block


def _titled(body: HtmlElement) -> list[HtmlElement]:
    """The `article` or `main` around the page's only `h1`, which a long notice may outweigh."""
    titles = list(body.iter("h1"))
    return [] if len(titles) != 1 else [each for each in titles[0].iterancestors("article", "main")]


def _innermost(found: list[HtmlElement], weights: dict[HtmlElement, Weight]) -> HtmlElement:
    most = max(weights[element].worth for element in found)
    near = [element for element in found if weights[element].worth >= most - 0.15 * abs(most)]
    return min(near, key=lambda element: weights[element].length)


def _with_its_like(piece: HtmlElement, weights: dict[HtmlElement, Weight]) -> HtmlElement:
    """The element around all pieces of one name that a page has cut its text into, with little else between them."""
    name = _first_class(piece)
    is_like = bool(name) or piece.tag == "article"
    pieces = [each for each in weights if is_like and each.tag == piece.tag and _first_class(each) == name]
    same = set(pieces)
    pieces = [each for each in pieces if same.isdisjoint(each.iterancestors())]
    total_prose = sum(weights[each].prose for each in pieces)
    for around in piece.iterancestors() if 1 < len(pieces) <= _MOST_PIECES else ():
        inside = sum(weights[each].prose for each in pieces if around in each.iterancestors())
        if around in weights and inside >= _NEARLY_ALL * total_prose:
            return around if weights[around].prose <= _BETWEEN * inside else piece
    return piece


def _first_class(element: HtmlElement) -> list[str]:
    return (element.get("class") or "").split()[:1]


def _is_marked_up(element: HtmlElement) -> bool:
    return "articlebody" in (element.get("itemprop") or "").lower()


def _is_named(element: HtmlElement) -> bool:
    names = _names(element)
    named = _BODY.search(names) or _SURELY.search(names)
    return element.tag in ("div", "section", "article", "td", "main") and bool(named)


def _names(element: HtmlElement) -> str:
    return f"{element.get('class') or ''} {element.get('id') or ''}"


def _is_article(element: HtmlElement) -> bool:
    return bool(element.tag == "article")


def _is_main(element: HtmlElement) -> bool:
    return bool(element.tag == "main" or element.get("role") == "main")


def _drop_title(block: HtmlElement) -> None:
    titles = list(block.iter("h1"))
    if len(titles) == 1 and titles[0] is not block:
        titles[0].drop_tree()
