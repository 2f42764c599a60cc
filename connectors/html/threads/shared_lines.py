"""Lines that a board writes at the ends of what everybody says: "Groups: Registered", "Reply to This", "#4", "edit".

Nobody's own words begin or end most posts of a page, whoever wrote them. Numbers differ, and values of what is named.
"""

import re
from collections import Counter
from dataclasses import replace

from connectors.html.threads.block import Block
from connectors.html.threads.tools import is_about_author

_SHARE, _FEWEST = 0.6, 3  # of the posts, that have such a line; both of two
_MOST = 8  # lines at an end that may be such
_SHORT = 25  # characters of the one line between them that may differ: a name, a rank
_LINK = re.compile(r"!?\[([^\[\]]*)\]\([^()\s]*\)")
_NUMBER = re.compile(r"\d[\d.,:/-]*")
_VALUE = re.compile(r"([^\W\d][^\W\d_]*(?: [^\W\d_]+){0,2} ?[:：]).{1,40}")
_OWN = re.compile(r"^(?:>|```|\|)|[,!?，！？]$")  # quotes, code and tables, what greets and what asks


def without_shared(blocks: list[Block]) -> list[Block]:
    """The posts without the lines at their ends that most of them share."""
    authors = {block.author for block in blocks}
    if len(authors) == 1 and authors != {""}:  # who may sign what he writes; where nobody is named, several speak
        return blocks
    lines = [block.markdown.split("\n") for block in blocks]
    above = _shared([each[:_MOST] for each in lines])
    lines = [_from_first(each, above) for each in lines]
    below = _shared([each[: -_MOST - 1 : -1] for each in lines])
    lines = [_from_first(each[::-1], below)[::-1] for each in lines]
    return [replace(block, markdown="\n".join(said).strip()) for block, said in zip(blocks, lines, strict=True)]


def _shared(ends: list[list[str]]) -> set[str]:
    """What the ends of most posts have. Of three, two may quote the same words."""
    counts = Counter(each for end in ends for each in {_key(line) for line in end} - {""})
    return {said for said, count in counts.items() if count >= max(min(_FEWEST, len(ends)), _SHARE * len(ends))}


def _key(line: str) -> str:
    """A line as others have it, too; "" for one that is somebody's own, or says nothing."""
    said = _LINK.sub(r"\1", line).strip(" \xa0*_#-\\").lower()
    if _OWN.search(line.strip()):
        return ""
    named = _VALUE.fullmatch(said)
    return named[1] if named else _NUMBER.sub("0", said)


def _from_first(lines: list[str], shared: set[str]) -> list[str]:
    """The lines without those at the beginning that are shared, or tell of the author between such; all of them where
    nothing would be left."""
    start, others = 0, 0
    for at, line in enumerate(lines[:_MOST]):
        if _key(line) in shared:
            start = at + 1
        elif _OWN.search(line) or (any(map(str.isalnum, line)) and not is_about_author(line)):
            others += 1
            if others > 1 or len(line) > _SHORT or _OWN.search(line):
                break
    while 0 < start < len(lines) and not (any(map(str.isalnum, lines[start])) or _OWN.search(lines[start])):
        start += 1
    rest = lines[start:]
    return rest if any(map(str.isalpha, "".join(rest))) else lines
