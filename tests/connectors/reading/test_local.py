"""Files and folders that sources read: a place without anything is told when it is read, not taken for the web."""

from pathlib import Path
from typing import Any

import pytest

from connectors.confluence import Confluence
from connectors.github import GitHub
from connectors.hacker_news import HackerNews
from connectors.mailing_list import MailingList
from connectors.reading.local import files_at
from connectors.reddit import Reddit
from connectors.zendesk import Zendesk

SITE = "https://kettles.example"
SOURCES: list[tuple[Any, str, dict[str, str]]] = [
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
