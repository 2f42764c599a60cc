"""Threads of known engines by their profile, of unknown ones by what repeats."""

from pathlib import Path

from connectors.forum import Forum
from schemas.document import Reject, Thread
from schemas.page import Page
from tests.connectors.replay import ReplayWeb

HERE = Path(__file__).parent / "forum"
# Posts on the saved pages, counted by eye
POSTS = {
    "Biological Will": 25,
    "a dark theme option": 8,
    "(L+CR) Hibike! Euphonium [anime]": 20,
    "Legendary military columnist, author Bob Dorr dies at 76": 10,
    "Isekai Quartet Discussion Thread": 15,
    "Renascence: A Homura Quest": 25,
    "New desing for NodeBB chat!": 13,
}


def threads(folder: Path) -> dict[str, Thread]:
    source = Forum(name="forum", folder=folder, base_url="https://forum.example/", licence="CC-BY-4.0")
    pages = [page for page in source.fetch(ReplayWeb({}), None) if isinstance(page, Page)]
    found = [item for page in pages for item in source.parse(page)]
    assert not [item for item in found if isinstance(item, Reject)]
    return {thread.title: thread for thread in found if isinstance(thread, Thread)}


def test_a_known_engine() -> None:
    thread = threads(HERE)["Dough does not rise"]
    assert [post.author for post in thread.posts] == ["Ada", "Bruno", "Chen"]
    assert [post.created_at.isoformat()[:16] for post in thread.posts if post.created_at] == [
        "2024-03-05T10:00",
        "2024-03-05T12:30",
        "2024-03-06T09:15",
    ]
    asked, answered, _ = thread.posts
    assert "```\nflour 500 g\nwater 350 g\n```" in asked.markdown
    assert "Bread is life" not in asked.markdown
    assert "> My dough stays flat" in answered.markdown
    assert "said:" not in answered.markdown


def test_an_engine_never_seen() -> None:
    thread = threads(HERE)["面团发不起来怎么办"]
    assert [post.author for post in thread.posts] == ["李明", "王芳", "赵磊"]
    assert all(post.created_at for post in thread.posts)
    assert thread.posts[1].markdown.startswith("室温太低了。")
    assert not any("登录" in post.markdown or "版权" in post.markdown for post in thread.posts)


def test_saved_pages_of_seven_engines(shared_data: Path) -> None:
    found = threads(shared_data / "forums" / "thread-pages")
    assert {title: len(thread.posts) for title, thread in found.items()} == POSTS
    assert all(post.author and post.created_at and post.markdown for thread in found.values() for post in thread.posts)
