"""`gristmill init`: proposes by the look of a place, and what it writes can be read and checked."""

from pathlib import Path

import pytest

from connectors import CONNECTORS
from pipelines.errors import WrongInput
from pipelines.flows import begin, recipe_file
from pipelines.recipe import RecipeError, load
from tests.pipelines.commands import Gristmill

NAMES = sorted(each.model_fields["connector"].default for each in CONNECTORS)
PLACES = {
    "https://cooking.stackexchange.com/": "stackexchange",
    "https://github.com/owner/name/issues": "github",
    "https://old.reddit.com/r/Baking/": "reddit",
    "https://news.ycombinator.com/ask": "hacker_news",
    "https://en.wikipedia.org/wiki/Bread": "mediawiki",
    "https://bakery.zendesk.com/hc/en-us": "zendesk",
    "https://bakery.atlassian.net/wiki": "confluence",
    "https://lists.bakery.example/pipermail/bread/": "mailing_list",
    "https://discourse.bakery.example": "discourse",
    "https://forum.bakery.example/boards/1": "forum",
    "https://docs.bakery.example/handbook/": "website",
}
FILES = {
    "site.com.7z": "stackexchange",
    "Posts.xml": "stackexchange",
    "a.warc.gz": "warc",
    "2024.mbox": "mailing_list",
    "RS_2020-01.zst": "reddit",
    "wiki.xml.bz2": "mediawiki",
    "guide.md": "markdown",
    "manual.pdf": "documents",
    "page.html": "website",
    "set.jsonl.gz": "instructions",
    "rows.parquet": "instructions",
}


@pytest.mark.parametrize(("place", "connector"), PLACES.items())
def test_an_address_is_known_by_its_look(place: str, connector: str, tmp_path: Path) -> None:
    assert begin.propose(place) == connector
    answers = begin.Answers(place, connector, begin.name_of(place), "CC-BY-4.0")
    recipe = begin.write(tmp_path / "mine.toml", answers)
    assert recipe.sources[0].connector == connector and recipe.sources[0].files() == ()


@pytest.mark.parametrize(("name", "connector"), FILES.items())
def test_a_file_and_a_folder_of_such_files_are_known_by_their_look(name: str, connector: str, tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / name).write_bytes(b"{}")
    (tmp_path / "deep" / "LICENSE").touch()
    assert begin.propose(str(tmp_path / "deep" / name)) == begin.propose(str(tmp_path)) == connector


CONTENTS = {
    '{"post_stream": {}}': "discourse",
    '{"html_url": "https://github.example"}': "github",
    '{"section_id": 5}': "zendesk",
    '{"id": 1, "type": "story"}': "hacker_news",
    '{"instruction": "a"}': "instructions",
}


@pytest.mark.parametrize(("content", "connector"), CONTENTS.items())
def test_json_is_known_by_what_it_says(content: str, connector: str, tmp_path: Path) -> None:
    (tmp_path / "one.json").write_text(content)
    assert begin.propose(str(tmp_path)) == connector


