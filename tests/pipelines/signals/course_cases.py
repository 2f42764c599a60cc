"""What the signals of parts of a course, and of pages translated in part, measure, by example."""

from tests.pipelines.signals.cases import case

COURSE = [
    case("output_course_talk", 0, kind="explanation"),
    case("output_course_talk", 2, "In the next chapter we add a stone to our project.", kind="how_to"),
    case("output_course_talk", 0, "In the next chapter we add a stone to our project."),
    case("output_course_talk", 0, "> Skip this lesson if our blog runs.\n\nStones wear.", kind="how_to"),
    case("output_course_talk", 0, "La pierre de la section précédente, à l'étape suivante.", kind="how_to"),
    case("output_course_talk", 0, "Remember that stones wear. The last mill was ours.", kind="explanation"),
    *(
        case("output_course_talk", 1, text, kind="explanation")
        for text in (
            "Der Stein aus dem vorherigen Kapitel dreht sich.",
            "La meule du chapitre précédent tourne.",
            "La piedra del capítulo anterior gira.",
            "A pedra do capítulo anterior gira.",
            "La pietra del capitolo precedente gira.",
            "De steen uit het vorige hoofdstuk draait.",
            "Kamień z poprzedniego rozdziału się obraca.",
            "Камень из предыдущей главы крутится.",
            "前の章の石臼が回ります。",
            "이전 장의 맷돌이 돌아요.",
            "上一章的石磨会转。",
        )
    ),
]


GERMAN, CHINESE = {"kind": "how_to", "instruction": "Erkläre „Stein“."}, {"instruction": "石磨会转吗？请说明。"}
PARTLY = [
    case("output_english_words", 3, "Der Stein dreht sich. The stone of the mill is old.", **GERMAN),
    case("output_english_words", 0, "The stone of the mill.", kind="how_to", instruction="Explain “stone”."),
    case("output_english_words", 0, "> The stone\n\n石磨会转。`the` 命令也会。", kind="question", **CHINESE),
    case("output_english_words", 0, "石磨会转。The stone turns.", kind="answer", **CHINESE),
]
