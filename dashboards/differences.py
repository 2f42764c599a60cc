"""Two texts side by side, word by word; in scripts without spaces, by sign.

`marked` marks what only one of them says, `shared` what both say.
"""

import re
from collections.abc import Sequence
from difflib import SequenceMatcher
from html import escape

RUN = 5  # words that count as shared: as many as `pipelines.curate.decontaminate` compares
MOST = 3_000  # words of a text that are compared: the comparison is quadratic
_WORDS = re.compile(r"\s+|[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff]|[^\s\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff]+")
# as decontamination counts them: case, markup and punctuation are no part of a word
_SPOKEN = re.compile(r"[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff]|[^\W_\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff]+")
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


def shared(one: str, other: str) -> tuple[str, str]:
    """Both texts as HTML; runs of RUN words or more that the other has too stand in `mark`."""
    found = [[(match[0].casefold(), *match.span()) for match in _SPOKEN.finditer(text)] for text in (one, other)]
    left, right = ([word for word, *_ in words] for words in found)
    return _FRAME.format(_lit(one, found[0], _runs(right))), _FRAME.format(_lit(other, found[1], _runs(left)))


def _runs(words: Sequence[str]) -> set[tuple[str, ...]]:
    return {tuple(words[at : at + RUN]) for at in range(len(words) - RUN + 1)}


def _lit(text: str, words: Sequence[tuple[str, int, int]], known: set[tuple[str, ...]]) -> str:
    """The text as HTML with the words of known runs marked, as few marks as there can be."""
    spans, shown, end = list[list[int]](), "", 0
    for at in range(len(words) - RUN + 1):
        run = words[at : at + RUN]
        if tuple(word for word, *_ in run) in known:
            if spans and run[0][1] <= spans[-1][1]:
                spans[-1][1] = run[-1][2]
            else:
                spans.append([run[0][1], run[-1][2]])
    for start, stop in spans:
        shown += escape(text[end:start]) + _MARK.format(escape(text[start:stop]))
        end = stop
    return shown + escape(text[end:])
