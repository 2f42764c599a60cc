"""Answers of the base and the tuned model to held-out questions, and which of the two a judge prefers."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from pipelines import storage
from pipelines.evaluate import cards, measuring, parts, summary, work
from pipelines.evaluate.compared import BASE, TUNED, Compared
from pipelines.evaluate.judge import Judge
from pipelines.evaluate.work import BATCH, Work
from pipelines.finetune import TEST, Snapshot
from pipelines.models.prompt import question
from pipelines.workers.progress import track

QUESTIONS = 40
CHARACTERS = 2_000  # of a question; a longer one costs more than it says
Row = dict[str, Any]
_PASSED = {"win": True, "loss": False}


def judge_answers(found: Compared, snapshot: Snapshot, judge: Judge, builder: storage.FolderBuilder) -> None:
    """Let both models answer, and the judge compare the answers, one part for each question."""
    asked = _questions(snapshot)
    if not builder.has(parts.TABLE):
        answered = list(_answers(found, asked, builder))
        parts.publish(builder, [*answered, *_verdicts(asked, answered, judge, builder)])
    told = {"judge": judge.model, **summary.judged(parts.rows(builder))}
    builder.text(cards.RESULTS, cards.as_json(told))
    parts.clear(builder)


def _questions(snapshot: Snapshot) -> list[Row]:
    """Held-out records that are a question alone, the same ones each time."""
    alone = (
        row
        for row in snapshot.rows(TEST)
        if not (row["history"] or row["system"] or row["tools"]) and len(question(row)) <= CHARACTERS
    )
    return work.sample(alone, "record_id", QUESTIONS)


def _answers(found: Compared, asked: Sequence[Row], builder: storage.FolderBuilder) -> Iterator[Row]:
    starts = range(0, len(asked), BATCH)
    works = [Work("answer", n, asked[start : start + BATCH], measuring.answers) for n, start in enumerate(starts)]
    for candidate in found.candidates():
        if candidate.name in (BASE, TUNED):
            yield from work.of_one(candidate, found.settings, works, builder)


def _verdicts(
    asked: Sequence[Row], answered: Sequence[Row], judge: Judge, builder: storage.FolderBuilder
) -> Iterator[Row]:
    said = {(row["model"], row["record_id"]): row["answer"] for row in answered}
    for number, row in enumerate(track(asked, "evaluate: judge", len(asked))):
        ours, theirs = (said[model, row["record_id"]] for model in (TUNED, BASE))
        yield from parts.done(builder, f"judge-{number:05d}", partial(_verdict, judge, row, ours, theirs))


def _verdict(judge: Judge, row: Row, ours: str, theirs: str) -> list[Row]:
    note = judge.compare(question(row), ours, theirs)
    about = {key: row[key] for key in ("record_id", "task", "language", "source")}
    return [{"test": "judge", "model": TUNED, **about, "passed": _PASSED.get(note), "note": note}]
