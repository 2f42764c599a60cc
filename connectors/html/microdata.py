"""Microdata: items, their properties and values. https://html.spec.whatwg.org/multipage/microdata.html"""

from collections.abc import Iterator
from typing import Any

from lxml import etree
from lxml.html import HtmlElement

MAX_ITEMS = 2_000
_DEEPEST, _MOST_REFERENCES = 12, 20
# Properties whose value is read with its markup, as JSON-LD has it
_RICH = ("text", "articleBody")
_ATTRIBUTES = {
    **dict.fromkeys(("a", "area", "link"), "href"),
    **dict.fromkeys(("audio", "embed", "iframe", "img", "source", "track", "video"), "src"),
    "meta": "content",
    "object": "data",
    "time": "datetime",
    "data": "value",
    "meter": "value",
}
_SAID = etree.XPath(".//text()[not(ancestor::script or ancestor::style)]")


def microdata(root: HtmlElement) -> list[dict[str, Any]]:
    """The outermost items, in the form of JSON-LD: `@type`, and each property once or as a list.

    Addresses are as the page has them.
    """
    tops = root.xpath("//*[@itemscope and not(@itemprop)]")
    return [as_data(item) for item in tops[:MAX_ITEMS]]


def as_data(item: HtmlElement, above: tuple[HtmlElement, ...] = ()) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if kinds := (item.get("itemtype") or "").split():
        found["@type"] = kinds[0] if len(kinds) == 1 else kinds
    if own_id := (item.get("itemid") or "").strip():
        found["@id"] = own_id
    for element in _own(item, not above):
        for name in element.get("itemprop").split():
            _add(found, name, _data(element, name, (*above, item)))
    return found


def properties(item: HtmlElement, *names: str) -> list[HtmlElement]:
    """The elements that are the item's own properties (of these names, in their order), not those of items in it."""
    own = list(_own(item, True))
    if not names:
        return own
    return [element for name in names for element in own if name in element.get("itemprop").split()]


def value(element: HtmlElement) -> str:
    """What a property says, on one line."""
    stated = element.get("content") or element.get(_ATTRIBUTES.get(element.tag, "content"))
    return " ".join(("".join(_SAID(element)) if stated is None else stated).split())


def _own(item: HtmlElement, refers: bool) -> Iterator[HtmlElement]:
    """Descendants, and with `refers` those of what `itemref` names, which may go in circles."""
    names = (item.get("itemref") or "").split()[:_MOST_REFERENCES] if refers else []
    referred = [found for name in names for found in item.getroottree().xpath("//*[@id=$name]", name=name)[:1]]
    seen: set[HtmlElement] = set()
    waiting = [*reversed([*item, *referred])]
    while waiting:
        element = waiting.pop()
        if not isinstance(element.tag, str) or element in seen or element is item:
            continue
        seen.add(element)
        if element.get("itemprop", "").strip():
            yield element
        if element.get("itemscope") is None:
            waiting += reversed(element)


def _data(element: HtmlElement, name: str, above: tuple[HtmlElement, ...]) -> Any:
    if element.get("itemscope") is not None and element not in above and len(above) < _DEEPEST:
        return as_data(element, above)
    if name in _RICH and len(element):
        inner = "".join(etree.tostring(child, encoding="unicode", method="html") for child in element)
        return f"{element.text or ''}{inner}".strip()
    return value(element)


def _add(found: dict[str, Any], name: str, added: Any) -> None:
    before = found.get(name)
    if before is None:
        found[name] = added
    elif isinstance(before, list):
        before.append(added)
    else:
        found[name] = [before, added]
