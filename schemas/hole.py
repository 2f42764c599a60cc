"""A hole: the place of something that a source held and that could not be read, such as an unknown template.

A connector leaves `hole(kind, name)` in its Markdown. Normalise replaces each by MARK and counts it by kind and name.
So text is either complete, or it says where something is missing.
"""

import re
from collections import Counter
from typing import Literal

MARK = "⟦?⟧"
"""What stands in a record. Where a source holds these characters itself, they are escaped."""

Kind = Literal[
    "template",  # of a wiki, with nothing readable in it
    "parser_function",
    "shortcode",  # Hugo, Liquid, Jinja, WordPress
    "component",  # MDX, Vue
    "role",
    "directive",
    "include",  # of a file that is not there
    "macro",  # Confluence, Zendesk
    "formula",
    "placeholder",  # a variable that the site fills in
    "tab",  # empty, filled by a script
    "table",
    "embed",
    "rest",  # of a post, where a page shows only its beginning
]

# Noncharacters: Unicode reserves them for use inside a program, and no text holds them (see normalise.clean.safe).
_START, _STOP = "\ufdd0", "\ufdd1"
_HOLE = re.compile(f"{_START}([^{_START}{_STOP}]*){_STOP}")
_ESCAPED = "⟦\\?⟧"
NAME_LENGTH = 60  # characters of a name that are kept: it is told in a reject


def hole(kind: Kind, name: str = "") -> str:
    """What a connector writes in place of what it cannot read. `name` says which one, such as a template's name.

    What would be markup where it stands is left out of it.
    """
    clear = re.sub(f"[{_START}{_STOP}\\s<>|`\\[\\]]+", " ", name).strip()[:NAME_LENGTH]
    return f"{_START}{kind}:{clear}{_STOP}"


def kinds_in(text: str) -> list[tuple[str, str]]:
    """(kind, name) of each hole that `hole` has left in `text`, in order."""
    parted = (found.partition(":") for found in _HOLE.findall(text))
    return [(kind, name) for kind, _, name in parted]


def without_holes(text: str) -> str:
    return _HOLE.sub("", text)


def mark_holes(text: str, counts: Counter[tuple[str, str]]) -> str:
    """`text` with MARK in place of each hole, added to `counts` by (kind, name). MARK itself is escaped before."""
    if MARK in text:
        text = text.replace(MARK, _ESCAPED)
    if _START not in text and _STOP not in text:
        return text
    counts.update(kinds_in(text))
    return _HOLE.sub(MARK, text).replace(_START, "").replace(_STOP, "")
