"""A board is walked: its threads, all their pages, and what was not had."""

import gzip
from pathlib import Path

import pytest

from connectors.forum import Forum
from schemas.document import Reject, Thread
from schemas.page import Page
from tests.connectors.recorded import OFFLINE, Recorded, RecordedTransport, fetch, page, redirect
from tests.connectors.test_forum import HERE, SOURCE


def topic_page(number: int, page: int, pages: int, posts: range) -> str:
    template = (HERE / "spirit.html").read_text()
    head, _, rest = template.partition('<div class="comments_list">')
    block = rest[: rest.index('<div class="comments_list__item')]
    blocks = "".join(block.replace('data-pk="21"', f'data-pk="{number}{each}"') for each in posts)
    further = f'<ul class="paginator"><li><a href="?page={page + 1}">›</a></li></ul>' if page < pages else ""
    return f'{head}<div class="comments_list">{blocks}</div>{further}</div></body></html>'


def board_page(topics: list[tuple[int, int, str]], further: str = "") -> str:
    rows = "".join(
        '<div class="layout__topics__topic"><div class="topic__title">'
        f'<a class="topic__link" href="/topic/{number}/t/">Topic number {number}</a></div>'
        f'<div class="topic__comments">{replies}</div>'
        f'<div class="topic__date" title="{active}">1y</div></div>'
        for number, replies, active in topics
    )
    return f'<html><body><div class="layout__topics">{rows}</div><a rel="next" href="{further}">next</a></body></html>'


SITE = "https://forum.example"

BOARD = {
    "/c/1/": board_page([(1, 5, "Nov. 3, 2020, 9:15 a.m."), (2, 1, "Nov. 2, 2020, 9:15 a.m.")], "?page=2"),
    "/c/1/?page=2": board_page([(3, 1, "Jan. 2, 2019, 9:15 a.m."), (1, 5, "Jan. 2, 2019, 9:15 a.m.")], "?page=3"),
    "/c/1/?page=3": board_page([(4, 1, "Jan. 2, 2018, 9:15 a.m.")]),
    "/topic/1/t/": topic_page(1, 1, 2, range(1, 4)),
    "/topic/1/t/?page=2": topic_page(1, 2, 2, range(3, 6)),
    "/topic/2/t/": topic_page(2, 1, 1, range(1, 2)),
    "/topic/3/t/": topic_page(3, 1, 1, range(1, 2)),
    "/topic/4/t/": topic_page(4, 1, 1, range(1, 2)),
}


def board(**changed: str | Recorded) -> RecordedTransport:
    pages = {**BOARD, **changed}
    recorded = {path: page(body) if isinstance(body, str) else body for path, body in pages.items()}
    return RecordedTransport({SITE + path: response for path, response in recorded.items()})


def crawl(
    site: RecordedTransport,
    cursor: str | None = None,
    start: str | tuple[str, ...] = "/c/1/",
    store: Path | None = None,
    **settings: object,
) -> list[Page | Reject]:
    starts = (start,) if isinstance(start, str) else start
    places = tuple(one if "://" in one else SITE + one for one in starts)
    source = Forum(name="forum", start=places, **settings)  # type: ignore[arg-type]
    return fetch(source, site, cursor, store)


def test_a_board_gives_all_its_threads_with_all_their_pages() -> None:
    site = board()
    pages = crawl(site)
    assert [page.key for page in pages] == ["topic/1/t", "topic/2/t", "topic/3/t", "topic/4/t"]
    assert len(set(site.asked)) == len(site.asked) == len(BOARD)
    first = next(iter(SOURCE.parse(pages[0])))  # type: ignore[arg-type]
    assert isinstance(first, Thread)
    assert [post.post_id for post in first.posts] == ["11", "12", "13", "14", "15"]