@pytest.mark.parametrize(
    "place", ["http://[", "https://\u2100.com/", "x" * 300, "a/" * 3_000, "loop.json", "loop.json/a"]
)
def test_what_is_no_place_is_told(place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("loop.json").symlink_to("loop.json")
    with pytest.raises(WrongInput) as told:
        begin.propose(place)
        begin.source(begin.Answers(place, "discourse", begin.name_of(place)), tmp_path)
    assert str(told.value).startswith(place[:200])


def test_what_somebody_says_decides_where_the_place_does_not_tell(tmp_path: Path) -> None:
    assert begin.propose("https://bakery.example", "forum") == "forum"
    assert begin.propose("https://bakery.example", "help-centre") == "zendesk"
    assert begin.propose(str(tmp_path), "dump") == "stackexchange"
    assert begin.propose(str(tmp_path)) == "documents"


@pytest.mark.parametrize("connector", [name for name in NAMES if name != "python_docs"])
def test_what_is_written_for_a_path_is_a_recipe_that_check_takes(
    connector: str, gristmill: Gristmill, tmp_path: Path
) -> None:
    (tmp_path / "has it").mkdir()
    for name in ("a.json", "a.html", "a.md", "a.warc", "a.mbox", "a.txt", "Posts.xml"):
        (tmp_path / "has it" / name).write_text("{}")
    place = tmp_path / "has it" / "a.txt" if connector == "mediawiki" else tmp_path / "has it"
    words = ("--place", place, "--connector", connector, "--name", "mine", "--title", "面包: 手册", "--licence", "MIT")
    file = tmp_path / "my.toml"
    said = gristmill("init", file, *words, "--address", "https://bakery.example/")
    assert (said.code, said.err) == (0, "")
    assert load(file).title == "面包: 手册" and load(file).sources[0].licence == "MIT"
    checked = gristmill("check", file, "--data", tmp_path / "data")
    assert checked.code in (0, 1) and "Traceback" not in checked.err
    assert not [line for line in checked.out.splitlines() if line.startswith("error") and "cannot be read" in line]
    again = gristmill("init", file, *words)
    assert again.err == f"error: {file}: is there already; name a new file, or add to it with --add\n"


def test_nobody_to_answer_is_told_and_what_is_no_recipe_is_not_left(gristmill: Gristmill, tmp_path: Path) -> None:
    file = tmp_path / "my.toml"
    assert "say --place" in gristmill("init", file).err
    assert "did you mean 'forum'" in gristmill("init", file, "--place", "https://a.b", "--connector", "forums").err
    wrong = gristmill("init", file, "--place", "https://a.b", "--connector", "website", "--name", "No Name")
    assert (wrong.code, "name: must be of a-z" in wrong.err, file.exists()) == (2, True, False)
    assert "reads files" in gristmill("init", file, "--place", "https://a.b", "--connector", "documents").err
    assert gristmill("init", file, "--place", "https://docs.a.b/").code == 0
    assert load(file).sources[0].name == "docs-a-b"


MINE = """# what we have
name = "bakery"  # here

[[sources]]
connector = "python_docs"  # as an example
name = "docs"

# slowly, please
[web]
delay = 9 # seconds
"""


def test_a_source_is_added_and_nothing_else_changes(gristmill: Gristmill, tmp_path: Path) -> None:
    file = tmp_path / "my.toml"
    file.write_text(MINE)
    words = (
        "--place",
        "https://docs.a.b/",
        "--set",
        "max_pages=50",
        "--set",
        "exclude=/old/",
        "--set",
        "exclude=/new/",
    )
    said = gristmill("init", file, "--add", *words, "--title", "面包")
    assert (said.code, said.err) == (0, "")
    assert file.read_text().startswith(MINE)
    made = load(file)
    added = made.source("docs-a-b")
    assert (added.max_pages, added.exclude, added.title, made.title) == (50, ("/old/", "/new/"), "面包", "")  # type: ignore[attr-defined]
    before = file.read_text()
    assert "two sources are called docs-a-b" in gristmill("init", file, "--add", *words).err
    assert "must be a whole number" in gristmill("init", file, "--add", *words[:2], "--set", "max_pages=x").err
    assert "did you mean 'exclude'" in gristmill("init", file, "--add", *words[:2], "--set", "exclud=x").err
    assert "no such file" in gristmill("init", tmp_path / "no.toml", "--add", *words).err
    assert file.read_text() == before and [path.name for path in tmp_path.iterdir()] == ["my.toml"]


def test_how_a_site_is_asked_is_set_where_it_stands() -> None:
    source = {"connector": "python_docs", "name": "more"}
    text = recipe_file.with_source(Path("my.toml"), MINE, source, {"delay": 1.0, "contact": "a@b.example"})
    assert "# slowly, please\n[web]\ndelay = 1.0 # seconds\n" in text
    assert recipe_file.read(Path("my.toml"), text).web.contact == "a@b.example"
    alone = recipe_file.with_source(Path("my.toml"), MINE.split("# slowly")[0], source, {"delay": 1.0})
    assert recipe_file.read(Path("my.toml"), alone).web.delay == 1.0
    with pytest.raises(RecipeError, match=r"write each as \[\[sources"):
        listed = 'name = "a"\nsources = [{connector = "python_docs", name = "b"}]'
        recipe_file.read(Path("my.toml"), recipe_file.with_source(Path("my.toml"), listed, source, {}))


def test_a_recipe_that_changed_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    file = tmp_path / "my.toml"
    file.write_text(MINE)
    answers = begin.Answers("https://docs.a.b/", "website", "site")
    with pytest.raises(WrongInput, match="has changed meanwhile"):
        begin.add(file, answers, MINE.replace("9", "8"))
    assert file.read_text() == MINE
    file.write_bytes(b"\xef\xbb\xbf" + MINE.replace("\n", "\r\n").encode())
    begin.add(file, answers, recipe_file.text_of(file))
    assert file.read_bytes().startswith(b"\xef\xbb\xbf# what we have\r\nname") and load(file).source("site")


def test_a_recipe_of_the_dashboard_that_cannot_be_read_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = recipe_file.folder(tmp_path)
    folder.mkdir()
    (folder / "broken.toml").write_text("name = [")
    (folder / "mine.toml").write_text('name = "mine"\n')
    assert recipe_file.listed(tmp_path) == {"mine": folder / "mine.toml"}
    assert f"{folder / 'broken.toml'}: left out: " in caplog.text
