"""A snapshot's pairs → pairs of tokens to learn from. What is left out is counted, with the reason.

Voters like long answers: what is learnt from their pairs as they are is above all that longer is better (Singhal et al.
2023). So as many pairs are learnt whose chosen answer is the shorter one, among those whose lengths differ alike.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines import storage
from pipelines.finetune import HELD_OUT, TEST, TRAIN, Snapshot, examples
from pipelines.finetune.fitting import Fitted, Row, fit
from pipelines.finetune.stored import Stored
from pipelines.messages import Message
from pipelines.models.prompt import Example
from pipelines.recipe import FinetuneSettings, PreferenceSettings, Recipe, RecipeError
from pipelines.storage import filesystem, inputs, integrity
from schemas.manifest import by_reason

COLUMNS = [
    *("pair_id", "page_id", "source", "source_kind", "licence", "instruction", "input", "chosen", "rejected"),
    *("chosen_score", "rejected_score", "history", "system", "tools", "reasoning", "rejected_reasoning", "split"),
]
SIDES = (("chosen", "reasoning"), ("rejected", "rejected_reasoning"))
MOST_DOUBLINGS = 3  # by which lengths are told apart: beyond, one class


@dataclass(frozen=True, slots=True)
class Pair:
    """A row, both answers to its question as tokens, and how many turns its history was shortened by."""

    row: Row
    chosen: Fitted
    rejected: Fitted
    turns: int

    def both(self) -> tuple[Fitted, Fitted]:
        """The chosen answer, then the rejected one."""
        return self.chosen, self.rejected

    def examples(self) -> list[Example]:
        """Both as examples; [] where one has no tokens."""
        found = [one.example for one in self.both() if one.example]
        return found if len(found) == len(SIDES) else []

    @property
    def unit(self) -> str:
        """What is drawn as one when an interval is computed: a page, or of a set, whose page is a file, a question."""
        is_of_set = self.row["source_kind"] == "instructions"
        return f"{self.row['source']}:{_question(self.row)}" if is_of_set else str(self.row["page_id"])


def rows(snapshot: Snapshot, *splits: str) -> Iterator[dict[str, Any]]:
    """The snapshot's pairs of some splits, in order. Raises: Damaged, and MissingColumns or alike of `inputs`."""
    tables = storage.tables(snapshot.folder, snapshot.manifest, "pairs")
    integrity.check(tables)
    cure = Message("run `{command}` for a new one", command=f"gristmill run {snapshot.manifest.name}")
    inputs.check_columns([path for path, _ in tables], COLUMNS, Message("a snapshot"), cure)
    for path, _ in tables:
        for batch in filesystem.open_parquet(path).iter_batches(1_000, columns=COLUMNS):
            yield from (row for row in batch.to_pylist() if row["split"] in splits)


