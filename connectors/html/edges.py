"""What a page sets around the text within its element: lines above the title, and the next articles."""

from collections.abc import Iterator

from lxml.html import HtmlElement

from connectors.html.density import Weight

Weights = dict[HtmlElement, Weight]


def trim_edges(block: HtmlElement, weights: Weights) -> None:
    """Drop them from `block`, which still has its title."""
    titles = list(block.iter("h1"))
    if titles:
        _drop_above(titles[0], block, weights)
        _drop_next_articles(titles, block, weights)


def _drop_above(title: HtmlElement, block: HtmlElement, weights: Weights) -> None:
    """Categories, dates and crumbs: what stands before the title and says nothing."""
    above = [each for step in _up(title, block) for each in step.itersiblings(preceding=True)]
    if all(each in weights and not weights[each].prose for each in above if isinstance(each.tag, str)):
        for each in above:
            each.drop_tree()


def _drop_next_articles(titles: list[HtmlElement], block: HtmlElement, weights: Weights) -> None:
    """Articles that a page loads below its own, each with a title of the first level. One with the first title again is
    the page's own below a head for print, and so are all where nothing is said outside of them."""
    first = set(titles[0].iterancestors())
    around = (next(title.iterancestors("article"), None) for title in titles[1:] if _said(title) != _said(titles[0]))
    next_ones = {each for each in around if each is not None and each not in first and block in each.iterancestors()}
    outer = [each for each in next_ones if next_ones.isdisjoint(each.iterancestors())]
    if sum(weights[each].prose for each in outer if each in weights) < weights[block].prose:
        for article in outer:
            article.drop_tree()


def _said(title: HtmlElement) -> str:
    return "".join(filter(str.isalnum, title.text_content()))


def _up(element: HtmlElement, block: HtmlElement) -> Iterator[HtmlElement]:
    """`element` and what is around it, below `block`."""
    step = element
    while step is not block:
        yield step
        step = step.getparent()
