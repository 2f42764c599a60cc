"""Twenty questions with both answers: which are asked, how they are answered, and the tables on the card."""

from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from markdown_it import MarkdownIt

from pipelines.finetune import answers, examples
from pipelines.models import base
from pipelines.models.prompt import Example
from pipelines.recipe import FinetuneSettings
from tests.pipelines.conftest import recipe, rows

ENGLISH = {"records": 3, "before": 0.6, "after": 0.5, "frequencies": 2.9}
CHINESE = {"records": 2, "before": 4.5, "after": 4.4, "frequencies": 6.0}
CODE = "def f():\n    return 1\n\n\n# *not* [a link](http://x.example) <script>alert(1)</script> | ``` &amp;"


def sample(number: int, language: str, **texts: Any) -> dict[str, Any]:
    told = {"record_id": f"test:{number}#1", "language": language, "earlier_messages": 0, "input": ""}
    return told | {"instruction": f"Ask {number}?", "before": f"Old {number}.", "after": f"New {number}."} | texts


class Cells(HTMLParser):
    """The text of each cell, row by row."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.tags: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, _: Any) -> None:
        self.tags.add(tag)
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_data(self, data: str) -> None:
        if self.rows and self.rows[-1]:
            self.rows[-1][-1] += data


def cells(samples: list[dict[str, Any]]) -> Cells:
    """As a reader's browser has them, once Markdown is HTML."""
    return Cells(MarkdownIt().render(answers.as_html(samples, {"en": ENGLISH, "zh": CHINESE})))


def test_every_question_stands_with_both_answers_under_its_language() -> None:
    shown = answers.as_html(
        [sample(1, "en"), sample(2, "zh", input="这个。"), sample(3, ""), sample(4, "en", earlier_messages=2)],
        {"en": ENGLISH, "zh": CHINESE},
    )
    english, chinese, code = shown.split("### ")[1:]
    assert english.startswith("`en`: 2 questions\n\n<table>") and "speak" not in english
    assert chinese.startswith("`zh`: 1 question\n\n> The base model does not speak zh") and "75 %" in chinese
    assert code.startswith("Without a language, as code: 1 question")
    first, second = Cells(english).rows[1:]
    assert [cell.split() for cell in first] == [["test:1#1", "Ask", "1?"], ["Old", "1."], ["New", "1."]]
    assert "(after 2 earlier messages)" in second[0]
    assert Cells(chinese).rows[1][0].split()[-1] == "这个。"


def test_what_people_and_models_wrote_is_text_and_no_markup() -> None:
    found = cells([sample(1, "en", before=CODE, instruction="<b>&lt;"), sample(2, "en", after="\n## Use\n\nx")])
    assert found.tags <= {"h3", "code", "table", "tr", "th", "td", "br", "p"}
    before = found.rows[1][1].replace("\xa0", " ")
    assert [line for line in before.split("\n") if line] == [line for line in CODE.split("\n") if line]
    assert "<b>&lt;" in found.rows[1][0] and "## Use" in found.rows[2][2]


def test_without_questions_the_card_says_so() -> None:
    assert answers.as_html([], {}) == "No held-out question is short enough to ask."


def test_languages_take_turns_and_what_reads_well_comes_first(chat_model: Path, tmp_path: Path) -> None:
    _, tokenizer = base.load(str(chat_model), tmp_path)
    settings = FinetuneSettings(model="m", max_length=256)
    asked = examples.questions(rows(90, "test"), tokenizer, settings)
    assert len(asked) == 20
    assert [one.language for one in asked[:4]] == ["en", "zh", "en", "zh"]
    assert not any(one.row["history"] for one in asked)
    assert asked == examples.questions(rows(90, "test")[::-1], tokenizer, settings)
    few = examples.questions(rows(5, "test"), tokenizer, settings)
    assert len(few) == 5 and bool(few[-1].row["history"])


def test_an_answer_that_was_cut_says_so(chat_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from pipelines.finetune import evaluate
    from pipelines.models import generation

    model, tokenizer, _ = base.load_with_special_tokens(recipe(chat_model).finetune, tmp_path)
    end = tokenizer.eos_token_id
    ids = tokenizer("First keep a branch", add_special_tokens=False)["input_ids"]
    tokens = len(ids) + 1
    half = tokenizer("步", add_special_tokens=False)["input_ids"][:1]  # the tokens of this tokenizer are bytes
    for said, is_cut in (([*ids, end], False), (ids, False), ([*ids, *half], True)):
        assert generation._read(tokenizer, said, tokens) == ("First keep a branch", is_cut)
    assert generation._read(tokenizer, [*ids, ids[0]], tokens).is_cut
    row = evaluate.EncodedRow({}, Example(ids, len(ids)))
    for is_cut, said_of_it in ((True, f"Yes{evaluate.CUT}"), (False, "Yes")):
        monkeypatch.setattr(evaluate, "greedy", lambda *_, cut=is_cut: [generation.Generated("Yes", cut)])
        assert evaluate.answers(model, tokenizer, [row], "here") == [said_of_it]
