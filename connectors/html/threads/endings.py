"""What engines write below the words of a post, in its own element: notes that it was edited."""

import tomllib
from pathlib import Path

import re2

_WORDS = tomllib.loads(Path(__file__).with_name("endings.toml").read_text())
_EDITED = re2.compile(rf"(?i)^[^\pL\pN]*(?:{'|'.join(f'(?:{each})' for each in _WORDS['edited'])})")
_EDITED_ZH = re2.compile(r"^[^。！？]{0,60}\d.{0,20}(?:编辑|編輯|修改)(?:过)?[^\pL\pN]*$")
_WHEN = re2.compile(
    r"(?i)\d{1,2}[:.]\d{2}|\b(?:19|20)\d\d\b|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}|\bago\b|yesterday|today"
    r"|\d times|\d ?x\b|前|月"
)
_LINK = re2.compile(r"\[([^\[\]]*)\]\([^()\s]*\)")
_NOTE = 160  # characters of a note of an edit
_AFTER = 25  # characters that may follow a time: "by ann", "in total"
_SAYS = re2.compile(r"[:：]\s*\pL")
_LINES = 6  # lines from the last one up that may be notes: a signature of some may stand below


def without_notes(markdown: str) -> str:
    """A post of an engine that is not known, without such notes; as it is, where nothing would be left."""
    lines = markdown.split("\n")
    low = max(1, len(lines) - _LINES)
    lines = [*lines[:low], *(line for line in lines[low:] if not _is_note(line))]
    while len(lines) > 1 and lines[-1].strip() in ("", "---"):
        lines = lines[:-1]
    kept = "\n".join(lines).strip()
    return kept if any(map(str.isalnum, kept)) or "![" in kept else markdown


def _is_note(line: str) -> bool:
    said = _LINK.sub(r"\1", line).strip(" *_\\()[]«»")
    if len(said) > _NOTE or not (_EDITED.search(said) or _EDITED_ZH.search(said)):
        return False
    times = list(_WHEN.finditer(said))
    rest = said[times[-1].end() :] if times else ""
    return bool(times) and len(rest) <= _AFTER and not _SAYS.search(rest)  # what says more is an author's own
