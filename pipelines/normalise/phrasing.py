"""The question that a section answers, written from one of several templates.

The record's id chooses the template: questions vary, and a record always gets the same one. Headings in English and
Chinese are classified in full (pipelines/normalise/headings.py); in the other languages of phrasing.toml a heading is a
question or a topic. In a language that is not there nothing can be asked but what its headings ask.
"""

import tomllib
from functools import cache
from hashlib import sha256
from importlib.resources import files

import re2

from pipelines.normalise.languages import traditional

_TEMPLATES: dict[str, dict[str, list[str]]] = tomllib.loads(files(__package__).joinpath("phrasing.toml").read_text())

CLASSIFIED_LANGUAGES = ("en", "zh", "zh-Hant")  # whose headings are classified in full

_YOUR = re2.compile(r"\b[Yy]our\b")
_SPACE_AFTER_HAN = re2.compile(r"(\p{Han})([A-Za-z0-9`])")
_SPACE_BEFORE_HAN = re2.compile(r"([A-Za-z0-9`)])(\p{Han})")


def can_ask(language: str) -> bool:
    """Whether there are templates in `language`."""
    return language.removesuffix("-Hant") in _TEMPLATES


@cache
def _templates(language: str, form: str) -> tuple[str, ...]:
    """Those of Traditional Chinese are those of Simplified Chinese in other characters."""
    templates = _TEMPLATES[language.removesuffix("-Hant") if can_ask(language) else "any"][form]
    return tuple(map(traditional, templates) if language == "zh-Hant" else templates)


def phrase(form: str, record_id: str, language: str, **words: str) -> str:
    """A question from one of the templates of `form` in `language`, with `words` in its places."""
    templates = _templates(language, form)
    template = templates[int.from_bytes(sha256(record_id.encode()).digest()[:4]) % len(templates)]
    if " I " in template and "task" in words:
        words["task"] = _YOUR.sub("my", words["task"])
    question = template.format(**words)
    return (
        _SPACE_BEFORE_HAN.sub(r"\1 \2", _SPACE_AFTER_HAN.sub(r"\1 \2", question))
        if language.startswith("zh")
        else question
    )