def test_a_version_says_when_a_thread_was_last_posted_in(tmp_path: Path) -> None:
    """Threads in which nothing was posted since are not asked for again; boards are."""
    first, second = board(), board()
    assert crawl(first, store=tmp_path / "web.sqlite") == crawl(second, store=tmp_path / "web.sqlite")
    assert {url.removeprefix(SITE) for url in second.asked} == {path for path in BOARD if path.startswith("/c/")}
    third = board(**{"/c/1/": board_page([(1, 6, "Nov. 4, 2020, 9:15 a.m.")])})
    crawl(third, store=tmp_path / "web.sqlite")
    assert [url.removeprefix(SITE) for url in third.asked] == ["/c/1/", "/topic/1/t/", "/topic/1/t/?page=2"]


def test_a_later_run_stops_where_nothing_has_happened_since() -> None:
    pages = crawl(board(), "2019-06-01T00:00:00+00:00")
    assert [page.key for page in pages] == ["topic/1/t", "topic/2/t", "topic/3/t"]


def test_a_start_may_be_a_thread_and_threads_may_be_bounded() -> None:
    assert [page.key for page in crawl(board(), start="/topic/1/t/?page=2")] == ["topic/1/t"]
    assert [item.key for item in crawl(board(), max_threads=2)][:2] == ["topic/1/t", "topic/2/t"]
    assert [page.key for page in crawl(board(), threads="/topic/[24]/")] == ["topic/2/t", "topic/4/t"]


def test_a_thread_that_breaks_off_is_no_thread() -> None:
    broken = crawl(board(**{"/topic/1/t/?page=2": page("", 403)}))[0]
    assert isinstance(broken, Reject)
    assert (broken.key, broken.reason) == ("topic/1/t", "http_403")


def test_gone_opted_out_and_empty_pages() -> None:
    out = page(BOARD["/topic/2/t/"], x_robots_tag="noai")
    first, second, *_ = crawl(board(**{"/topic/1/t/": page("", 410), "/topic/2/t/": out}))
    assert isinstance(first, Page)
    assert isinstance(second, Page)
    assert (first.status, first.body) == (410, b"")
    assert (second.opt_out, second.body) == ("X-Robots-Tag: noai", b"")
    assert [item.reason for item in crawl(board(**{"/c/9/": "<p>nothing</p>"}), start="/c/9/")] == ["no_threads"]  # type: ignore[union-attr]


def test_a_board_that_breaks_off_says_so() -> None:
    for broken, reason in (
        (page("", 404), "http_404"),
        (page("<p>Log in first.</p>"), "no_threads"),
        (page(BOARD["/c/1/"], x_robots_tag="noindex"), "opt_out"),
    ):
        found = crawl(board(**{"/c/1/?page=2": broken}))
        assert [getattr(item, "reason", item.key) for item in found] == ["topic/1/t", "topic/2/t", reason]


def test_what_only_a_script_would_fetch_is_told() -> None:
    more = "<button>Load more</button></body>"
    found = crawl(board(**{path: BOARD[path].replace("</body>", more) for path in ("/c/1/?page=3", "/topic/4/t/")}))
    told = [(item.key, item.reason) for item in found if isinstance(item, Reject)]
    assert told == [(f"{SITE}{path}", "unreachable_next_page") for path in ("/topic/4/t/", "/c/1/?page=3")]
    assert [item.key for item in found if isinstance(item, Page)] == [f"topic/{number}/t" for number in (1, 2, 3, 4)]


@pytest.mark.parametrize("saved", [("1",), ("1", "2")])
def test_a_saved_thread_that_goes_on_elsewhere_is_told(saved: tuple[str, ...], tmp_path: Path) -> None:
    for name in saved:
        address = f"{SITE}/topic/1/t/" + (f"?page={name}" if name != "1" else "")
        canonical = f'<head><link rel="canonical" href="{address}">'
        text = BOARD[address.removeprefix(SITE)].replace("<head>", canonical)
        (tmp_path / f"{name}.html").write_text(text)
    source = Forum(name="forum", folder=tmp_path, base_url=f"{SITE}/")
    kept, *told = source.fetch(OFFLINE, None)
    assert isinstance(kept, Page)
    missing = [(f"{SITE}/topic/1/t/?page=2", "missing_page")]
    assert [(item.key, item.reason) for item in told if isinstance(item, Reject)] == missing * (len(saved) == 1)


