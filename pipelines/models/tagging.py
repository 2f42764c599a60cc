"""Models that tag words (token classification): how many names, addresses or other spans of one kind a text holds.

Tags are read as BIO, BIOES, BILOU or without marks. A word has the tag of its first piece, as `aggregation_strategy`
"first" of `transformers` has it.
"""

import re
from collections.abc import Sequence
from typing import Any

_MARKED = re.compile(r"^([BIESUL])[-_](.+)$")
_BEGINS = frozenset("BSU")


def is_tagger(config: Any) -> bool:
    """Whether a model tags words, by what it says of itself."""
    return any(name.endswith("ForTokenClassification") for name in config.architectures or ())


def kinds(config: Any) -> list[str]:
    """The kinds of spans that a model knows, in its order: PER of B-PER and I-PER."""
    tags = sorted(config.label2id, key=config.label2id.__getitem__)
    return list(dict.fromkeys(_split(tag)[1] for tag in tags if tag != "O"))


def count_spans(tags: Sequence[str], words: Sequence[int | None], kind: str) -> int:
    """How many spans of a kind there are.

    `tags` are those of the pieces of a text, `words` the numbers of their words, None of what the tokenizer has added.
    """
    found, before, last = 0, "", None
    for tag, word in zip(tags, words, strict=True):
        if word is None or word == last:
            continue
        last = word
        mark, now = _split(tag)
        found += now == kind and (mark in _BEGINS or before != kind)
        before = now
    return found


def _split(tag: str) -> tuple[str, str]:
    marked = _MARKED.match(tag)
    return (marked[1], marked[2]) if marked else ("", tag)
