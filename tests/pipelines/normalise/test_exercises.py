"""Exercises of articles: what is asked, and the solution that answers it."""

import pytest

from pipelines.normalise import articles
from pipelines.normalise.records import Origin
from schemas.document import Article, Section

ORIGIN = Origin("docs", "tutorial", "eggs", "https://docs.test/eggs", "CC0-1.0")


def sections_of(*parts: tuple[tuple[str, ...], str]) -> list[tuple[str, str, str]]:
    """Kind, instruction and output of each record of an article on eggs; then the rejects' reasons."""
    sections = tuple(Section(path, text) for path, text in parts)
    extraction = articles.extract(Article("eggs", "", "Eggs", sections), ORIGIN)
    results = [(record.kind, record.instruction, record.output) for record in extraction.records]
    return results + [("reject", part, reason) for part, reason in extraction.rejects]


@pytest.mark.parametrize(
    "solution", ["Solution", "Solutions:", "Answer", "Model answer 1", "参考答案", "答え", "Lösung", "Réponse"]
)
def test_a_solution_answers_what_stands_before_it(solution: str) -> None:
    asked, answer = "How long?\n\n```\n**Solution**\n```", "Eight minutes.\n\n```sh\nboil 8\n```"
    results = sections_of((("Hard eggs",), f"{asked}\n\n**{solution}**\n\n{answer}"))
    assert results == [("question", f"Hard eggs\n\n{asked}", answer)]


def test_a_solution_in_a_section_of_its_own_answers_the_exercise_above() -> None:
    parts = (
        (("Boil", "Exercise 2!"), "Boil an egg in eight minutes."),
        (("Boil", "Exercise 2!", "Solution"), "Use a clock."),
    )
    assert sections_of(*parts) == [("question", "Boil an egg in eight minutes.", "Use a clock.")]


def test_a_section_that_reveals_a_solution_answers_the_one_above() -> None:
    parts = ((("Boil", "Hard eggs"), "How long?"), (("Boil", "Hard eggs", "Show me the solution"), "Eight minutes."))
    assert sections_of(*parts) == [("question", "Hard eggs\n\nHow long?", "Eight minutes.")]


def test_solutions_of_a_problem_are_a_topic_and_an_exercise_without_solution_teaches_nothing() -> None:
    kinds = [kind for kind, _, _ in sections_of((("Rot",), "Eggs rot."), (("Rot", "Solutions"), "Cool them well."))]
    assert kinds == ["explanation", "explanation"]
    assert sections_of((("Exercises",), "Boil one egg.")) == [("reject", "exercises", "no_solution")]


def test_an_answer_that_is_announced_under_its_question_is_the_answer() -> None:
    results = sections_of((("How long do Eggs boil?",), "**Answer:**\n\nEight minutes."))
    assert results == [("question", "How long do Eggs boil?", "Eight minutes.")]
