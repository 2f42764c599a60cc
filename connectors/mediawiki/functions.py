"""Parser functions and magic words: https://www.mediawiki.org/wiki/Help:Magic_words

Arguments are rendered when they are asked for: of {{#if: …}} only the branch that is taken.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from connectors.mediawiki import measures
from connectors.mediawiki.expressions import evaluate, shown
from schemas.hole import hole, kinds_in

Lazy = Callable[[], str]
_LONGEST_PAD = 500
_MONTH = "%B"


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument of a function: `text` all of it, `name` what stands before its = (None without one), `rest`
    what stands behind."""

    text: Lazy
    name: Lazy | None
    rest: Lazy


def call(name: str, first: str, more: list[Argument]) -> str | None:
    """What the function `name` gives of its first argument and more; None for one that is not known here."""
    function = _FUNCTIONS.get(name)
    if function and function is not _none and kinds_in(first):
        return _undecided(name)  # what cannot be read decides nothing
    return function(first.strip(), more) if function else None


def _undecided(name: str) -> str:
    return hole("parser_function", name)


def word(name: str, title: str, now: datetime | None) -> str | None:
    """A magic word without arguments, on the page `title` as it was written at `now`; None for what is none."""
    if name in _SILENT_WORDS:
        return ""
    space, colon, rest = title.partition(":")
    page = rest if colon and space.isalpha() else title
    parts = {
        "FULLPAGENAME": title,
        "PAGENAME": page,
        "BASEPAGENAME": page.rpartition("/")[0] or page,
        "SUBPAGENAME": page.rpartition("/")[2],
        "ROOTPAGENAME": page.partition("/")[0],
        "ARTICLEPAGENAME": page,
        "SUBJECTPAGENAME": page,
        "NAMESPACE": space if page != title else "",
        "TALKPAGENAME": f"Talk:{page}",
    }
    if name.removesuffix("E") in parts and name not in parts:
        name = name.removesuffix("E")
    if name in parts:
        return parts[name]
    moment = name.removeprefix("CURRENT").removeprefix("LOCAL").removeprefix("REVISION")
    return now.strftime(_TIMES[moment]).lstrip("0") if now and moment != name and moment in _TIMES else None


_TIMES = {
    "YEAR": "%Y",
    "MONTH": "%m",
    "MONTHNAME": _MONTH,
    "MONTHNAMEGEN": _MONTH,
    "MONTHABBREV": "%b",
    "DAY": "%d",
    "DAY2": "%d",
    "DAYNAME": "%A",
    "TIMESTAMP": "%Y%m%d%H%M%S",
}
_SILENT_WORDS = frozenset(("NOEXTERNALLANGLINKS", "CONTENTLANG", "CONTENTLANGUAGE", "DIRMARK", "DIRECTIONMARK"))


def _text(more: list[Argument], number: int) -> str:
    return more[number].text().strip() if number < len(more) else ""


def _if(first: str, more: list[Argument]) -> str:
    return _text(more, 0 if first else 1)


def _ifeq(first: str, more: list[Argument]) -> str:
    other = _text(more, 0)
    if kinds_in(other):
        return _undecided("#ifeq")
    one, two = evaluate(first), evaluate(other)
    same = first == other or (one is not None and one == two)
    return _text(more, 1 if same else 2)


def _ifexpr(first: str, more: list[Argument]) -> str:
    found = evaluate(first)
    return _undecided("#ifexpr") if found is None and first else _text(more, 0 if found else 1)


def _iferror(first: str, more: list[Argument]) -> str:
    failed = 'class="error"' in first
    return _text(more, 0) if failed else _text(more, 1) or first


def _ifexist(first: str, more: list[Argument]) -> str:
    """Which pages there are is not known here; that one is there is what an author expects."""
    return _text(more, 0)


def _switch(first: str, more: list[Argument]) -> str:
    """The value of the case that matches, of the next one with a value where it has none, or the default's."""
    matched, default = False, ""
    for argument in more:
        name = (argument.name or argument.text)().strip()
        matched = matched or _is_same(name, first)
        if argument.name and matched:
            return argument.rest().strip()
        if argument.name and name == "#default":
            default = argument.rest().strip()
    last = more[-1] if more else None
    return last.text().strip() if last and not last.name else default


def _is_same(name: str, wanted: str) -> bool:
    if name == wanted:
        return True
    return name[:1].isdigit() and wanted[:1].isdigit() and evaluate(name) == evaluate(wanted) is not None


def _expr(first: str, more: list[Argument]) -> str:
    found = evaluate(first)
    return shown(found) if found is not None else _undecided("#expr") if first else ""


def _formatnum(first: str, more: list[Argument]) -> str:
    return first.replace(",", "") if _text(more, 0) == "R" else measures.grouped(first)


def _plural(first: str, more: list[Argument]) -> str:
    one = evaluate(first) == 1
    return _text(more, 0 if one or len(more) == 1 else 1)


def _gender(first: str, more: list[Argument]) -> str:
    """For a user of whom nothing is known: the third form, else the first."""
    return _text(more, 2) or _text(more, 0)


def _pad(before: bool) -> Callable[[str, list[Argument]], str]:
    def padded(first: str, more: list[Argument]) -> str:
        width, sign = _text(more, 0), _text(more, 1) or "0"
        wanted = min(int(width), _LONGEST_PAD) if width.isascii() and width.isdecimal() and len(width) < 5 else 0
        filled = (sign * wanted)[: max(0, wanted - len(first))]
        return filled + first if before else first + filled

    return padded


def _titleparts(first: str, more: list[Argument]) -> str:
    count, start = (evaluate(_text(more, number)) for number in (0, 1))
    parts = first.split("/")[max(0, int(start or 1) - 1) :]
    return "/".join(parts[: int(count)] if count else parts)


def _replace(first: str, more: list[Argument]) -> str:
    old = _text(more, 0)
    return first.replace(old, _text(more, 1)) if old else first


def _first(first: str, more: list[Argument]) -> str:
    return first


def _none(first: str, more: list[Argument]) -> str:
    return ""


_FUNCTIONS: dict[str, Callable[[str, list[Argument]], str]] = {
    "#if": _if,
    "#ifeq": _ifeq,
    "#ifexpr": _ifexpr,
    "#iferror": _iferror,
    "#ifexist": _ifexist,
    "#switch": _switch,
    "#expr": _expr,
    "#titleparts": _titleparts,
    "#replace": _replace,
    "#len": lambda first, more: str(len(first)),
    "#dateformat": _first,
    "#formatdate": _first,
    "formatnum": _formatnum,
    "lc": lambda first, more: first.lower(),
    "uc": lambda first, more: first.upper(),
    "lcfirst": lambda first, more: first[:1].lower() + first[1:],
    "ucfirst": lambda first, more: first[:1].upper() + first[1:],
    "plural": _plural,
    "gender": _gender,
    "padleft": _pad(True),
    "padright": _pad(False),
    "urlencode": lambda first, more: quote(first, safe=""),
    "anchorencode": lambda first, more: first.replace(" ", "_"),
    "nowiki": _first,
    "int": _first,
    "pagename": _first,
    "fullpagename": _first,
    "ns": _first,
    "filepath": _none,
    "displaytitle": _none,
    "defaultsort": _none,
    "defaultsortkey": _none,
    "defaultcategorysort": _none,
    "#seo": _none,
    "#set": _none,
    "#vardefine": _none,
    "#related": _none,
    "#description2": _none,
    "#categorytree": _none,
}
