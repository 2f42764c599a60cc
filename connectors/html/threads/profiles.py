"""The table of forum engines, and how its selectors are read."""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from lxml import etree
from lxml.cssselect import CSSSelector
from lxml.html import HtmlElement


@dataclass(frozen=True, slots=True)
class Profile:
    """One engine of `engines.toml`, which explains the fields."""

    engine: str
    title: tuple[str, ...] = ()
    post: str = ""
    id: tuple[str, ...] = ()
    author: tuple[str, ...] = ()
    time: tuple[str, ...] = ()
    edited: tuple[str, ...] = ()
    body: tuple[str, ...] = ()
    drop: str = ""
    quote: str = "blockquote"
    quote_body: tuple[str, ...] = ()
    quote_author: tuple[str, ...] = ()
    quote_link: tuple[str, ...] = ()
    mention: tuple[str, ...] = ()
    code: str = ""
    parent: tuple[str, ...] = ()
    score: tuple[str, ...] = ()
    likers: str = ""
    accepted: str = ""
    topic: str = ""
    row: str = ""
    replies: tuple[str, ...] = ()
    active: tuple[str, ...] = ()
    next: tuple[str, ...] = ()
    tag: str = "a[rel~='tag']"


def _load() -> tuple[Profile, ...]:
    table = tomllib.loads(Path(__file__).with_name("engines.toml").read_text())
    return tuple(_profile(engine, row) for engine, row in table.items())


def _profile(engine: str, row: dict[str, Any]) -> Profile:
    fields: dict[str, Any] = {name: tuple(said) if isinstance(said, list) else said for name, said in row.items()}
    return Profile(engine, **fields)


PROFILES = _load()


def select(element: HtmlElement, selector: str) -> list[HtmlElement]:
    """The elements that `selector` finds in `element`, in the order of the page."""
    return [found for found in _compiled(selector)(element) if isinstance(found, etree.ElementBase)] if selector else []


def first(element: HtmlElement, selectors: tuple[str, ...]) -> str:
    """The text or attribute that the first successful selector finds, in one line; "" when none does."""
    return next((text for selector in selectors for text in _texts(element, selector) if text), "")


def one(element: HtmlElement, selectors: tuple[str, ...]) -> HtmlElement | None:
    return next((found for selector in selectors for found in select(element, selector)), None)


def _texts(element: HtmlElement, selector: str) -> Iterator[str]:
    css, _, attribute = ("", "", "") if selector.startswith("./") else selector.partition("@")
    if attribute:
        holders = select(element, css) if css else [element]
        found = [holder.get(attribute) or "" for holder in holders]
    else:
        found = [each if isinstance(each, str) else each.text_content() for each in _compiled(selector)(element)]
    return (" ".join(text.split()) for text in found)


@cache
def _compiled(selector: str) -> etree.XPath:
    return etree.XPath(selector) if selector.startswith("./") else CSSSelector(selector, translator="html")
