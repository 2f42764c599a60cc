"""A text in several scripts, brought to one: https://www.mediawiki.org/wiki/Writing_systems/Syntax"""

from typing import Any

import re2

# code is left as it is
_VARIANTS = re2.compile(
    r"(?is)<(?:pre|source|syntaxhighlight|nowiki|math|code|tt)\b[^<>]*>.*?</(?:pre|source|syntaxhighlight|nowiki|math|code|tt)\s*>"
    r"|-\{((?:[^{}]|\{\{[^{}]*\}\})*)\}-"
)
_CODE = re2.compile(r"^\s*[a-z]{2,3}(?:-[a-z]{2,5})*\s*$")
# rules for the page, its title, what is taken back or hidden; they show nothing where they stand
_SILENT = frozenset("HT-")
# frequent characters that are written in one way only
_SIMPLIFIED = frozenset("这们国时来为说会过学对发开关长门问间见车东语书")
_TRADITIONAL = frozenset("這們國時來為說會過學對發開關長門問間見車東語書")
_ORDER = {
    False: ("zh-hans", "zh-cn", "zh-sg", "zh-my", "zh"),
    True: ("zh-hant", "zh-tw", "zh-hk", "zh-mo", "zh"),
}


def one_script(text: str) -> str:
    """`text` with each -{…}- in the script that the page is mostly written in, else in its first."""
    if "-{" not in text:
        return text
    traditional = sum(char in _TRADITIONAL for char in text) > sum(char in _SIMPLIFIED for char in text)

    def chosen(found: Any) -> str:
        return str(found[0]) if found[1] is None else _one(found[1], _ORDER[traditional])

    return str(_VARIANTS.sub(chosen, text))


def _one(markup: str, order: tuple[str, ...]) -> str:
    flags, bar, text = _parted(markup)
    marks = {flag.strip() for flag in flags.split(";")} if bar else set[str]()
    if marks & _SILENT:
        return ""
    rules = _rules(text)
    if "R" in marks or not rules:
        return text
    return next((rules[code] for code in order if code in rules), next(iter(rules.values())))


def _parted(markup: str) -> tuple[str, bool, str]:
    """What stands before the first bar, if these are flags or codes of languages, and the text."""
    flags, bar, text = markup.partition("|")
    known = all(len(flag.strip()) <= 1 or _CODE.match(flag) for flag in flags.split(";"))
    return (flags, True, text) if bar and known else ("", False, markup)


def _rules(text: str) -> dict[str, str]:
    """By the code of its language, in order; {} for a text that is the same in all. A rule may begin with what it is
    for: `A=>zh-cn:B`."""
    found: dict[str, str] = {}
    for part in text.split(";"):
        code, colon, shown = part.rpartition("=>")[2].partition(":")
        if colon and _CODE.match(code):
            found[code.strip()] = shown.strip()
        elif found and part.strip():
            found[next(reversed(found))] += f";{part}"  # an entity ends in the same sign
    return found
