"""The forms in which templates that many wikis share say what they are given: quotations, dates, code, measures."""

import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import re2

from connectors.mediawiki import lines, measures
from schemas.hole import hole

DATA: dict[str, Any] = tomllib.loads((Path(__file__).parent / "templates.toml").read_text(encoding="utf-8"))
TEXT_PARAMETERS = ("text", "quote", "content", "quotetext", "message", "note", "body")
LANGUAGE = re2.compile(r"^[a-z]{2,3}(-[A-Za-z]{2,8})*$")
# something that a reader could read; a bare number needs the word that the template would put to it
READABLE = re2.compile(r"\pL")
_UNSAFE = re2.compile(r"[<>\[\]{}|*_`~\n]+")


@dataclass(frozen=True, slots=True)
class Call:
    """A template as it is used, `title` as its name is typed. `values` are its rendered unnamed arguments, `names`
    those of the others; `value` renders one by its name, `raw` gives it as it is typed; `code` and `fence` keep
    finished code. `alone`: nothing else stands on its lines. `now`: when the page was written."""

    name: str
    title: str
    values: list[str]
    names: tuple[str, ...]
    value: Callable[[str], str]
    raw: Callable[[str], str]
    code: Callable[[str], str]
    fence: Callable[[str, str], str]
    alone: bool = False
    now: datetime | None = None

    def first(self, *names: str) -> str:
        """The first unnamed argument that says something, else the first of `names` that does."""
        return next((text for text in (*self.values[:1], *map(self.value, names)) if text), "")


def unread(call: Call) -> str:
    return hole("template", str(_UNSAFE.sub(" ", call.name)))


def _nth(number: int) -> Callable[[Call], str]:
    def shown(call: Call) -> str:
        return (
            call.values[number] if number < len(call.values) else call.value(str(number + 1)) or call.first("1", "text")
        )

    return shown


def _date(call: Call) -> str:
    return measures.date_in_words(call.values)


def _listed(call: Call) -> str:
    """A list in the form of a template: one item on a line, or with commas where it stands in a sentence."""
    values = call.values[1:] if len(call.values) > 1 and call.values[0].isdecimal() else call.values
    items = [line.strip() for value in values or [call.first("1", "content")] for line in value.split("\n")]
    if call.alone:
        marks = tuple(lines.MARKERS.values())
        return (
            "\n" + "\n".join(item if item.startswith(marks) else lines.BULLET + item for item in items if item) + "\n"
        )
    return ", ".join(bare for item in items if (bare := lines.unmarked(item)))


def _remark(call: Call) -> str:
    """A note or a warning, under its name. Without a text it is a mark for editors."""
    text = call.first("1", *TEXT_PARAMETERS)
    word = "" if call.name in ("message", "notice", "remark") else call.name.removeprefix("box ").capitalize()
    if not text:
        return ""
    return lines.quotation(f"{lines.BOLD}{word}:{lines.BOLD} {text}" if word else text) if call.alone or word else text


def _code(call: Call) -> str:
    return call.code(call.raw("1"))


def _package(call: Call) -> str:
    return call.code(
        "/".join(text for text in map(call.raw, ("1", "2")) if text) if call.name == "package" else call.raw("1")
    )


def _block(call: Call) -> str:
    """Commands, one to an argument, and what they print."""
    commands = [text for number in range(1, len(call.values) + 2) if (text := call.raw(str(number)).strip("\n"))]
    output = call.raw("output").strip("\n")
    return call.fence("\n".join([*commands, *([output] if output else [])]), call.raw("lang").strip())


def _headed(call: Call) -> str:
    """A file or a command, then what it holds or prints."""
    named = call.raw("filename") or call.raw("file") or call.raw("title")
    head, body = (named, call.raw("1") or call.raw("content")) if named else (call.raw("1"), call.raw("2"))
    return f"\n\n{call.code(head)}\n\n{call.fence(body, call.raw('lang').strip())}" if head else call.fence(body, "")


def _template_name(call: Call) -> str:
    return call.code("{{" + "|".join(filter(None, call.values)) + "}}")


def _japanese(call: Call) -> str:
    """Nihongo: an English name, then Japanese, its reading, and more."""
    english, japanese, reading, more = [*call.values, "", "", "", ""][:4]
    if call.name == "nihongo3":
        english, reading = reading, english
    inner = [japanese, f"{lines.ITALIC}{reading}{lines.ITALIC}" if reading else "", more]
    rest = ", ".join(text for text in inner if text)
    return f"{english} ({rest})" if english and rest else english or rest


