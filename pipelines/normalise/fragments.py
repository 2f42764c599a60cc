"""Sections that say nothing alone: "Step 2", "Number 3", "Try it". They are read with what stands before them."""

from collections.abc import Iterable
from dataclasses import replace
from itertools import groupby, takewhile

import re2

from pipelines.normalise import headings
from schemas.document import Section

LONGEST_ANSWER = 4_000  # characters of a question's answer with all its parts
LONGEST_STEPS = 8_000  # characters; steps or examples of more are chapters, each with a task of its own

_STEP = re2.compile(
    r"(?i)^[^\pL\pN]*(?:step|schritt|étape|paso|passo|stap|steg|krok|шаг|крок|bước|adım|langkah|步骤|步驟|ステップ"
    r"|단계)\s*\.?\s*"
    r"(?:\d{1,2}(?:[^A-Za-z0-9_]|$)|[一二三四五六七八九十]{1,3}(?:[^\pL\pN]|$))"
    r"|^[^\pL\pN]*第\s*(\d{1,2}|[一二三四五六七八九十]{1,3})\s*步|^[^\pL\pN]*(\d{1,2})\s*단계"
)


def join(sections: Iterable[Section]) -> tuple[Section, ...]:
    """The sections of an article: steps that follow each other are one section, that of the heading above them.

    What stands below a heading without a meaning of its own goes on with the section before, where both are below the
    same heading, or else is the text of the heading above.
    """
    joined: list[Section] = []
    for parent, found in groupby(sections, _parent_of_step):
        steps = list(found)
        length = sum(len(step.markdown) for step in steps)
        are_one = parent is not None and len(steps) > 1 and length <= LONGEST_STEPS
        for section in [_as_one(parent or (), steps)] if are_one else steps:
            _append(joined, section, goes_on=are_one)
    return tuple(joined)


def answer_whole(sections: tuple[Section, ...]) -> tuple[Section, ...]:
    """`sections`, where one that is a question has its parts in it: what stands before them is half an answer.

    Parts of more than LONGEST_ANSWER characters with it, and parts that ask themselves, stay as they are.
    """
    whole: list[Section] = []
    at = 0
    while at < len(sections):
        section = sections[at]
        parts = _parts_of(section, sections[at + 1 :]) if _is_question(section) else []
        joined = "\n\n".join((section.markdown, *map(_with_heading, parts)))
        fits = bool(parts and section.markdown.strip()) and len(joined) <= LONGEST_ANSWER
        fits = fits and not any(map(_is_question, parts))
        whole.append(replace(section, markdown=joined) if fits else section)
        at += 1 + (len(parts) if fits else 0)
    return tuple(whole)


def sections_after(sections: tuple[Section, ...]) -> tuple[int, ...]:
    """How many sections follow each, without those that lead elsewhere: "See also" after a lead makes it no lead."""
    tells = [bool(section.markdown.strip()) and not _leads_elsewhere(section) for section in sections]
    return tuple(sum(tells[at + 1 :]) for at in range(len(sections)))


def _leads_elsewhere(section: Section) -> bool:
    names = [headings.plain(name) for name in section.path]
    return headings.lead_to_references(section.path) or any(
        headings.classify(name).form == "back_matter" for name in names
    )


def _parts_of(section: Section, following: Iterable[Section]) -> list[Section]:
    depth = len(section.path)
    return list(takewhile(lambda one: len(one.path) > depth and one.path[:depth] == section.path, following))


def _is_question(section: Section) -> bool:
    return bool(section.path) and headings.classify(headings.plain(section.path[-1])).form == "question"


def _parent_of_step(section: Section) -> tuple[str, ...] | None:
    """The headings above the step that a section is, or is within."""
    at = next((at for at, name in enumerate(section.path) if _STEP.match(name)), None)
    return None if at is None else section.path[:at]


def _as_one(parent: tuple[str, ...], steps: list[Section]) -> Section:
    return Section(parent, "\n\n".join(_with_heading(step) for step in steps), "" if parent else steps[0].anchor)


def _with_heading(section: Section) -> str:
    return f"**{headings.without_marks(section.path[-1])}**\n\n{section.markdown}".strip()


def _append(joined: list[Section], section: Section, goes_on: bool) -> None:
    """`goes_on`: the section belongs to the heading of the text before it."""
    before = joined[-1] if joined else None
    if _is_fragment(section):
        at_hand = before and section.path[:-1] in (before.path, before.path[:-1])
        path, anchor = (before.path, before.anchor) if before and at_hand else (section.path[:-1], "")
        whole = Section(path, _with_heading(section), anchor)
        length = len(whole.markdown) + (len(before.markdown) if before and before.path == path else 0)
        section, goes_on = (whole, True) if length <= LONGEST_STEPS else (section, False)
    if goes_on and before and before.path == section.path and before.markdown.strip():
        joined[-1] = replace(before, markdown=f"{before.markdown}\n\n{section.markdown}")
    else:
        joined.append(section)


def _is_fragment(section: Section) -> bool:
    return bool(section.path) and headings.is_fragment(headings.plain(section.path[-1]))
