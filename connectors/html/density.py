"""Which element holds the running text: every block is worth its prose and costs its links.

The content is the subtree of the greatest worth, so that a frame around the article, which adds links but no
prose, is worth less than the article, and a single paragraph is worth less than all of them.
"""

from dataclasses import dataclass

import re2
from lxml.html import HtmlElement

from connectors.html.tags import HEADINGS, is_inline

_WIDE = re2.compile(r"[\x{3040}-\x{30ff}\x{3400}-\x{9fff}\x{ac00}-\x{d7a3}]")
_PAUSE = re2.compile(r"[.!?,;:。，、；：！？…”\"؟،।]")
# A Chinese character says about as much as this many letters
_WIDTH = 2.5
# From this many letters on a block is prose, if it also has a pause
_PROSE = 60
_SENTENCE = 25
_STOPS = ".!?。！？…”"
_SHARE_OF_LINKS = 0.35
# A heading that leads to another page announces an excerpt of it
_TEASER = 150


@dataclass(slots=True)
class Weight:
    """`prose` and `links` in letters, over the element and all below; `worth` is what selection maximises."""

    prose: float = 0.0
    links: float = 0.0
    length: float = 0.0
    worth: float = 0.0

    @property
    def mass(self) -> float:
        """Prose, and a little of the short lines that are no links: verses, tables, captions."""
        return self.prose + 0.25 * max(0.0, self.length - self.links - self.prose)


def letters(text: str) -> float:
    """Length of a text without runs of blanks, a wide character counted as `_WIDTH`."""
    text = " ".join(text.split())
    return float(len(text)) if text.isascii() else len(text) + (_WIDTH - 1) * len(_WIDE.findall(text))


def weigh(body: HtmlElement) -> dict[HtmlElement, Weight]:
    """The weight of every element that is not inline."""
    weights: dict[HtmlElement, Weight] = {}
    _weigh(body, weights, False)
    return weights


def _weigh(element: HtmlElement, weights: dict[HtmlElement, Weight], in_link: bool) -> Weight:
    total = Weight()
    in_link = in_link or element.tag == "a"
    run: list[str] = [element.text or ""]
    linked: list[str] = []
    for child in element:
        if isinstance(child.tag, str):
            if is_inline(child):
                text = child.text_content()
                run.append(text)
                linked += [text] if child.tag == "a" else [link.text_content() for link in child.iter("a")]
            else:
                _add(total, _weigh(child, weights, in_link))
        run.append(child.tail or "")
    text = "".join(run)
    _add(total, _run(element, text, letters(text) if in_link else sum(map(letters, linked))))
    weights[element] = total
    return total


def _add(total: Weight, part: Weight) -> None:
    total.prose += part.prose
    total.links += part.links
    total.length += part.length
    total.worth += part.worth


def _run(element: HtmlElement, text: str, links: float) -> Weight:
    length = letters(text)
    if not length:
        return Weight()
    if element.tag == "pre":
        return Weight(length, 0, length, length)
    if element.tag in HEADINGS:
        return Weight(0, links, length, -_TEASER if links > 0.8 * length and _leads_away(element) else 0)
    whole = (length >= _PROSE and bool(_PAUSE.search(text))) or (length >= _SENTENCE and text.rstrip()[-1] in _STOPS)
    prose = whole and links < _SHARE_OF_LINKS * length
    if prose:
        return Weight(length - links, links, length, length - 2 * links)
    return Weight(0, links, length, 0.2 * (length - links) - links - 4)


def _leads_away(heading: HtmlElement) -> bool:
    links = [*heading.iter("a"), *heading.iterancestors("a")]
    return any((link.get("href") or "#")[0] != "#" for link in links)
