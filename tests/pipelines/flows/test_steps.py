"""Whole recipes as plain functions: order, skips, failures, the run log and the lock."""

import fcntl
import json
import logging
import pickle
import shutil
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from connectors import html
from pipelines import storage
from pipelines.catalog import status
from pipelines.curate.policy import PolicyError
from pipelines.flows import steps
from pipelines.flows.check import check
from pipelines.flows.stages import OF_DATA, STAGES
from pipelines.flows.steps import Outcome, RunFailed, Step
from pipelines.recipe import Recipe, RecipeError, load
from pipelines.storage import lease, logs
from tests.pipelines.commands import Gristmill
from tests.pipelines.milling import WHATS, dump, go, in_turn, recipe_file
from tests.waiting import FAR

# Nothing listens at port 9 of loopback
DEAD = """
[[sources]]
connector = "website"
name = "dead"
start = "http://127.0.0.1:9/"
[web]
delay = 0
allow_private = ["127.0.0.1:9"]
"""


def test_a_run_goes_through_its_stages_in_order(milled: tuple[Recipe, Path, list[Outcome]]) -> None:
    _, data, outcomes = milled
    assert [(one.stage, one.name) for one in outcomes] == [
        ("collect", "forum"),
        ("normalise", "forum"),
        ("annotate", "forum"),
        ("dedupe", "small"),
        ("curate", "small"),
    ]
    assert not any(one.skipped or one.failed for one in outcomes)
    entries = logs.read(data / logs.RUNS)
    assert [entry["stage"] for entry in entries] == [one.stage for one in outcomes]
    assert all(entry["peak_mb"] > 10 and entry["run_id"] == "one" for entry in entries)
    assert [entry["workers"] for entry in entries] == [1] * len(entries)


def test_a_second_run_skips_all_and_changes_no_byte(milled: tuple[Recipe, Path, list[Outcome]], tmp_path: Path) -> None:
    recipe, data = milled[0], Path(shutil.copytree(milled[1], tmp_path / "data", symlinks=True))
    before = {path: path.stat().st_mtime_ns for path in data.rglob("*.parquet")}
    again = go(recipe, data)
    assert all(one.skipped for one in again)
    assert {path: path.stat().st_mtime_ns for path in data.rglob("*.parquet")} == before


def test_the_funnel_adds_up(milled: tuple[Recipe, Path, list[Outcome]]) -> None:
    _, data, _ = milled
    rows = {row.stage: row for row in status.funnel(data)}
    assert rows["collect"].kept == len(WHATS)
    assert rows["normalise"].rows_in == len(WHATS)
    assert rows["curate"].rows_in == rows["curate"].kept + rows["curate"].dropped == rows["normalise"].kept
    assert all(row.bytes > 0 and row.seconds is not None for row in rows.values())


def test_a_source_that_was_never_had_does_not_stop_the_others(tmp_path: Path) -> None:
    recipe = load(recipe_file(tmp_path, forum=dump(tmp_path / "dump"), absent=tmp_path / "nowhere"))
    with pytest.raises(RunFailed, match=r"^collect absent: .*nowhere") as failure:
        go(recipe, tmp_path / "data")
    assert len(failure.value.args) == 1
    curated = storage.read_manifest(tmp_path / "data" / "5_curated" / "small" / "latest")
    assert curated is not None
    assert not any("absent" in name for name in curated.inputs)
    assert logs.read(tmp_path / "data" / logs.RUNS)[0]["failed"]


def test_a_source_that_is_gone_keeps_its_earlier_pages(tmp_path: Path) -> None:
    recipe = load(recipe_file(tmp_path, forum=dump(tmp_path / "a"), other=dump(tmp_path / "b")))
    go(recipe, tmp_path / "data", ["collect"])
    (tmp_path / "b" / "Posts.xml").unlink()
    with pytest.raises(RunFailed, match=r"^collect other: "):
        go(recipe, tmp_path / "data")
    curated = storage.read_manifest(tmp_path / "data" / "5_curated" / "small" / "latest")
    assert curated is not None
    assert any("other" in name for name in curated.inputs)


def test_without_any_source_the_run_stops(tmp_path: Path) -> None:
    recipe = load(recipe_file(tmp_path, absent=tmp_path / "nowhere"))
    with pytest.raises(RunFailed):
        go(recipe, tmp_path / "data")
    assert [entry["stage"] for entry in logs.read(tmp_path / "data" / logs.RUNS)] == ["collect"]


def test_a_dead_site_fails_and_the_others_go_on(tmp_path: Path) -> None:
    file = recipe_file(tmp_path, forum=dump(tmp_path / "dump"))
    file.write_text(file.read_text() + DEAD)
    with pytest.raises(RunFailed, match=r"^collect dead: source dead: nothing could be had: .*robots_unreachable"):
        go(load(file), tmp_path / "data")
    failed = [(entry["stage"], entry["name"]) for entry in logs.read(tmp_path / "data" / logs.RUNS) if entry["failed"]]
    assert failed == [("collect", "dead")]
    assert storage.read_manifest(tmp_path / "data" / "5_curated" / "small" / "latest")


