"""Pages that declare what they teach in parts: questions with their answers, and steps. https://schema.org/FAQPage"""

from collections.abc import Iterator
from typing import Any

from connectors.html.markdown import to_markdown
from connectors.html.schema_org import is_a
from connectors.html.tree import Unreadable
from schemas.document import Section

_SAMPLE = 60  # letters by which an answer is found again in the page's own text


def questions(data: list[dict[str, Any]], url: str) -> tuple[Section, ...]:
    """A section for each question of a page of questions that has an answer, as the page declares them."""
    asked = [each for item in data if is_a(item, "FAQPage") for each in listed(item.get("mainEntity"))]
    found = {
        _line(each.get("name") or each.get("text")): _answer(each, url) for each in asked if isinstance(each, dict)
    }
    return tuple(Section((question,), answer) for question, answer in found.items() if question and answer)


def joined(sections: tuple[Section, ...], asked: tuple[Section, ...]) -> tuple[Section, ...]:
    """The page's own sections and the questions that are no headings there, without what only holds their answers."""
    if not asked:
        return sections
    own = {_letters(section.path[-1]) for section in sections if section.path}
    added = [section for section in asked if _letters(section.path[-1]) not in own]
    answers = [_letters(section.markdown) for section in added]
    return (*(section for section in sections if not _holds(_letters(section.markdown), answers)), *added)


def steps(data: list[dict[str, Any]], url: str = "") -> tuple[str, ...]:
    """The steps of the page's HowTo or Recipe, as Markdown; () when it declares none."""
    for item in data:
        if is_a(item, "HowTo", "Recipe"):
            found = _steps(listed(item.get("step") or item.get("recipeInstructions")), url)
            return tuple(step for step in found if step)
    return ()


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _steps(steps: list[Any], url: str) -> Iterator[str]:
    for step in steps:
        if isinstance(step, str):
            yield _markdown(step, url)
        elif isinstance(step, dict) and step.get("itemListElement"):
            yield from _steps(listed(step["itemListElement"]), url)
        elif isinstance(step, dict):
            name, text = _line(step.get("name")), _markdown(step.get("text"), url)
            yield text if not name or name in text else f"{name}: {text}".rstrip(": ")


def _answer(question: dict[str, Any], url: str) -> str:
    answers = listed(question.get("acceptedAnswer")) or listed(question.get("suggestedAnswer"))
    return _markdown(answers[0].get("text"), url) if answers and isinstance(answers[0], dict) else ""


def _markdown(markup: Any, url: str) -> str:
    """Text as it is, and markup as Markdown."""
    if not isinstance(markup, str):
        return ""
    try:
        return to_markdown(markup, url).strip() if "<" in markup else markup.strip()
    except Unreadable:
        return ""


def _line(markup: Any) -> str:
    return " ".join(_markdown(markup, "").split())


def _holds(text: str, answers: list[str]) -> bool:
    """Whether a section is mostly made of answers, as where an accordion's questions are buttons."""
    held = sum(len(answer) for answer in answers if answer and answer[:_SAMPLE] in text)
    return 2 * held > len(text)


def _letters(text: str) -> str:
    return "".join(char for char in text.lower() if char.isalnum())
