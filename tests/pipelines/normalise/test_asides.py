"""What a course says beside its subject goes from a part of it, in many languages; what is about the subject stays."""

import pytest

from pipelines.normalise.asides import without_asides

FILM = "[Mills](https://film.example/watch)"


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        (f"> For readers at home: this chapter is covered in the {FILM} film.\n\nStones turn.", "Stones turn."),
        (f"> Für die Leser zu Hause: Dieses Kapitel wird im Video {FILM} behandelt.\n\nSteine.", "Steine."),
        (f"> Pour les lectrices : cette partie est traitée dans la vidéo {FILM}.\n\nLa meule.", "La meule."),
        (f"> Este capítulo está basado en el tutorial {FILM}.\n\nLa muela.", "La muela."),
        (f"> Для тех, кто дома: эта глава рассмотрена в видео {FILM}.\n\nЖёрнов.", "Жёрнов."),
        (f"> この章は、動画もあるので参考にしてください。 {FILM}\n\n石臼です。", "石臼です。"),
        (f"> **Note** 집에서 학습하시는 분들은 {FILM} 영상을 보세요.\n\n맷돌.", "맷돌."),
        ("本章改编自磨坊教程。\n\n石磨。", "石磨。"),
        ("Stones turn.\n\nCongrats! :)", "Stones turn."),
        ("Stones turn. Ready for the next chapter?! :)", "Stones turn."),
        ("So it turns. Click here to learn how to sift", "So it turns."),
        ("Stones turn. Here's two examples of stones in action.", "Stones turn."),
        ("石磨会转。下面是一个例子。", "石磨会转。"),
        ("Der Stein dreht sich. Das war's!", "Der Stein dreht sich."),
        ("Der Stein. Wir sieben im nächsten Kapitel.", "Der Stein."),
        ("La meule tourne. Cool, non ? :)", "La meule tourne."),
        ("La piedra gira. ¡Enhorabuena!", "La piedra gira."),
        ("A pedra gira. No próximo capítulo vamos peneirar.", "A pedra gira."),
        ("Жёрнов крутится. Ура!", "Жёрнов крутится."),
        ("石臼が回ります。次のステップに進む準備はできましたか？", "石臼が回ります。"),
        ("맷돌이 돌아요. 야호!", "맷돌이 돌아요."),
        ("石磨会转。祝你好运！", "石磨会转。"),
    ],
)
def test_asides_go(written: str, kept: str) -> None:
    assert without_asides(written) == kept


@pytest.mark.parametrize(
    "written",
    [
        "Congratulations!",
        "The film says the same as this chapter of the history of mills.",
        "A cool stone grinds better.",
        "Here are dragons.",
        "Choose a stone. Here is a rule of thumb: basalt for rye.",
        "Der nächste Schritt ist das Sieben. Danach wird gebacken.",
        "He won the prize. The jury said: congratulations on a mill that grinds all night without a miller!",
        "La piedra está basada en basalto.",
        "石臼は動画で見られます。石は花崗岩です。",
    ],
)
def test_what_is_about_the_subject_stays(written: str) -> None:
    assert without_asides(written) == written
