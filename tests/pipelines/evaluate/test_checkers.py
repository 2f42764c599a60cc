"""Checks of written prompts: what each accepts and refuses, and that every prompt can be answered rightly."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from pipelines.evaluate.checkers import CHECKERS, failed
from pipelines.evaluate.written import Prompt, prompts
from pipelines.signals.task import TASKS

RIGHT = tomllib.loads(Path(__file__).with_name("right_answers.toml").read_text("utf-8"))
INSTRUCTIONS = [one for one in prompts() if one.test == "instruction"]

# kind, its settings, what passes, what does not
CASES: list[tuple[str, dict[str, Any], list[str], list[str]]] = [
    ("words", {"at_most": 3}, ["one two", "一二三"], ["one two three four", "一二三四"]),
    ("words", {"at_least": 3}, ["one two three", "一二三"], ["one two", "一二"]),
    ("prose_words", {"at_most": 2}, ["Look:\n```\na b c d\n```"], ["Look at this:\n```\na\n```"]),
    ("sentences", {"exactly": 2}, ["One. Two?", "一。二！", "It is 3.5 m. Yes!"], ["One.", "一。二。三。"]),
    ("paragraphs", {"exactly": 2}, ["a\n\nb", "a\nb\n \nc"], ["a\nb", "a\n\nb\n\nc"]),
    ("lines", {"exactly": 2}, ["a\nb", "a\n\nb"], ["a", "a\nb\nc"]),
    ("bullets", {"exactly": 2}, ["- a\n- b", "* a\n* b"], ["- a", "-a\n-b", "- \n- b"]),
    ("numbered", {"exactly": 2}, ["1. a\n2. b", "1、甲\n2、乙", "1) a\n2) b"], ["1. a", "a\nb"]),
    ("language", {"is": "zh"}, ["今天的天气非常好。"], ["The weather is very good today."]),
    ("language", {"is": "en"}, ["The weather is very good today."], ["今天的天气非常好。"]),
    ("contains", {"of": ["Salt"], "times": 2}, ["salt and SALT"], ["salt"]),
    ("contains", {"of": ["7"], "or": ["七"]}, ["7", "七"], ["8"]),
    ("without", {"of": ["snow"]}, ["rain"], ["Snowfall"]),
    ("order", {"of": ["a", "b"]}, ["1. a\n2. b", "a, b"], ["b, a", "a", "a, b, a"]),
    ("order", {"of": ["7", "12"]}, ["1. 7\n2. 12"], ["1. 12\n2. 7"]),
    ("starts", {"with": "April"}, ["April has"], ["In April"]),
    ("ends", {"with": "？", "or": "?"}, ["吗？", "what?"], ["吗？是"]),
    ("one_of", {"of": ["yes"]}, ["yes", " yes\n"], ["Yes", "yes."]),
    (
        "json",
        {"keys": ["a"]},
        ['{"a": 1}', '```json\n{"a": 1}\n```'],
        ['{"a": 1} done', '{"a": 1, "b": 2}', "[1]", "{"],
    ),
    ("case", {"is": "lower"}, ["all low."], ["Not low", "全"]),
    ("case", {"is": "upper"}, ["ALL UP!"], ["NOt UP"]),
    ("quoted", {}, ['"so it is"', "“就是这样”"], ["so", '"so" it is', '""']),
    ("title", {}, ["<<One>>\ntwo", "《《一》》二"], ["two <<One>>", "<< >", "<<>> two"]),
    (
        "code",
        {},
        ["```\na\n```", "Look:\n```py\na\n```\nDone."],
        ["a", "```\n\n```", "```\na\n```\n```\nb\n```", "```\na"],
    ),
]


@pytest.mark.parametrize(("kind", "settings", "right", "wrong"), CASES)
def test_a_check_knows_right_from_wrong(
    kind: str, settings: dict[str, Any], right: list[str], wrong: list[str]
) -> None:
    check = {"kind": kind, **settings}
    assert [answer for answer in right if failed([check], answer)] == []
    assert [answer for answer in wrong if not failed([check], answer)] == []
    assert failed([check], " \n") == [kind], "nothing is never right"


def test_every_check_is_looked_at() -> None:
    assert {kind for kind, *_ in CASES} == CHECKERS.keys()
    assert {check["kind"] for one in INSTRUCTIONS for check in one.checks} == CHECKERS.keys()


@pytest.mark.parametrize("prompt", INSTRUCTIONS, ids=lambda one: one.name)
def test_every_prompt_has_a_right_answer(prompt: Prompt) -> None:
    assert failed(prompt.checks, RIGHT[prompt.name]) == []
    others = [answer for name, answer in RIGHT.items() if name != prompt.name]
    assert sum(not failed(prompt.checks, answer) for answer in others) < 0.8 * len(others), "it asks for something"


def test_each_use_is_asked_for_in_both_languages_and_names_are_unique() -> None:
    asked = {(one.task, one.language) for one in INSTRUCTIONS}
    assert asked == {(task, language) for task in TASKS if task != "other" for language in ("en", "zh")}
    names = [one.name for one in prompts()]
    assert len(set(names)) == len(names) and RIGHT.keys() == {one.name for one in INSTRUCTIONS}
