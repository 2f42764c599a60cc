"""The page of sources: what each gave and lost, and the form that adds one, as far as no browser is needed."""

import json
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from connectors.web.store import Store, Visit
from pipelines.curate import edits
from pipelines.flows import steps
from pipelines.flows.steps import Step
from pipelines.recipe import Recipe, load
from tests.dashboards.conftest import Milled, OpenPage
from tests.pipelines.milling import dump, recipe_file

TEXT = "# Rinse the hose\n\nRinse the hose twice with clear water before you hang it up, and let it dry in the shade.\n"


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A folder that somebody has: a text, and what cannot be read."""
    folder = tmp_path / "manuals"
    folder.mkdir()
    (folder / "hose.md").write_text(TEXT)
    (folder / "old.doc").write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" * 99)
    return folder


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A recipe that `gristmill up` was started with."""
    file = recipe_file(tmp_path, forum=dump(tmp_path / "dump"))
    monkeypatch.setenv("GRISTMILL_RECIPES", json.dumps({"small": str(file)}))
    return file


def links(page: AppTest) -> list[str]:
    return [str(link.proto.label).replace("\\", "") for link in page.get("page_link")]


def said(page: AppTest) -> str:
    shown = [*page.error, *page.toast, *page.warning, *page.info, *page.markdown, *page.caption, *page.code]
    return "\n".join(str(one.value).replace("\\", "") for one in shown)


def press(page: AppTest, label: str) -> AppTest:
    return next(button for button in page.button if button.label == label).click().run()


def form(open_page: OpenPage, place: Path | str, **query: str) -> AppTest:
    return open_page("sources", **{"show": "add", "place": str(place), "called": "mine", "licence": "MIT"} | query)


def test_sources_are_listed_with_their_numbers(open_page: OpenPage) -> None:
    page = open_page("sources")
    assert "**forum**: 6 pages, 6 records, 6 kept" in links(page)
    assert "6 documents · 0 rejected · 0 holes" in said(page)


def test_all_about_one_source(milled: Milled, data: Path, files: Path, open_page: OpenPage) -> None:
    about = {"connector": "documents", "name": "manuals", "path": str(files), "licence": "MIT"}
    recipe = Recipe.model_validate({"name": "manuals", "sources": [about]})
    for stage in ("collect", "normalise"):
        assert not steps.run_step(recipe, Step(stage, "manuals"), data).failed  # type: ignore[arg-type]
    page = open_page("sources", of="manuals")
    assert [metric.value for metric in page.metric] == ["1", "1", "1", "0"]
    assert any("· page · 1" in box.label for box in page.expander)
    assert "old.doc" in said(page) and "neither robots.txt nor an opt-out" in said(page)
    licences, runs = (frame.value.to_dict("records") for frame in page.dataframe)
    assert licences == [{"Licence": "MIT", "Records": 1, "Kept": 0}]
    assert [row["Stage"] for row in runs] == ["collect", "normalise"]
    assert "no source <b>" in said(open_page("sources", of="<b>"))


def test_a_crawl_under_way_is_told(data: Path, open_page: OpenPage) -> None:
    store = Store(data / "1_pages" / "web.sqlite")
    now = 4e9  # later than any clock of today
    crawl, _ = store.begin("docs", now)
    store.save(crawl, Visit("https://a.example/1", "https://a.example", now, 1, "http_500"))
    store.expect(crawl, 40)
    page = open_page("sources")
    told = [bar.proto.text.replace("\\", "") for bar in page.get("progress")]
    assert told == ["**docs**: 1 addresses of 40 dealt with, 1 in the last minute"]
    assert "1 without an answer: http_500 1" in said(page)
    store.finish(crawl, now)
    store.close()
    assert not open_page("sources").get("progress")


def test_what_is_wrong_stands_beside_its_field(files: Path, open_page: OpenPage) -> None:
    for query, says in (
        ({"set.base_url": "docs"}, "base_url: must begin with https:// or http:// and end with a slash"),
        ({"called": "My Manuals"}, "name: must be of a-z"),
        ({"reads": "website"}, "needs `base_url`"),
        ({"reads": "zendesk", "from": "help"}, "url: must begin with https:// or http://"),
    ):
        page = form(open_page, files, **query)
        assert says in said(page), query
        assert "Check it" not in [button.label for button in page.button]
    for place in ("~nobody-of-that-name/x", "a\0b", "../../nowhere"):
        assert "There is no such file or folder" in said(form(open_page, place))
    assert "web.delay: must be at least 0" in said(form(open_page, "https://a.b/", delay="-1"))
    assert "reads files: name a path" in said(form(open_page, "https://a.b/", reads="documents"))
    assert "must be a whole number" in said(form(open_page, "https://a.b/", **{"set.max_pages": "many"}))


