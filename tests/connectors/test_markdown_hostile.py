"""Folders of Markdown that are made to break a reader: names that are none, circles, bombs, marks of the reader."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from connectors.markdown import Markdown, folder
from schemas.document import Article, Reject
from schemas.page import Page
from tests.connectors.recorded import OFFLINE

MOST = 1 << 20  # characters that a file may take in


def read(root: Path, files: dict[str, str], name: str = "page.md") -> tuple[Page, list[Article | Reject]]:
    """The page of one of `files`, and what is made of it."""
    for place, text in files.items():
        (root / place).parent.mkdir(parents=True, exist_ok=True)
        (root / place).write_bytes(text.encode("utf-8", "surrogatepass"))
    source = Markdown(name="notes", folder=root)
    page = next(item for item in source.fetch(OFFLINE, None) if isinstance(item, Page) and item.key == name)
    return page, [found for found in source.parse(page) if isinstance(found, Article | Reject)]


def said(found: list[Article | Reject]) -> str:
    (article,) = found
    assert isinstance(article, Article), article
    return article.sections[0].markdown


@pytest.mark.parametrize("name", ["a\0b", "a" * 300, "b/" * 3000 + "c", "loop"])
def test_names_that_no_file_can_have_are_not_there(tmp_path: Path, name: str) -> None:
    (tmp_path / "loop.md").symlink_to(tmp_path / "loop.md")
    page, _ = read(tmp_path, {"page.md": f'before\n\n![[{name}]]\n\n--8<-- "{name}.md"\n\nafter'})
    assert page.body.count("\ufdd0include:".encode()) == 2


def test_a_file_that_takes_in_itself_leaves_a_hole(tmp_path: Path) -> None:
    page, _ = read(tmp_path, {"page.md": 'one\n\n--8<-- "part.md"\n', "part.md": 'two\n\n--8<-- "page.md"\n'})
    assert page.body.decode() == "one\n\ntwo\n\n\ufdd0include:page.md\ufdd1\n"


def test_what_is_half_a_character_is_left_out(tmp_path: Path) -> None:
    text = '---\ntitle: "A\\uD800"\n---\none {{ site.data.x.a }} {{ page.title }} two'
    _, found = read(tmp_path, {"page.md": text, "_data/x.json": json.dumps({"a": "b\ud800"})})
    assert said(found) == "one b A two"


def test_marks_of_the_reader_in_files_are_none(tmp_path: Path) -> None:
    text = '---\ntitle: "\\uFDD40\\uFDD5"\n---\n`code` {{ page.title }} {{ site.data.x.a }}\n\n--8<-- "part.txt"\n'
    mark = "`\ufdd40\ufdd5` \ufdd499\ufdd5"
    _, found = read(tmp_path, {"page.md": text, "_data/x.json": json.dumps({"a": mark}), "part.txt": mark})
    assert said(found) == "`code` 0 `0` 99\n\n`0` 99"


def test_marks_of_the_reader_in_a_page_are_none(tmp_path: Path) -> None:
    source = Markdown(name="notes", folder=tmp_path)
    page = Page("notes", "page.md", "", "one `\ufdd40\ufdd5` \ufdd499\ufdd5 two".encode())
    assert said([found for found in source.parse(page) if isinstance(found, Article | Reject)]) == "one `0` 99 two"


def _include(name: str) -> str:
    return f'--8<-- "{name}"\n\n' * 60


BOMBS = {
    "includes": {
        **{"page.md": f"one\n\n{_include('b.txt')}two", "b.txt": f"x\n\n{_include('c.txt')}"},
        **{"c.txt": f"x\n\n{_include('d.txt')}", "d.txt": "y" * 1000},
    },
    "values": {
        "page.md": "one " + "{{ site.data.x.a }} " * 200,
        "_data/x.json": json.dumps(
            {"a": "{{ site.data.x.b }}" * 200, "b": "{{ site.data.x.c }}" * 200, "c": "y" * 1000}
        ),
    },
    "shortcodes": {
        "page.md": "{{< n >}}" * 200 + "y" + "{{< /n >}}" * 200,
        "layouts/shortcodes/n.html": "{{ .Inner }}{{ .Inner }}",
    },
    "one shortcode": {
        "page.md": "{{< n >}}" + "y" * 500_000 + "{{< /n >}}",
        "layouts/shortcodes/n.html": "{{ .Inner }}" * 1500,
    },
    "partials": {
        **{"page.md": "import A from './a.mdx'\n\n" + "<A />\n\n" * 3000, "a.mdx": "y" * 2000},
    },
    "reading": {"page.md": "one\n\n" + '--8<-- "big.txt:1"\n\n' * 5_000, "big.txt": "y\n" * 500_000},
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_file_takes_in_no_more_than_an_article_may_hold(tmp_path: Path, name: str) -> None:
    """Without bounds each would take hours, or all memory."""
    page, found = read(tmp_path, BOMBS[name])
    assert len(page.body) < 4 * MOST and found


def test_many_links_to_notes_read_the_folder_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    listed, below = list[Path](), folder.files_below

    def counted(path: Path, wanted: Callable[[Path], bool]) -> list[Path]:
        listed.append(path)
        return below(path, wanted)

    monkeypatch.setattr(folder, "files_below", counted)
    page, _ = read(tmp_path, {"page.md": "![[far]]\n\n![[none]]\n\n" * 50, "deep/er/far.md": "y"})
    assert page.body.decode().count("y") == 50 and len(listed) == 1
