"""`gristmill plan`: what was measured, grown to another size."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from pipelines.catalog import status
from pipelines.catalog.plan import DEDUPE_ROW, DUCKDB, SPILL, Line, Wanted, plan
from pipelines.collect import SHARD_PAGES
from pipelines.errors import WrongInput
from pipelines.flows.steps import Outcome
from pipelines.recipe import Recipe
from pipelines.storage import logs
from tests.pipelines.commands import Gristmill

Milled = tuple[Recipe, Path, list[Outcome]]
SECONDS = {"collect": 30.0, "normalise": 4.0, "annotate": 8.0, "dedupe": 2.0, "curate": 6.0}
FACTOR = 1_000_000


@pytest.fixture(scope="module")
def measured(milled: Milled, tmp_path_factory: pytest.TempPathFactory) -> tuple[Recipe, Path, int]:
    """A recipe, data whose stages took SECONDS with two workers, and the number of its records."""
    data = tmp_path_factory.mktemp("plan") / "data"
    shutil.copytree(milled[1], data, symlinks=True)
    (data / logs.RUNS).unlink()
    for stage, seconds in SECONDS.items():
        name = "forum" if stage in {"collect", "normalise", "annotate"} else "small"
        entry = {"stage": stage, "name": name, "skipped": False, "failed": "", "peak_mb": 300.0, "workers": 2}
        for took in (seconds, seconds / 2):  # the later run had less to do
            logs.append(data / logs.RUNS, entry | {"seconds": took})
        logs.append(data / logs.RUNS, entry | {"seconds": 99.0, "failed": "RuntimeError"})
    records = next(row.kept for row in status.funnel(data) if row.stage == "normalise")
    return milled[0], data, records


def lines(measured: tuple[Recipe, Path, int], **wanted: float) -> dict[str, Line]:
    recipe, data, records = measured
    made = plan(recipe, data, replace(Wanted(FACTOR * records), **wanted))  # type: ignore[arg-type]
    return {line.stage: line for line in made.lines}


def test_each_stage_grows_in_line_with_its_records(measured: tuple[Recipe, Path, int]) -> None:
    found = lines(measured)
    assert {stage: line.measured_seconds for stage, line in found.items()} == SECONDS
    assert {stage: round(3600 * line.hours / FACTOR, 6) for stage, line in found.items()} == SECONDS
    funnel = {row.stage: row for row in status.funnel(measured[1])}
    assert all(line.disk == FACTOR * funnel[stage].bytes for stage, line in found.items())
    assert found["collect"].requests == FACTOR * funnel["collect"].kept
    assert found["annotate"].shards == round(FACTOR * measured[2] / measured[0].shards.rows)
    assert found["collect"].shards == round(FACTOR * funnel["collect"].kept / SHARD_PAGES)


def test_machines_and_workers_shorten_what_is_spread(measured: tuple[Recipe, Path, int]) -> None:
    one, many = lines(measured), lines(measured, machines=20, workers=8)
    assert {stage: round(one[stage].hours / many[stage].hours, 6) for stage in one} == {
        "collect": 1,
        "normalise": 80,
        "annotate": 80,
        "dedupe": 1,
        "curate": 1,
    }
    assert [many[stage].machines for stage in SECONDS] == [1, 20, 20, 1, 1]


def test_what_one_machine_must_hold_is_told(measured: tuple[Recipe, Path, int]) -> None:
    found = lines(measured, records=10**9)
    assert found["dedupe"].memory == DEDUPE_ROW * 10**9
    assert found["curate"].memory == DUCKDB
    assert found["annotate"].memory == 300_000_000
    read = sum(found[stage].disk for stage in ("normalise", "annotate"))
    assert found["curate"].spill == pytest.approx(SPILL * read)


def test_a_price_gives_the_money_of_all_machines(measured: tuple[Recipe, Path, int]) -> None:
    recipe, data, records = measured
    made = plan(recipe, data, Wanted(FACTOR * records, machines=20, price=0.5))
    assert made.money == pytest.approx(sum(0.5 * line.hours * line.machines for line in made.lines))
    assert plan(recipe, data, Wanted(1)).money is None


def test_pages_that_others_collected_are_no_stage(measured: tuple[Recipe, Path, int], tmp_path: Path) -> None:
    data = tmp_path / "data"
    shutil.copytree(measured[1], data, symlinks=True)
    entries = [entry for entry in logs.read(data / logs.RUNS) if entry["stage"] != "collect"]
    (data / logs.RUNS).unlink()
    for entry in entries:
        logs.append(data / logs.RUNS, entry)
    assert "collect" not in {line.stage for line in plan(measured[0], data, Wanted(10**6)).lines}


def test_few_records_are_said_to_promise_too_little(measured: tuple[Recipe, Path, int]) -> None:
    assert any("records are few" in says for says in plan(measured[0], measured[1], Wanted(10**9)).assumptions)


def test_without_a_run_there_is_nothing_to_go_by(measured: tuple[Recipe, Path, int], tmp_path: Path) -> None:
    with pytest.raises(WrongInput, match=r"normalise has not been measured in .*run `gristmill run small`"):
        plan(measured[0], tmp_path, Wanted(10**9))


def test_the_command_says_hours_and_what_it_takes_for_granted(
    measured: tuple[Recipe, Path, int], milled: Milled, gristmill: Gristmill
) -> None:
    words = ("plan", milled[1].parent / "small.toml", "--data", measured[1], "--records")
    told = gristmill(*words, "1e9", "--machines", 20).out
    assert "curate" in told and "hours in all" in told and "20 machines" in told
    assert json.loads(gristmill(*words, "1e9", "--json").out)["wanted"]["records"] == 10**9
    wrong = gristmill(*words, "1.5")
    assert wrong.code == 2 and "--records 1.5" in wrong.err