_CHINESE = (
    *(("c", "Chinese"), ("s", "simplified Chinese"), ("t", "traditional Chinese"), ("p", "pinyin")),
    *(("w", "Wade–Giles"), ("j", "Jyutping"), ("cy", "Yale"), ("poj", "Pe̍h-ōe-jī"), ("l", "lit.")),
)


def _chinese(call: Call) -> str:
    found = [(label, call.value(name)) for name, label in _CHINESE]
    labels = call.value("labels") != "no"
    shown = [f"{label}: {text}" if labels else text for label, text in found if text]
    return "; ".join(shown) or call.first("1")


def _pronounced(call: Call) -> str:
    """{{IPAc-en|ˈ|æ|t}} gives its sounds one by one, after words that say who speaks."""
    words = [value for value in call.values if value.lower() in _OF_SPEECH]
    sounds = "".join(value for value in call.values if value not in words).replace("_", " ").strip()
    where = "".join(f"{word.upper()}: " for word in words if word.lower() in _PLACES)
    return f"{where}/{sounds}/" if sounds else ""


_PLACES = ("uk", "us", "au", "ca", "nz", "ie", "gb", "rp", "ga")
_OF_SPEECH = (*_PLACES, "lang", "local", "icon", "pron", "en", "lc", "ipa", "also", "audio", "small")


def _phonetic(call: Call) -> str:
    values = [value for value in call.values if not LANGUAGE.match(value)] or call.values
    return "".join(values[:1])


def _respelled(call: Call) -> str:
    parts = [value for value in call.values if READABLE.search(value) or value == "_"]
    return f"{lines.ITALIC}{'-'.join(parts)}{lines.ITALIC}".replace("-_-", " ")


def _class_of_ships(call: Call) -> str:
    name, kind = [*call.values, "", ""][:2]
    return f"{lines.ITALIC}{name}{lines.ITALIC}-class {kind}".rstrip() if name else unread(call)


def _authors(call: Call) -> str:
    """Boolos & Jeffrey (1974): names, and a year at the end."""
    *names, last = call.values or [""]
    dated = any(map(str.isdigit, last))
    shown = " & ".join(names if dated else call.values)
    return f"{shown} ({last})" if dated and names else shown


def _annotated(call: Call) -> str:
    """漢(かん): characters, and how they are read."""
    characters, reading = [*call.values, "", ""][:2]
    return f"{characters}({reading})" if characters and reading else characters


def _tag(call: Call) -> str:
    """A key and its value on the OpenStreetMap wiki, a tag of HTML on others."""
    key, value = [*map(call.raw, "12")]
    return call.code(f"{key}={value}" if value and len(call.values) < 3 else f"<{key}>")


def _tree(call: Call) -> str:
    """A tree of descent: a branch (what it parts into, by commas)."""
    shown = list[str]()
    for number in map(str, range(1, _MOST_BRANCHES)):
        label, branch = call.value(f"label{number}"), call.value(number)
        shown.append(f"{label} ({branch})" if label and branch else label or branch)
    return ", ".join(filter(None, shown)) or unread(call)


_MOST_BRANCHES = 40


def _coordinates(call: Call) -> str:
    """30°12′N 74°7′W; nothing where they are shown above the page only."""
    if call.value("display") in ("title", "t"):
        return ""
    signs, shown, place = "°′″", "", 0
    for value in call.values:
        if value in ("N", "S", "E", "W", "O"):
            shown, place = f"{shown}{value} ", 0
        elif READABLE.search(value) or not value:
            break
        else:
            shown, place = f"{shown}{value}{signs[min(place, 2)]}", place + 1
    degrees = [f"{value}°" for value in call.values[:2]]
    return shown.strip() if READABLE.search(shown) else " ".join(degrees) or unread(call)


def _as_of(call: Call) -> str:
    return f"{'as' if call.value('lc') else 'As'} of {_date(call)}"


def _manual(call: Call) -> str:
    section, page = [*call.values, "", ""][:2]
    return call.code(f"{page}({section})" if page else section)


def _age(call: Call) -> str:
    """Whole years from a date to another, or to when the page was written."""
    numbers = [int(text) for text in call.values if text.isascii() and text.isdecimal() and len(text) < 5]
    if len(numbers) >= 3 and len(numbers) < 6 and call.now:
        numbers = [*numbers[:3], call.now.year, call.now.month, call.now.day]
    if len(numbers) < 6:
        return unread(call)
    return str(numbers[3] - numbers[0] - ((numbers[4], numbers[5]) < (numbers[1], numbers[2])))


