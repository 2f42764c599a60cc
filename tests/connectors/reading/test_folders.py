"""Folders that hold what is no file: whatever reads a folder waits for no pipe, stays inside and tells."""

import os
import socket
from pathlib import Path
from typing import Any

import pytest

from connectors.confluence import Confluence
from connectors.discourse import Discourse
from connectors.documents import Documents
from connectors.forum import Forum
from connectors.github import GitHub
from connectors.hacker_news import HackerNews
from connectors.instructions import Instructions
from connectors.mailing_list import MailingList
from connectors.markdown import Markdown
from connectors.markdown.includes import find
from connectors.reading.local import file_within
from connectors.reddit import Reddit
from connectors.stackexchange import StackExchange
from connectors.warc import Warc
from connectors.website import Website
from connectors.zendesk import Zendesk
from schemas.document import Reject
from schemas.page import Page
from tests.connectors.recorded import OFFLINE

SITE = "https://kettles.example/"
SECRET = b"What lies outside of the folder is nobody's business."
# connector, the key of its folder, a name that it reads, its other settings
READERS: list[tuple[Any, str, str, dict[str, str]]] = [
    (Confluence, "path", "a.html", {"url": SITE}),
    (Discourse, "folder", "a.json", {"url": SITE}),
    (Documents, "path", "a.txt", {}),
    (Forum, "folder", "a.html", {"base_url": SITE}),
    (GitHub, "path", "a.json", {}),
    (HackerNews, "path", "a.json", {}),
    (Instructions, "path", "a.jsonl", {}),
    (MailingList, "path", "a.mbox", {"url": SITE}),
    (Markdown, "folder", "a.md", {"base_url": SITE}),
    (Reddit, "path", "a.jsonl", {}),
    (StackExchange, "path", "a.7z", {"site": "stack.example"}),
    (Warc, "path", "a.warc", {}),
    (Website, "folder", "a.html", {"base_url": SITE}),
    (Zendesk, "folder", "a.json", {"url": SITE}),
]


@pytest.mark.parametrize(("made", "key", "name", "settings"), READERS, ids=lambda value: getattr(value, "__name__", ""))
def test_no_reader_of_a_folder_waits_leaves_or_is_silent(
    made: Any, key: str, name: str, settings: dict[str, str], tmp_path: Path
) -> None:
    folder, outside = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    outside.mkdir()
    (folder / name).write_bytes(b"x")
    (outside / name).write_bytes(SECRET)
    os.mkfifo(folder / f"pipe-{name}")
    (folder / f"link-{name}").symlink_to(outside / name)
    (folder / f"gone-{name}").symlink_to(folder / "nothing")
    (folder / f"self-{name}").symlink_to(folder / f"self-{name}")
    (folder / "round").symlink_to(folder)
    (folder / "away").symlink_to(outside)
    (folder / f"folder-{name}").mkdir()
    (folder / os.fsdecode(b"\xc3\x28" + name.encode())).write_bytes(b"x")
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(os.fspath(folder / f"socket-{name}"))
        found = list(made(name="s", **{key: folder}, **settings).fetch(OFFLINE, None))
    told = {item.key: item.reason for item in found if isinstance(item, Reject)}
    expected = {
        f"pipe-{name}": "not_a_file", f"socket-{name}": "not_a_file", f"link-{name}": "outside_folder",
        f"gone-{name}": "broken_link", f"self-{name}": "broken_link", "round": "linked_folder",
        "away": "outside_folder", f"?({name}": "unreadable_name",
    }  # fmt: skip
    assert {key: told.get(key) for key in expected} == expected
    assert not any(SECRET in item.body for item in found if isinstance(item, Page))
    assert made(name="s", **{key: folder}, **settings).files() == (folder / name,)


def test_links_within_a_folder_are_read(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("x")
    (tmp_path / "b.txt").symlink_to("a.txt")
    assert Documents(name="s", path=tmp_path).files() == (tmp_path / "a.txt", tmp_path / "b.txt")


def test_what_a_text_calls_a_file_may_be_anything(tmp_path: Path) -> None:
    (tmp_path / "round.md").symlink_to("round.md")
    (tmp_path / "away.md").symlink_to("/etc/hostname")
    (tmp_path / "a.md").write_text("x")
    for name in ("round.md", "away.md", "a" * 300, "a\0b", "../" * 40 + "etc/hostname", "\udcff", "."):
        assert find(name, tmp_path / "a.md", tmp_path) is None
        assert file_within(tmp_path / name, tmp_path) is None
    assert find("a.md", tmp_path / "a.md", tmp_path) == tmp_path / "a.md"


def test_what_a_site_in_markdown_says_of_itself_is_not_taken_from_outside(tmp_path: Path) -> None:
    site, outside = tmp_path / "site", tmp_path / "out"
    for folder in (site / "layouts" / "shortcodes", site / "data", outside):
        folder.mkdir(parents=True)
    (outside / "secret.yml").write_text("word: hush")
    (outside / "secret.html").write_text("hush")
    (site / "_config.yml").symlink_to(outside / "secret.yml")
    (site / "data" / "own.yml").symlink_to(outside / "secret.yml")
    (site / "layouts" / "shortcodes" / "own.html").symlink_to(outside / "secret.html")
    (site / "a.md").write_text("Say {{ word }}{{ site.data.own.word }} and {{< own >}} to all of them, again.")
    pages = Markdown(name="s", folder=site).fetch(OFFLINE, None)
    assert not any(b"hush" in page.body for page in pages if isinstance(page, Page))
