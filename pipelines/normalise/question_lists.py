"""Sections that are lists of questions with their answers: each question is a section of its own.

A question stands behind `Q:` or `问：` and ends with a question mark, or has answers behind `A:` or `答：` near it.
Or it is a line in bold, also of a list, that ends with a question mark. Its answer is what follows up to the next
question. A section called exercise or quiz asks its reader, and stays as it is. A heading that is a question after `Q:`
loses that, and the text below its `A:`.
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
_NAMED = re2.compile(
    _ITEM + r"(?:\*\*|__)?(?:Q(?:uestion)?\s?\d{0,3}|问题?\s?\d{0,3}|問題?\s?\d{0,3})\s?[.:：)、]\s*(?:\*\*|__)?\s*"
    r"([^\s*_].{3,300}?)(?:\*\*|__)?()$"
)
_BOLD = (
    re2.compile(_ITEM + r"\*\*([^*\s][^*]{3,300}[?？؟])\s?\*\*\s*[:：]?\s*(.*)$"),
    re2.compile(_ITEM + r"__([^_\s][^_]{3,300}[?？؟])\s?__\s*[:：]?\s*(.*)$"),
)
_ANSWERS = re2.compile(r"^\s*(?:\*\*|__)?(?:A(?:nswer)?\s?\d{0,3}|答案?|回答)\s?[.:：)]\s*(?:\*\*|__)?\s*")
# `A.` is also the first of several choices
_ANSWER_NAMED = re2.compile(r"(?m)^\s*(?:\*\*|__)?(?:A(?:nswer)?\s?\d{0,3}|答案?|回答)\s?[:：]")
_FENCE = re2.compile(r"^\s*(?:```|~~~)")


def split(sections: Iterable[Section]) -> Iterator[Section]:
    """The sections of an article, in their order."""
    for section in sections:
        section = _unlabelled(section)
        lead, asked = _read(safe(section.markdown))
        if len(asked) < _FEWEST or (section.path and is_exercise(safe(section.path[-1]))):
            yield section
            continue
        if lead:
            yield replace(section, markdown=lead)
        for question, answer in asked:
            yield replace(section, path=(*section.path, question), markdown=answer)


def _unlabelled(section: Section) -> Section:
    """A section without `Q:` before the question that is its heading, and `A:` before its text."""
    found = _NAMED.match(safe(section.path[-1])) if section.path else None
    if not found or not found[1].rstrip().endswith(("?", "？", "؟")):
        return section
    text = str(_ANSWERS.sub("", section.markdown.lstrip(), count=1))
    return replace(section, path=(*section.path[:-1], found[1].strip()), markdown=text)


def _read(markdown: str) -> tuple[str, list[tuple[str, str]]]:
    """What stands before the first question, and the questions with their answers."""
    parts: list[tuple[str, list[str]]] = [("", [])]
    fenced, has_answers = False, bool(_ANSWER_NAMED.search(markdown))
    for line in markdown.split("\n"):
        fenced ^= bool(_FENCE.match(line))
        found = None if fenced else _question_in(line, has_answers)
        if found:
            parts.append(found)
        else:
            parts[-1][1].append(line)
    (_, before), *asked = parts
    return "\n".join(before).strip(), _answered(asked)


def _question_in(line: str, has_answers: bool) -> tuple[str, list[str]] | None:
    """A question and what stands behind it; `Q1: Revenue rose` is a quarter where nothing asks and nothing answers."""
    named = _NAMED.match(line)
    if named and not has_answers and not line.rstrip("*_ ").endswith(("?", "？", "؟")):
        named = None
    found = named or next(filter(None, (asked.match(line) for asked in _BOLD)), None)
    return (found[1].strip(), [found[2]] if found[2] else []) if found else None


def _answered(asked: list[tuple[str, list[str]]]) -> list[tuple[str, str]]:
    """Questions that follow each other are one question; what follows the last answer unanswered is part of that."""
    answered, waiting = [], []
    for question, lines in asked:
        waiting.append(question)
        if text := _answer(lines):
            answered.append((" ".join(waiting), text))
            waiting = []
    if answered and waiting:
        question, text = answered[-1]
        answered[-1] = (question, "\n\n".join([text, *(f"**{left}**" for left in waiting)]))
    return answered


def _answer(lines: list[str]) -> str:
    """Without the indentation of the item that it stands in."""
    first, *more = lines or [""]
    below = dedent("\n".join(more))
    text = f"{first}\n{below}" if first else below
    return str(_ANSWERS.sub("", text.strip(), count=1)).strip()
