"""Descriptions by the vocabulary of https://schema.org that pages hold, in JSON-LD or as microdata."""

import json
from collections.abc import Iterator
from typing import Any

import re2
from lxml.html import HtmlElement

from connectors.html.microdata import microdata

_MAX_BLOCK = 500_000
# What scripts may have and JSON may not: comments, and commas before an end; strings are stepped over
# One that is not closed takes the rest, or each would be looked for to the end
_COMMENT = re2.compile(r'("(?:[^"\\]|\\.)*")|//[^\n]*|(?s:/\*.*?(?:\*/|\z))|(?s:<!--.*?(?:-->|\z))')
_COMMA = re2.compile(r'("(?:[^"\\]|\\.)*")|,(\s*[}\]])')


def linked_data(root: HtmlElement) -> list[dict[str, Any]]:
    """Every object of the page's JSON-LD, outermost first; broken blocks are passed over."""
    return [item for block in blocks(root) for item in _objects(block)]


def described(root: HtmlElement) -> list[dict[str, Any]]:
    """Every object of the page's JSON-LD, then of its microdata."""
    return [*linked_data(root), *_objects(microdata(root))]


def blocks(root: HtmlElement) -> list[Any]:
    """The values of the page's JSON-LD scripts."""
    texts = [
        "".join(script.itertext()).strip(" \n\r\t;") for script in root.xpath('//script[contains(@type, "ld+json")]')
    ]
    found = (_loaded(text) or _loaded(_strict(text)) for text in texts if len(text) <= _MAX_BLOCK)
    return [value for value in found if value]


def _loaded(text: str) -> Any:
    try:
        return json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return None


def _strict(text: str) -> str:
    if text.startswith("<!--") and text.endswith("-->"):
        text = text[4:-3]
    bare = _COMMENT.sub(lambda found: found[1] or "", text)
    return str(_COMMA.sub(lambda found: found[1] or found[2], bare))


def _objects(value: Any) -> Iterator[dict[str, Any]]:
    queue = [value]
    while queue:
        item = queue.pop(0)
        if isinstance(item, dict):
            yield item
            queue += item.values()
        elif isinstance(item, list):
            queue += item


def is_a(item: dict[str, Any], *kinds: str) -> bool:
    declared = item.get("@type")
    names = declared if isinstance(declared, list) else [declared]
    return any(str(name).rpartition("/")[2] in kinds for name in names)


def values(data: list[dict[str, Any]], name: str) -> list[str]:
    """The values of a property as text; of an object, its name."""
    found: list[str] = []
    for item in data:
        value = item.get(name)
        for one in value if isinstance(value, list) else [value]:
            text = one.get("name", "") if isinstance(one, dict) else one
            found += [text.strip()] if isinstance(text, str) and text.strip() else []
    return found
