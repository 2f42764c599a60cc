"""Two texts side by side: what only one of them says is marked, word by word; in scripts without spaces, by sign."""

import re
from difflib import SequenceMatcher
from html import escape

MOST = 3_000  # words of a text that are compared: the comparison is quadratic
_WORDS = re.compile(r"\s+|[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff]|[^\s\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff]+")
_MARK = '<mark style="background:rgba(255,170,0,.35);color:inherit">{}</mark>'
_FRAME = '<div style="white-space:pre-wrap;overflow-wrap:anywhere;line-height:1.5">{}</div>'


def marked(one: str, other: str) -> tuple[str, str]:
    """Both texts as HTML; what the other does not say stands in `mark`. After MOST words nothing is marked."""
    left, right = _WORDS.findall(one), _WORDS.findall(other)
    matcher = SequenceMatcher(None, left[:MOST], right[:MOST], autojunk=False)
    shown: tuple[list[str], list[str]] = ([], [])
    for tag, *places in matcher.get_opcodes():
        for words, (begin, end), html in zip((left, right), (places[:2], places[2:]), shown, strict=True):
            said = escape("".join(words[begin:end]))
            html.append(said if tag == "equal" or not said else _MARK.format(said))
    for words, html in zip((left, right), shown, strict=True):
        html.append(escape("".join(words[MOST:])))
    return _FRAME.format("".join(shown[0])), _FRAME.format("".join(shown[1]))
