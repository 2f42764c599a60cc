"""Which element holds most of the running text."""

from collections import defaultdict

import re2
from lxml.html import HtmlElement

_PAUSES = re2.compile(r"[,;:.!?，。、；：！？]")
_SPACE = re2.compile(r"\s+")


def text_of(element: HtmlElement) -> str:
    return _SPACE.sub(" ", element.text_content() or "").strip()


def text_length(element: HtmlElement) -> int:
    """Characters of running text: those outside links."""
    return len(text_of(element)) - sum(len(text_of(link)) for link in element.iter("a"))


def best_block(body: HtmlElement) -> HtmlElement | None:
    scores: dict[HtmlElement, float] = defaultdict(float)
    for block in body.iter("p", "pre", "blockquote", "td", "div", "li", "section"):
        text = _own_text(block)
        if len(text) < 25:
            continue
        score = 1 + len(_PAUSES.findall(text)) + min(len(text) / 100, 3)
        parent = block if block.tag in ("div", "td", "section") else block.getparent()
        for share in (1.0, 0.5, 0.25):
            if parent is None or parent is body.getparent():
                break
            scores[parent] += score * share
            parent = parent.getparent()
    if not scores:
        return None
    return max(scores, key=lambda element: scores[element] * (1 - link_density(element)))


def _own_text(block: HtmlElement) -> str:
    if block.tag in ("p", "pre", "blockquote", "li"):
        return text_of(block)
    return _SPACE.sub(" ", "".join([block.text or "", *((child.tail or "") for child in block)])).strip()


def link_density(element: HtmlElement) -> float:
    """Share of the text that is in links."""
    whole = len(text_of(element))
    return sum(len(text_of(link)) for link in element.iter("a")) / whole if whole else 0.0
