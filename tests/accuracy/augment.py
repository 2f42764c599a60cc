"""More texts to learn from: other groups in the place of those named, and tricks of spelling in strong words."""

import random
import re
from collections.abc import Iterable, Iterator

from tests.accuracy.functional import WORDS
from tests.accuracy.labelled import Labelled

_SIGNS = {"o": "0", "i": "1", "e": "3", "a": "@4", "s": "$5", "t": "7"}
_PLAIN = {"a", "of", "an", "up", "the", "space", "on", "sad", "little", "man"}
_STRONG = {"fuck", "fucking", "shit", "hate", "kill", "die", "bitch", "ass", "hoe", "hoes"} | {
    word for name in ("slur", "slur1", "insult", "bad", "thing", "harm") for each in WORDS["en"][name]
    for word in each.lower().split() if word not in _PLAIN
}  # fmt: skip
_NAMES = {slot: sorted(WORDS["en"][slot], key=len, reverse=True) for slot in ("G", "g")}
_ENGLISH = {slot: re.compile(rf"\b(?:{'|'.join(names)})\b", re.IGNORECASE) for slot, names in _NAMES.items()}
_CHINESE = re.compile("|".join(sorted(WORDS["zh"]["G"], key=len, reverse=True)))


def swapped(examples: Iterable[Labelled], dice: random.Random) -> Iterator[Labelled]:
    """The texts that name a group, with others instead."""
    for example in examples:
        if re.search(r"[\u4e00-\u9fff]", example.text):
            text = _CHINESE.sub(lambda _: dice.choice(WORDS["zh"]["G"]), example.text)
        else:
            text = example.text
            for slot, pattern in _ENGLISH.items():
                text = pattern.sub(lambda _, names=_NAMES[slot]: dice.choice(names), text)  # type: ignore[misc]
        if text != example.text:
            yield example._replace(text=text)


def tricked(examples: Iterable[Labelled], dice: random.Random) -> Iterator[Labelled]:
    """English texts with strong words, of which some are misspelt on purpose."""
    for example in examples:
        words = example.text.split()
        strong = [at for at, word in enumerate(words) if word.lower().strip(".,!?") in _STRONG]
        if strong and dice.random() < (0.5 if example.label == "toxic" else 0.25):
            for at in strong:
                words[at] = _trick(words[at], dice)
            yield example._replace(text=" ".join(words))


def _trick(word: str, dice: random.Random) -> str:
    if len(word) < 3:
        return word
    at = dice.randrange(1, len(word) - 1)
    tricks = (
        "".join(dice.choice(_SIGNS.get(letter, letter)) if dice.random() < 0.5 else letter for letter in word),
        f"{word[:at]}*{word[at + 1 :]}",
        " ".join(word),
        word[:at] + word[at] * 4 + word[at + 1 :],
        word[:at] + word[at + 1] + word[at] + word[at + 2 :],
        f"{word[:at]} {word[at:]}",
        word[:at] + word[at + 1 :],
    )
    return dice.choice(tricks)
