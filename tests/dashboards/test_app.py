"""The dashboard's questions, each asked of a real data folder, and its page."""

import shutil
import sys
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from pipelines import catalog, storage
from pipelines.flows import steps
from pipelines.flows.steps import Outcome, Step
from pipelines.recipe import Recipe
from tests.waiting import FAR

DASHBOARDS = Path(__file__).resolve().parents[2] / "dashboards"
QUERIES = sorted((DASHBOARDS / "queries").glob("*.sql"))
ANY = {"recipe": "small", "source": "", "task": "", "kept": "", "words": "", "size": 10, "start": 0}
Milled = tuple[Recipe, Path, list[Outcome]]


@pytest.fixture(autouse=True)
def main_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    """AppTest puts the app in the place of `__main__`, which every worker process would then import."""
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query.stem)
def test_each_query_asks_a_question_and_has_an_answer(query: Path, milled: Milled) -> None:
    text = query.read_text()
    question = text.splitlines()[0]
    assert question.startswith("-- ")
    assert question.endswith("?")
    with catalog.connect(milled[1]) as con:
        answer = con.execute(text, {name: value for name, value in ANY.items() if f"${name}" in text}).fetchall()
    assert answer or query.stem in ("reasons", "lost_reasons")


def test_the_funnel_counts_what_is_left_at_each_stage(milled: Milled) -> None:
    text = (DASHBOARDS / "queries" / "funnel.sql").read_text()
    with catalog.connect(milled[1]) as con:
        rows = con.execute(text, {"recipe": "small"}).fetchall()
    assert rows == [("forum", stage, 6) for stage in ("1 pages", "2 records", "3 distinct", "4 kept")]


def test_filters_narrow_what_is_browsed(milled: Milled) -> None:
    text = (DASHBOARDS / "queries" / "browse_count.sql").read_text()

    def count(**chosen: str) -> int:
        values = {name: value for name, value in (ANY | chosen).items() if f"${name}" in text}
        with catalog.connect(milled[1]) as con:
            return int(con.execute(text, values).fetchall()[0][0])

    assert count() == 6
    assert count(words="SIGN A TAG") == 1
    assert count(source="nosuch") == 0
    assert count(kept="true") + count(kept="false") == 6


def test_the_page_shows_the_numbers_and_the_records(milled: Milled, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRISTMILL_DATA", str(milled[1]))
    page = AppTest.from_file(str(DASHBOARDS / "app.py"), default_timeout=FAR).run()
    assert not page.exception
    assert [header.value for header in page.header] == ["Funnel", "Sources", "What was lost", "Records", "Runs"]
    assert page.metric[1].value == "6"
    assert any("rename a branch" in code.value for code in page.code)
    narrowed = page.text_input[0].set_value("rename a branch").run()
    assert not narrowed.exception
    assert "(1 records)" in narrowed.number_input[0].label


def test_the_page_says_what_was_lost_and_of_which_source_nothing_is_kept(
    milled: Milled, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tmp_path / "data"
    shutil.copytree(milled[1], data, symlinks=True)
    for folder, changed in (
        (data / "2_records" / "forum", {"rejected_part:too_short": 3, "rejected_part:only_links": 4, "holes:macro": 2}),
        (storage.latest(data / "5_curated" / "small"), {"source_kept:forum": 0}),
    ):
        made = storage.read_manifest(folder)
        assert made
        written = made.model_copy(update={"counts": made.counts | changed}).model_dump_json()
        (folder / storage.MANIFEST).write_text(written)
    monkeypatch.setenv("GRISTMILL_DATA", str(data))
    page = AppTest.from_file(str(DASHBOARDS / "app.py"), default_timeout=FAR).run()
    assert not page.exception
    assert [warning.value for warning in page.warning] == ["Nothing of forum is kept."]
    numbers, reasons = (table.value for table in page.dataframe[1:3])
    assert numbers.to_dict("records") == [
        {"Source": "forum", "Pages": 6, "Documents": 6, "Posts": 12, "Records": 6, "Kept": 0}
        | {"Pages rejected": 0, "Documents rejected": 0, "Parts rejected": 7, "Holes": 2}
    ]
    assert reasons.to_numpy().tolist() == [
        ["forum", "part of a document", "only_links", 4],
        ["forum", "part of a document", "too_short", 3],
        ["forum", "hole in a text", "macro", 2],
    ]


def test_what_is_published_while_the_page_is_open_is_shown(
    milled: Milled, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a restart: another snapshot, a run that changed nothing, and a snapshot that was taken away."""
    data = tmp_path / "data"
    shutil.copytree(milled[1], data, symlinks=True)
    monkeypatch.setenv("GRISTMILL_DATA", str(data))
    page = AppTest.from_file(str(DASHBOARDS / "app.py"), default_timeout=FAR).run()
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
    assert "gristmill demo" in page.run().info[0].value


def test_the_state_of_a_folder_changes_with_its_latest_version(tmp_path: Path) -> None:
    """The link follows the manifest: who asked between the two has seen the version before."""
    versions = storage.folder(tmp_path, "curate", "small")
    for name in ("v1", "v2"):
        (versions / name).mkdir(parents=True)
    storage.point_latest(versions / "v1")
    before = catalog.state(str(tmp_path))
    assert before == catalog.state(str(tmp_path))
    storage.point_latest(versions / "v2")
    assert catalog.state(str(tmp_path)) != before


def test_an_empty_folder_says_where_to_begin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRISTMILL_DATA", str(tmp_path))
    page = AppTest.from_file(str(DASHBOARDS / "app.py"), default_timeout=FAR).run()
    assert not page.exception
    assert "gristmill demo" in page.info[0].value
