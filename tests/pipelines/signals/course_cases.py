"""What the signal of parts of a course measures, by example."""

from tests.pipelines.signals.cases import case

COURSE = [
    case("output_course_talk", 0, kind="explanation"),
    case("output_course_talk", 2, "In the next chapter we add a stone to our project.", kind="how_to"),
    case("output_course_talk", 0, "In the next chapter we add a stone to our project."),
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
