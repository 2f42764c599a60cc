"""Labelled comments on insults and hatred, split in three: learn, choose, report."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tests.accuracy.functional import share_of
from tests.accuracy.labelled import _csv, _key, toxic

SETS = ("tweets", "forum", "COLD", "madlibs", "concepts toxicity", "concepts profanity")


class Comment(NamedTuple):
    """`label` is toxic or fine, `part` learn, choose or report, `kind` what the set itself calls it."""

    source: str
    label: str
    text: str
    part: str
    kind: str = ""


def part_of(key: str) -> str:
    """Return the part by a hash of `key`: a quarter is reported, as held_out has it."""
    share = share_of(key)
    return "report" if share < 0.25 else "choose" if share < 0.4 else "learn"


def sets(data: Path) -> Iterator[Comment]:
    """Tweets and forum sentences (offensive-en), COLD (offensive-zh), madlibs, Lilac's concepts."""
    labelled = data / "labelled"
    for row in _csv(labelled / "offensive-en" / "tweets.csv"):
        label = "fine" if row["class"] == "neither" else "toxic"
        yield Comment("tweets", label, row["tweet"], part_of(_key(row["tweet"])), row["class"])
    for row in _csv(labelled / "offensive-en" / "forum_sentences.csv"):
        label = "toxic" if row["label"] == "hate" else "fine"
        yield Comment("forum", label, row["sentence"], part_of(_key(row["sentence"])), row["label"])
    for file in ("train", "dev"):
        for row in _csv(labelled / "offensive-zh" / f"{file}.csv"):
            label = "toxic" if row["label"] == "1" else "fine"
            yield Comment("COLD", label, row["TEXT"], part_of(_key(row["TEXT"])), row["topic"])
    for one in toxic(data):
        if one.source != "COLD":
            yield Comment(one.source, one.label, one.text, part_of(one.key))
