"""Sections that are lists of questions with their answers: each question is a section of its own.

A question stands behind `Q:` or `问：`, or is a line in bold, also of a list, that ends with a question mark. Its
answer is what follows up to the next question. A section called exercise or quiz asks its reader, and stays as it is.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from textwrap import dedent

import re2

from pipelines.normalise.clean import safe
from pipelines.normalise.exercises import is_exercise
from schemas.document import Section

_FEWEST = 2  # questions that make a list of them
_ITEM = r"^(?:[-*+]\s+|\d{1,3}[.)]\s+)?"
_ASKED = (
    re2.compile(
        _ITEM + r"(?:\*\*|__)?(?:Q(?:uestion)?\s?\d{0,3}|问题?\s?\d{0,3}|問題?\s?\d{0,3})\s?[.:：)、]\s*(?:\*\*|__)?\s*"
        r"([^\s*_].{3,300}?)(?:\*\*|__)?()$"
    ),
    re2.compile(_ITEM + r"\*\*([^*\s][^*]{3,300}[?？])\s?\*\*\s*[:：]?\s*(.*)$"),
    re2.compile(_ITEM + r"__([^_\s][^_]{3,300}[?？])\s?__\s*[:：]?\s*(.*)$"),
)
_ANSWERS = re2.compile(r"^\s*(?:\*\*|__)?(?:A(?:nswer)?\s?\d{0,3}|答案?|回答)\s?[.:：)]\s*(?:\*\*|__)?\s*")
_FENCE = re2.compile(r"^\s*(?:```|~~~)")


def split(sections: Iterable[Section]) -> Iterator[Section]:
    """The sections of an article, in their order."""
    for section in sections:
        lead, asked = _read(safe(section.markdown))
        if len(asked) < _FEWEST or (section.path and is_exercise(safe(section.path[-1]))):
            yield section
            continue
        if lead:
            yield replace(section, markdown=lead)
        for question, answer in asked:
            yield replace(section, path=(*section.path, question), markdown=answer)


def _read(markdown: str) -> tuple[str, list[tuple[str, str]]]:
    """What stands before the first question, and the questions that have an answer."""
    parts: list[tuple[str, list[str]]] = [("", [])]
    fenced = False
    for line in markdown.split("\n"):
        fenced ^= bool(_FENCE.match(line))
        found = None if fenced else next(filter(None, (asked.match(line) for asked in _ASKED)), None)
        if found:
            parts.append((found[1].strip(), [found[2]] if found[2] else []))
        else:
            parts[-1][1].append(line)
    (_, before), *asked = parts
    return "\n".join(before).strip(), [(question, text) for question, lines in asked if (text := _answer(lines))]


def _answer(lines: list[str]) -> str:
    """Without the indentation of the item that it stands in."""
    first, *more = lines or [""]
    below = dedent("\n".join(more))
    text = f"{first}\n{below}" if first else below
    return str(_ANSWERS.sub("", text.strip(), count=1)).strip()
