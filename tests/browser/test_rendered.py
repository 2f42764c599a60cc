"""Pages whose text comes from scripts, in a real Chromium whose every request the polite client makes."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.base import WebError
from connectors.forum import Forum
from connectors.web import PoliteWeb, browser, open_web
from connectors.website import Website
from schemas.document import Article, Reject, Thread
from schemas.page import Page
from tests.connectors.web.conftest import QUICK
from tests.connectors.web.site import Site, answer

pytestmark = pytest.mark.skipif(not shutil.which("chromium"), reason="Chromium is not installed")

SHELL = (
    '<html><head><title>Lamps</title></head><body><div id="root"></div><script src="/app.js"></script></body></html>'
)
TEXT = "Turn the lamp to the left until it clicks, then wait for the green light before you let go of the switch."
APP = """
const put = (text) => document.getElementById("root").innerHTML = `<article><h1>Lamps</h1><p>${text}</p></article>`;
fetch("/text.json").then((found) => found.json()).then((found) => put(found.text)).catch((error) => put(`${error}`));
"""
ROBOTS = answer(200, "User-agent: *\nDisallow: /closed", content_type="text/plain")


@pytest.fixture
def site() -> Iterator[Site]:
    pages = {
        "/robots.txt": ROBOTS,
        "/docs/lamps": answer(200, SHELL),
        "/app.js": answer(200, APP, content_type="text/javascript"),
        "/text.json": answer(200, json.dumps({"text": TEXT}), content_type="application/json"),
    }
    with Site(pages) as served:  # type: ignore[arg-type]
        yield served


@pytest.fixture
def web(tmp_path: Path, site: Site) -> Iterator[PoliteWeb]:
    listed = (f"127.0.0.1:{site.port}",)
    with open_web(tmp_path / "web.sqlite", source="s", delay=0, allow_private=listed, limits=QUICK) as opened:
        yield opened


def read(site: Site, web: PoliteWeb, *, render: bool) -> Article | Reject:
    source = Website(name="s", start=site.url("/docs/lamps"), render=render)
    page = next(iter(source.fetch(web, None)))
    return next(iter(source.parse(page))) if isinstance(page, Page) else page  # type: ignore[return-value]


def test_a_page_is_rendered_where_the_recipe_asks_for_it(site: Site, web: PoliteWeb) -> None:
    found = read(site, web, render=True)
    assert isinstance(found, Article)
    assert TEXT in found.sections[0].markdown
    assert [path for path in site.paths() if "llms" not in path] == ["/docs/lamps", "/app.js", "/text.json"]
    assert {arrival.headers["user-agent"].partition("/")[0] for arrival in site.log} == {"gristmill"}


def test_without_it_the_page_is_named(site: Site, web: PoliteWeb) -> None:
    found = read(site, web, render=False)
    assert isinstance(found, Reject)
    assert found.reason == "needs_javascript"


def test_what_robots_close_or_is_private_or_is_sent_the_page_does_not_get(site: Site, web: PoliteWeb) -> None:
    with Site() as inside:
        asked = [
            'fetch("/closed/text.json")', f'fetch("{inside.url("/secret")}")', 'fetch("/text.json", {method: "POST"})',
            f'new Promise((yes, no) => {{ const s = new WebSocket("ws://127.0.0.1:{inside.port}/"); '
            "s.onopen = yes; s.onclose = s.onerror = no; })",
            f'new Promise((yes, no) => {{ const s = new EventSource("{inside.url("/news")}"); '
            "s.onopen = yes; s.onerror = no; })",
        ]  # fmt: skip
        script = (
            f"Promise.allSettled([{', '.join(asked)}]).then((all) => "
            'document.getElementById("root").textContent = all.map((one) => one.status).join(" "));'
        )
        site.pages["/app.js"] = answer(200, script, content_type="text/javascript")
        body = web.render(site.url("/docs/lamps")).body.decode()
        assert "rejected rejected rejected rejected rejected" in body
        assert not inside.log
    assert site.paths() == ["/docs/lamps", "/app.js"]


def test_a_script_that_never_ends_costs_its_page_only(
    site: Site, web: PoliteWeb, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(browser, "SETTLE", 500)
    site.pages["/docs/ends"] = answer(200, SHELL.replace("/app.js", "/loop.js"))
    site.pages["/loop.js"] = answer(200, "addEventListener('load', () => setTimeout(() => { while (true); }, 50))",
                                    content_type="text/javascript")  # fmt: skip
    with pytest.raises(WebError, match="script_timeout"):
        web.render(site.url("/docs/ends"))
    assert TEXT in web.render(site.url("/docs/lamps")).body.decode()


def test_a_page_that_forbids_its_use_once_rendered_is_not_kept(site: Site, web: PoliteWeb) -> None:
    tag = "const t = document.createElement('meta'); t.name = 'robots'; t.content = 'noai'; document.head.append(t);"
    site.pages["/app.js"] = answer(200, tag + APP, content_type="text/javascript")
    found = read(site, web, render=True)
    assert isinstance(found, Reject)
    assert found.reason == "opt_out"


def test_a_browser_that_has_died_is_started_again(site: Site, web: PoliteWeb) -> None:
    assert TEXT in web.render(site.url("/docs/lamps")).body.decode()
    assert web.browser._new_page is not None
    web.browser._new_page.__self__.browser.close()
    with pytest.raises(WebError, match="Chromium has stopped"):
        web.render(site.url("/docs/lamps"))
    assert TEXT in web.render(site.url("/docs/lamps")).body.decode()


BOARD = """
fetch("/topics.json").then((found) => found.json()).then((topics) => document.getElementById("root").innerHTML =
    topics.map(([number, title]) => `<li class="topic"><a href="/t/${number}">${title}</a></li>`).join(""));
