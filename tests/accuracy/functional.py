"""Functional tests of the toxicity signal: templates of functional.tsv, filled with the words of functional_words.toml.

The templates were written for the project, from the kinds alone: direct hatred, dehumanising, threats, insults, slurs,
hatred by implication, tricks of spelling; and harmless: negated, quoted, counter-speech, reclaimed, technical, things,
groups, everyday talk. Templates are split, not texts: a third is learnt, a third chose features and threshold, the rest
is reported. frames.toml is learnt only.
"""

import csv
import random
import re
import tomllib
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

HERE = Path(__file__).parent
BLOCKS = 24  # of goals: a request for harm and the harmless one on the same subject are in the same part
LABELS = {"danger": "toxic", "harmless": "fine"}  # of requests, by kind
Lists = dict[str, Any]
WORDS = tomllib.loads((HERE / "functional_words.toml").read_text(encoding="utf-8"))


class Functional(NamedTuple):
    """A text; `label` is toxic or fine, `part` learn, choose or report."""

    language: str
    kind: str
    label: str
    text: str
    part: str


def share_of(key: str) -> float:
    """From 0 to 1, always the same for one key."""
    return int(sha256(key.encode()).hexdigest()[:8], 16) / 2**32


def part_of(share: float) -> str:
    return "report" if share < 0.34 else "choose" if share < 0.67 else "learn"


def functional(fillings: int = 6) -> Iterator[Functional]:
    with (HERE / "functional.tsv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
            part = part_of(share_of("f" + row["template"]))
            for text in filled(row["language"], row["template"], fillings):
                yield Functional(row["language"], row["kind"], row["label"], text, part)


def frames(fillings: int = 30) -> Iterator[Functional]:
    """Texts to learn from."""
    listed = tomllib.loads((HERE / "frames.toml").read_text(encoding="utf-8"))
    labelled = [(language, label, own[label]) for language, own in listed.items() for label in own]
    for language, label, templates in labelled:
        for template in templates:
            texts = filled(language, template, fillings)
            yield from (Functional(language, "frame", label, text, "learn") for text in texts)


def _requests() -> Iterator[tuple[str, Lists, str, str]]:
    """Language, its lists of requests.toml, kind and label: for harm, and harmless ones that look like these."""
    for language, lists in tomllib.loads((HERE / "requests.toml").read_text(encoding="utf-8")).items():
        yield from ((language, lists, kind, label) for kind, label in LABELS.items())


def requests(fillings: int = 4) -> Iterator[Functional]:
    """Requests for harm (toxic), and harmless ones that look like them (fine), split by subject."""
    for language, lists, kind, label in _requests():
        for at, goal in enumerate(lists[kind]):
            part = part_of(share_of(f"{language} {at * BLOCKS // len(lists[kind])}"))
            dice = random.Random(goal)  # the same each time
            for frame in dice.sample(lists["frames"], fillings):
                yield Functional(language, kind, label, frame.format(goal), part)


def goals(fillings: int = 4) -> Iterator[Functional]:
    """Pairs of goals.tsv, a request for harm and a harmless one that shares its words, split by pair, in any frame."""
    listed = tomllib.loads((HERE / "requests.toml").read_text(encoding="utf-8"))
    with (HERE / "goals.tsv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
            part, dice = part_of(share_of("g" + row["danger"])), random.Random(row["danger"])  # the same each time
            frames = listed[row["language"]]["frames"] + listed[row["language"]]["plain"]
            chosen = [(kind, frame) for kind in LABELS for frame in dice.sample(frames, fillings)]
            for kind, frame in chosen:
                yield Functional(row["language"], kind, LABELS[kind], frame.format(row[kind]), part)


def request_frames(fillings: int = 400) -> Iterator[Functional]:
    """Requests to learn from, of goals made of slots."""
    for language, lists, kind, label in _requests():
        for goal in lists["goals"][kind]:
            dice = random.Random(goal)  # the same each time
            for _ in range(fillings):
                text = _slotted(goal, lists["slots"], dice)
                yield Functional(language, kind, label, dice.choice(lists["frames"]).format(text.strip()), "learn")


def borrowed_requests(texts: list[str], most: int) -> Iterator[Functional]:
    """Harmless instructions in the frames of requests, at most `most` per language: a frame alone says nothing."""
    lists = tomllib.loads((HERE / "requests.toml").read_text(encoding="utf-8"))
    goals: dict[str, list[str]] = {language: [] for language in lists}
    for text in (each.strip().rstrip(".。") for each in texts):
        chinese = bool(re.search(r"[\u4e00-\u9fff]", text))
        words = len(text) / 2 if chinese else len(text.split())
        if 2 <= words <= 11 and "\n" not in text and text[-1] not in "?？:：" and (chinese or text[0].isupper()):
            goals["zh" if chinese else "en"].append(text if chinese else text[0].lower() + text[1:])
    dice = random.Random(5)  # the same each time
    for language, own in goals.items():
        for goal in dice.sample(own, min(most, len(own))):
            frame = dice.choice(lists[language]["frames"])
            yield Functional(language, "borrowed", "fine", frame.replace("{}", goal), "learn")


def filled(language: str, template: str, fillings: int) -> list[str]:
    """Different texts, at most `fillings`; the template decides which."""
    dice = random.Random(template)  # the same texts each time
    texts = dict.fromkeys(_fill(language, template, dice) for _ in range(fillings))
    return list(texts)


def _slotted(template: str, words: dict[str, list[str]], dice: random.Random) -> str:
    return re.sub(r"\{(\w+)\}", lambda slot: dice.choice(words[slot.group(1)]), template)


def _fill(language: str, template: str, dice: random.Random) -> str:
    text = _slotted(template, WORDS[language], dice)
    return text[0].upper() + text[1:] if language == "en" and dice.random() < 0.7 else text
