"""Exercises in articles: the question, and the solution that the article itself gives.

A solution stands below a line of its own (`**Solution**`, which callouts of every dialect become), or in a section of
that name below a section called exercise, or in a section whose heading reveals it (`Show me the solution`).
"""

from collections.abc import Iterable
from dataclasses import replace

import re2

from pipelines.normalise import headings
from pipelines.normalise.markdown import fenced
from schemas.document import Section

_SOLUTION_NAME = (
    r"(?:(?:(?:show|see|view|reveal|click for) )?(?:me )?(?:the )?(?:sample |model |possible |exercise )?"
    r"(?:solutions?|answers?)|lösung(?:en)?|antwort(?:en)?|soluci[oó]n(?:es)?"
    r"|respuestas?|réponses?|corrigés?|soluzion[ei]|rispost[ae]|soluç(?:ão|ões)|respostas?|решени[ея]|ответы?"
    r"|(?:点击)?(?:查看|显示|展开)?(?:参考)?答案|解答例?|解法|解[决決](?:方法|办法|方案|策)|答え|正解|정답|해답|답"
    r"|풀이)"
)
_SOLUTION_LINE = re2.compile(rf"(?i)^\*\*{_SOLUTION_NAME}(?: ?\d+)? ?[:：]?\*\*[:：]?$")
_SOLUTION_HEADING = re2.compile(rf"(?i)^{_SOLUTION_NAME}(?: ?\d+)? ?[:：]?$")
_REVEALS = re2.compile(r"(?i)^(?:show|see|view|reveal|click|点击|查看|显示|展开)")
_EXERCISE_HEADING = re2.compile(
    r"(?i)^(?:exercises?|quiz(?:zes)?|homework|übung(?:en|saufgaben?)?|exercices?|ejercicios?|exercícios?|eserciz[io]"
    r"|упражнени[ея]|练习题?|習題|习题|演習(?:問題)?|練習(?:問題)?|연습(?: ?문제)?)(?: ?[\d.]+)? ?[!:：]?$"
)


def join_solutions(sections: Iterable[Section]) -> tuple[Section, ...]:
    """The sections of an article. A section with the solution of the exercise above it is appended to that one."""
    joined: list[Section] = []
    for section in sections:
        if joined and _is_solution_of(section, joined[-1]):
            last, heading = joined.pop(), headings.plain(section.path[-1])
            section = replace(last, markdown=f"{last.markdown}\n\n**{heading}**\n\n{section.markdown}")
        joined.append(section)
    return tuple(joined)


def _is_solution_of(section: Section, before: Section) -> bool:
    if not (before.path and section.path[:-1] == before.path and before.markdown.strip()):
        return False
    heading = headings.plain(section.path[-1])
    return bool(_SOLUTION_HEADING.match(heading)) and bool(is_exercise(before.path[-1]) or _REVEALS.match(heading))


def is_exercise(heading: str) -> bool:
    """Whether a heading says only that an exercise follows."""
    return bool(_EXERCISE_HEADING.match(headings.plain(heading)))


def split_solution(text: str) -> tuple[str, str]:
    """The question, and its first solution with everything below it. Without a solution: "" and the whole text."""
    runs = fenced(text)
    for number, (is_code, run) in enumerate(runs):
        lines = run.split("\n")
        at = -1 if is_code else next((k for k, line in enumerate(lines) if _SOLUTION_LINE.match(line.strip())), -1)
        if at >= 0:
            question = [*(before for _, before in runs[:number]), *lines[:at]]
            solution = [*lines[at + 1 :], *(after for _, after in runs[number + 1 :])]
            return "\n".join(question).strip(), "\n".join(solution).strip()
    return "", text
