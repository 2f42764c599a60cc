"""What a template says in the text around it. Unknown ones say nothing: most are boxes and notices."""

from collections.abc import Callable
from typing import Any

from connectors.mediawiki import lines

# the text is one of the template's own parameters, by position from 0
_FIRST = """nowrap|nobr|small|smaller|big|larger|abbr|tooltip|smallcaps|sc|aut|em|strong|mvar|math|var|vanchor|ill
|interlanguage link|visible anchor|anchored|tsl|link-interwiki|chem|ce|chem2|linktext|not a typo|sic|sub|sup|angbr
|noitalic|key press|key|url|tq|xt|!xt|angle bracket|asof|mabs|abs"""
_SECOND = "lang|transl|transliteration|color|colour|font color|fontcolor|resize|font|rtl-lang|script"
_POSITIONS = {
    **{name.strip(): 0 for name in _FIRST.split("|")},
    **{name: 1 for name in _SECOND.split("|")},
}
_CODE = frozenset(("code", "tt", "kbd", "samp", "codett", "pre2", "mono", "para"))
_QUOTATIONS = frozenset(
    ("quote", "blockquote", "cquote", "quotation", "quote box", "bquote", "rquote", "centered pull quote")
)
_QUOTED_PARAMETERS = ("text", "quote", "content", "quotetext")
_LISTS = frozenset(("plainlist", "flatlist", "hlist", "ubl", "unbulleted list", "ublist", "bulleted list", "cslist"))
_CONVERSIONS = frozenset(("convert", "cvt", "conv"))
_RANGES = {"-": "–", "–": "–", "to": " to ", "and": " and ", "by": " by ", "x": " × ", "or": " or "}
_DATES = frozenset(
    ("birth date", "death date", "start date", "end date", "birth date and age", "dts", "date", "film date")
)
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_CURRENCIES = {
    "us$": "US$",
    "usd": "US$",
    "gbp": "£",
    "£": "£",
    "€": "€",
    "eur": "€",
    "jpy": "¥",
    "cny": "¥",
    "a$": "A$",
}
_SIGNS = {
    "!": "|",
    "=": "=",
    "ndash": "–",
    "en dash": "–",
    "snd": " – ",
    "spnd": " – ",
    "spaced ndash": " – ",
    "spaced en dash": " – ",
    "mdash": "—",
    "em dash": "—",
    "·": " · ",
    "•": " • ",
    "dot": " · ",
    "middot": " · ",
    "bull": " • ",
    "nbsp": " ",
    "space": " ",
    "pi": "π",
    "'": "'",
    "\"'": "\"'",
    "'\"": "'\"",
    "' \"": "' \"",
    "spaces": " ",
    "clear": "\n\n",
    "circa": "c. ",
    "c.": "c. ",
    "ca.": "c. ",
    "floruit": "fl. ",
    "fl.": "fl. ",
    "yes": "Yes",
    "no": "No",
}

Value = Callable[[str], str]


def name_of(template: Any) -> str:
    """As the tables here spell it: lower case, spaces, no prefix."""
    name = " ".join(str(template.name).replace("_", " ").split()).lower()
    return name.removeprefix("template:").strip()


def render(name: str, values: list[str], value: Value) -> str:
    """The Markdown of a template, from its rendered parameters: those by position, and any by name."""
    if name in _SIGNS:
        return _SIGNS[name] + (values[0] if values and _SIGNS[name].endswith(". ") else "")
    if name in _QUOTATIONS:
        return lines.quotation(_first(values, value, *_QUOTED_PARAMETERS))
    if name == "as of":
        return f"{'as' if value('lc') else 'As'} of {_date_in_words(values)}"
    form = next((shown for names, shown in _FORMS if name in names), None)
    if form:
        return form(values or [value("1")])
    if name.startswith("lang-"):
        return "".join(values[:1])
    index = _POSITIONS.get(name, len(values))
    return values[index] if index < len(values) else value("1") if name in _POSITIONS else ""


def _first(values: list[str], value: Value, *names: str) -> str:
    return next((text for text in (*values[:1], *map(value, (*names, "1"))) if text), "")


def _converted(values: list[str]) -> str:
    """The measure as it was given: {{convert|10|to|20|km|mi}} is 10 to 20 km."""
    shown, rest = values[:1], values[1:]
    while len(rest) > 1 and rest[0] in _RANGES:
        shown += [_RANGES[rest[0]], rest[1]]
        rest = rest[2:]
    return "".join(shown) + (f" {rest[0]}" if rest else "")


def _date_in_words(values: list[str]) -> str:
    """Year, month, day as numbers, or text as it stands."""
    numbers = [int(text) for text in values[:3] if text.isascii() and text.isdecimal() and len(text) < 5]
    if not numbers:
        return " ".join(values[:1])
    year, month, day = [*numbers, 0, 0][:3]
    if not 1 <= month <= len(_MONTHS):
        return str(year)
    return f"{day} {_MONTHS[month - 1]} {year}" if day else f"{_MONTHS[month - 1]} {year}"


def _fraction(values: list[str]) -> str:
    return {1: "1/{}", 2: "{}/{}", 3: "{} {}/{}"}.get(len(values), "").format(*values)


def _number(values: list[str]) -> str:
    return values[0] if values else ""


def _listed(values: list[str]) -> str:
    """A list in the form of a template, which stands in a sentence or a cell."""
    items = (lines.unmarked(item) for value in values for item in value.split("\n"))
    return ", ".join(item for item in items if item)


_FORMS: tuple[tuple[frozenset[str], Callable[[list[str]], str]], ...] = (
    (_CONVERSIONS, _converted),
    (_DATES, _date_in_words),
    (_CODE, lambda values: lines.code(values[0])),
    (_LISTS, _listed),
    *((frozenset((name,)), lambda values, sign=sign: sign + values[0]) for name, sign in _CURRENCIES.items()),
    (frozenset(("frac", "sfrac", "fraction")), _fraction),
    (frozenset(("val", "formatnum", "formatnum:", "gaps", "nts", "number")), _number),
)
