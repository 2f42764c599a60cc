"""Files and folders that sources read: a place without anything is told when it is read, not taken for the web."""

from pathlib import Path
from typing import Any

import pytest

from connectors.confluence import Confluence
from connectors.discourse import Discourse
from connectors.forum import Forum
from connectors.github import GitHub
from connectors.hacker_news import HackerNews
from connectors.instructions import Instructions
from connectors.mailing_list import MailingList
from connectors.reading.local import MOST_NAMED, files_at, ignored, is_named
from connectors.reddit import Reddit
from connectors.website import Website
from connectors.zendesk import Zendesk
from schemas.document import Reject

SITE = "https://kettles.example"
SOURCES: list[tuple[Any, str, dict[str, str]]] = [
    (Discourse, "folder", {"url": SITE}),
    (Forum, "folder", {"base_url": SITE}),
    (Instructions, "path", {}),
    (Website, "folder", {"base_url": SITE}),
    (Confluence, "path", {"url": SITE}),
    (GitHub, "path", {}),
    (HackerNews, "path", {}),
    (MailingList, "path", {"url": SITE}),
    (Reddit, "path", {}),
    (Zendesk, "folder", {"url": SITE}),
]


@pytest.mark.parametrize(("made", "key", "settings"), SOURCES, ids=lambda value: getattr(value, "__name__", ""))
@pytest.mark.parametrize("place", ["empty", "nowhere"])
def test_a_place_without_anything_names_source_and_key(
    made: Any, key: str, settings: dict[str, str], place: str, tmp_path: Path
) -> None:
    """Settings stay valid, so that what was collected from files that are gone can still be parsed and forgotten."""
    (tmp_path / "empty").mkdir()
    source = made(name="kettles", **{key: tmp_path / place}, **settings)
    with pytest.raises(FileNotFoundError, match=f"source kettles: .*{place}; set `{key}`"):
        source.files()


def test_a_file_is_taken_as_it_is_and_a_folder_in_order(tmp_path: Path) -> None:
    for name in ("b.json", "a.json", "c.txt"):
        (tmp_path / name).touch()
    assert files_at(tmp_path, "s", "path", lambda file: file.suffix == ".json") == (
        tmp_path / "a.json",
        tmp_path / "b.json",
    )
    assert files_at(tmp_path / "c.txt", "s", "path", lambda _: False) == (tmp_path / "c.txt",)
    assert files_at(None, "s", "path", lambda _: True) == ()


def test_what_is_not_read_is_named_up_to_a_bound_and_companions_are_counted(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / ".git").mkdir()
    others = [tmp_path / f"{number:03}.pdf" for number in range(MOST_NAMED + 2)]
    companions = [tmp_path / name for name in (".git/x", "LICENSE", "README.de.md", "sub/a.PNG")]
    read = tmp_path / "sub" / "a.json"
    for file in (*others, *companions, read):
        file.touch()
    found = list(ignored(tmp_path, (read,)))
    assert [reject.key for reject in found[:MOST_NAMED]] == [file.name for file in others[:MOST_NAMED]]
    assert {reject.reason for reject in found[:MOST_NAMED]} == {"ignored_file"}
    assert found[MOST_NAMED:] == [
        Reject(tmp_path.name, "ignored_files", f"2 more, the first is {MOST_NAMED:03}.pdf"),
        Reject(tmp_path.name, "ignored_companions", "4 files, the first is .git/x"),
    ]
    assert list(ignored(read, (read,))) == list(ignored(None, ())) == []


def test_a_name_is_read_below_that_of_its_packing() -> None:
    for name in ("a.json", "a.JSON", "a.json.zst", "a.json.gz", "a.json.xz", "a.json.bz2"):
        assert is_named(Path(name), (".json",)), name
    for name in (".json", ".a.json", "a.json.zip", "a.jsonl", "json"):
        assert not is_named(Path(name), (".json",)), name
