"""Which languages a model speaks, by measure: how well it foretells each character of answers in them.

A model that knew nothing of a language but how often each of its characters occurs would need, for one character, the
entropy of their frequencies (Shannon 1948). One that speaks it needs far less.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pipelines.messages import Message

if TYPE_CHECKING:
    from pipelines.finetune.evaluate import EncodedRow

MIN_CHARACTERS = 1_000  # of a language's texts: fewer show too few of the characters of Chinese
# The packaged model needs 22 % in English, which it speaks, and 46 % in Chinese, where its words are hardly words.
SPOKEN = 1 / 3


def frequencies(rows: Iterable[Mapping[str, Any]]) -> dict[str, Counter[str]]:
    """How often each character occurs in the answers of each language."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for row in rows:
        counts[row["language"] or ""].update(row["output"])
    return counts


def measure(
    rows: "Sequence[EncodedRow]",
    before: Sequence[tuple[float, int]],
    after: Sequence[tuple[float, int]],
    counts: Mapping[str, Counter[str]],
) -> dict[str, dict[str, Any]]:
    """For each language of `rows`: their number, nats per character `before` and `after` training, and what
    `frequencies` alone would need; None where there is too little text to say so.
    """
    found: dict[str, list[tuple[int, int, float, float]]] = defaultdict(list)
    for one, (old, _), (new, _) in zip(rows, before, after, strict=True):
        of_text = not (one.row["reasoning"] or one.row["tool_calls"] or one.is_cut)  # and of all of it
        if one.language and of_text:
            found[one.language].append((1, len(one.row["output"]), old, new))
    return {language: _measured(found[language], counts.get(language, Counter())) for language in sorted(found)}


def _measured(rows: Sequence[tuple[int, int, float, float]], counts: Counter[str]) -> dict[str, Any]:
    records, characters, old, new = (sum(column) for column in zip(*rows, strict=True))
    per_character = {"before": round(old / characters, 4), "after": round(new / characters, 4)}
    return {"records": records, **per_character, "frequencies": _entropy(counts)}


def _entropy(counts: Counter[str]) -> float | None:
    """Nats per character; None for fewer than MIN_CHARACTERS."""
    total = counts.total()
    if total < MIN_CHARACTERS:
        return None
    return round(-sum(count / total * math.log(count / total) for count in counts.values()), 4)


def is_spoken(measured: Mapping[str, Any], when: str = "before") -> bool | None:
    """Whether the model spoke a language `before` or `after` training, by what `measure` found; None: unknown."""
    alone = measured["frequencies"]
    return None if alone is None else bool(measured[when] < SPOKEN * alone)


def note(language: str, measured: Mapping[str, Any]) -> Message:
    """What has to be known before reading answers in a language that the base model does not speak; "" in any other."""
    if is_spoken(measured) is not False:
        return Message("")
    share = round(100 * measured["before"] / measured["frequencies"])
    neither = Message(", and after training neither does the tuned one")
    return Message(
        "The base model does not speak {language}{neither}: it needed {before:.2f} nats for each character, {share} % "
        "of what guessing by how often each character occurs would need, and {after:.2f} after training.",
        language=language,
        neither=Message("") if is_spoken(measured, "after") else neither,
        before=measured["before"],
        share=share,
        after=measured["after"],
    )
