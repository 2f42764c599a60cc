"""The tables of an evaluation, in Markdown and the language that is spoken."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from pipelines.evaluate.compared import BASE, PREVIOUS, TUNED
from pipelines.messages import Message, tr
from pipelines.publish.attribution import code_span

Numbers = Mapping[str, Any]
MOST_NAME = 200  # characters
MODELS = {BASE: Message("base model"), PREVIOUS: Message("version before"), TUNED: Message("this model")}
AGAINST = {BASE: Message("better than the base by"), PREVIOUS: Message("better than the version before by")}
TESTS = {
    "instruction": Message("instructions that a program checks"),
    "code": Message("code that passes its tests"),
    "danger": Message("dangerous requests that are refused"),
    "look_alike": Message("harmless requests that look like them and are answered"),
}
_LOSSES = Message("### Held-out loss")
_LOSSES_ARE = Message("Nats per answer token: less is better.")
_USES = Message("### The seven uses")
_USES_ARE = Message("Loss on held-out records of each use, and the share of its written prompts whose answer is right.")
_PAIRS = Message("### Pairs")
_PAIRS_ARE = Message(
    "Held-out pairs of which a token of the chosen answer is likelier to the model than one of the rejected, beside "
    "the share of which the longer answer was chosen."
)
_PROMPTS = Message("### Written prompts")
_PROMPTS_ARE = Message(
    "Share of right answers. Code runs in a process that opens no file and no connection and starts nothing, for five "
    "seconds at most; a refusal is what the signal `output_refusal` takes for one."
)
_JUDGE = Message("### A judge")
_JUDGED = Message(
    "{judge} compared the answers of this model and of the base to held-out questions, in both orders: {win} won, "
    "{tie} even, {loss} lost, {unread} without a verdict. Won, with half of the even ones: {share}."
)


def all_of(numbers: Numbers) -> Iterator[str]:
    """The parts of the section, each a title, a sentence and a table."""
    yield from (tr(_LOSSES), tr(_LOSSES_ARE), _losses(numbers["losses"]))
    yield from (tr(_USES), tr(_USES_ARE), _uses(numbers["uses"]))
    yield from (tr(_PAIRS), tr(_PAIRS_ARE), _pairs(numbers["pairs"]))
    if numbers["written"]:
        yield from (tr(_PROMPTS), tr(_PROMPTS_ARE), _written(numbers["written"]))


def of_judge(judged: Numbers) -> Iterator[str]:
    """What the judge said; nothing without one."""
    if judged:
        over = judged.get("over_half")
        share = tr("none was read") if over is None else f"{_percent(judged['share'])}{_interval(over, 100, 50.0)}"
        yield from (
            tr(_JUDGE),
            tr(_JUDGED, **{**judged, "judge": code_span(judged["judge"][:MOST_NAME]), "share": share}),
        )


def _losses(numbers: Numbers) -> str:
    rows = {tr("all"): numbers["all"], **_named(numbers["language"]), **_named(numbers["source"])}
    models = _models(numbers["all"])
    head = ["", tr("records"), *(tr(MODELS[model]) for model in models), *_against(models)]
    lines = [
        [name, told["records"], *(_nats(told.get(model)) for model in models), *_differences(told, models, 1)]
        for name, told in rows.items()
    ]
    return table(head, lines)


def _named(groups: Mapping[str, Numbers]) -> dict[str, Numbers]:
    return {f"`{name}`" if name else tr("no language"): told for name, told in groups.items()}


def _models(numbers: Numbers) -> list[str]:
    return [model for model in MODELS if model in numbers]


def _against(models: Sequence[str]) -> list[str]:
    return [tr(words) for other, words in AGAINST.items() if other in models]


def _differences(told: Numbers, models: Sequence[str], times: int) -> list[str]:
    return [difference(told.get(f"against_{other}"), times) for other in AGAINST if other in models]


def difference(measured: Numbers | None, times: int) -> str:
    """By how much something is better, with its interval; `times` 100 for shares, in per cent."""
    return "" if measured is None else f"{_signed(times * measured['mean'], times)}{_interval(measured, times)}"


def _interval(measured: Numbers, times: int, above: float = 0.0) -> str:
    if measured["low"] is None:
        return tr(" (too few for an interval)")
    if measured["low"] == measured["mean"] == measured["high"]:
        return tr(" (the same for each)")  # a bootstrap knows no more than what it draws from
    low, high = (above + times * measured[end] for end in ("low", "high"))
    return f" [{_signed(low, times)}, {_signed(high, times)}]"


def _signed(number: float, times: int) -> str:
    return f"{number:+.3f}" if times == 1 else f"{number:+.1f}"


def _nats(loss: float | None) -> str:
    return "" if loss is None else f"{loss:.3f}"


def _percent(share: float | None) -> str:
    return "" if share is None else f"{100 * share:.1f} %"


def _uses(uses: Mapping[str, Numbers]) -> str:
    better = tr(AGAINST[BASE])
    head = [tr("use"), tr("records"), tr(MODELS[BASE]), tr(MODELS[TUNED]), better]
    head += [tr("prompts"), tr(MODELS[BASE]), tr(MODELS[TUNED]), f"{better} (%)"]
    return table(head, [[f"`{use}`", *_of_loss(told), *_of_prompts(told["prompts"])] for use, told in uses.items()])


def _of_loss(told: Numbers) -> list[object]:
    models = [BASE, TUNED]
    return [told["records"], *(_nats(told.get(model)) for model in models), *_differences(told, models, 1)]


def _of_prompts(told: Numbers) -> list[object]:
    models = [BASE, TUNED]
    return [told["prompts"], *(_percent(told.get(model)) for model in models), *_differences(told, models, 100)]


def _pairs(numbers: Mapping[str, Numbers]) -> str:
    names = {"all": tr("all"), "near": tr("lengths that differ by a fifth at most")}
    models = _models(numbers["all"])
    head = ["", tr("pairs"), tr("longer wins"), *(tr(MODELS[model]) for model in models)]
    lines = [
        [names[name], told["pairs"], _percent(told["longer"]), *_shares(told, models)] for name, told in numbers.items()
    ]
    return table([*head, *(f"{words} (%)" for words in _against(models))], lines)


def _shares(told: Numbers, models: Sequence[str]) -> list[str]:
    return [*(_percent(told.get(model)) for model in models), *_differences(told, models, 100)]


def _written(tests: Mapping[str, Numbers]) -> str:
    models = _models(next(iter(tests.values())))
    head = ["", tr("language"), tr("prompts"), *(tr(MODELS[model]) for model in models)]
    lines = [
        [tr(TESTS[test]) if not language else "", language or tr("all"), told["prompts"], *_shares(told, models)]
        for test, of_test in tests.items()
        for language, told in ({"": of_test} | of_test["by_language"]).items()
    ]
    return table([*head, *(f"{words} (%)" for words in _against(models))], lines)


def table(head: Sequence[object], rows: Iterable[Sequence[object]]) -> str:
    """A table in Markdown; what is not in the first column stands to the right."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join("| " + " | ".join(str(cell).replace("|", "\\|") for cell in line) + " |" for line in lines)