def training(
    recipe: Recipe, snapshot: Snapshot, tokenizer: Any, settings: FinetuneSettings, folder: Path
) -> tuple[Stored, NDArray[np.int64], dict[str, int]]:
    """Pairs on disk in `folder`, the chosen answer and the rejected one in turn; the numbers of those to learn; counts.

    The counts are pairs: `pairs`, `trained`, `left_out:<reason>`, and of all that could be learnt, whether or not they
    are drawn, `cut` and `history_cut`; and tokens of answers: `answer_tokens` in the pairs that have a place,
    `learnt_tokens` of them, and both for each source.

    Raises: RecipeError when no pair can be learnt.
    """
    wanted = recipe.preference
    assert wanted
    counts = examples.made(folder)
    if counts is None:
        counter = Counter(pairs=0, cut=0, history_cut=0, answer_tokens=0, learnt_tokens=0)
        chosen = _chosen_rows(rows(snapshot, TRAIN), Held(rows(snapshot, HELD_OUT, TEST)), wanted, counter)
        counts = examples.keep(_fitted(chosen, tokenizer, settings, counter), counter, folder)
    stored = Stored(folder / examples.FILE)
    numbers = balanced(stored.learnt, settings.seed) if wanted.balance else np.arange(len(stored.learnt) // 2)
    told = counts | {"trained": len(numbers), "left_out:balance": len(stored.learnt) // 2 - len(numbers)}
    if not len(numbers):
        raise RecipeError(
            "{recipe}: none of the snapshot's {pairs} training pairs can be learnt ({reasons}); collect forums with "
            "votes or a set of pairs, lower preference.gap, or set preference.balance to false",
            recipe=recipe.name,
            pairs=counts["pairs"],
            reasons=", ".join(f"{name}: {count}" for name, count in by_reason(told, "left_out").items()) or "-",
        )
    return stored, numbers, told


class Held:
    """The questions and pages that are held out."""

    def __init__(self, held_out: Iterable[Row]) -> None:
        self.questions, self.pages = set[int](), set[str]()
        for row in held_out:
            self.questions.add(_question(row))
            if row["source_kind"] != "instructions":  # whose page is a file of questions
                self.pages.add(row["page_id"])

    def has(self, row: Row) -> bool:
        """Whether a row's question is held out, in other letters too, or was asked on a page that is."""
        return _question(row) in self.questions or row["page_id"] in self.pages


def _question(row: Row) -> int:
    text = " ".join(f"{row['instruction']}\n{row['input']}".casefold().split())
    return int.from_bytes(sha256(text.encode()).digest()[:8], "big")


def _chosen_rows(
    listed: Iterable[Row], held: Held, settings: PreferenceSettings, counts: Counter[str]
) -> Iterator[Row]:
    """Those of enough difference whose question is not held out, at most `per_question`."""
    for _, page in groupby(listed, key=lambda row: row["page_id"]):
        taken: Counter[int] = Counter()
        for row in sorted(page, key=lambda row: (-_gap(row), row["pair_id"])):
            counts["pairs"] += 1
            question = _question(row)
            if _gap(row) < settings.gap:
                counts["left_out:gap"] += 1
            elif held.has(row):
                counts["left_out:held_out"] += 1
            elif taken[question] >= settings.per_question:
                counts["left_out:question"] += 1
            else:
                taken[question] += 1
                yield row


def _gap(row: Row) -> int:
    return int(row["chosen_score"] - row["rejected_score"])


def _fitted(
    chosen: Iterable[Row], tokenizer: Any, settings: FinetuneSettings, counts: Counter[str]
) -> Iterator[Example]:
    for row in chosen:
        pair = fitted(row, tokenizer, settings)
        both = pair.examples()
        reason = next((one.reason for one in pair.both() if one.reason), None)
        if both and both[0].ids == both[1].ids:
            reason, both = "equal", []  # type: ignore[assignment]
        if reason:
            counts[f"left_out:{reason}"] += 1
        _count(pair, bool(both), counts)
        yield from both


def _count(pair: Pair, is_learnt: bool, counts: Counter[str]) -> None:
    counts["cut"] += is_learnt and any(one.is_cut for one in pair.both())
    counts["history_cut"] += is_learnt and pair.turns > 0
    for which in ("", f":source:{pair.row['source']}"):
        counts[f"answer_tokens{which}"] += sum(one.answer_tokens for one in pair.both())
        counts[f"learnt_tokens{which}"] += sum(one.learnt_tokens() for one in pair.both()) if is_learnt else 0


def fitted(row: Row, tokenizer: Any, settings: FinetuneSettings) -> Pair:
    """Both answers, no longer than asked for, behind the same prompt: what one leaves of the history, both leave."""
    answers = [_answer(row, *side) for side in SIDES]
    both = [fit(answer, tokenizer, settings) for answer in answers]
    turns = max(one.turns for one in both)
    if turns:
        shorter = [answer | {"history": list(answer["history"])[turns:]} for answer in answers]
        both = [fit(answer, tokenizer, settings) for answer in shorter]
    return Pair(row, both[0], both[1], turns)


def _answer(row: Row, side: str, reasoning: str) -> dict[str, Any]:
    """One of a pair's answers as the row of a record."""
    return {**row, "output": row[side], "reasoning": row[reasoning], "tool_calls": ""}


def balanced(learnt: NDArray[np.int32], seed: int) -> NDArray[np.int64]:
    """Numbers of pairs, in order, among which the longer answer is the chosen one as often as not.

    `learnt` has the tokens of each answer as it is read, the chosen and the rejected one in turn. Pairs are drawn
    within a class: of how many doublings lie between the two lengths. Those of equal length all stay.
    """
    chosen, rejected = np.maximum(learnt[::2], 1), np.maximum(learnt[1::2], 1)
    doublings = np.log2(chosen / rejected)
    classes = np.minimum(np.abs(doublings).astype(int), MOST_DOUBLINGS)
    order = np.random.default_rng(seed).permutation(len(chosen))
    kept = [np.flatnonzero(doublings == 0)]
    for each in range(MOST_DOUBLINGS + 1):
        sides = [order[(classes[order] == each) & (np.sign(doublings[order]) == sign)] for sign in (1, -1)]
        kept += [side[: min(map(len, sides))] for side in sides]
    return np.sort(np.concatenate(kept)).astype(np.int64)


def held_out(snapshot: Snapshot, tokenizer: Any, settings: FinetuneSettings, most: int) -> list[Pair]:
    """At most `most` held-out pairs that fit, one of each source in turn, the same ones on every call."""
    by_source: dict[str, list[tuple[bytes, Row]]] = {}
    for row in rows(snapshot, HELD_OUT):
        first = by_source.setdefault(row["source"], [])
        first.append((sha256(row["pair_id"].encode()).digest(), row))
        if len(first) > 4 * most:
            first[:] = sorted(first, key=lambda one: one[0])[: 2 * most]
    queues = [
        _that_fit(sorted(found, key=lambda one: one[0]), tokenizer, settings) for _, found in sorted(by_source.items())
    ]
    return list(_in_turn(queues, most))


def _that_fit(found: Sequence[tuple[bytes, Row]], tokenizer: Any, settings: FinetuneSettings) -> Iterator[Pair]:
    for _, row in found:
        pair = fitted(row, tokenizer, settings)
        both = pair.examples()
        if both and both[0].ids != both[1].ids:
            yield pair


def _in_turn(queues: Sequence[Iterator[Pair]], most: int) -> Iterator[Pair]:
    left, found = list(queues), 0
    while left and found < most:
        taken = [(queue, pair) for queue in left if (pair := next(queue, None)) is not None]
        left = [queue for queue, _ in taken]
        for _, pair in taken[: most - found]:
            found += 1
            yield pair


def licences(listed: Iterable[Mapping[str, Any]]) -> Counter[tuple[str, str]]:
    """How many pairs are under which licence; the second part, a language, is not known of pairs."""
    return Counter((row["licence"] or "", "") for row in listed)
