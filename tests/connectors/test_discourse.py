"""What is peculiar to Discourse: which of the times that it gives is that of an edit."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from connectors.discourse import Discourse
from schemas.document import Post, Thread
from schemas.page import Page
from tests.connectors.recorded import OFFLINE

HERE = Path(__file__).parent / "discourse"


def pages(folder: Path) -> list[Page]:
    source = Discourse(name="board", folder=folder, url="https://forum.example")
    return [page for page in source.fetch(OFFLINE, None) if isinstance(page, Page)]


def posts(folder: Path) -> list[Post]:
    source = Discourse(name="board", folder=folder, url="https://forum.example")
    found = [thread for page in pages(folder) for thread in source.parse(page) if isinstance(thread, Thread)]
    return [post for thread in found for post in thread.posts]


def test_a_post_of_one_version_was_never_edited_whatever_moved_it() -> None:
    asked, answer = posts(HERE)
    assert asked.edited_at == datetime(2024, 2, 3, 10, tzinfo=UTC)
    assert answer.edited_at is None


@pytest.mark.parametrize(
    "said",
    [
        {"version": 2, "edit_reason": "downloaded local copies of images"},
        {"version": 3, "edit_reason": "Automatically removed quote of whole previous post."},
        {"version": "2"},
        {"version": 2, "updated_at": None},
        {"version": 2, "updated_at": "2024-01-01T00:00:00.000Z"},
        {"version": 2, "updated_at": "0001-01-01T00:00:00+14:00"},
    ],
)
def test_edits_by_discourse_itself_and_impossible_ones_are_none(tmp_path: Path, said: dict[str, Any]) -> None:
    topic = json.loads((HERE / "5.json").read_text())
    topic["post_stream"]["posts"][1] |= said
    (tmp_path / "5.json").write_text(json.dumps(topic))
    assert posts(tmp_path)[1].edited_at is None


def test_a_forum_drawn_anew_makes_no_page_new(tmp_path: Path) -> None:
    topic = json.loads((HERE / "5.json").read_text())
    topic["post_stream"]["posts"][1]["updated_at"] = "2026-01-01T00:00:00.000Z"
    (tmp_path / "5.json").write_text(json.dumps(topic))
    assert pages(tmp_path) == pages(HERE)


def test_edits_in_a_whole_forum_that_was_moved(shared_data: Path) -> None:
    found = pages(shared_data / "forums" / "discourse-urho3d" / "json")
    assert sum(page.body.count(b'"edited_at": ') for page in found) == 724 - 43, (
        "versions beyond the first, 43 by itself"
    )
