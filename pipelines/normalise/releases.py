"""Headings of release notes: the number of a version, a date, or both, and their words in many languages."""

import re
import tomllib
from importlib.resources import files

import re2

_LONGEST = 200  # characters; no release is called more
_CLASSES: dict[str, str] = {
    word: name
    for name, words in tomllib.loads(files(__package__).joinpath("releases.toml").read_text()).items()
    for word in words
}
_UNSPACED = re.compile("|".join(sorted((word for word in _CLASSES if word >= "\u3000"), key=len, reverse=True)))

# Dates: a day in digits, a day with the name of its month, a month. A month is told only after a mark or a word that
# says when: "in production 2019" has the form of one.
_DAY = re.compile(
    r"(?<![\d.])(?:\d{4}([-./])\d{1,2}\1\d{1,2}|\d{1,2}([-./])\d{1,2}\2\d{4}|20\d\d[01]\d[0-3]\d"
    r"|\d{4} ?[年년] ?\d{1,2} ?[月월] ?\d{1,2} ?[日일号])(?:[t ]\d{1,2}:\d\d(?::\d\d)?)?(?!\d|\.\d)"
)
_NAMED_DAY = re.compile(
    r"\b\d{1,2}(?:st|nd|rd|th|er|º|\.)? (?:de |d['’])?[^\W\d_]{3,}\.?,? (?:del? )?\d{4}\b"
    r"|\b[^\W\d_]{3,}\.? \d{1,2}(?:st|nd|rd|th)?,? \d{4}\b|\b\d{1,2} tháng \d{1,2},? (?:năm )?\d{4}\b"
)
_MONTH = re.compile(
    r"(^|[(\[:,;/|·–—-] *|(?:of|from|vom|de|du|от|від) +)"
    r"(?:[^\W\d_]{3,}\.? (?:de )?\d{4}\b|\d{4}[-./]\d{1,2}(?![\d.])|\d{4} ?[年년] ?\d{1,2} ?[月월])"
)
# Numbers of versions: three or more parts (long), two, one after a "v"; what follows in letters belongs to it
_STAGE = r"(?:[ _.+-]*(?:alpha|beta|rc|pre(?:view)?|dev|final|ga|lts|stable|snapshot|sp|hotfix)\b[ .-]?\d{0,8})?"
_PART = r"\.(?:\d{1,8}(?:(?:alpha|beta|dev|pre|post|rc|sp|[a-z])\d{0,4})?(?![a-z])|x\b|final\b|release\b)"
_LONG = re.compile(rf"(?<![a-z0-9_.])(v?)\.? ?\d{{1,4}}(?:{_PART}){{2,5}}{_STAGE}(?:[-+][a-z0-9.+_-]*[a-z0-9])?")
_SHORT = re.compile(rf"(?<![a-z0-9_.])(v?)\.? ?\d{{1,4}}{_PART}{_STAGE}(?![a-z0-9_-])")
_WHOLE = re.compile(rf"(?<![a-z0-9_.])v\.? ?\d{{1,4}}{_STAGE}(?![a-z0-9_.])")
_WORD = re.compile(r"[^\W\d_A-Z](?:[^\W\d_A-Z]|['’](?=[a-z]))*")
_NUMBER = re.compile(r"\d+")

# What a release's heading is made of, as one letter each: L, V, B a version of three parts, two, one; N, D, M a day in
# digits, a named one, a month; r, n, u, o, p words of the classes of releases.toml; x any other, d any other number
_FORMS = re.compile(
    r"[rop ]*\(?[LV]\)?(?:, ?[LV])*r?"  # 3.6.3; Version 3.6.3; [3.6.3]; 3.6.3版; de la versión 3.6
    r"|r? ?\(?[LV]\)? ?-? ?\(.*\)"  # 1.2 (codename)
    r"|r? ?\(?L\)? ?-.*|r ?\(?V\)? ?-.*"  # 0.9.1 - mends; v1.2 - mends; but 1.2 - Overview is a section
    r"|r? ?\(?[LVB]\)?[ ,(-]*u.*|\(?u\)?(?: n)?"
    r"|d ?\(N\)|N"
    r"|(?=.*[NDM])(?=.*[LVB])[^xd]*"  # a version and a date in any order
    r"|[rop ]*n[nrop ,]*[LVB][, ]*r?"  # What's new in 3.2
    r"|[rop ]*(?:r ?[LVB]|[LVB] ?r|[LVB](?=[no])|[LVB] ?p)[rnop,\- ]*n[rnop ]*"  # 3.6.3 版更新说明, not 3.2 Changes
)
# Notes on releases, one an item: `- 1.2.0: the hopper has a lid`, `* v2.0 (2024-05-12)`
_RELEASED = re2.compile(
    r"(?im)^[-*+] +\W{0,3}(?:version |release |版本 ?)?v?\d+(?:\.\d+){1,2}"
    r"(?:[-.+]?(?:rc|a|b|alpha|beta|post|dev)\.?\d*)?\W{0,3}(?:[:：(（–—-]|$)"
)
_ITEM = re2.compile(r"(?m)^[-*+] ")
_FEWEST_RELEASES, _MOST_RELEASES = 3, 0.8


def is_release(heading: str) -> bool:
    """Whether a heading without marks names a release and nothing else: "3.6.3 (2008-09-22)", "What's new in 3.2".

    A number with a dot, or a day in digits, may stand alone; a number without one needs a "v" or a word, and a date or
    what is new. Another name ("Python 3.6 in production", "Windows 10") makes it another heading.
    """
    return len(heading) <= _LONGEST and bool(_FORMS.fullmatch(_shape(heading.lower())))


def tells_releases(output: str) -> bool:
    """Whether most items of a list begin with the number of a version."""
    told = len(_RELEASED.findall(output))
    return told >= _FEWEST_RELEASES and told >= _MOST_RELEASES * len(_ITEM.findall(output))


def _shape(text: str) -> str:
    """The letters of `_FORMS` for a heading in lower case; marks are ( ) - and the comma, and those at its ends go."""
    text = _MONTH.sub(r"\1M", _NAMED_DAY.sub("D", _DAY.sub("N", text)))
    text = _SHORT.sub(_numbered("V"), _LONG.sub(_numbered("L"), text))
    text = _WHOLE.sub("B", text)
    text = re.sub(r"r ?d(?![a-z])", "B", _NUMBER.sub("d", _WORD.sub(lambda found: _class_of(found[0]), text)))
    text = re.sub(r"[\[（【「“\"]", "(", re.sub(r"[\]）】」”]", ")", re.sub(r"[–—―]", "-", text)))
    text = re.sub(r"[^\w()\s,-]", ",", text)
    return re.sub(r"\s+", " ", text).strip(" ,-")


def _numbered(letter: str) -> str:
    return rf"\1{letter}"


def _class_of(word: str) -> str:
    """The class of a word, or the classes of those that it consists of where no blanks stand between words."""
    if word in _CLASSES:
        return _CLASSES[word]
    classes = _UNSPACED.sub(lambda found: _CLASSES[found[0]], word)
    return classes if re.fullmatch("[rnuop]+", classes) and not re.search("[a-z]", word) else "x"