def test_a_board_under_https_and_www_is_the_same_board() -> None:
    secure = "https://www." + SITE.partition("://")[2]
    pages = {secure + path: page(body) for path, body in BOARD.items()}
    moved = {SITE.replace("https:", "http:") + path: redirect(secure + path) for path in BOARD}
    found = crawl(RecordedTransport({**pages, **moved}), start=SITE.replace("https:", "http:") + "/c/1/")
    assert [item.key for item in found] == ["topic/1/t", "topic/2/t", "topic/3/t", "topic/4/t"]


def test_threads_of_a_second_host_have_keys_of_their_own() -> None:
    other = "https://other.example"
    site = board()
    site.responses |= {other + path: page(body.replace(SITE, other)) for path, body in BOARD.items()}
    found = crawl(site, start=("/topic/1/t/", f"{other}/topic/1/t/"))
    assert [item.key for item in found] == ["topic/1/t", "other.example/topic/1/t"]


def test_what_changes_with_every_look_is_not_kept() -> None:
    times = '<span title="Nov. 24, 2016, 5:53 a.m.">{} minutes ago</span><time datetime="2016-11-24T05:53Z">{} m</time>'
    stamp = f"{times}</body>"
    stamped = {path: body.replace("</body>", stamp.format(2, 2)) for path, body in BOARD.items()}
    seen = BOARD["/topic/2/t/"].replace("</body>", stamp.format(4, 4))
    body = seen.replace("</body>", "<script>seen(41)</script><input name=csrf value=x></body>")
    seen_again = crawl(board(**{"/topic/2/t/": body}), start="/topic/2/t/")[0]
    plain = crawl(board(**stamped), start="/topic/2/t/")[0]
    assert isinstance(seen_again, Page)
    assert isinstance(plain, Page)
    assert seen_again.body == plain.body


def test_threads_beyond_the_limit_are_told(tmp_path: Path) -> None:
    *_, left = crawl(board(), max_threads=2)
    assert isinstance(left, Reject) and left.reason == "max_threads" and left.detail.startswith("2 threads")
    assert left.key == f"{SITE}/c/1/?page=2"
    for number in (1, 2, 3):
        saved = topic_page(number, 1, 1, range(1)).replace("topic/7/", f"topic/{number}/")
        (tmp_path / f"t{number}.html").write_text(saved)
    source = Forum(name="forum", folder=tmp_path, base_url=f"{SITE}/", max_threads=1)
    found = [item for item in source.fetch(OFFLINE, None) if getattr(item, "reason", "") != "missing_page"]
    assert [getattr(item, "reason", "page") for item in found] == ["page", "max_threads"]


def test_saved_threads_may_be_packed(tmp_path: Path) -> None:
    (tmp_path / "t1.html.gz").write_bytes(gzip.compress(topic_page(1, 1, 1, range(1)).encode()))
    (tmp_path / "t2.html.gz").write_bytes(gzip.compress(topic_page(2, 1, 1, range(1)).encode())[:40])
    found = list(Forum(name="forum", folder=tmp_path, base_url=f"{SITE}/").fetch(OFFLINE, None))
    assert [getattr(item, "reason", "page") for item in found] == ["broken_archive", "page"]


@pytest.mark.parametrize(
    ("title", "reason"),
    [
        ("Log in", "login_wall"),
        ("Accept cookies to continue", "consent_wall"),
        ("404 Not Found", "error_page"),
    ],
)
def test_a_board_that_is_a_wall_is_told_by_its_name(title: str, reason: str) -> None:
    shown = f"<html><head><title>{title}</title></head><body><h1>{title}</h1><p>So it is.</p></body></html>"
    (found,) = crawl(board(**{"/c/9/": shown}), start="/c/9/")
    assert isinstance(found, Reject) and found.reason == reason
