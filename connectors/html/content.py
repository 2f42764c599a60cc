"""The part of a page that is its own: the article without navigation, sidebars, comments and advertising.

Paragraphs vote for the elements above them by length, punctuation and lack of links, after Arc90's Readability;
the containers that documentation generators are known to use are tried first.
"""

from copy import deepcopy

from lxml.html import HtmlElement

from connectors.html.clutter import drop_clutter, drop_invisible, trim
from connectors.html.density import best_block, text_length

# What generators and content systems put their article in, most telling first.
CONTAINERS = (
    '//div[@itemprop="articleBody"]',
    '//*[@role="main"]',
    "//main",
    "//article",
    '//div[@id="mw-content-text"]',
    '//div[contains(concat(" ", @class, " "), " entry-content ")]',
    '//div[contains(concat(" ", @class, " "), " markdown-body ")]',
    '//div[@id="content"]',
)


def main_content(root: HtmlElement) -> HtmlElement | None:
    """The element that holds the page's content, cleaned, as a tree of its own; None where there is none.

    `root` is left as it was.
    """
    page = deepcopy(root)
    drop_invisible(page)
    body = page.find("body")
    body = page if body is None else body
    drop_clutter(body)
    block = _known(body)
    if block is None:
        block = best_block(body)
    if block is None:
        return None
    block.tail = None
    trim(block)
    return block


def _known(body: HtmlElement) -> HtmlElement | None:
    whole = text_length(body)
    for path in CONTAINERS:
        found = [element for element in body.xpath(path) if text_length(element) > 0.4 * whole]
        if len(found) == 1:
            return found[0]
    return None
