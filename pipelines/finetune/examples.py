"""Published rows → tokens to train on and to evaluate with, and what of the rows is in them."""

import logging
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from pipelines.finetune import stored
from pipelines.finetune.evaluate import EncodedRow, choose
from pipelines.finetune.fitting import Fitted, Row, fit
from pipelines.finetune.stored import Stored
from pipelines.messages import tr
from pipelines.models.prompt import Example
from pipelines.recipe import FinetuneSettings, RecipeError
from pipelines.storage import complete, filesystem
from pipelines.storage.integrity import Damaged

FILE = "examples.arrow"
QUESTIONS = 20
QUESTION_TOKENS = 192  # a longer prompt is hard to read in a card, and costs time
log = logging.getLogger("gristmill")


def training(
    rows: Iterable[Row], tokenizer: Any, settings: FinetuneSettings, folder: Path
) -> tuple[Stored, dict[str, int]]:
    """The examples to train on, in the snapshot's order, on disk in `folder`, and counts. They are made once.

    The counts are rows: `trained`, of these `cut` and `history_cut`, and `left_out:<reason>` (see fitting.py); and
    tokens of answers: `answer_tokens` in the rows and `learnt_tokens` of them, also `…:source:<name>`, `…:task:<name>`.

    Raises: RecipeError when no row can be trained on.
    """
    counts = made(folder) or _make(rows, tokenizer, settings, folder)
    if not counts["trained"]:
        raise RecipeError(
            "finetune.max_length: none of the snapshot's {rows} training rows can be trained on ({too_long} "
            "are longer than {max_length} tokens); raise it, or collect more",
            rows=counts["rows"],
            too_long=counts["rows"] - counts.get("left_out:refused", 0),
            max_length=settings.max_length,
        )
    return Stored(folder / FILE), counts


def made(folder: Path) -> dict[str, int] | None:
    """The counts of examples that an earlier run has kept in `folder`."""
    try:
        found = complete.read(folder)
    except Damaged as error:
        log.warning(tr("{path}: damaged ({what}); the examples are made again", path=error.path, what=error.what))
        return None
    return found[0]["counts"] if found else None


def keep(examples: Iterable[Example], counts: Counter[str], folder: Path) -> dict[str, int]:
    """Write examples to a folder of this machine. Returns the counts, which may grow as the examples are made."""
    if folder.exists():
        complete.remove(folder)
    filesystem.make_folder(folder)
    stored.write(examples, folder / FILE)
    filesystem.sync_file(folder / FILE)
    told = dict(sorted(counts.items()))  # as they are read again: a card's bytes depend on their order
    complete.write(folder, counts=told)
    return told


def _make(rows: Iterable[Row], tokenizer: Any, settings: FinetuneSettings, folder: Path) -> dict[str, int]:
    counts = Counter(rows=0, trained=0, cut=0, history_cut=0, answer_tokens=0, learnt_tokens=0)
    return keep(_counted(rows, tokenizer, settings, counts), counts, folder)


def _counted(
    rows: Iterable[Row], tokenizer: Any, settings: FinetuneSettings, counts: Counter[str]
) -> Iterator[Example]:
    for row in rows:
        fitted = fit(row, tokenizer, settings)
        _count(row, fitted, counts)
        if fitted.example:
            yield fitted.example


def _count(row: Row, fitted: Fitted, counts: Counter[str]) -> None:
    counts["rows"] += 1
    if fitted.reason:
        counts[f"left_out:{fitted.reason}"] += 1
    counts["trained"] += fitted.example is not None
    counts["cut"] += fitted.is_cut
    counts["history_cut"] += fitted.turns > 0
    for which in ("", f":source:{row['source']}", f":task:{row['task'] or 'other'}"):
        counts[f"answer_tokens{which}"] += fitted.answer_tokens
        counts[f"learnt_tokens{which}"] += fitted.learnt_tokens()


def shares(counts: Mapping[str, int], of: str) -> dict[str, tuple[int, int]]:
    """Tokens of answers that are learnt, and all, for each `source` or `task`: what `training` counted."""
    names = sorted(name for name in counts if name.startswith(f"answer_tokens:{of}:"))
    return {
        name.split(":", 2)[2]: (counts[name.replace("answer_tokens", "learnt_tokens", 1)], counts[name])
        for name in names
    }


def held_out(rows: Iterable[Row], tokenizer: Any, settings: FinetuneSettings) -> list[EncodedRow]:
    """At most `eval_records` of these rows, the same ones on every call, each task and language in turn."""
    return choose(_fitted(rows, tokenizer, settings), settings.eval_records, lambda one: (one.task, one.language))


def questions(rows: Iterable[Row], tokenizer: Any, settings: FinetuneSettings) -> list[EncodedRow]:
    """At most QUESTIONS of these rows to be answered and read, the same ones on every call, each language in turn.

    Those that are a question alone and short enough to read come first.
    """
    return choose(_fitted(rows, tokenizer, settings), QUESTIONS, lambda one: (one.language,), _hard_to_read)


def _hard_to_read(one: EncodedRow) -> int:
    """Tokens of the prompt beyond what reads well; all of them where there is more to it than the question."""
    more = one.row["history"] or one.row["system"] or one.row["tools"]
    return max(0, one.example.answer_start - (0 if more else QUESTION_TOKENS))


def first(rows: Iterable[Row], tokenizer: Any, settings: FinetuneSettings) -> list[EncodedRow]:
    """The first `eval_records` rows that can be trained on."""
    return list(islice(_fitted(rows, tokenizer, settings), settings.eval_records))


def _fitted(rows: Iterable[Row], tokenizer: Any, settings: FinetuneSettings) -> Iterator[EncodedRow]:
    for row in rows:
        fitted = fit(row, tokenizer, settings)
        if fitted.example:
            yield EncodedRow(row, fitted.example, is_cut=fitted.is_cut)
