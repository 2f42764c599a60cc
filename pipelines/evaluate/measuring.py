"""What one model makes of a few records, pairs or prompts: rows of EVALUATION."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipelines.evaluate import written
from pipelines.evaluate.written import Prompt
from pipelines.finetune.fitting import Fitted, fit
from pipelines.models.prompt import Example, encode_question
from pipelines.recipe import FinetuneSettings

Row = dict[str, Any]
JUDGED_TOKENS = 200  # of an answer that is judged


@dataclass(frozen=True)
class Loaded:
    """A model, its tokenizer, and the settings by which examples are fitted."""

    model: Any
    tokenizer: Any
    settings: FinetuneSettings


def losses(loaded: Loaded, records: Sequence[Mapping[str, Any]]) -> list[Row]:
    """The loss of each record's answer. One that cannot be fitted has none, and the reason in `note`."""
    fitted = [fit(record, loaded.tokenizer, loaded.settings) for record in records]
    measured = _losses(loaded, [one.example for one in fitted])
    return [
        {name: record[name] for name in ("record_id", "source")}
        | {"task": record["task"] or "other", "language": record["language"] or ""}
        | {"nats": nats, "tokens": tokens, "cut": one.is_cut or one.turns > 0, "note": one.reason or ""}
        for record, one, (nats, tokens) in zip(records, fitted, measured, strict=True)
    ]


def _losses(loaded: Loaded, examples: Sequence[Example | None]) -> list[tuple[float | None, int]]:
    from pipelines.models.losses import all_answer_losses

    whole = [example for example in examples if example]
    found = iter(all_answer_losses(loaded.model, whole, loaded.settings.batch_tokens))
    return [next(found) if example else (None, 0) for example in examples]


def pairs(loaded: Loaded, chosen_and_rejected: Sequence[Mapping[str, Any]]) -> list[Row]:
    """Whether a token of the chosen answer is likelier than one of the rejected: so that length alone decides nothing.

    The mean log-likelihood of a token, as SimPO (Meng et al. 2024) rewards answers.
    """
    both = [_answered(loaded, pair, "chosen", "reasoning") for pair in chosen_and_rejected]
    both += [_answered(loaded, pair, "rejected", "rejected_reasoning") for pair in chosen_and_rejected]
    measured = _losses(loaded, [one.example for one in both])
    number = len(chosen_and_rejected)
    halves = zip(chosen_and_rejected, both, both[number:], measured, measured[number:], strict=False)
    return [_pair(*one) for one in halves]


def _answered(loaded: Loaded, pair: Mapping[str, Any], answer: str, reasoning: str) -> Fitted:
    row = {**pair, "output": pair[answer], "reasoning": pair[reasoning], "tool_calls": ""}
    return fit(row, loaded.tokenizer, loaded.settings)


def _pair(
    pair: Mapping[str, Any],
    chosen: Fitted,
    rejected: Fitted,
    better: tuple[float | None, int],
    worse: tuple[float | None, int],
) -> Row:
    row: Row = {"pair_id": pair["pair_id"], "source": pair["source"], "cut": chosen.is_cut or rejected.is_cut}
    if better[0] is None or worse[0] is None:
        return row | {"note": chosen.reason or rejected.reason}
    margin = worse[0] / worse[1] - better[0] / better[1]
    longer = chosen.answer_tokens - rejected.answer_tokens
    return row | {"nats": margin, "tokens": longer, "passed": margin > 0, "note": _near(chosen, rejected)}


def _near(chosen: Fitted, rejected: Fitted) -> str:
    """`near` where the lengths differ by at most a fifth of the longer."""
    lengths = sorted((chosen.answer_tokens, rejected.answer_tokens))
    return "near" if lengths[0] >= 0.8 * lengths[1] else ""


def prompts(loaded: Loaded, asked: Sequence[Prompt]) -> list[Row]:
    """The answers to prompts of one test, and whether they are right."""
    tokens = written.ANSWER_TOKENS[asked[0].test]
    answers = [text for text, _ in _answers(loaded, [_question(one.text) for one in asked], tokens)]
    scored = written.scores(asked, answers)
    return [
        {"item": one.name, "task": one.task, "language": one.language}
        | {"answer": answer, "passed": score.passed, "note": score.note}
        for one, answer, score in zip(asked, answers, scored, strict=True)
    ]


def answers(loaded: Loaded, records: Sequence[Mapping[str, Any]]) -> list[Row]:
    """Answers to the questions of records, to be judged."""
    said = _answers(loaded, records, JUDGED_TOKENS)
    return [
        {name: record[name] for name in ("record_id", "source", "task", "language")}
        | {"answer": text, "cut": is_cut, "note": ""}
        for record, (text, is_cut) in zip(records, said, strict=True)
    ]


def _question(text: str) -> dict[str, Any]:
    return {"instruction": text, "input": "", "history": None, "system": "", "tools": ""}


def _answers(loaded: Loaded, rows: Sequence[Mapping[str, Any]], tokens: int) -> list[tuple[str, bool]]:
    from pipelines.models.generation import greedy

    asked = [{**row, "system": row["system"] or loaded.settings.system} for row in rows]
    prompts = [encode_question(row, loaded.tokenizer) for row in asked]
    return [(one.text, one.is_cut) for one in greedy(loaded.model, loaded.tokenizer, prompts, tokens)]
