"""The part of a page that is its own: the article without navigation, sidebars, comments and advertising."""

from copy import deepcopy

import re2
from lxml.html import HtmlElement

from connectors.html.clutter import drop_clutter, drop_invisible, trim
from connectors.html.density import Weight, weigh

# Names that content systems and generators give to the element around the text and nothing else ...
_BODY = re2.compile(
    r"(?i)(?:^|[\s_-])(?:(?:article|post|entry|story|news|blog|content|detail|text|main|page|single|paper|art|rich)[_-]*"
    r"(?:body|content|text|txt|main|detail|details|maintext|area|copy|inner|paragraphs?|words)|rich_media_content|mw-content-text|mw-parser-output|"
    r"markdown-body|markdown|td-post-content|js_content|articlebody|articletext|storytext|bodytext|field-name-body|postmessage)(?:$|[\s_-])"
)
# ... and to the article with its title, author and date
_ARTICLE = re2.compile(r"(?i)(?:^|[\s_-])(?:article|post|hentry|story|content|main)(?:$|[\s_-])")
# A container must hold this share of the page's prose
_SHARE = 0.4


def main_content(root: HtmlElement) -> HtmlElement | None:
    """The element that holds the page's content, cleaned, as a tree of its own; None where there is none.

    `root` is left as it was.
    """
    page = deepcopy(root)
    drop_invisible(page)
    body = page.find("body")
    body = page if body is None else body
    drop_clutter(body, weigh(body))
    weights = weigh(body)
    block = best(body, weights)
    if block is None:
        return None
    block.tail = None
    _drop_title(block)
    trim(block, weights)
    return block


def best(body: HtmlElement, weights: dict[HtmlElement, Weight]) -> HtmlElement | None:
    block = max(weights, key=lambda element: weights[element].worth, default=None)
    if block is None or weights[block].worth <= 0:
        block = body
    for named in _tiers():
        found = [
            e
            for e in weights
            if named(e) and weights[e].mass >= _SHARE * weights[block].mass and weights[e].length > 50
        ]
        if found:
            return _innermost(found, weights)
    return block


def _innermost(found: list[HtmlElement], weights: dict[HtmlElement, Weight]) -> HtmlElement:
    most = max(weights[element].worth for element in found)
    near = [element for element in found if weights[element].worth >= most - 0.15 * abs(most)]
    return min(near, key=lambda element: weights[element].length)


def _tiers():
    return (
        lambda e: "articlebody" in (e.get("itemprop") or "").lower(),
        lambda e: (
            e.tag in ("div", "section", "article", "td", "main")
            and _BODY.search(f"{e.get('class') or ''} {e.get('id') or ''}")
        ),
        lambda e: e.tag == "article",
        lambda e: e.tag == "main" or e.get("role") == "main",
    )


def _drop_title(block: HtmlElement) -> None:
    titles = list(block.iter("h1"))
    if len(titles) == 1 and titles[0] is not block:
        titles[0].drop_tree()
