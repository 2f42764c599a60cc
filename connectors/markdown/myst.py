"""What MyST writes between its paragraphs and no reader sees: targets, comments and block breaks."""

from pathlib import PurePath

import re2

_MYST = re2.compile(r"(?m)^\([\w .:/+-]+\)=[ \t]*$|\{[A-Za-z][\w:+.-]*\}`[^`]|^[ \t]*(?:`{3,}|~{3,}|:{3,})\{[A-Za-z]")
_LABELLED = re2.compile(r"(?m)^\(([^()\n]+)\)=[ \t]*\n\s*(?:\([^()\n]+\)=[ \t]*\n\s*)*#{1,6} +([^\n]+)")
_WORDLESS = re2.compile(r"\[\]\(([^()\s]+)\)")
_UNSEEN = re2.compile(r"(?m)^(?:[ \t]*\([^()\n]+\)=| {0,3}%(?:[ \t%].*)?| {0,3}\+\+\+.*)[ \t]*$")


def is_myst(text: str) -> bool:
    return bool(_MYST.search(text))


def headings(text: str) -> dict[str, str]:
    """The headings of a file by the labels above them."""
    return {found[1]: found[2].strip(" #") for found in _LABELLED.finditer(text)}


def read(text: str, labels: dict[str, str]) -> str:
    """`text`, its code hidden, without what is not to be seen. A link without words has those of its target."""
    return str(_WORDLESS.sub(lambda found: _words(found, labels), _UNSEEN.sub("", text)))


def _words(found: "re2._Match", labels: dict[str, str]) -> str:
    target = found[1].removeprefix("project:").removeprefix("path:")
    name = target.rpartition("#")[2] or target
    return labels.get(name) or PurePath(name).stem.replace("-", " ").replace("_", " ")
