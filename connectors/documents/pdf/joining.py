"""Lines as one text again."""

from collections import Counter
from collections.abc import Iterable

import re2

_WIDE = re2.compile(r"[\x{2e80}-\x{9fff}\x{f900}-\x{faff}\x{ff00}-\x{ffef}]")
_WORD = re2.compile(r"[\pL-]+\pL")
_CUT = re2.compile(r"([\pL-]*\pL)-$")
_BEGINS = re2.compile(r"^(\p{Ll}\pL*)")


def words_of(texts: Iterable[str]) -> Counter[str]:
    """How often each word of a document is in it, also those with hyphens."""
    return Counter(word.lower() for text in texts for word in _WORD.findall(text))


def joined(lines: list[str], words: Counter[str]) -> str:
    """HTML or text of lines as one. Words that were cut at an end are whole; Han letters have no blank between them."""
    text = ""
    for line in lines:
        text, line = _opened(text, line)
        cut, begins = _CUT.search(text), _BEGINS.search(line)
        if cut and begins and _is_cut(cut[1], begins[1], words):
            text = text[:-1]
        is_hyphened = cut and line[:1].isalpha()
        is_wide = text and _WIDE.match(text[-1]) and _WIDE.match(line[:1])
        text += line if not text or is_hyphened or is_wide else f" {line}"
    return text.replace("</b> <b>", " ").replace("</i> <i>", " ").replace("</code> <code>", " ")


def _opened(text: str, line: str) -> tuple[str, str]:
    """Code and emphasis that go on in the next line end and begin only once."""
    for tag in ("b", "i", "code"):
        if text.endswith(f"</{tag}>") and line.startswith(f"<{tag}>"):
            return text.removesuffix(f"</{tag}>"), line.removeprefix(f"<{tag}>")
    return text, line


def _is_cut(before: str, after: str, words: Counter[str]) -> bool:
    """Whether the hyphen is only the line's: elsewhere the word has none, or it is nowhere else."""
    if "-" in before:  # settings-and-environment-variables
        return False
    whole, hyphened = f"{before}{after}".lower(), f"{before}-{after}".lower()
    return words[whole] >= words[hyphened]