"""
POSTS = """
fetch(`/api${location.pathname}.json`).then((found) => found.json()).then((posts) =>
    document.getElementById("root").innerHTML = posts.map(([author, time, text]) => `<article class="post">
    <a class="author" href="/u/${author}">${author}</a><time datetime="${time}">${time}</time>
    <div class="body"><p>${text}</p></div></article>`).join(""));
"""
SAID = [
    ["ann", "2024-03-01T08:00:00Z", "My lamp blinks twice and then stays dark. What does it want from me?"],
    [
        "ben",
        "2024-03-01T09:00:00Z",
        "It has lost its bulb. Turn it off, push the bulb in until it clicks, and turn it on.",
    ],
    [
        "ann",
        "2024-03-02T08:00:00Z",
        "That was it: the bulb was loose in its holder. Thanks a lot for the quick answer.",
    ],
]


@pytest.fixture
def forum(site: Site) -> Site:
    def script(text: str) -> bytes:
        return answer(200, text, content_type="text/javascript")

    titles = [[1, "Why does my lamp blink twice?"], [2, "How do I change the bulb?"], [3, "Closed lamps for members"]]
    site.pages |= {
        "/board": answer(200, SHELL.replace("/app.js", "/board.js")),
        "/board.js": script(BOARD),
        "/topics.json": answer(200, json.dumps(titles), content_type="application/json"),
        "/posts.js": script(POSTS),
        **{f"/t/{number}": answer(200, SHELL.replace("/app.js", "/posts.js")) for number in (1, 2)},
        **{
            f"/api/t/{number}.json": answer(200, json.dumps(SAID), content_type="application/json") for number in (1, 2)
        },
        "/robots.txt": answer(200, "User-agent: *\nDisallow: /t/3", content_type="text/plain"),
    }
    return site


def test_boards_and_threads_of_a_forum_are_rendered(forum: Site, web: PoliteWeb) -> None:
    source = Forum(name="s", start=forum.url("/board"), render=True)
    found = list(source.fetch(web, None))
    threads = [next(iter(source.parse(page))) for page in found if isinstance(page, Page)]
    assert [isinstance(thread, Thread) for thread in threads] == [True, True]
    for thread in threads:
        assert isinstance(thread, Thread)
        assert [(post.author, post.markdown) for post in thread.posts] == [(author, text) for author, _, text in SAID]
    assert [item.reason for item in found if isinstance(item, Reject)] == ["robots"]
    assert (
        forum.paths().count("/posts.js") == forum.paths().count("/board") == 1
    )  # the second thread has it from the store
    assert "/t/3" not in forum.paths()
    assert {arrival.headers["user-agent"].partition("/")[0] for arrival in forum.log} == {"gristmill"}


@pytest.mark.parametrize("path", ["/board", "/t/1"])
def test_a_forum_that_is_not_rendered_is_told_how(forum: Site, web: PoliteWeb, path: str) -> None:
    source = Forum(name="s", start=forum.url(path))
    found = next(iter(source.fetch(web, None)))
    said = next(iter(source.parse(found))) if isinstance(found, Page) else found
    assert isinstance(said, Reject)
    assert said.reason == "needs_javascript"
    assert "`render = true`" in said.detail
    assert forum.paths() == [path]


def test_what_a_forum_shows_without_scripts_is_not_rendered(forum: Site, web: PoliteWeb) -> None:
    posts = "".join(
        f'<article class="post"><a class="author" href="/u/{author}">{author}</a><time datetime="{time}">{time}</time>'
        f'<div class="body"><p>{text}</p></div></article>'
        for author, time, text in SAID
    )
    forum.pages["/t/1"] = answer(200, SHELL.replace('<div id="root">', f'<div id="root">{posts}'))
    source = Forum(name="s", start=forum.url("/t/1"), render=True)
    assert [isinstance(page, Page) for page in source.fetch(web, None)] == [True]
    assert forum.paths() == ["/t/1"]
