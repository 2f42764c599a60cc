"""The numbers of an evaluation, by hand: means over tokens, paired differences, and what is left out of them."""

from typing import Any

import pytest

from pipelines.evaluate import summary, tables
from pipelines.evaluate.compared import BASE, PREVIOUS, TUNED
from pipelines.signals.task import TASKS

BLANK = dict.fromkeys(("record_id", "pair_id", "item", "nats", "tokens", "cut", "passed", "note"))
BLANK |= {"task": "education", "language": "en", "source": "forum", "note": ""}


def row(test: str, model: str, **values: Any) -> dict[str, Any]:
    return BLANK | {"test": test, "model": model} | values


def losses(model: str, nats: list[float], tokens: int = 10, **more: Any) -> list[dict[str, Any]]:
    return [
        row("loss", model, record_id=f"p{number}#1", nats=value, tokens=tokens, cut=False) | more
        for number, value in enumerate(nats)
    ]


def test_a_loss_is_of_tokens_and_its_fall_is_paired_by_record() -> None:
    rows = [*losses(BASE, [30.0, 10.0] * 4), *losses(TUNED, [20.0, 5.0] * 4)]
    rows += [row("loss", model, record_id="long#1", nats=400.0, tokens=100, cut=False) for model in (BASE, TUNED)]
    told = summary.of(rows)["losses"]["all"]
    assert told["records"] == 9
    assert told[BASE] == pytest.approx(560 / 180, abs=1e-4) and told[TUNED] == pytest.approx(500 / 180, abs=1e-4)
    fall = told[f"against_{BASE}"]
    assert fall["mean"] == pytest.approx(60 / 180, abs=1e-4) and fall["pages"] == 9
    assert fall["low"] < fall["mean"] < fall["high"]
    assert f"against_{PREVIOUS}" not in told


def test_each_use_has_a_line_also_without_a_record() -> None:
    rows = [*losses(BASE, [3.0]), *losses(TUNED, [2.0]), row("instruction", TUNED, item="a", passed=True)]
    rows += [row("instruction", BASE, item="a", passed=False), row("loss", TUNED, record_id="o#1", task="other")]
    told = summary.of(rows)
    assert list(told["uses"]) == [task for task in TASKS if task != "other"]
    assert told["uses"]["education"]["records"] == 1
    assert (told["uses"]["dialogue"]["records"], told["uses"]["dialogue"]["prompts"]["prompts"]) == (0, 0)
    assert told["uses"]["education"]["prompts"][TUNED] == 1.0
    assert told["not_measured"] == {"": 1}


def test_cut_answers_are_compared_only_where_both_models_cut_alike() -> None:
    """Another vocabulary cuts elsewhere: what is compared then is whole answers, by their nats."""
    same = [*losses(BASE, [30.0], cut=True), *losses(TUNED, [20.0], cut=True)]
    assert summary.of(same)["losses"]["all"][f"against_{BASE}"]["mean"] == 1.0
    for tokens in (8, 12):
        other = [*losses(BASE, [30.0], tokens=tokens, cut=True), *losses(TUNED, [20.0], cut=True)]
        assert summary.of(other)["losses"]["all"][f"against_{BASE}"] is None
    for cut in (BASE, TUNED):
        one = [row for model in (BASE, TUNED) for row in losses(model, [9.0], 10 + (model == cut), cut=model == cut)]
        assert summary.of(one)["losses"]["all"][f"against_{BASE}"] is None
    whole = [*losses(BASE, [30.0], tokens=12), *losses(TUNED, [20.0])]
    assert summary.of(whole)["losses"]["all"][f"against_{BASE}"]["mean"] == 1.0


def test_groups_are_by_language_and_source() -> None:
    rows = [*losses(TUNED, [20.0]), *losses(TUNED, [40.0], language="zh", source="wiki")]
    told = summary.of(rows)["losses"]
    assert {name: one[TUNED] for name, one in told["language"].items()} == {"en": 2.0, "zh": 4.0}
    assert {name: one[TUNED] for name, one in told["source"].items()} == {"forum": 2.0, "wiki": 4.0}


def pair(model: str, name: str, passed: bool | None, longer: int, note: str = "") -> dict[str, Any]:
    return row("pair", model, pair_id=f"{name}#1>2", passed=passed, tokens=longer, note=note)


def test_pairs_stand_beside_longer_wins_and_those_of_like_length_apart() -> None:
    rows = [pair(TUNED, "a", True, 50), pair(TUNED, "b", True, -3, "near"), pair(TUNED, "c", False, 0, "near")]
    rows += [pair(BASE, name, False, 1) for name in "abc"] + [pair(TUNED, "d", None, 9, "prompt")]
    told = summary.of(rows)["pairs"]
    assert told["all"]["pairs"] == 3 and told["all"][TUNED] == pytest.approx(2 / 3, abs=1e-4)
    assert told["all"]["longer"] == 0.5, "one longer, one shorter, one as long"
    assert told["near"]["pairs"] == 2 and told["near"][TUNED] == 0.5
    assert told["all"][f"against_{BASE}"]["mean"] == pytest.approx(2 / 3, abs=1e-4)


def test_prompts_are_paired_and_told_by_language() -> None:
    rows = [row("code", TUNED, item=f"{n}", passed=n < 6, language="en" if n % 2 else "zh") for n in range(8)]
    rows += [row("code", BASE, item=f"{n}", passed=n < 2, language="en" if n % 2 else "zh") for n in range(8)]
    told = summary.of(rows)["written"]["code"]
    assert (told["prompts"], told[TUNED], told[BASE]) == (8, 0.75, 0.25)
    assert told[f"against_{BASE}"]["mean"] == 0.5 and told[f"against_{BASE}"]["low"] > 0
    assert {name: one["prompts"] for name, one in told["by_language"].items()} == {"en": 4, "zh": 4}


def test_a_tie_is_half_of_a_win_and_what_is_unread_counts_for_nobody() -> None:
    notes = ["win"] * 5 + ["tie"] * 2 + ["loss", "unread"]
    rows = [row("judge", TUNED, record_id=f"{n}#1", note=note) for n, note in enumerate(notes)]
    told = summary.judged(rows)
    assert {name: told[name] for name in ("win", "tie", "loss", "unread")} == {
        "win": 5,
        "tie": 2,
        "loss": 1,
        "unread": 1,
    }
    assert told["share"] == 0.75 and told["over_half"]["mean"] == 0.25
    assert summary.judged([]) == {"win": 0, "tie": 0, "loss": 0, "unread": 0}


def test_the_name_that_a_judge_gives_itself_is_inert_on_a_card() -> None:
    name = "a` <img src=x onerror=alert(1)>\n\n# b\x1b[2J" + "c" * 999
    counted = {"judge": name, "win": 1, "tie": 0, "loss": 0, "unread": 0, "share": 1.0, "over_half": None}
    told = "\n".join(tables.of_judge(counted))
    assert "`` a` <img src=x onerror=alert(1)> # b\ufffd[2Jccc" in told and told.count("``") == 2 and len(told) < 900
