"""What pages say in JSON-LD and microdata: metadata, steps, questions and answers. https://schema.org"""

import json
from collections.abc import Iterator
from typing import Any

from lxml.html import HtmlElement

_MAX_BLOCK = 500_000


def linked_data(root: HtmlElement) -> list[dict[str, Any]]:
    """Every object of the page's JSON-LD, outermost first; broken blocks are passed over."""
    found: list[dict[str, Any]] = []
    for script in root.xpath('//script[contains(@type, "ld+json")]'):
        text = (script.text or "").strip().removeprefix("<!--").removesuffix("-->").strip().rstrip(";")
        if not text or len(text) > _MAX_BLOCK:
            continue
        try:
            found += _objects(json.loads(text, strict=False))
        except (ValueError, RecursionError):
            continue
    return found


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


def steps(data: list[dict[str, Any]]) -> tuple[str, ...]:
    """The steps of the page's HowTo or Recipe, as text; () when it declares none."""
    for item in data:
        if is_a(item, "HowTo", "Recipe"):
            listed = item.get("step") or item.get("recipeInstructions") or []
            return tuple(_step_texts(listed if isinstance(listed, list) else [listed]))
    return ()


def _step_texts(listed: list[Any]) -> Iterator[str]:
    for step in listed:
        if isinstance(step, str):
            yield step.strip()
        elif isinstance(step, dict) and isinstance(step.get("itemListElement"), list):
            yield from _step_texts(step["itemListElement"])
        elif isinstance(step, dict):
            name, text = str(step.get("name") or "").strip(), str(step.get("text") or "").strip()
            yield text if not name or name in text else f"{name}: {text}".rstrip(": ")
