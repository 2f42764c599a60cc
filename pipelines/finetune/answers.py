"""Answers before and after training, side by side, as a card shows them."""

import html
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any

from pipelines.finetune import languages
from pipelines.messages import Message, ntr, tr

HEADING, NEXT_HEADING = Message("## Answers before and after"), Message("## Use")  # of a card; `forget` cuts there
COLUMNS = (Message("question"), Message("base model"), Message("after training"))


def as_html(samples: Iterable[Mapping[str, Any]], measured: Mapping[str, Any]) -> str:
    """Tables of HTML, which Markdown holds, one for each language, in the language that is spoken.

    `measured` are the languages of a metrics.json.

    What people and models wrote is escaped, and no line of a table is empty: a card must not run it.
    """
    by_language = sorted(samples, key=lambda one: (not one["language"], one["language"]))
    parts = [
        part
        for language, asked in groupby(by_language, lambda one: str(one["language"]))
        for part in _of_language(language, list(asked), measured.get(language))
    ]
    return "\n\n".join(parts) or tr("No held-out question is short enough to ask.")


def _of_language(language: str, asked: Sequence[Mapping[str, Any]], measured: Mapping[str, Any] | None) -> list[str]:
    warned = languages.note(language, measured) if measured else ""
    questions = ntr("{number} question", "{number} questions", len(asked))
    rows = [_row("th", map(tr, COLUMNS)), *(_row("td", (_question(one), one["before"], one["after"])) for one in asked)]
    named = f"`{language}`" if language else tr("Without a language, as code")
    title = tr("### {language}: {questions}", language=named, questions=questions)
    return [title, *([f"> {tr(warned)}"] if warned else []), "\n".join(["<table>", *rows, "</table>"])]


def _question(sample: Mapping[str, Any]) -> str:
    number = sample["earlier_messages"]
    earlier = ntr("(after {number} earlier message)", "(after {number} earlier messages)", number) if number else ""
    return "\n\n".join(filter(None, (sample["record_id"], earlier, sample["instruction"], sample["input"])))


def _row(tag: str, cells: Iterable[str]) -> str:
    return "\n".join(["<tr>", *(f"<{tag}>{_escaped(cell)}</{tag}>" for cell in cells), "</tr>"])


def _escaped(text: str) -> str:
    """Lines as lines, and their indentation, without which code is none."""
    lines = (html.escape(line) for line in text.strip("\n").splitlines())
    return "<br>\n".join("&nbsp;" * (len(line) - len(line.lstrip())) + line.strip() for line in lines)
