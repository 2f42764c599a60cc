"""Losses of arms by hand, and when their difference may be believed."""

from typing import Any

import pytest

from pipelines.ablate import summary


def losses(arm: str, shift: float, seeds: int = 3, pages: int = 8) -> list[dict[str, Any]]:
    return [
        {"model": arm, "seed": seed, "record_id": f"p{page}#1", "nats": 30.0 + page + shift + seed / 10, "tokens": 10}
        | {"passed": page < 6}
        for seed in range(1, seeds + 1)
        for page in range(pages)
    ]


def test_an_arm_is_paired_with_raw_by_seed_and_record() -> None:
    told = summary.of([*losses("raw", 0.0), *losses("curated", -5.0)])
    curated = told["all"]["curated"]
    assert curated["against_raw"] == {"mean": 0.5, "low": 0.5, "high": 0.5, "pages": 8}
    assert curated["loss"] == pytest.approx(told["all"]["raw"]["loss"] - 0.5)
    assert curated["by_seed"] == pytest.approx([2.86, 2.87, 2.88])
    assert told["kept"]["curated"]["records"] == 6 and curated["records"] == 8


@pytest.mark.parametrize(("shift", "outcome"), [(-5.0, "helps"), (5.0, "hurts"), (0.0, "unclear")])
def test_the_answer_is_what_the_interval_allows(shift: float, outcome: str) -> None:
    assert summary.outcome(summary.of([*losses("raw", 0.0), *losses("curated", shift)])) == outcome


def test_seeds_that_disagree_make_it_unclear() -> None:
    """Each seed alone would be sure of its difference; together they are not."""
    curated = losses("curated", 0.0)
    for row in curated:
        row["nats"] += {1: -5.0, 2: 4.0, 3: -5.0}[row["seed"]]
    told = summary.of([*losses("raw", 0.0), *curated])
    assert told["all"]["curated"]["against_raw"]["mean"] == 0.2
    assert summary.outcome(told) == "unclear"


@pytest.mark.parametrize(("seeds", "pages"), [(2, 8), (3, 5)])
def test_with_too_little_there_is_no_interval(seeds: int, pages: int) -> None:
    rows = [*losses("raw", 0.0, seeds, pages), *losses("curated", -5.0, seeds, pages)]
    told = summary.of(rows)
    assert told["all"]["curated"]["against_raw"]["low"] is None
    assert summary.outcome(told) == "unclear"


def test_the_base_stands_first_and_then_the_better() -> None:
    rows = [*losses("raw", 0.0), *losses("curated", -5.0), *losses("base", 9.0, seeds=1)]
    told = summary.of([row | ({"seed": None} if row["model"] == "base" else {}) for row in rows])
    assert summary.ordered(told) == ["base", "curated", "raw"]
    assert "against_raw" not in told["all"]["base"]
