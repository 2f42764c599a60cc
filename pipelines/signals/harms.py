"""What is said of sex, of harm to oneself, of doing harm: phrases of harms.toml, each with its context.

A word alone is seldom enough: `kill`, `bomb`, `trigger` are technical terms, `suicide` is a topic of medicine. So a
wish has somebody who wishes, a request something asked for, and an instruction a thing that does harm. RE2 cannot look
around; what only sounds like harm (`HARMLESS`) is therefore taken out of a text before the phrases are counted.
"""

import tomllib
from pathlib import Path

_HELD = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
_PARTS: dict[str, str] = {}


def _filled(alternatives: list[str]) -> str:
    pattern = "|".join(alternatives)
    for name, part in _PARTS.items():
        pattern = pattern.replace(f"<{name}>", part)
    return pattern


for _name, _alternatives in _HELD["parts"].items():
    _PARTS[_name] = f"(?:{_filled(_alternatives)})"


def _patterns(kind: str) -> tuple[str, ...]:
    """A pattern per language and theme: in one, RE2 would run out of memory and be slow."""
    return tuple("(?i)" + _filled(alternatives) for alternatives in _HELD[kind].values())


(HARMLESS,) = _patterns("harmless")
SEXUAL, SELF_HARM, DANGER = _patterns("sexual"), _patterns("self_harm"), _patterns("danger")