def test_a_folder_becomes_a_recipe(data: Path, files: Path, open_page: OpenPage) -> None:
    page = press(form(open_page, files, reads="documents", who="Ada"), "Check it")
    assert "2 local files" in said(page)
    page = press(page, "Only write it")
    file = data / "recipes" / "mine.toml"
    assert file.read_text().startswith("# Made on the dashboard by Ada, ")
    assert load(file).source("mine").path == files  # type: ignore[attr-defined]
    assert "mine is written" in said(page).replace("*", "")
    assert page.query_params["made"] == "mine"
    page = press(page, "Run it")
    assert "gristmill run" in said(page) and "--stages collect,normalise" in said(page)
    assert "There is such a recipe already" in said(form(open_page, files))


def test_a_new_recipe_gets_the_policy_that_was_chosen(data: Path, files: Path, open_page: OpenPage) -> None:
    page = form(open_page, files, policy="strict")
    assert 'policy = "strict"' in said(page) and "Fewer and better" in said(page)
    assert "policy =" not in said(form(open_page, files))
    mine = edits.save("mine", "default", edits.Edits(), data)
    assert f'policy = "{mine}"' in said(form(open_page, files, policy="mine.toml"))


def test_what_a_check_finds_stands_in_the_way(tmp_path: Path, open_page: OpenPage) -> None:
    assert "There is no such file or folder" in said(form(open_page, tmp_path / "nowhere"))
    page = press(form(open_page, "http://127.0.0.1:9/"), "Check it")
    assert "list 127.0.0.1:9 under allow_private" in said(page) and "stands above" in said(page)
    assert "curate: would make" in said(page).replace("*", "") and "finetune" not in said(page)
    assert "Write it and run it" not in [button.label for button in page.button]


def test_a_source_is_added_to_a_recipe_that_is_there(served: Path, files: Path, open_page: OpenPage) -> None:
    before = served.read_text()
    page = press(form(open_page, files, into="small"), "Check it")
    served.write_text(before + "# somebody else was here\n")
    assert "has changed meanwhile" in said(press(page, "Only write it"))
    page = press(press(form(open_page, files, into="small"), "Check it"), "Only write it")
    assert served.read_text().startswith(before + "# somebody else was here\n")
    assert load(served).source_names() == ["forum", "mine"]
    assert "two sources are called mine" in said(form(open_page, files, into="small"))


def test_files_are_brought(data: Path, open_page: OpenPage) -> None:
    page = open_page("sources", show="add", have="upload", licence="MIT")
    page.get("file_uploader")[0].set_value([("../hose.md", TEXT.encode(), "text/markdown")]).run()
    assert "Where it is" not in [box.label for box in page.text_input]
    page = press(page, f"Upload these 1 files ({len(TEXT)} bytes)")
    assert (data / "uploads" / "hose" / "hose.md").read_text() == TEXT
    assert [box.value for box in page.text_input if box.label == "Where it is"] == [str(data / "uploads" / "hose")]
    assert 'connector = "markdown"' in said(page) and page.success[0].value.startswith("1 files lie in")
    assert not [button for button in page.button if button.label.startswith("Upload")], "a second one would be a copy"


def test_a_licence_is_stated_where_the_recipe_has_none(served: Path, open_page: OpenPage) -> None:
    before = served.read_text()
    page = open_page("sources", of="forum")
    next(box for box in page.text_input if box.label.startswith("Its licence")).set_value("CC0-1.0")
    page = press(page, "Write it into the recipe")
    assert served.read_text() == f'{before.rstrip()}\nlicence = "CC0-1.0"\n'
    assert load(served).source("forum").licence == "CC0-1.0"
    assert not [box for box in page.text_input if box.label.startswith("Its licence")]


def test_a_recipe_is_changed_as_a_text_and_a_draft_is_not_lost(served: Path, open_page: OpenPage) -> None:
    before = served.read_text()
    page = open_page("sources", show="recipe")
    page.text_area(key="text of small").set_value(f"{before}# mine\nnonsense = 1\n").run()
    page = press(page, "Write it")
    assert "nonsense" in page.toast[0].value and served.read_text() == before
    page.text_area(key="text of small").set_value(f"{before}# mine\n").run()
    page.query_params["show"] = "list"
    page.run()
    page.query_params["show"] = "recipe"
    page.run()
    assert page.text_area(key="text of small").value == f"{before}# mine\n"
    press(page, "Write it")
    assert served.read_text() == f"{before}# mine\n"


def test_a_text_that_somebody_else_has_changed_is_not_overwritten(served: Path, open_page: OpenPage) -> None:
    before = served.read_text()
    page = open_page("sources", show="recipe")
    page.text_area(key="text of small").set_value(f"{before}# mine\n").run()
    served.write_text(f"{before}# hers\n")
    page = press(page, "Write it")
    assert "has changed meanwhile" in page.toast[0].value and served.read_text() == f"{before}# hers\n"
    page = press(page, "Take back all changes")
    assert page.text_area(key="text of small").value == f"{before}# hers\n"
