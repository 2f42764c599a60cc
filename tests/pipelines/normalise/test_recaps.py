"""What a section says of other sections before its subject goes where the rest does without it."""

import pytest

from pipelines.normalise import recaps

LONG = (
    "The mill grinds wheat and rye between two stones, which are cut anew every month by a mason from the quarry. " * 3
)
LONG = LONG.strip()
ZH_LONG = "磨坊用两块石头磨面粉，石头每个月都要由采石场的石匠重新凿一遍。" * 4


@pytest.mark.parametrize(
    "sentence",
    [
        "In this section, you will learn how flour is made.",
        "This chapter describes the stones.",
        "In the previous section we have built the wheel.",
        "So far, you have only ground wheat.",
        "Dans ce chapitre, nous allons moudre du blé.",
        "En este capítulo vamos a moler trigo.",
        "In diesem Kapitel lernst du, wie Mehl entsteht.",
        "В этой главе ты узнаешь, как делают муку.",
    ],
)
def test_a_first_sentence_about_parts_of_the_text_goes(sentence: str) -> None:
    assert recaps.without_recaps(f"{sentence} {LONG}") == LONG
    assert recaps.without_recaps(f"{sentence}\n\n{LONG}") == LONG


@pytest.mark.parametrize(
    "sentence", ["本章将介绍面粉是怎么磨出来的。", "在上一节中，我们造好了水车。", "この章では小麦を挽きます。"]
)
def test_one_in_chinese_or_japanese_too(sentence: str) -> None:
    assert recaps.without_recaps(sentence + ZH_LONG) == ZH_LONG


@pytest.mark.parametrize(
    "text",
    [
        f"In the previous section we have built the wheel. It turns slowly. {LONG}",
        f"In this section, you will learn how flour is made. First, fill the hopper. {LONG}",
        "In this section, you will learn how flour is made. The rest is short.",
        f"This section of the stone is worn. {LONG}",
        f"In this section we need:\n\n- wheat\n- rye\n\n{LONG}",
        f"In this section we need two stones.\n\n- wheat, {LONG}",
        f"本章将介绍面粉。它很细。{ZH_LONG}",
        f"A mill is a building. {LONG}",
        "Note that flour is fine.",
        "As described in RFC 1, the mill grinds.",
        "As of today, as many stones as before are cut.",
        "Wie oben beschrieben, mahlt die Mühle Korn.",
    ],
)
def test_what_goes_on_from_it_or_says_more_stays(text: str) -> None:
    assert recaps.without_recaps(text) == text


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("As mentioned above, the mill runs.", "The mill runs."),
        ("It turns. As we saw in the previous section, stones wear.", "It turns. Stones wear."),
        ("- As noted, flour is dust.", "- Flour is dust."),
        ("It turns, as described earlier.", "It turns."),
        ("The wheel, as described above, turns.", "The wheel turns."),
        ("The stone (described above) is cut (as shown below).", "The stone is cut."),
        ("Comme nous l'avons vu précédemment, le moulin tourne.", "Le moulin tourne."),
        ("Как было сказано выше, мельница мелет.", "Мельница мелет."),
        ("如上文所述，磨坊在转。", "磨坊在转。"),
        ("Note\n\nThe keyword is old.", "The keyword is old."),
        ("**Warning:**\n\nFlour burns.", "Flour burns."),
    ],
)
def test_a_clause_that_leads_back_goes(text: str, rest: str) -> None:
    assert recaps.without_recaps(text) == rest
