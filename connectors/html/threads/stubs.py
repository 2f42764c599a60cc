"""What stands where a post was or would be: notes that it was deleted or hidden, walls to sign in at, error pages."""

import tomllib
from pathlib import Path

import re2

_PATTERNS = tomllib.loads(Path(__file__).with_name("stubs.toml").read_text())
_GONE = re2.compile(rf"^[\s\[(<*_>#-]*(?:{'|'.join(_PATTERNS['gone'])})[\s\])>*_.!。！…-]*$")
_WALL, _ERROR = (re2.compile("|".join(f"(?:{each})" for each in _PATTERNS[name])) for name in ("wall", "error"))
_LONGEST = 160  # characters of a note
_LITTLE = 240  # characters of a page that may say nothing else


def is_stub(markdown: str) -> bool:
    """Whether a post is only the note that there is none."""
    return len(markdown) <= _LONGEST and bool(_GONE.search(" ".join(markdown.split()).lower()))


def refusal(title: str, text: str) -> str:
    """`login_wall` or `error_page` where a page with little text is that; else ""."""
    if len(text) > _LITTLE:
        return ""
    title, text = title.strip().lower(), text.strip().lower()
    if _WALL.search(title) or _WALL.search(text):
        return "login_wall"
    return "error_page" if _ERROR.search(title) or _ERROR.search(text) else ""
