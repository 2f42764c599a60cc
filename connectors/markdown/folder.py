"""The folder of a source while its files are read: what lies in it, and how much one file may take in of the others."""

import re
from functools import cached_property
from pathlib import Path
from typing import Any

from connectors.html import decode
from connectors.reading.local import files_below

_RESERVED = re.compile("[\x00\ufdd0-\ufdef\ud800-\udfff]")
_LARGEST = 1 << 20  # bytes that are read of a file
# Characters that one file may take in: a few includes, values or shortcodes within each other stand for any number
_MOST, _LEAST = 1 << 20, 20
_READING = 20  # bytes that are read cost as much as one character


class Folder:
    """What all files of `root` share. `begin` comes before each of them."""

    def __init__(self, root: Path) -> None:
        self.root, self._left = root, _MOST

    def begin(self) -> None:
        """The next file may take in as much as each."""
        self._left = _MOST

    def gives(self, size: int) -> bool:
        """Whether the file may take in so many characters more; they count from now on."""
        self._left -= size + _LEAST
        return self._left >= 0

    def may_read(self, path: Path) -> bool:
        return self._left >= 0 and self.gives(min(path.stat().st_size, _LARGEST) // _READING)

    @cached_property
    def notes(self) -> dict[str, Path]:
        """The Markdown files by their names; the first of a name counts."""
        return {path.name: path for path in reversed(files_below(self.root, lambda file: file.suffix == ".md"))}


def readable(value: Any) -> Any:
    """`value`, its strings without NUL, half characters and the noncharacters that mark holes and what is hidden."""
    if isinstance(value, str):
        return _RESERVED.sub("", value)
    if isinstance(value, dict):
        return {readable(key): readable(each) for key, each in value.items()}
    return [readable(each) for each in value] if isinstance(value, list) else value


def text_of(path: Path) -> str:
    """The first megabyte of a file."""
    with path.open("rb") as file:
        return str(readable(decode(file.read(_LARGEST))))
