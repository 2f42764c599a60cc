"""Second copies of what a page shows: for readers without scripts, for printers, for narrow screens.

A page saved from a browser holds both what its scripts have drawn and what it was sent with; each post counts once. A
copy is told by where it stands and by its words, which stand elsewhere too. What only a `noscript` holds is the page.
"""

import re2
from lxml import etree
from lxml.html import HtmlElement

from connectors.html.threads.profiles import names_on

_NAMED = etree.XPath("//*[@class or @id]")
_FOR_OTHERS = re2.compile(
    r"(?i)^(?:print(?:able)?(?:[-_]?(?:only|version|view|area|content))?|visible-print\S*|d-print-(?:block|flex)"
    r"|show-for-print|visible-(?:xs|sm|phone)\S*|mobile[-_]?(?:only|version|view)|(?:only|show)[-_]?mobile"
    r"|show-for-small\S*|d-(?:sm|md|lg)-none)$"
)
_MOST = 20  # places that are looked at
_LEAST = 60  # letters of a copy that is worth looking for
_LINE = 12  # letters of a line that is not said twice by chance
_SHARE = 0.8  # of a copy's lines that have to stand elsewhere: times relative to now and buttons differ


def drop_copies(root: HtmlElement) -> HtmlElement:
    """`root` without second copies, changed in place."""
    worth_a_look = [(place, lines) for place in _places(root) if sum(map(len, lines := _lines(place))) >= _LEAST]
    for place, lines in worth_a_look[:_MOST]:
        shown = "".join(map(_letters, _texts(root, place))) if place.getparent() is not None else ""
        if sum(line in shown for line in lines) >= _SHARE * len(lines):
            place.drop_tree()
    return root


def _places(root: HtmlElement) -> list[HtmlElement]:
    """Where copies for others may stand."""
    for_others = set(filter(_FOR_OTHERS.match, names_on(root)))
    named = _NAMED(root) if for_others else []
    stated = ((place, f"{place.get('class') or ''} {place.get('id') or ''}".split()) for place in named)
    return [*root.iter("noscript", "template"), *(place for place, said in stated if not for_others.isdisjoint(said))]


def _texts(element: HtmlElement, without: HtmlElement | None = None) -> list[str]:
    """Texts in their order, without what stands in `without`, in scripts and in styles."""
    if element is without or not isinstance(element.tag, str) or element.tag in ("script", "style"):
        return []
    said = [element.text or ""]
    for child in element:
        said += [*_texts(child, without), child.tail or ""]
    return said


def _lines(place: HtmlElement) -> list[str]:
    return [line for text in _texts(place) if len(line := _letters(text)) >= _LINE]


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text))