def _formula(call: Call) -> str:
    """{{chem|SO|4|2-}}: elements and their numbers in turn, at the end a charge."""
    return "".join(measures.lowered_or_raised(value, bool(place % 2)) for place, value in enumerate(call.values))


def _link_to_other_language(call: Call) -> str:
    return next((value for value in call.values if not LANGUAGE.match(value)), call.first("1"))


def _verse(call: Call) -> str:
    """Book, chapter and verse; what follows is the edition."""
    end = next((number for number, value in enumerate(call.values, 1) if ":" in value), 2)
    return " ".join(filter(None, call.values[:end]))


def _old_style(call: Call) -> str:
    day, year, old = [*call.values, "", "", ""][:3]
    return " ".join(text for text in (day, f"[O.S. {old}]" if old else "", year) if text)


def _isotope(call: Call) -> str:
    return "-".join(call.values[:2])


def _joined(sign: str) -> Callable[[Call], str]:
    return lambda call: sign.join(filter(None, call.values))


FORMS: dict[str, Callable[[Call], str]] = {
    "first": lambda call: call.first("1", "text"),
    "second": _nth(1),
    "last": lambda call: next((value for value in reversed(call.values) if value), ""),
    "code": _code,
    "code_block": _block,
    "headed_code": _headed,
    "keys": lambda call: call.code("+".join(filter(None, call.values)) or call.value("1")),
    "template_names": _template_name,
    "remarks": _remark,
    "quotations": lambda call: lines.quotation(call.first(*TEXT_PARAMETERS, "1")),
    "lists": _listed,
    "dates": _date,
    "conversions": lambda call: measures.converted(call.values, DATA["units"], DATA["ranges"]),
    "numbers": lambda call: measures.grouped(call.first("1")),
    "fractions": lambda call: measures.fraction(call.values),
    "ships": lambda call: f"{call.name.upper()} {call.first('1')}",
    "computed": unread,
    # by how a name begins: {{lang-de|…}}, {{IPA-fr|…}}
    "lang-": lambda call: call.first("1", "text"),
    "ipa-": lambda call: f"[{call.first('1')}]",
}
SPECIAL: dict[str, Callable[[Call], str]] = {
    "as of": _as_of,
    "val": lambda call: measures.value(call.values, call.value, DATA["units"]),
    "e": lambda call: f"×10{measures.raised(call.first('1'))}",
    "nihongo": _japanese,
    "nihongo3": _japanese,
    "nihongo krt": _japanese,
    "zh": _chinese,
    "zh-full": _chinese,
    "ipac-en": _pronounced,
    "ipa": _phonetic,
    "respell": _respelled,
    "pronunciation respelling": _respelled,
    "man": _manual,
    "package": _package,
    "age": _age,
    "nuclide": _isotope,
    "nuclide2": _isotope,
    "simplenuclide": _isotope,
    "simplenuclide2": _isotope,
    "sic": lambda call: call.first("1") or "[sic]",
    "angbr": lambda call: f"⟨{call.first('1')}⟩",
    "angle bracket": lambda call: f"⟨{call.first('1')}⟩",
    "transl": FORMS["last"],
    "transliteration": FORMS["last"],
    "music": lambda call: {"flat": "♭", "sharp": "♯", "natural": "♮"}.get(call.first("1"), call.first("1")),
    "hms": FORMS["ships"],
    "dentalformula": lambda call: f"{call.value('upper')} / {call.value('lower')}",
    "sortname": lambda call: " ".join(filter(None, call.values[:2])),
    "circa": lambda call: "c. " + "–".join(call.values[:2]),
    "citeq": lambda call: "",
    "linktext": _joined(""),
    "chem": _formula,
    "chem2": lambda call: measures.chemical(call.first("1")),
    "ce": lambda call: measures.chemical(call.first("1")),
    "ill": _link_to_other_language,
    "interlanguage link": _link_to_other_language,
    "bibleref": _verse,
    "bibleverse": _verse,
    "bibleref2": _verse,
    "oldstyledate": _old_style,
    "us patent": lambda call: f"U.S. Patent {call.first('1')}",
    "half": lambda call: "½",
    "ruby": _annotated,
    "ruby-ja": _annotated,
    "読み仮名": _annotated,
    "ふりがな": _annotated,
    "tag": _tag,
    "clade": _tree,
    "sclass": _class_of_ships,
    "sclass2": _class_of_ships,
    "harvtxt": _authors,
    "harvp": _authors,
    "coord": _coordinates,
    "coords": _coordinates,
}
