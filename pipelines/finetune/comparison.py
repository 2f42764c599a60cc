"""The model before and after training, side by side: what `metrics.json` says of losses, languages and answers."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pipelines.finetune import gain, languages
from pipelines.finetune.evaluate import EncodedRow, Evaluation, EvaluationSet

Losses = Sequence[tuple[float, int]]


def compare(
    evaluated: EvaluationSet, before: Evaluation, after: Evaluation, frequencies: Mapping[str, Counter[str]]
) -> dict[str, Any]:
    """Both evaluations of one set, and what may be said of their difference.

    `held_out` has the losses before and after training. Where nothing is held out, it says so, and `training_rows` has
    the losses of rows that were trained on. `frequencies` are those of characters by language.
    """
    ids = [one.row["record_id"] for one in evaluated.rows]
    losses = {
        "records": len(evaluated.rows),
        "before": _summary(evaluated.rows, before.losses),
        "after": _summary(evaluated.rows, after.losses),
        "gain": gain.measure(ids, before.losses, after.losses),
    }
    nothing = {"records": 0, "before": None, "after": None, "gain": None}
    answered = zip(evaluated.questions, before.answers, after.answers, strict=True)
    return {
        "held_out": losses if evaluated.held_out else nothing,
        **({} if evaluated.held_out else {"training_rows": losses}),
        "languages": languages.measure(evaluated.rows, before.losses, after.losses, frequencies),
        "samples": [_sample(asked, *answers) for asked, *answers in answered],
    }


def _summary(rows: Iterable[EncodedRow], losses: Losses) -> dict[str, Any]:
    """`loss`, and `by_task`: nats per answer token, rounded to 4 places; every token counts the same."""
    sums: dict[str, list[float]] = defaultdict(lambda: [0.0, 0])
    for one, (nats, tokens) in zip(rows, losses, strict=True):
        sums[one.task][0] += nats
        sums[one.task][1] += tokens
    nats, tokens = (sum(column) for column in zip(*sums.values(), strict=True))
    by_task = {task: round(total / count, 4) for task, (total, count) in sorted(sums.items())}
    return {"loss": round(nats / tokens, 4), "by_task": by_task}


def _sample(asked: EncodedRow, before: str, after: str) -> dict[str, Any]:
    row = asked.row
    told = {key: row[key] or "" for key in ("record_id", "task", "instruction", "input")}
    told |= {"language": asked.language, "earlier_messages": len(row["history"] or ())}
    return told | {"reference": row["output"], "before": before, "after": after}
