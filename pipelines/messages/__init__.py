"""What people read, in their language: gettext over `locale/<language>/LC_MESSAGES/gristmill.mo`.

A message is written in English where it is said, with names in braces: `tr("{file}: no such file", file=file)`. What is
stored (manifests, rejects, published tables) stays as it is: the same input gives the same bytes in every language. So
what may be both stored and shown, such as an error, is a `Message`, and `tr` is asked where it is shown.
"""

import gettext
import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path

LANGUAGES = {"en": "English", "zh": "简体中文"}
ENGLISH = "en"
CARDS = {"README.md": "en", "README.zh-CN.md": "zh"}  # the files of a card, which is written in each of these languages
DOMAIN, LOCALE = "gristmill", Path(__file__).parent / "locale"
_CATALOGUES = {"zh": "zh_CN"}
_VARIABLES = ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")  # in the order of gettext's manual
_chosen: ContextVar[str] = ContextVar("language", default="")


class Message(str):
    """Text in English that knows what it was made of: `Message("{file}: no such file", file=file)`.

    Whoever stores or compares it has the English text; `tr` says it in the reader's language. Values may be messages
    and errors themselves. It can be sent to another process.
    """

    __slots__ = ("template", "values")
    template: str
    values: dict[str, object]

    def __new__(cls, template: str, /, **values: object) -> "Message":
        """`template` with the values in the places that name them; without values braces are only braces."""
        if isinstance(template, Message) and not values:
            return template
        kept = {name: _kept(value) for name, value in values.items()}
        message = super().__new__(cls, template.format(**kept) if kept else template)
        message.template, message.values = template, kept
        return message

    def __str__(self) -> str:
        """Itself: what `str(error)` gives can still be said in another language."""
        return self

    def __reduce__(self) -> tuple[object, ...]:
        return _message, (self.template, self.values)


def joined(separator: str, parts: Iterable[object]) -> Message:
    """Messages, errors and other values as one message."""
    values = {f"part{number}": part for number, part in enumerate(parts)}
    return Message(separator.join(f"{{{name}}}" for name in values), **values)


def use(language: str) -> None:
    """Say everything in `language`, a key of LANGUAGES, in this thread; "" is that of the environment again."""
    _chosen.set(language)


def use_everywhere(language: str) -> None:
    """Say everything in `language`, a key of LANGUAGES, in this process and those that it starts."""
    os.environ["LANGUAGE"] = _CATALOGUES.get(language, language)


@contextmanager
def spoken(language: str) -> Iterator[None]:
    """Say everything within in `language`, a key of LANGUAGES, whatever the reader's is."""
    before = _chosen.set(language)
    try:
        yield
    finally:
        _chosen.reset(before)


def language() -> str:
    """The key of LANGUAGES that messages are in: what `use` was told, else by LANGUAGE, LC_ALL, LC_MESSAGES, LANG."""
    return _chosen.get() or of_locale(next((os.environ[name] for name in _VARIABLES if os.environ.get(name)), ""))


def card_name() -> str:
    """The file of a card that is in the reader's language."""
    return next(name for name, spoken_in in CARDS.items() if spoken_in == language())


def beside(card: str, name: str) -> str:
    """What a file is called in the language of a card: `loss.zh-CN.png` beside `README.zh-CN.md`."""
    stem, dot, kind = name.rpartition(".")
    return f"{stem}{card.removeprefix('README').removesuffix('.md')}{dot}{kind}"


def of_locale(name: str) -> str:
    """The key of LANGUAGES for a locale's name, such as `zh_CN.UTF-8` or `zh-TW`; English for any other."""
    return next((key for key in _CATALOGUES if name.lower().startswith(key)), ENGLISH)


def tr(message: str, /, **values: object) -> str:
    """`message` in the reader's language, with the values in the places that name them."""
    if isinstance(message, Message):
        return tr(message.template, **(message.values | values))
    found = _catalogue(language()).gettext(message) if message else ""
    return found.format(**{name: said(value) for name, value in values.items()}) if values else found


def ntr(one: str, many: str, number: int, /, **values: object) -> str:
    """`one` or `many`, by the number, which both may name `{number}`, in the reader's language."""
    found = _catalogue(language()).ngettext(one, many, number)
    return found.format(number=number, **{name: said(value) for name, value in values.items()})


def reworded(text: str, phrases: Iterable[str]) -> str:
    """What others have worded, or an earlier run has stored, in the reader's language.

    It stays as it is where it is none of `phrases`, whose values may be one of them again.
    """
    known = tuple(phrases)
    for phrase in known:
        pattern = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>.+?)", re.escape(phrase))
        if found := re.fullmatch(pattern, text):
            return tr(phrase, **{name: reworded(value, known) for name, value in found.groupdict().items()})
    return text


def _kept(value: object) -> object:
    """A value as a message keeps it: numbers for their formats, all else as text, which is easily sent and stored."""
    return value if isinstance(value, int | float | str) else str(value)


def said(value: object) -> object:
    """A message or an error in the reader's language; a name as it is, though it be that of a message."""
    kept = str(value) if isinstance(value, Exception) else value
    return tr(kept) if isinstance(kept, Message) else value


def _message(template: str, values: dict[str, object]) -> Message:
    return Message(template, **values)


@cache
def _catalogue(language: str) -> gettext.NullTranslations:
    if language == ENGLISH:
        return gettext.NullTranslations()
    return gettext.translation(DOMAIN, LOCALE, [_CATALOGUES[language]], fallback=True)
