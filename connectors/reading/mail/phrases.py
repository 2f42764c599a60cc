"""phrases.toml, ready to match. Text of strangers is matched by re2, which takes linear time."""

import tomllib
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import re2

ROLES = ("from", "sent", "to", "cc", "subject", "other")
_TABLE: dict[str, dict[str, Any]] = tomllib.loads(Path(__file__).with_name("phrases.toml").read_text(encoding="utf-8"))
FOOTERS: list[str] = _TABLE.pop("added")["footer"]
_WIDE = re2.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}]")


def phrases(name: str) -> list[str]:
    """The phrases called `name` of all languages, longest first."""
    found = {phrase for language in _TABLE.values() for phrase in language.get(name, ())}
    return sorted(found, key=lambda phrase: (-len(phrase), phrase))


def any_of(found: Iterable[str]) -> str:
    """A pattern for one of these; any white space stands for a space."""
    return "(?:" + "|".join(r"\s+".join(map(re2.escape, phrase.split())) for phrase in found) + ")"


def is_wide(text: str) -> bool:
    """Whether it is written without spaces between words, or with particles that hang on them."""
    return bool(_WIDE.search(text))


def _labels() -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for language, table in _TABLE.items():
        for role in ROLES:
            found[language].update({label.casefold(): role for label in table.get(role, ())})
        found[language].update({"cc": "cc", "bcc": "cc"})
    return dict(found)


LABELS = _labels()
"""language → label of a header, in lower case → one of ROLES."""
PRIVATE: list[list[str]] = [table["private"] for table in _TABLE.values() if "private" in table]
"""For each language the stems of each thing that a confidentiality note says."""
