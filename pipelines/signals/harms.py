"""Patterns for sexual content, self-harm and danger: the phrases of harms.toml, each with its context.

A word alone is seldom enough: `kill`, `bomb`, `trigger` are technical terms, `suicide` is a topic of medicine. So the
pattern of a wish has a person, that of a request has an object, and that of an instruction has a harmful thing. RE2 has
no look-around; so phrases that only sound like harm (`HARMLESS`) are removed before the others are counted.
"""

import tomllib
from pathlib import Path

_TOML = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
_PARTS: dict[str, str] = {}


def _fill_in(alternatives: list[str]) -> str:
    pattern = "|".join(alternatives)
    for name, part in _PARTS.items():
        pattern = pattern.replace(f"<{name}>", part)
    return pattern


for _name, _alternatives in _TOML["parts"].items():
    _PARTS[_name] = f"(?:{_fill_in(_alternatives)})"


def _patterns(kind: str) -> tuple[str, ...]:
    """Return a pattern per language and theme; a single one would be slow, and too large for RE2's memory."""
    return tuple("(?i)" + _fill_in(alternatives) for alternatives in _TOML[kind].values())


(HARMLESS,) = _patterns("harmless")
SEXUAL, SELF_HARM, DANGER = _patterns("sexual"), _patterns("self_harm"), _patterns("danger")
