"""Numbers, measures and dates as templates write them."""

from collections.abc import Callable, Mapping

import re2

_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
LOWERED = str.maketrans("0123456789+-=()", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎")
RAISED = str.maketrans("0123456789+-=()−", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾⁻")
_NUMBER = re2.compile(r"^[+\-−]?(\d+)(\.\d+)?$")
_MEASURED = re2.compile(r"^[~≈<>]?[+\-−]?[\d.,/⁄+eE−-]*\d$")
_POWER = re2.compile(r"([a-zA-Zµμ])([23])\b")
_CHARGE = re2.compile(r"^\d*[+\-−]$")
_CHARGED = re2.compile(r"\^(\d*[+\-−])")
_COUNT = re2.compile(r"([A-Za-z)\]])(\d{1,3})")
_LONGEST = 40
# units that are told together: 5 ft 11 in
_SMALLER = {"ft": "in", "foot": "in", "yd": "ft", "lb": "oz", "st": "lb", "mi": "ch", "h": "min", "min": "s"}


def grouped(text: str) -> str:
    """1200000 is 1,200,000; what is no number stays."""
    found = _NUMBER.match(text.strip())
    if not found or len(text) > _LONGEST:
        return text
    return text.strip().replace(found[1], f"{int(found[1]):,}", 1) if not found[1].startswith("0") else text


def script(text: str, table: dict[int, int], sign: str) -> str:
    """Raised or lowered text; what has no such form stands behind `sign`."""
    if text and all(ord(char) in table for char in text):
        return text.translate(table)
    return f"{sign}{text}" if len(text) < 2 else f"{sign}({text})"


def raised(text: str) -> str:
    """An exponent: -27 is ⁻²⁷; what has no raised form stands behind ^."""
    bare = text.strip()
    return (
        bare.translate(RAISED) if bare and all(ord(char) in RAISED for char in bare) else f"^({bare})" if bare else ""
    )


def lowered_or_raised(text: str, is_number: bool) -> str:
    """A part of a formula: 4 is ₄, 2- is ²⁻; others stay unless they are a number by their place."""
    if _CHARGE.match(text):
        return raised(text)
    if text.isascii() and text.isdecimal():
        return text.translate(LOWERED)
    return f"_({text})" if is_number and text and len(text) > 1 else f"_{text}" if is_number and text else text


def chemical(text: str) -> str:
    """A formula on one line: H2SO4 is H₂SO₄, Fe^3+ is Fe³⁺."""
    charged = _CHARGED.sub(lambda found: raised(found[1]), text)
    return str(_COUNT.sub(lambda found: found[1] + found[2].translate(LOWERED), charged))


def unit(code: str, units: Mapping[str, str]) -> str:
    """A unit as it is read: km2 is km², sqmi is sq mi."""
    return units.get(code) or str(_POWER.sub(lambda found: found[1] + raised(found[2]), code))


def converted(values: list[str], units: Mapping[str, str], ranges: Mapping[str, str]) -> str:
    """The measure as it was given, not what it is converted to: {{convert|10|to|20|km|mi}} is 10 to 20 km, and
    {{convert|5|ft|11|in|m}} is 5 ft 11 in."""
    shown: list[str] = []
    rest = [value.strip() for value in values]
    while rest and _is_measured(rest[0]):
        number, rest = rest[0].replace("+", " ") if "/" in rest[0] else grouped(rest[0]), rest[1:]
        while len(rest) > 1 and rest[0] in ranges and _is_measured(rest[1]):
            number += ranges[rest[0]] + rest[1]
            rest = rest[2:]
        code = rest[0] if rest else ""
        shown.append(f"{number} {unit(code, units)}" if code else number)
        if rest[2:3] != [_SMALLER.get(code)]:
            break
        rest = rest[1:]
    return " ".join(shown) or " ".join(values[:1])


def _is_measured(text: str) -> bool:
    return bool(_MEASURED.match(text))


def value(values: list[str], named: Callable[[str], str], units: Mapping[str, str]) -> str:
    """{{val|1.5|0.1|e=3|u=kg}} is (1.5±0.1)×10³ kg."""
    number = "".join(values[:1])
    if len(values) > 2 and values[2]:
        number += f"+{values[1]}−{values[2].lstrip('-−')}"
    elif len(values) > 1 and values[1]:
        number += values[1] if values[1].startswith("(") else f"±{values[1]}"
    power, measured = named("e"), named("u") or named("ul")
    per = named("up") or named("upl")
    if power:
        number = f"({number})" if len(values) > 1 and values[1] and "(" not in number else number
        number = f"{number}×10{raised(power)}" if number else f"10{raised(power)}"
    shown = unit(measured, units) + (f"/{unit(per, units)}" if per else "")
    return (
        named("p")
        + number
        + named("s")
        + named("end")
        + (shown if shown in ("%", "°") else f" {shown}" if shown else "")
    )


def fraction(values: list[str]) -> str:
    """1/2, and 1 1/2 with the whole number before it."""
    parts = [f"({part})" if " " in part.strip() else part for part in values]
    return {1: "1/{}", 2: "{}/{}", 3: "{} {}/{}"}.get(len(values), "").format(*parts)


def date_in_words(values: list[str]) -> str:
    """Year, month and day are 8 June 2013, the month a number or a word; other text as it stands."""
    parts = [value.strip() for value in values[:3] if value.strip()]
    year, month, day = [*parts, "", "", ""][:3]
    if not month or not _is_number(year) or (not _is_number(month) and len(year) < 3):
        return " ".join(parts)
    if not _is_number(month):
        return " ".join(filter(None, (day, month, year)))
    if not 1 <= int(month) <= len(_MONTHS):
        return year
    return " ".join(filter(None, (day.lstrip("0"), _MONTHS[int(month) - 1], year)))


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 5
