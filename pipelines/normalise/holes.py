"""Holes of a document: each becomes the fixed mark of schemas/hole.py, and is counted."""

from collections import Counter
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar

from schemas.document import Article, Exchange, Thread
from schemas.hole import mark_holes

Read = TypeVar("Read", bound=Thread | Article | Exchange)
Holes = Counter[tuple[str, str]]
"""(kind, name) → how often."""


def mark_document(document: Read) -> tuple[Read, Holes]:
    """The document with a mark in place of each hole, and what the holes were."""
    counts: Holes = Counter()
    marked = _marked(document, counts)
    return (document if marked == document else marked), counts


def _marked(value: Any, counts: Holes) -> Any:
    if isinstance(value, str):
        return mark_holes(value, counts)
    if isinstance(value, tuple):
        return tuple(_marked(item, counts) for item in value)
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{field.name: _marked(getattr(value, field.name), counts) for field in fields(value)})
    return value
