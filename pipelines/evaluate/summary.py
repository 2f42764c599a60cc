"""The numbers of an evaluation: what each model did, and how sure the differences are.

Differences are paired, by record or prompt, with the interval of `finetune.gain.measure`: a bootstrap over pages.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from pipelines.evaluate.compared import BASE, PREVIOUS, TUNED
from pipelines.evaluate.written import DANGER, LOOK_ALIKE
from pipelines.finetune import gain
from pipelines.signals.task import TASKS

Row = Mapping[str, Any]
Rows = Sequence[Row]
ALL = ""
WRITTEN = ("instruction", "code", DANGER, LOOK_ALIKE)


def of(rows: Iterable[Row]) -> dict[str, Any]:
    """All numbers, from the rows of every model."""
    by_test: dict[str, dict[str, list[Row]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        by_test[row["test"]][row["model"]].append(row)
    return {
        "losses": _losses(by_test["loss"]),
        "uses": _uses(by_test["loss"], by_test["instruction"], by_test["code"]),
        "pairs": _pairs(by_test["pair"]),
        "written": {test: _written(by_test[test]) for test in WRITTEN if by_test[test]},
        "not_measured": _not_measured(by_test["loss"].get(TUNED, ())),
    }


def _not_measured(rows: Iterable[Row]) -> dict[str, int]:
    return dict(sorted(Counter(row["note"] for row in rows if row["nats"] is None).items()))


def _losses(models: Mapping[str, Rows]) -> dict[str, Any]:
    """By `all`, `language` and `source`."""
    return {"all": _compared(models), **{of: _grouped(models, of) for of in ("language", "source")}}


def _grouped(models: Mapping[str, Rows], column: str) -> dict[str, Any]:
    names = sorted({row[column] for row in models.get(TUNED, ())})
    return {name: _compared(_where(models, column, name)) for name in names}


def _where(models: Mapping[str, Rows], column: str, value: str) -> dict[str, list[Row]]:
    return {model: [row for row in rows if row[column] == value] for model, rows in models.items()}


def _compared(models: Mapping[str, Rows]) -> dict[str, Any]:
    """The number of records, nats per answer token of each model, and by how much the tuned one needs fewer."""
    told: dict[str, Any] = {"records": sum(row["nats"] is not None for row in models.get(TUNED, ()))}
    if not told["records"]:
        return told
    told |= {model: _mean(rows) for model, rows in models.items()}
    return told | {f"against_{other}": _fall(models, other) for other in (BASE, PREVIOUS) if other in models}


def _mean(rows: Rows) -> float | None:
    measured = [row for row in rows if row["nats"] is not None]
    tokens = sum(row["tokens"] for row in measured)
    return round(sum(row["nats"] for row in measured) / tokens, 4) if tokens else None


def _fall(models: Mapping[str, Rows], other: str) -> dict[str, Any] | None:
    """By how many nats a token of the tuned model's needs less; of records that both have measured alike.

    Models with different vocabularies cut long answers at different places: those are left out.
    """
    theirs = {row["record_id"]: row for row in models[other] if row["nats"] is not None}
    mine = [row for row in models[TUNED] if row["nats"] is not None and row["record_id"] in theirs]
    both = [(row, theirs[row["record_id"]]) for row in mine]
    both = [(row, old) for row, old in both if row["tokens"] == old["tokens"] or not (row["cut"] or old["cut"])]
    if not both:
        return None
    before = [(old["nats"], row["tokens"]) for row, old in both]
    return gain.measure([row["record_id"] for row, _ in both], before, [(row["nats"], 0) for row, _ in both])


def _uses(losses: Mapping[str, Rows], instructions: Mapping[str, Rows], code: Mapping[str, Rows]) -> dict[str, Any]:
    """A line for each use of an instruction model, and for what is of none where there is any."""
    prompts = {model: [*rows, *code.get(model, ())] for model, rows in instructions.items()}
    lines = {
        task: _compared(_where(losses, "task", task)) | {"prompts": _written(_where(prompts, "task", task))}
        for task in TASKS
    }
    return {task: line for task, line in lines.items() if task != "other" or line["records"]}


def _passed(rows: Rows) -> dict[str, tuple[float, int]]:
    """Each that was measured, by its name, as a sum of one: what `gain.measure` takes."""
    named = (row for row in rows if row["passed"] is not None)
    return {row["item"] or row["pair_id"]: (float(row["passed"]), 1) for row in named}


def _share(values: Iterable[tuple[float, int]]) -> float | None:
    passed = [value for value, _ in values]
    return round(sum(passed) / len(passed), 4) if passed else None


def _rates(models: Mapping[str, Rows], page: Callable[[str], str] = str) -> dict[str, Any]:
    """The share that each model passes, and by how much more the tuned one does."""
    passed = {model: _passed(rows) for model, rows in models.items()}
    told: dict[str, Any] = {model: _share(of_model.values()) for model, of_model in passed.items()}
    for other in (BASE, PREVIOUS):
        both = [name for name in passed.get(TUNED, {}) if name in passed.get(other, {})]
        if both:
            new, old = ([passed[model][name] for name in both] for model in (TUNED, other))
            told[f"against_{other}"] = gain.measure([page(name) for name in both], new, old)
    return told


def _written(models: Mapping[str, Rows]) -> dict[str, Any]:
    """Over the prompts of a test, in all and by language."""
    tuned = models.get(TUNED, ())
    by_language = {
        name: {"prompts": sum(row["language"] == name for row in tuned)} | _rates(_where(models, "language", name))
        for name in sorted({row["language"] for row in tuned})
    }
    return {"prompts": len(tuned), **_rates(models), "by_language": by_language}


def _pairs(models: Mapping[str, Rows]) -> dict[str, Any]:
    """Pair accuracy, also of pairs of nearly equal length, and that of choosing the longer answer."""
    told: dict[str, Any] = {}
    for name, keep in (("all", ("", "near")), ("near", ("near",))):
        kept = {
            model: [row for row in rows if row["passed"] is not None and row["note"] in keep]
            for model, rows in models.items()
        }
        tuned = kept.get(TUNED, [])
        longer = [(1.0 if row["tokens"] > 0 else 0.5 if row["tokens"] == 0 else 0.0, 1) for row in tuned]
        told[name] = {"pairs": len(tuned), "longer": _share(longer), **_rates(kept, _page)}
    return told


def _page(pair_id: str) -> str:
    return pair_id.partition("#")[0]


def judged(rows: Iterable[Row]) -> dict[str, Any]:
    """Wins, ties and losses of the tuned model against its base, and its share of wins, a tie being half of one."""
    counts = Counter(row["note"] for row in rows if row["test"] == "judge")
    read = [row for row in rows if row["test"] == "judge" and row["note"] != "unread"]
    worth = {"win": 1.0, "tie": 0.5, "loss": 0.0}
    values = [(worth[row["note"]], 1) for row in read]
    told = {name: counts[name] for name in (*worth, "unread")}
    if not values:
        return told
    over = gain.measure([row["record_id"] for row in read], values, [(0.5, 1)] * len(values))
    return told | {"share": _share(values), "over_half": over}
