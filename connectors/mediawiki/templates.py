"""What a template says in the text around it, where its own source is not at hand.

`templates.toml` says which names say what. Others are judged by their shape: alone on its lines and without a
sentence a template is layout; within a line its first readable argument is text; what is left is a hole.
"""

import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import re2

from connectors.mediawiki import lines, measures
from schemas.hole import hole

_DATA: dict[str, Any] = tomllib.loads((Path(__file__).parent / "templates.toml").read_text(encoding="utf-8"))
_SHOWN: dict[str, str] = {name: kind for kind, names in _DATA["shown"].items() for name in names}
_SIGNS: dict[str, str] = _DATA["signs"]
_CURRENCIES: dict[str, str] = _DATA["currencies"]
_SILENT = frozenset(_DATA["silent"]["names"])
_SILENT_ENDS = tuple(_DATA["silent"]["prefixes"]), tuple(_DATA["silent"]["suffixes"])
_EDITORS = frozenset(_DATA["silent"]["editors_parameters"])
_TEXT_PARAMETERS = ("text", "quote", "content", "quotetext", "message", "note", "body")
_LANGUAGE = re2.compile(r"^[a-z]{2,3}(-[A-Za-z]{2,8})*$")
# not a colour, an address or a name of a file, but something that a reader could read
# nor a bare number, which needs the word that the template would put to it
_READABLE = re2.compile(r"\pL")
_CODE_OF_COUNTRY = re2.compile(r"^[A-Z]{2,3}$")
_LETTER = re2.compile(r"\pL{2}")
_UNREADABLE = re2.compile(r"^(?:#[0-9a-fA-F]{3,8}|https?://\S*|\S+\.(?:jpe?g|png|svg|gif|ogg|webm)|[a-z-]+:\s?\S+;?)$")
_SENTENCE = re2.compile(r"\S+(?:\s+\S+){3,}|\p{Han}{8,}")
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


def canonical(title: str) -> str:
    """A name as the tables here spell it: lower case, spaces, no prefix."""
    name = " ".join(title.replace("_", " ").split()).lower()
    for prefix in ("subst:", "safesubst:", "template:", "msg:", "模板:"):
        name = name.removeprefix(prefix).strip()
    return name


def name_of(template: Any) -> str:
    """`canonical` name of a parsed template."""
    return canonical(str(template.name))


def is_silent(name: str) -> bool:
    """Whether a template of this name is layout, a note, a reference or a mark for editors."""
    if name in _SHOWN or name in _SIGNS or name.startswith("lang-"):
        return False
    return name in _SILENT or name.startswith(_SILENT_ENDS[0]) or name.endswith(_SILENT_ENDS[1])


def builtin(call: Call) -> str | None:
    """The Markdown of a template that many wikis share, None for others."""
    name, values = call.name, call.values
    if name in _SIGNS and (not values or _SIGNS[name].endswith(". ")):
        return _SIGNS[name] + "".join(values[:1])
    form = _SPECIAL.get(name) or _FORMS.get(_SHOWN.get(name, "")) or _FORMS.get(name[: name.find("-") + 1])
    if form:
        return form(call)
    if name in _CURRENCIES and values:
        return _CURRENCIES[name] + values[0]
    # {{yes|since 2010}} says what it is given
    return next((text for text in values if name in _SIGNS and _LETTER.search(text)), _SIGNS.get(name))


def fallback(call: Call) -> str:
    """The text of a template that nobody knows, or a hole."""
    names = [name for name in call.names if not name.isdecimal()]
    if names and not call.values and _EDITORS.issuperset(names):
        return ""
    if not call.values and not names and not call.alone and _CODE_OF_COUNTRY.match(call.title):
        return call.title
    text = next((text for text in map(call.value, _TEXT_PARAMETERS) if text), "")
    candidates = [value for value in call.values if _is_readable(value)] + [text] * bool(text)
    sentence = next((value for value in candidates if _SENTENCE.search(value)), "")
    if call.alone:
        return f"\n\n{sentence}\n\n" if sentence else _unread(call) if call.values and candidates else ""
    if len(candidates) > 1 and _LANGUAGE.match(candidates[0]):
        candidates = candidates[1:]
    return sentence or next(iter(candidates), "") or _unread(call)


def _unread(call: Call) -> str:
    return hole("template", str(_UNSAFE.sub(" ", call.name)))


def _is_readable(text: str) -> bool:
    return bool(_READABLE.search(text)) and not _UNREADABLE.match(text)


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
    text = call.first("1", *_TEXT_PARAMETERS)
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
    words = ("uk", "us", "au", "lang", "local", "icon", "pron", "en", "lc", "ipa", "also", "audio")
    sounds = "".join(value for value in call.values if value.lower() not in words)
    return f"/{sounds}/" if sounds else ""


def _phonetic(call: Call) -> str:
    values = [value for value in call.values if not _LANGUAGE.match(value)] or call.values
    return "".join(values[:1])


def _respelled(call: Call) -> str:
    return f"{lines.ITALIC}{'-'.join(filter(None, call.values))}{lines.ITALIC}".replace("-_-", " ")


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
        return _unread(call)
    return str(numbers[3] - numbers[0] - ((numbers[4], numbers[5]) < (numbers[1], numbers[2])))


def _formula(call: Call) -> str:
    """{{chem|SO|4|2-}}: elements and their numbers in turn, at the end a charge."""
    return "".join(measures.lowered_or_raised(value, bool(place % 2)) for place, value in enumerate(call.values))


def _link_to_other_language(call: Call) -> str:
    return next((value for value in call.values if not _LANGUAGE.match(value)), call.first("1"))


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


_FORMS: dict[str, Callable[[Call], str]] = {
    "first": lambda call: call.first("1", "text"),
    "second": _nth(1),
    "last": lambda call: next((value for value in reversed(call.values) if value), ""),
    "code": _code,
    "code_block": _block,
    "headed_code": _headed,
    "keys": lambda call: call.code("+".join(filter(None, call.values)) or call.value("1")),
    "template_names": _template_name,
    "remarks": _remark,
    "quotations": lambda call: lines.quotation(call.first(*_TEXT_PARAMETERS, "1")),
    "lists": _listed,
    "dates": _date,
    "conversions": lambda call: measures.converted(call.values, _DATA["units"], _DATA["ranges"]),
    "numbers": lambda call: measures.grouped(call.first("1")),
    "fractions": lambda call: measures.fraction(call.values),
    "ships": lambda call: f"{call.name.upper()} {call.first('1')}",
    "computed": _unread,
    # by how a name begins: {{lang-de|…}}, {{IPA-fr|…}}
    "lang-": lambda call: call.first("1", "text"),
    "ipa-": lambda call: f"[{call.first('1')}]",
}
_SPECIAL: dict[str, Callable[[Call], str]] = {
    "as of": _as_of,
    "val": lambda call: measures.value(call.values, call.value, _DATA["units"]),
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
    "transl": _FORMS["last"],
    "transliteration": _FORMS["last"],
    "music": lambda call: {"flat": "♭", "sharp": "♯", "natural": "♮"}.get(call.first("1"), call.first("1")),
    "hms": _FORMS["ships"],
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
}
