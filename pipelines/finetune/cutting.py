"""Where an answer that is too long may end: behind a paragraph, or else a sentence, or else a line."""

import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator

from markdown_it import MarkdownIt

_PARSER = MarkdownIt("commonmark").enable("table").disable("inline")
# Latin, Greek and Cyrillic sentences end before white space; those of Chinese and Japanese anywhere
_SENTENCE_END = re.compile(r"[.!?…][\"”’')\]*_]*(?=\s+(\S))|[。！？][”’」』）]*")
_LIST_NUMBER = re.compile(r"[\s>]*\d+")
_LEAVES = ("paragraph_open", "fence", "code_block", "html_block", "table_open")
PARAGRAPH_SHARE = 0.5  # of what sentences would keep; with less a paragraph is no better a place


def cut(text: str, fits: Callable[[str], bool]) -> str:
    """The longest beginning of `text` that fits and ends well; "" where none does.

    It ends behind a paragraph, item, block of code or table. Where that would keep less than PARAGRAPH_SHARE of what
    ends of sentences would, it ends behind a sentence; where no sentence fits, behind a line, and else between words.
    `fits` must be true of every beginning of what it is true of.
    """
    blocks = list(_blocks(text))
    paragraphs = [end for _, end, _ in blocks if _may_end(text[:end])]
    sentences = {end for start, end, kind in blocks if kind == "paragraph_open" for end in _sentences(text, start, end)}
    by_paragraph = _last_that_fits(text, paragraphs, fits)
    by_sentence = _last_that_fits(text, sorted({*paragraphs, *sentences}), fits)
    if by_paragraph >= PARAGRAPH_SHARE * by_sentence and by_paragraph:
        return text[:by_paragraph].rstrip()
    lines = (match.start() for match in re.finditer(r"\n", text))
    words = (match.start() for match in re.finditer(r"\s", text))
    found = by_sentence or _last_that_fits(text, lines, fits) or _last_that_fits(text, words, fits)
    return text[:found].rstrip()


def _last_that_fits(text: str, ends: Iterable[int], fits: Callable[[str], bool]) -> int:
    """The last of `ends`, which rise, so that what stands before it fits; 0 where there is none."""
    rising = [end for end in ends if text[:end].strip()]
    count = bisect_left(rising, True, key=lambda end: not fits(text[:end].rstrip()))
    return rising[count - 1] if count else 0


def _blocks(text: str) -> Iterator[tuple[int, int, str]]:
    """(start, end, kind) of each block of a Markdown text, those in lists and quotations too; headings are none."""
    starts = [0, *(match.end() for match in re.finditer(r"\n", text)), len(text) + 1]
    for token in _PARSER.parse(text):
        if token.map and token.type in _LEAVES:
            first, behind = token.map
            yield starts[first], starts[behind] - 1, token.type


def _may_end(text: str) -> bool:
    """Not with what announces the next block."""
    return not text.rstrip().endswith((":", "："))


def _sentences(text: str, start: int, end: int) -> Iterator[int]:
    for match in _SENTENCE_END.finditer(text, start, end):
        line = text[text.rfind("\n", 0, match.start()) + 1 : match.start()]
        goes_on = (match[1] or "").islower()  # "e.g. this"
        if not goes_on and not _LIST_NUMBER.fullmatch(line):
            yield match.end()
