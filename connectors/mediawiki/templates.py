"""What a template says in the text around it, where its own source is not at hand.

`templates.toml` says which names say what. Others are judged by their shape: alone on its lines and without a
sentence a template is layout; within a line its first readable argument is text; what is left is a hole.
"""

from typing import Any

import re2

from connectors.mediawiki import citations
from connectors.mediawiki.forms import DATA, FORMS, LANGUAGE, READABLE, SPECIAL, TEXT_PARAMETERS, Call, unread

_SHOWN: dict[str, str] = {name: kind for kind, names in DATA["shown"].items() for name in names}
_SIGNS: dict[str, str] = DATA["signs"]
_BEFORE: dict[str, str] = DATA["before"]
_UNSAID = {
    table: (frozenset(DATA[table]["names"]), tuple(DATA[table]["prefixes"]), tuple(DATA[table]["suffixes"]))
    for table in ("silent", "layout")
}
_EDITORS = frozenset(DATA["silent"]["editors_parameters"])
_CODE_OF_COUNTRY = re2.compile(r"^[A-Z]{2,3}$")
_LETTER = re2.compile(r"\pL{2}")
# a colour, an address or a name of a file
_UNREADABLE = re2.compile(r"^(?:#[0-9a-fA-F]{3,8}|https?://\S*|\S+\.(?:jpe?g|png|svg|gif|ogg|webm)|[a-z-]+:\s?\S+;?)$")
# more than a fact or the words below a picture of a box
_TELLING = re2.compile(r"\S+(?:\s+\S+){14,}[.!?]|\p{Han}{25,}")
_SENTENCE = re2.compile(r"\S+(?:\s+\S+){3,}|\p{Han}{8,}")


def canonical(title: str) -> str:
    """A name as the tables here spell it: lower case, spaces, no prefix."""
    name = " ".join(title.replace("_", " ").split()).lower()
    for prefix in ("subst:", "safesubst:", "template:", "msg:", "模板:"):
        name = name.removeprefix(prefix).strip()
    return name


def name_of(template: Any) -> str:
    """`canonical` name of a parsed template."""
    return canonical(str(template.name))


def is_silent(name: str, says: bool = False) -> bool:
    """Whether a template of this name is layout, a note, a reference or a mark for editors. `says`: it stands within a
    line and is given words, which only names count against that mean nothing else."""
    if name in _SHOWN or name in _SIGNS or name in _BEFORE or name in SPECIAL or name.startswith("lang-"):
        return False
    return _is_in("silent", name) or (not says and _is_in("layout", name))


def _is_in(table: str, name: str) -> bool:
    names, prefixes, suffixes = _UNSAID[table]
    return name in names or name.startswith(prefixes) or name.endswith(suffixes)


def builtin(call: Call) -> str | None:
    """The Markdown of a template that many wikis share, None for others."""
    name, values = call.name, call.values
    if name in _SIGNS and (not values or _SIGNS[name].endswith(". ")):
        return _SIGNS[name] + "".join(values[:1])
    if name == "citation" or name.startswith(("cite ", "vcite ")):
        return citations.cited(call.value) or unread(call)
    form = SPECIAL.get(name) or FORMS.get(_SHOWN.get(name, "")) or FORMS.get(name[: name.find("-") + 1])
    if form:
        return form(call)
    if name in _BEFORE and call.first("id"):
        return _BEFORE[name] + call.first("id")
    # {{yes|since 2010}} says what it is given
    return next((text for text in values if name in _SIGNS and _LETTER.search(text)), _SIGNS.get(name))


def fallback(call: Call) -> str:
    """The text of a template that nobody knows, or a hole."""
    names = [name for name in call.names if not name.isdecimal()]
    if names and not call.values and _EDITORS.issuperset(names):
        return ""
    if not call.values and not names and not call.alone and _CODE_OF_COUNTRY.match(call.title):
        return call.title
    text = next((text for text in map(call.value, TEXT_PARAMETERS) if text), "")
    candidates = [value for value in call.values if _is_readable(value)] + [text] * bool(text)
    sentence = next((value for value in candidates if _SENTENCE.search(value)), "")
    if call.alone:
        tells = (call.values and candidates) or any(_TELLING.search(call.raw(name)) for name in names)
        shown = sentence or (unread(call) if tells else "")
        return f"\n\n{shown}\n\n" if shown else ""
    if len(candidates) > 1 and LANGUAGE.match(candidates[0]):
        candidates = candidates[1:]
    return sentence or next(iter(candidates), "") or unread(call)


def _is_readable(text: str) -> bool:
    return bool(READABLE.search(text)) and not _UNREADABLE.match(text)
