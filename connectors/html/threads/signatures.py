"""What authors have below all their posts: the same words at the end of several, or words under a line of dashes."""

from collections import Counter
from dataclasses import replace

import re2

from connectors.html.threads.block import Block
from connectors.html.threads.endings import without_notes

_RULE = re2.compile(r"^(?:\\?[-_=*~—–]\s?){2,}$|^(?:---|\*\*\*)$")
# The lines that phpBB, vBulletin and Invision draw between a post and its author's signature
_DRAWN = re2.compile(r"^(?:(?:\\?_){15,20}|-{20}|\\-{20})$")
_LONGEST_BELOW = 500  # characters below such a line
_LONGEST = 400  # characters of a paragraph of a signature
_MOST = 4  # paragraphs of one
_FEWEST_POSTS, _SHARE = 3, 0.6  # of a page that end in the same words, whoever wrote them


def without_signatures(blocks: list[Block]) -> list[Block]:
    """`blocks` without the paragraphs that end more than one post of their author, or most of the page."""
    texts = [block.markdown.split("\n\n") for block in blocks]
    cuts = [_repeated(at, blocks, texts) for at in range(len(blocks))]
    return [
        replace(block, markdown="\n\n".join(_without_rule(text[: len(text) - cut]))) if cut else block
        for block, text, cut in zip(blocks, texts, cuts, strict=True)
    ]


def without_drawn(blocks: list[Block]) -> tuple[list[Block], list[str]]:
    """`blocks` of an engine that is not known, without what stands below the line that engines draw; and the numbers of
    the posts whose words there no other post has, so that they may be none."""
    parts = [_parted(block.markdown) for block in blocks]
    said = Counter(below for _, below in parts)
    texts = (without_notes(above) if below else above for above, below in parts)  # as they stand above it
    kept = [replace(block, markdown=text) for block, text in zip(blocks, texts, strict=True)]
    numbers = [block.post_id or f"post{at}" for at, block in enumerate(blocks, 1)]
    return kept, [number for number, (_, below) in zip(numbers, parts, strict=True) if below and said[below] == 1]


def _parted(markdown: str) -> tuple[str, str]:
    """What stands above and below the last such line; something is left above."""
    lines = markdown.split("\n")
    at = next((at for at in range(len(lines) - 1, 0, -1) if _DRAWN.search(lines[at].strip())), 0)
    above, below = "\n".join(lines[:at]).strip(), "\n".join(lines[at + 1 :]).strip()
    is_signature = at and len(below) <= _LONGEST_BELOW and "```" not in below and any(map(str.isalnum, above))
    return (above, below) if is_signature else (markdown, "")


def _repeated(at: int, blocks: list[Block], texts: list[list[str]]) -> int:
    """How many paragraphs at the end of a post are its author's signature; something is left of every post."""
    ends = [count for count in range(1, _MOST + 1) if _is_signature(count, at, blocks, texts)]
    return max(ends, default=0)


def _is_signature(count: int, at: int, blocks: list[Block], texts: list[list[str]]) -> bool:
    own = texts[at]
    if len(own) <= count or any(len(each) > _LONGEST or "```" in each for each in own[-count:]):
        return False
    holders = [
        other for other in range(len(blocks)) if len(texts[other]) > count and texts[other][-count:] == own[-count:]
    ]
    by_author = Counter(blocks[other].author for other in holders)
    if blocks[at].author and by_author[blocks[at].author] > 1:
        return True
    return len(holders) >= max(_FEWEST_POSTS, _SHARE * len(blocks))


def _without_rule(text: list[str]) -> list[str]:
    """A line that parts the signature from the post belongs to it."""
    return text[:-1] if len(text) > 1 and _RULE.search(text[-1]) else text
