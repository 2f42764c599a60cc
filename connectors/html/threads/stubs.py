"""What stands where a post or an article would be: notes that it is gone, walls of sign-ins and consents, errors."""

import tomllib
from collections.abc import Iterable
from pathlib import Path

import re2

_PATTERNS = tomllib.loads(Path(__file__).with_name("stubs.toml").read_text())
_GONE = re2.compile(rf"^[\s\[(<*_>#-]*(?:{'|'.join(_PATTERNS['gone'])})[\s\])>*_.!。！…-]*$")
_PAGES = {
    reason: re2.compile("|".join(f"(?:{each})" for each in _PATTERNS[name]))
    for reason, name in (("login_wall", "wall"), ("consent_wall", "consent"), ("error_page", "error"))
}
_LINK = re2.compile(r"\[([^\[\]]*)\]\([^()\s]*\)")
_LONGEST, _WITH_LINKS = 160, 800  # characters of a note, and of one with the addresses that it leads to
_SENTENCE = 80  # characters
_LITTLE = 240  # characters of a page that may say nothing else


def is_stub(markdown: str) -> bool:
    """Whether a post is only the note that there is none."""
    said = " ".join(_LINK.sub(r"\1", markdown).split()) if len(markdown) <= _WITH_LINKS else markdown
    return len(said) <= _LONGEST and bool(_GONE.search(said.lower()))


def refusal(title: str, text: str) -> str:
    """`login_wall`, `consent_wall` or `error_page` where a page with little text is that; else ""."""
    if len(text) > _LITTLE:
        return ""
    title, text = title.strip().lower(), text.strip().lower()
    return next((reason for reason, says in _PAGES.items() if says.search(title) or says.search(text)), "")


def article_refusal(names: Iterable[str], text: str) -> str:
    """The same for an article with these title and headings, whose text is no longer than a note.

    A text that says something may be about signing in; so names tell, or a text of less than a sentence or two.
    """
    if len(text) > _LONGEST:
        return ""
    said = [name for name in names if not name.endswith(("?", "？"))] + ([text] if len(text) < _SENTENCE else [])
    return next((reason for each in said if (reason := refusal(each, ""))), "")
