"""The page of duplicates: clusters, their members side by side, and another one kept."""

import json
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from pipelines import curate
from pipelines.recipe import Recipe
from tests.dashboards.conftest import OpenPage, curated
from tests.pipelines import corpus

TEXT = "Rinse the hose twice with clear water before you hang it up, and let it dry for a whole day in the shade."
RECORDS = [
    corpus.record("forum:1#a1", "How do I clean the hose?", TEXT, score=9),
    corpus.record("forum:2#a1", "How do I clean the hose?", f"{TEXT} Thanks!", score=1),
    corpus.record("forum:3#a1", "What is in the tank?", "Vinegar and water, as much of the one as of the other."),
]


def recipe_in(folder: Path) -> Recipe:
    (folder / "mine.toml").write_text('[[rules]]\nname = "short"\ndrop_if = "output_words < 3"\nwhy = "-"\n')
    return corpus.recipe("forum", policy=str(folder / "mine.toml"))


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GRISTMILL_DATA", str(tmp_path / "data"))
    return curated(recipe_in(tmp_path), tmp_path / "data", RECORDS)


def links(page: AppTest) -> list[str]:
    return [str(link.proto.label).replace("\\", "") for link in page.get("page_link")]


def test_clusters_are_listed(open_page: OpenPage) -> None:
    page = open_page("duplicates")
    assert links(page) == ["Which sources come first among duplicates", "forum:1#a1: 2 say the same, 1 kept"]
    assert "Source" in [box.label for box in page.selectbox]


def test_members_stand_beside_the_one_that_is_kept(open_page: OpenPage) -> None:
    page = open_page("duplicates", cluster="forum:1#a1")
    assert page.header[0].value == "This one is kept"
    assert links(page) == ["All clusters", "forum:1#a1", "forum:2#a1"]
    shown = [part.value for part in page.get("html")]
    assert len(shown) == 2 and "Thanks!</mark>" in shown[1]
    assert any("alike" in caption.value for caption in page.caption)


def test_another_one_is_kept_after_the_next_run(data: Path, open_page: OpenPage) -> None:
    page = open_page("duplicates", cluster="forum:1#a1", who="Ada")
    page.button(key="keep forum:2#a1").click().run()
    (line,) = (data / "decisions.jsonl").read_text().splitlines()
    said = json.loads(line)
    assert (said["record_id"], said["decision"], said["who"]) == ("forum:2#a1", "accept", "Ada")
    curate.run(recipe_in(data.parent), data)
    assert links(page.run()) == ["All clusters", "forum:2#a1", "forum:1#a1"]


def test_what_is_not_there_is_said(open_page: OpenPage) -> None:
    assert "no cluster" in open_page("duplicates", cluster="<b>").warning[0].value
