"""The page of the policy: sources that come first of duplicates are chosen, seen, saved and obeyed."""

from pathlib import Path

import pytest

from pipelines import catalog, curate
from pipelines.curate import edits, policy, survivor
from pipelines.recipe import Recipe
from tests.dashboards.conftest import OpenPage, curated
from tests.pipelines import corpus

TEXT = "Rinse the hose twice with clear water before you hang it up, and let it dry for a whole day in the shade."
RECORDS = [
    corpus.record("forum:1#a1", "How do I clean the hose?", TEXT, score=9),
    corpus.record("handbook:2#a1", "How do I clean the hose?", TEXT, score=1),
    corpus.record("forum:3#a1", "What is in the tank?", "Vinegar and water, as much of the one as of the other."),
]
RULES = 'prefer = "score DESC"\n[[rules]]\nname = "short"\ndrop_if = "output_words < 3"\nwhy = "-"\n'


def recipe_in(folder: Path, chosen: str = "mine.toml") -> Recipe:
    (folder / "mine.toml").write_text(RULES)
    return corpus.recipe("forum", "handbook", policy=str(folder / chosen))


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GRISTMILL_DATA", str(tmp_path / "data"))
    return curated(recipe_in(tmp_path), tmp_path / "data", RECORDS)


def kept(data: Path) -> list[str]:
    with catalog.connect(data) as con:
        return [name for (name,) in con.sql("SELECT record_id FROM curated ORDER BY ALL").fetchall()]


def test_a_source_that_comes_first_is_seen_saved_and_obeyed(data: Path, open_page: OpenPage) -> None:
    assert kept(data) == ["forum:1#a1", "forum:3#a1"]
    page = open_page("policy")
    page.multiselect[0].set_value(["handbook"]).run()
    assert page.query_params["first"] == "handbook"
    said = [text.value.replace("\\", "") for text in page.markdown]
    assert {"forum: 2 kept, now **1**", "handbook: 0 kept, now **1**"} <= {*said}
    next(box for box in page.text_input if box.label == "A name for the changed policy").set_value("ours")
    next(button for button in page.button if button.label == "Save as a policy file").click().run()
    file = data / edits.FOLDER / "ours.toml"
    assert survivor.first_sources(policy.load(file).prefer) == ("handbook",)
    assert "first" not in page.query_params and page.multiselect[0].value == ["handbook"]
    curate.run(recipe_in(data.parent, str(file)), data)
    assert kept(data) == ["forum:3#a1", "handbook:2#a1"]


def test_nobody_comes_first_again_and_all_changes_are_taken_back(data: Path, open_page: OpenPage) -> None:
    edits.save("ours", str(data.parent / "mine.toml"), edits.Edits(first=("handbook",)), data)
    page = open_page("policy", policy="ours.toml")
    page.multiselect[0].set_value([]).run()
    assert page.query_params["first"] == ","
    next(button for button in page.button if button.label == "Take back all changes").click().run()
    assert "first" not in page.query_params and page.multiselect[0].value == ["handbook"]


def test_an_address_may_name_a_source_that_is_not_there(data: Path, open_page: OpenPage) -> None:
    assert open_page("policy", first="nosuch,forum").multiselect[0].value == ["nosuch", "forum"]
