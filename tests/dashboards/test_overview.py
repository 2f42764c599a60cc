"""The overview: numbers, what was lost, what failed; never stale, and a help where there is nothing."""

import shutil
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from pipelines import storage
from pipelines.flows import steps
from pipelines.flows.steps import Step
from pipelines.storage import logs
from tests.dashboards.conftest import DASHBOARDS, Milled, OpenPage
from tests.waiting import FAR


def test_it_shows_the_numbers(open_page: OpenPage) -> None:
    page = open_page("overview")
    shown = ["Funnel", "Sources", "What was lost", "Runs", "Storage"]
    assert [header.value for header in page.header] == shown
    assert [metric.value for metric in page.metric[:4]] == ["1", "6", "6", "100%"]


def test_it_says_what_was_lost_and_of_which_source_nothing_is_kept(data: Path, open_page: OpenPage) -> None:
    for folder, changed in (
        (data / "2_records" / "forum", {"rejected_part:too_short": 3, "rejected_part:only_links": 4, "holes:macro": 2}),
        (storage.latest(data / "5_curated" / "small"), {"source_kept:forum": 0}),
    ):
        made = storage.read_manifest(folder)
        assert made
        written = made.model_copy(update={"counts": made.counts | changed}).model_dump_json()
        (folder / storage.MANIFEST).write_text(written)
    page = open_page("overview")
    assert [warning.value for warning in page.warning] == ["Nothing of forum is kept."]
    numbers, reasons = page.dataframe[0].value, page.dataframe[1].value
    assert numbers.to_dict("records") == [
        {"Source": "forum", "Pages": 6, "Documents": 6, "Posts": 12, "Records": 6, "Kept": 0}
        | {"Pages rejected": 0, "Documents rejected": 0, "Parts rejected": 7, "Holes": 2}
    ]
    assert reasons.to_numpy().tolist() == [
        ["forum", "part of a document", "only_links", 4],
        ["forum", "part of a document", "too_short", 3],
        ["forum", "hole in a text", "macro", 2],
    ]


def test_recipe_and_sources_are_called_by_their_titles(milled: Milled, data: Path, open_page: OpenPage) -> None:
    recipe = milled[0]
    source = recipe.sources[0].model_copy(update={"title": "烘焙 *论坛*"})
    titled = recipe.model_copy(update={"title": "Baking & bread", "sources": (source,)})
    steps.run_step(titled, Step("curate", "small"), data)
    page = open_page("overview")
    assert page.title[0].value == r"Baking \& bread \(small\)"
    assert page.sidebar.selectbox[0].options == ["Baking & bread (small)"]
    assert page.dataframe[0].value["Source"].tolist() == ["烘焙 *论坛* (forum)"]
    records = open_page("records", source="forum")
    assert "烘焙 *论坛* (forum)" in next(box for box in records.selectbox if box.label == "Source").options


def test_it_says_which_stage_failed_when_it_last_ran(data: Path, open_page: OpenPage) -> None:
    run = {"run_id": "x", "recipe": "small", "stage": "collect", "name": "forum", "started_at": "2099-01-01T00:00:00Z"}
    logs.append(data / logs.RUNS, run | {"seconds": 1.0, "skipped": False, "failed": "the *site* is dead"})
    page = open_page("overview")
    assert [error.value for error in page.error] == ["collect of forum failed: the \\*site\\* is dead"]


def test_what_is_published_while_the_page_is_open_is_shown(milled: Milled, data: Path, open_page: OpenPage) -> None:
    """Without a restart: another snapshot, a run that changed nothing, and a snapshot that was taken away."""
    page = open_page("overview")
    runs = len(page.dataframe[-1].value)
    assert page.metric[2].value == "6"
    (data / "decisions.jsonl").write_text('{"record_id": "forum:q1#a101", "decision": "reject", "who": "Ada"}\n')
    steps.run_step(milled[0], Step("curate", "small"), data)
    page.run()
    assert page.metric[2].value == "5"
    assert len(page.dataframe[-1].value) == runs + 1
    steps.run_step(milled[0], Step("curate", "small"), data)
    assert len(page.run().dataframe[-1].value) == runs + 2
    shutil.rmtree(data / "5_curated")
    assert "gristmill demo" in page.run().code[0].value


def test_a_damaged_manifest_is_told_with_its_cure(data: Path, open_page: OpenPage) -> None:
    (data / "2_records" / "forum" / storage.MANIFEST).write_text('{"stage": ')
    page = open_page("overview")
    said = page.error[0].value.replace("\\", "")
    assert "2_records/forum/manifest.json: damaged" in said
    assert "--again" in said


def test_an_empty_folder_says_where_to_begin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRISTMILL_DATA", str(tmp_path))
    page = AppTest.from_file(str(DASHBOARDS / "app.py"), default_timeout=FAR).run()
    assert not page.exception
    assert "gristmill demo" in page.code[0].value
