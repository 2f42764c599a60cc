"""What MyST writes between its paragraphs and no reader sees: targets, comments and block breaks."""

import re2

_MYST = re2.compile(r"(?m)^\([\w .:/+-]+\)=[ \t]*$|\{[A-Za-z][\w:+.-]*\}`[^`]|^[ \t]*(?:`{3,}|~{3,}|:{3,})\{[A-Za-z]")
_LABELLED = re2.compile(r"(?m)^\(([^()\n]+)\)=[ \t]*\n\s*(?:\([^()\n]+\)=[ \t]*\n\s*)*#{1,6} +([^\n]+)")
_UNSEEN = re2.compile(r"(?m)^(?:[ \t]*\([^()\n]+\)=| {0,3}%(?:[ \t%].*)?| {0,3}\+\+\+.*)[ \t]*$")


def is_myst(text: str) -> bool:
    return bool(_MYST.search(text))


def headings(text: str) -> dict[str, str]:
    """The headings of a file by the labels above them."""
    return {found[1]: found[2].strip(" #") for found in _LABELLED.finditer(text)}


def read(text: str) -> str:
    """`text`, its code hidden, without what is not to be seen."""
    return str(_UNSEEN.sub("", text))
