"""What people read, in their language: gettext over `locale/<language>/LC_MESSAGES/gristmill.mo`.

A message is written in English where it is said, with names in braces: `tr("{file}: no such file", file=file)`. What is
stored (manifests, rejects, published tables) stays as it is: the same input gives the same bytes in every language.
"""

import gettext
import os
from contextvars import ContextVar
from functools import cache
from pathlib import Path

LANGUAGES = {"en": "English", "zh": "简体中文"}
ENGLISH = "en"
_CATALOGUES = {"zh": "zh_CN"}
_LOCALE = Path(__file__).parent / "locale"
_VARIABLES = ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")  # in the order of gettext's manual
_chosen: ContextVar[str] = ContextVar("language", default="")


def use(language: str) -> None:
    """Say everything in `language`, a key of LANGUAGES, in this thread; "" is that of the environment again."""
    _chosen.set(language)


def language() -> str:
    """The key of LANGUAGES that messages are in: what `use` was told, else by LANGUAGE, LC_ALL, LC_MESSAGES, LANG."""
    return _chosen.get() or of_locale(next((os.environ[name] for name in _VARIABLES if os.environ.get(name)), ""))


def of_locale(name: str) -> str:
    """The key of LANGUAGES for a locale's name, such as `zh_CN.UTF-8` or `zh-TW`; English for any other."""
    return next((key for key in _CATALOGUES if name.lower().startswith(key)), ENGLISH)


def tr(message: str, /, **values: object) -> str:
    """`message` in the reader's language, with the values in the places that name them."""
    said = _catalogue(language()).gettext(message) if message else ""
    return said.format(**values) if values else said


def ntr(one: str, many: str, number: int, /, **values: object) -> str:
    """`one` or `many`, by the number, which both may name `{number}`, in the reader's language."""
    return _catalogue(language()).ngettext(one, many, number).format(number=number, **values)


@cache
def _catalogue(language: str) -> gettext.NullTranslations:
    if language == ENGLISH:
        return gettext.NullTranslations()
    return gettext.translation("gristmill", _LOCALE, [_CATALOGUES[language]], fallback=True)
