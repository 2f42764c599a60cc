"""`gristmill init`: proposes by the look of a place, and what it writes can be read and checked."""

from pathlib import Path

import pytest

from connectors import CONNECTORS
from pipelines.flows import begin
from pipelines.recipe import load
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
    assert gristmill("init", file, *words).err == f"error: {file}: is there already; name a new file\n"


def test_nobody_to_answer_is_told_and_what_is_no_recipe_is_not_left(gristmill: Gristmill, tmp_path: Path) -> None:
    file = tmp_path / "my.toml"
    assert "say --place" in gristmill("init", file).err
    assert "did you mean 'forum'" in gristmill("init", file, "--place", "https://a.b", "--connector", "forums").err
    wrong = gristmill("init", file, "--place", "https://a.b", "--connector", "website", "--name", "No Name")
    assert (wrong.code, "name: must be of a-z" in wrong.err, file.exists()) == (2, True, False)
    assert "reads files" in gristmill("init", file, "--place", "https://a.b", "--connector", "documents").err
    assert gristmill("init", file, "--place", "https://docs.a.b/").code == 0
    assert load(file).sources[0].name == "docs-a-b"
