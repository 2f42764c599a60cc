"""Lists of questions and answers are taken apart; what only looks like one stays whole."""

import pytest

from pipelines.normalise.question_lists import split
from schemas.document import Section

TURN = ("How do I turn the stone?", "Push the lever.")
STOP = ("When does it stop?", "When the wind does.")


@pytest.mark.parametrize(
    ("asked", "answered", "between"),
    [
        ("**{}**\n\n", "{}", "\n\n"),
        ("__{}__\n", "{}", "\n\n"),
        ("Q: {}\n", "A: {}", "\n\n"),
        ("**Q1.** {}\n\n", "**A1.** {}", "\n\n"),
        ("**Question: {}**\n\n", "Answer: {}", "\n\n"),
        ("- **{}** ", "{}", "\n"),
        ("1. **{}**\n\n", "   {}", "\n\n"),
    ],
)
def test_each_question_is_a_section(asked: str, answered: str, between: str) -> None:
    text = between.join(asked.format(question) + answered.format(answer) for question, answer in (TURN, STOP))
    found = list(split([Section(("FAQ",), text)]))
    assert [(section.path, section.markdown) for section in found] == [(("FAQ", q), a) for q, a in (TURN, STOP)]


def test_chinese_lists_and_what_stands_before_them() -> None:
    text = "常见的问题如下。\n\n问：怎样转动磨盘？\n答：推动手柄。\n\n问：什么时候停？\n答：风停的时候。"
    found = list(split([Section(("问答",), text)]))
    assert [section.path for section in found] == [("问答",), ("问答", "怎样转动磨盘？"), ("问答", "什么时候停？")]
    assert [section.markdown for section in found] == ["常见的问题如下。", "推动手柄。", "风停的时候。"]


def test_code_of_an_answer_keeps_its_lines() -> None:
    code = "```text\nQ: not asked?\n**Nor this?**\n```"
    text = f"**How do I ask?**\n\nSo:\n\n{code}\n\n**And then?**\n\nWait."
    assert [section.markdown for section in split([Section((), text)])] == [f"So:\n\n{code}", "Wait."]


@pytest.mark.parametrize(
    ("heading", "text"),
    [
        ("FAQ", "**How do I turn the stone?**\n\nPush the lever."),
        ("FAQ", "**How?**\n\n**When does it stop?**\n\nWhen the wind does."),
        ("Exercise", "**How do I turn it?**\n\n- push\n- pull\n\n**When does it stop?**\n\n- now\n- never"),
        ("Talk", "He asked **why it turns?** and **when it stops?** and went."),
        ("Names", "Q. Mill and A. Stone wrote it."),
    ],
)
def test_what_is_no_list_of_questions_stays(heading: str, text: str) -> None:
    assert list(split([Section((heading,), text)])) == [Section((heading,), text)]
