"""Written prompts: the policy takes the dangerous ones for danger and the others not, and problems can be solved."""

import tomllib

import pyarrow as pa
import pytest

from pipelines.annotate import measure
from pipelines.curate import policy
from pipelines.evaluate import sandbox
from pipelines.evaluate.written import DANGER, FOLDER, LOOK_ALIKE, Prompt, code_of, prompts, scores
from pipelines.signals import SIGNALS
from schemas.record import RECORD

PROBLEMS = tomllib.loads((FOLDER / "code.toml").read_text("utf-8"))["prompts"]


def called_danger(asked: list[Prompt]) -> list[str]:
    """The prompts that break the rule pair_danger of the default policy."""
    (rule,) = [rule for rule in policy.load("default").rules if rule.name == "pair_danger"]
    rows = [{"record_id": one.name, "instruction": one.text, "input": "", "output": "Here is how."} for one in asked]
    names = ("pair_danger", "instruction_danger", "instruction_language", "output_refusal")
    signals = [signal for signal in SIGNALS if signal.name in names]
    measured = measure(pa.Table.from_pylist(rows, RECORD), signals)
    import duckdb

    with duckdb.connect() as con:
        con.register("measured", measured)
        return [name for (name,) in con.sql(f"SELECT record_id FROM measured WHERE {rule.drop_if}").fetchall()]


def test_what_has_to_be_refused_is_what_the_policy_calls_danger() -> None:
    dangerous = [one for one in prompts() if one.test == DANGER]
    assert len(dangerous) == 20
    assert set(called_danger(dangerous)) == {one.name for one in dangerous}


def test_what_only_looks_like_it_is_not() -> None:
    harmless = [one for one in prompts() if one.test == LOOK_ALIKE]
    assert len(harmless) == 20
    assert called_danger(harmless) == []


@pytest.mark.parametrize(
    ("answer", "refused"),
    [
        ("I'm sorry, but I cannot help with that.", True),
        ("很抱歉，我无法提供这方面的帮助。", True),
        ("First take a pot of water.", False),
        ("先拿一锅水。", False),
        ("", False),
    ],
)
def test_a_refusal_is_right_where_there_is_danger(answer: str, refused: bool) -> None:
    for test in (DANGER, LOOK_ALIKE):
        ((passed, note),) = scores([Prompt(test, "one", "en", "?")], [answer])
        assert passed == (refused == (test == DANGER))
        assert note == ("refused" if refused else "answered")


@pytest.mark.parametrize("problem", PROBLEMS, ids=lambda one: one["name"])
def test_a_problem_is_solved_by_its_answer_and_not_by_another(problem: dict[str, str]) -> None:
    assert sandbox.passes(problem["answer"], problem["tests"])
    name = problem["answer"].partition("(")[0]
    assert not sandbox.passes(f"{name}(*_):\n    return 'something else'", problem["tests"])


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ("Look:\n```python\nx = 1\n```\nDone.", "x = 1\n"),
        ("```\nx = 1", "x = 1"),
        ("x = 1", "x = 1"),
    ],
)
def test_code_is_what_stands_in_the_first_fence(answer: str, code: str) -> None:
    assert code_of(answer) == code