@pytest.mark.parametrize(("obtained", "warned"), [("official-download", 1), ("archive", 0), ("", 0)])
def test_a_dump_of_the_sites_own_download_is_warned_of(
    obtained: str, warned: int, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """In `check` and in every run, and it is read all the same: whom the terms bind is for people to say."""
    file = recipe_file(tmp_path, forum=dump(tmp_path / "dump"))
    file.write_text(f'{file.read_text()}obtained = "{obtained}"\n')
    said = [one.says for one in check(str(file), tmp_path / "data") if one.level == "warn"]
    assert [("train no large language model" in each) for each in said] == [True] * warned
    for _ in range(2):
        caplog.clear()
        (made,) = go(load(file), tmp_path / "data", ["collect"])
        assert caplog.text.count("train no large language model") == warned and not made.failed


def test_a_dead_site_alone_stops_the_run(tmp_path: Path, gristmill: Gristmill) -> None:
    file = tmp_path / "small.toml"
    file.write_text(f'name = "small"\n{DEAD}')
    told = gristmill("stage", "collect", file, "--data", tmp_path / "data")
    assert told.code == 1 and "nothing could be had: http://127.0.0.1:9/: robots_unreachable" in told.err
    with pytest.raises(RunFailed, match=r"^collect dead"):
        go(load(file), tmp_path / "data")
    assert {entry["stage"] for entry in logs.read(tmp_path / "data" / logs.RUNS)} == {"collect"}


def test_a_fault_after_collect_publishes_nothing(tmp_path: Path) -> None:
    recipe = load(recipe_file(tmp_path, forum=dump(tmp_path / "a"), other=dump(tmp_path / "b")))

    def other_breaks(recipe: Recipe, steps: Sequence[Step]) -> list[Outcome]:
        done = in_turn(tmp_path / "data", recipe, steps)
        if steps[0].stage != "normalise":
            return done
        return [Outcome("normalise", "other", failed="OSError: disk"), *(one for one in done if one.name != "other")]

    with pytest.raises(RunFailed, match=r"^normalise other: OSError: disk$"):
        steps.run_recipe(recipe, OF_DATA, tmp_path / "data", other_breaks)
    assert [entry["stage"] for entry in logs.read(tmp_path / "data" / logs.RUNS)].count("annotate") == 2
    assert not (tmp_path / "data" / "5_curated").exists()


def test_the_demo_declares_the_licence_that_its_pages_state() -> None:
    pages = (Path(__file__).parents[3] / "data" / "samples" / "site").rglob("*.html")
    stated = {html.metadata(html.parse(page.read_text())).licence for page in pages} - {""}
    assert stated == {load("demo").source("demo-site").licence}


def test_a_policy_that_cannot_be_used_is_told_before_the_work() -> None:
    recipe = load("demo").model_copy(update={"policy": "defualt"})
    with pytest.raises(PolicyError, match="default"):
        steps.check_policy(recipe, ["collect", "curate"])
    steps.check_policy(recipe, ["collect"])


def test_a_torn_line_of_the_run_log_is_left_out(tmp_path: Path) -> None:
    logs.append(tmp_path / logs.RUNS, {"stage": "collect"})
    with (tmp_path / logs.RUNS).open("a") as log:
        log.write('{"stage": "norm')
    assert logs.read(tmp_path / logs.RUNS) == [{"stage": "collect"}]


def test_a_second_run_in_the_same_folder_waits(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    entered = threading.Event()

    def second() -> None:
        with lease.lock_data(tmp_path):
            entered.set()

    other = threading.Thread(target=second)
    with caplog.at_level(logging.WARNING, logger="gristmill"), lease.lock_data(tmp_path):
        other.start()
        assert not entered.wait(0.3)
    other.join(FAR)
    assert entered.is_set()
    assert "another run" in caplog.text
    with (tmp_path / lease.LOCK).open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_outcomes_and_failures_survive_pickling() -> None:
    failure = RunFailed(Outcome("collect", "forum", failed="OSError: gone"))
    copy = pickle.loads(pickle.dumps(failure))
    assert str(copy) == str(failure) == "collect forum: OSError: gone"
    assert json.loads(json.dumps(copy.args[0].__dict__))["failed"] == "OSError: gone"


def test_preferences_are_a_step_where_a_recipe_asks_for_them(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Of a whole run they are left out in silence; whoever chooses stages is told that there is nothing to do."""
    caplog.set_level("INFO", logger="gristmill")
    file = recipe_file(tmp_path, forum=dump(tmp_path / "dump"))
    plain = load(file)
    assert steps.steps(plain, "prefer") == []
    steps.check_asked(plain, STAGES)
    assert not caplog.messages
    steps.check_asked(plain, ["curate", "prefer"])
    assert caplog.messages == ["small: has no [preference], so prefer has nothing to do"]
    with pytest.raises(RecipeError, match=r"small: asks for no preferences to be learnt; add \[preference\]"):
        steps.check_asked(plain, ["prefer"])
    assert "prefer" not in [one.what for one in check(str(file), tmp_path / "data")]
    file.write_text(f'{file.read_text()}\n[preference]\nmethod = "kto"\n')
    asking = load(file)
    assert [step.name for step in steps.steps(asking, "prefer")] == ["small.kto"]
    steps.check_asked(asking, ["prefer"])
    (found,) = [one for one in check(str(file), tmp_path / "data") if one.what == "prefer"]
    assert "small.kto" in str(found.says)
