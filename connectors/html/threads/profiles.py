"""The table of forum engines, and how its selectors are read."""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import re2
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
_CLASSES, _IDS = (etree.XPath(f"//@{name}", smart_strings=False) for name in ("class", "id"))
# In a selector of CSS: what must not be there, values of attributes, and names of classes and ids
_NEGATED = re2.compile(r":not\([^)]*\)")
_QUOTED = re2.compile(r"\[[^\]]*\]")
_NAMES = re2.compile(r"[.#]([A-Za-z_][\w-]*)")


def possible(root: HtmlElement, profiles: tuple[Profile, ...], what: str = "post") -> list[Profile]:
    """Those of `profiles` whose posts, or what else is in the field `what`, can be on the page: it has the classes and
    ids that a selector of theirs names. To look for the posts of every engine would cost more with every engine."""
    names = names_on(root)
    return [profile for profile in profiles if any(map(names.issuperset, _needed(getattr(profile, what))))]


def names_on(root: HtmlElement) -> set[str]:
    """All classes and ids of a page."""
    return {name for said in set(_CLASSES(root)) for name in said.split()}.union(_IDS(root))


@cache
def _needed(selector: str) -> tuple[frozenset[str], ...]:
    """The classes and ids that each alternative of a selector asks for."""
    alternatives = _QUOTED.sub("", _NEGATED.sub("", selector)).split(",")
    return tuple(frozenset(_NAMES.findall(alternative)) for alternative in alternatives)


def select(element: HtmlElement, selector: str) -> list[HtmlElement]:
    """The elements that `selector` finds in `element`, in the order of the page."""
    return [found for found in _compiled(selector)(element) if isinstance(found, etree.ElementBase)] if selector else []


def first(element: HtmlElement, selectors: tuple[str, ...]) -> str:
    """The text or attribute that the first successful selector finds, in one line; "" when none does."""
    return next((text for selector in selectors for text in _texts(element, selector) if text), "")


def every(element: HtmlElement, selector: str) -> list[str]:
    """All texts or attributes that the selector finds, each in one line."""
    return [text for text in _texts(element, selector) if text]


def one(element: HtmlElement, selectors: tuple[str, ...]) -> HtmlElement | None:
    return next((found for selector in selectors for found in select(element, selector)), None)


def _texts(element: HtmlElement, selector: str) -> Iterator[str]:
    css, _, attribute = ("", "", "") if selector.startswith("./") else selector.partition("@")
    if attribute:
        holders = select(element, css) if css else [element]
        found = [holder.get(attribute) or "" for holder in holders]
    else:
        found = [each if isinstance(each, str) else _text(each) for each in _compiled(selector)(element)]
    return (" ".join(text.split()) for text in found)


def _text(element: HtmlElement) -> str:
    """Words that only a line break parts are two: a date and its time."""
    return " ".join(element.itertext()) if element.find(".//br") is not None else str(element.text_content())


@cache
def _compiled(selector: str) -> etree.XPath:
    return etree.XPath(selector) if selector.startswith("./") else CSSSelector(selector, translator="html")
