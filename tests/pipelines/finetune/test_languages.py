"""Whether a model speaks a language is measured: by what it needs for a character, beside what guessing would need."""

from collections import Counter
from typing import Any

import pytest

from pipelines.finetune import languages
from pipelines.finetune.evaluate import EncodedRow
from pipelines.models.prompt import Example

EVEN = Counter({letter: 250 for letter in "abcd"})  # ln 4 = 1.386 nats a character


def row(language: str, characters: int = 100, **more: Any) -> EncodedRow:
    told = {"language": language, "output": "a" * characters, "reasoning": "", "tool_calls": ""} | more
    return EncodedRow(told, Example([1, 2], 1))


def measured(before: float, after: float, counts: Counter[str] = EVEN) -> dict[str, Any]:
    """Of a language in which a row of 100 characters has these losses, in nats."""
    return languages.measure([row("xx")], [(before, 30)], [(after, 30)], {"xx": counts})["xx"]


def test_losses_are_per_character_and_by_language() -> None:
    rows = [row("en", 100), row("zh", 10), row("en", 300), row("und"), row("en", reasoning="because")]
    found = languages.measure(rows, [(60.0, 1)] * 5, [(40.0, 1)] * 5, {"en": EVEN})
    assert found == {
        "en": {"records": 2, "before": 0.3, "after": 0.2, "frequencies": 1.3863},
        "zh": {"records": 1, "before": 6.0, "after": 4.0, "frequencies": None},
    }


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (45.0, 40.0, ""),
        (
            120.0,
            45.0,
            "The base model does not speak xx: it needed 1.20 nats for each character, 87 % of what",
        ),
        (120.0, 110.0, "does not speak xx, and after training neither does the tuned one: it needed 1.20"),
    ],
)
def test_what_a_model_does_not_speak_is_told(before: float, after: float, said: str) -> None:
    note = languages.note("xx", measured(before, after))
    assert said in note and bool(note) == bool(said)


def test_of_too_little_text_nothing_is_said() -> None:
    few = measured(500.0, 500.0, Counter({"a": 10, "b": 10}))
    assert few["frequencies"] is None and languages.is_spoken(few) is None and languages.note("xx", few) == ""


def test_characters_are_counted_by_language() -> None:
    rows = [{"language": "en", "output": "aab"}, {"language": None, "output": "x"}, {"language": "en", "output": "b"}]
    assert languages.frequencies(rows) == {"en": Counter("aabb"), "": Counter("x")}
