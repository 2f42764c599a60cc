"""What authors have below all their posts: the same words at the end of several, or words under a line of dashes."""

from collections import Counter
from dataclasses import replace

import re2

from connectors.html.threads.block import Block

_RULE = re2.compile(r"^(?:\\?[-_=*~—–]\s?){2,}$|^(?:---|\*\*\*)$")
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
