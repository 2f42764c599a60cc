"""What `get` gives: answers, redirects, the cache, and refusals with a reason."""

import gzip
import zlib

import pytest

from connectors.base import WebError, may_pass
from connectors.web import LIMITS
from tests.connectors.recorded import FakeClock, RecordedTransport, page
from tests.connectors.web.conftest import HASTY, QUICK, Browse
from tests.connectors.web.site import Site, answer, drip, endless, redirect, reset, silent, slow_headers
from tests.waiting import until

PAGE = answer(200, "<p>Wie geht's? 你好</p>", etag='"1"', content_type="Text/HTML; charset=utf-8")


def test_an_answer_carries_its_evidence(site: Site, browse: Browse) -> None:
    site.pages = {"/a": PAGE, "/robots.txt": answer(200, "User-agent: *\nAllow: /a\n")}
    with browse(contact="owner@example.org") as web:
        got = web.get(site.url("/a#part"))
    assert (got.url, got.status, got.media_type, got.opt_out) == (site.url("/a"), 200, "text/html", "")
    assert got.body.decode() == "<p>Wie geht's? 你好</p>"
    assert got.robots == "allowed by 'Allow: /a' for '*'"
    asked = site.log[-1].headers
    assert asked["user-agent"].startswith("gristmill/") and asked["user-agent"].endswith("(+owner@example.org)")
    assert asked["accept-encoding"] == "gzip, deflate" and "cookie" not in asked


@pytest.mark.parametrize("status", [404, 410])
def test_what_is_gone_is_an_answer(site: Site, browse: Browse, status: int) -> None:
    site.pages["/x"] = answer(status, "not here")
    with browse() as web:
        assert (web.get(site.url("/x")).status, web.get(site.url("/x")).body) == (status, b"")
    assert site.paths() == ["/x"]


@pytest.mark.parametrize(
    ("reply", "reason", "requests"),
    [
        (answer(403), "http_403", 1),
        (answer(451), "http_451", 1),
        (answer(300), "http_300", 1),
        (answer(304), "http_304", 1),
        (answer(500), "http_500", 4),
        (answer(503), "http_503", 4),
        (answer(429), "http_429", 4),
        (reset, "connection_failed", 4),
        (silent, "timeout", 4),
        (drip, "timeout", 4),
        (slow_headers, "timeout", 4),
        (endless, "too_large", 1),
        (b"", "broken_answer", 4),
        (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", "broken_answer", 4),
        (answer(200, "short", content_length="500"), "broken_answer", 4),
        (answer(200, "too long by far", content_length="3"), "broken_answer", 4),
        (answer(200, "x", content_length="1, 2"), "broken_answer", 4),
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\nzz\r\n", "broken_answer", 4),
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n", "broken_answer", 4),
        (b"HTTP/1.1 200 OK\r\nx: " + b"y" * 1_000_000 + b"\r\n\r\n", "broken_answer", 4),
        (answer(200, gzip.compress(b"half" * 999, mtime=0)[:-20], content_encoding="gzip"), "broken_answer", 4),
        (answer(200, b"no gzip", content_encoding="gzip"), "bad_encoding", 1),
        (answer(200, b"x", content_encoding="zstd"), "bad_encoding", 1),
        (answer(200, b"x", content_encoding="gzip, gzip"), "bad_encoding", 1),
        (answer(200, gzip.compress(bytes(50_000_000), mtime=0), content_encoding="gzip"), "too_large", 1),
        (answer(200, bytes(11 << 20)), "too_large", 1),
        (redirect("/here"), "redirect_loop", 1),
        (redirect(""), "redirect_loop", 1),
        (redirect("file:///etc/passwd"), "bad_redirect", 1),
        (redirect("ftp://example.org/"), "bad_redirect", 1),
        (redirect("gopher://example.org/"), "bad_redirect", 1),
        (redirect("data:text/html,x"), "bad_redirect", 1),
        (redirect("http://user:secret@127.0.0.1/"), "bad_redirect", 1),
        (redirect("http://10.0.0.1/"), "refused_address", 1),
        (redirect("http://2130706433/"), "refused_address", 1),
        (redirect("http://[::1]/"), "refused_address", 1),
        (redirect("http://169.254.169.254/latest/meta-data/"), "refused_address", 1),
    ],
)  # fmt: skip
def test_what_cannot_be_had_has_a_reason(site: Site, browse: Browse, reply: object, reason: str, requests: int) -> None:
    """Asked as often as it may help, then a dead letter: its rerun asks again only for what may have passed."""
    site.pages["/here"] = reply  # type: ignore[assignment]
    limits = HASTY if reason == "timeout" else QUICK
    with browse() as web:
        web.get(site.url("/before"))  # robots.txt and its like are known, and not asked for in haste
    site.log.clear()
    for _ in range(2):
        with pytest.raises(WebError) as error, browse(limits=limits) as web:
            web.get(site.url("/here"))
        assert (error.value.reason, error.value.url) == (reason, site.url("/here"))
        assert "secret" not in str(error.value)
    expected = ["/here"] * requests * (2 if may_pass(reason) else 1)
    until(lambda: len(site.paths()) >= len(expected), "the server to have seen it all")
    assert site.paths() == expected


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        (gzip.compress(b"hello", mtime=0), "gzip"),
        (gzip.compress(b"hel", mtime=0) + gzip.compress(b"lo", mtime=0), "x-gzip"),
        (gzip.compress(b"hello", mtime=0) + bytes(16), "GZIP"),
        (zlib.compress(b"hello"), "deflate"),
        (zlib.compress(b"hello")[2:-4], "deflate"),
        (b"hello", "identity"),
    ],
)
def test_encodings(site: Site, browse: Browse, body: bytes, encoding: str) -> None:
    site.pages["/z"] = answer(200, body, content_encoding=encoding)
    with browse() as web:
        assert web.get(site.url("/z")).body == b"hello"


def test_a_fault_that_passes_is_retried(site: Site, browse: Browse) -> None:
    site.pages["/a"] = [reset, answer(503), answer(200, "cut", content_length="99"), PAGE]
    with browse() as web:
        assert web.get(site.url("/a")).status == 200
        assert web.tally.requests == 6  # robots.txt and tdmrep.json too
    assert site.paths() == ["/a"] * 4


def test_a_crawl_that_was_broken_off_asks_again_for_what_it_could_not_have(site: Site, browse: Browse) -> None:
    """That the site was down is not remembered, or no later run would ever ask it again."""
    site.pages = {"/a": [*[answer(503)] * 4, PAGE]}
    with pytest.raises(WebError, match="http_503"), browse() as web:
        web.get(site.url("/b"))
        assert not web.missed
        web.get(site.url("/a"))
    assert web.missed
    with browse() as web:
        assert [web.get(site.url(path)).status for path in ("/b", "/a")] == [404, 200]
    assert site.paths() == ["/b", *["/a"] * 5]


def test_redirects_end_where_they_end(site: Site, browse: Browse) -> None:
    site.pages = {f"/{n}": redirect(f"/{n + 1}") for n in range(11)} | {"/10": PAGE, "/11": redirect("/0")}
    with browse() as web:
        assert web.get(site.url("/0")).url == site.url("/10")
        assert web.get(site.url("/4")).url == site.url("/10")  # a road already walked
        with pytest.raises(WebError, match="too_many_redirects"):
            web.get(site.url("/11"))
    assert sorted(site.paths()) == sorted(f"/{n}" for n in range(12))


def test_each_hop_is_held_to_robots(site: Site, browse: Browse) -> None:
    site.pages = {"/robots.txt": answer(200, "User-agent: *\nDisallow: /private"), "/a": redirect("/private/b")}
    with browse() as web, pytest.raises(WebError, match="robots on the way to"):
        web.get(site.url("/a"))
    assert site.paths() == ["/a"]


def test_unchanged_pages_cost_one_conditional_request(site: Site, browse: Browse) -> None:
    site.pages["/a"] = [PAGE, answer(304, etag='"1"'), answer(200, "new", etag='"2"')]
    bodies, times = [], []
    for _ in range(3):
        with browse() as web:
            got = web.get(site.url("/a"))
            bodies.append(got.body)
            times.append(got.fetched_at)
    assert bodies[0] == bodies[1] != bodies[2] == b"new"
    assert times[0] == times[1] < times[2]
    assert [arrival.headers.get("if-none-match") for arrival in site.log[2:]] == [None, '"1"', '"1"']
    assert [arrival.path for arrival in site.log].count("/robots.txt") == 1


def test_a_known_version_is_not_asked_for(site: Site, browse: Browse) -> None:
    site.pages["/a"] = PAGE
    for revision in ("7", "7", "8"):
        with browse() as web:
            assert web.get(site.url("/a"), version=revision).status == 200
    assert len(site.paths()) == 2


@pytest.mark.parametrize(
    ("cache_control", "requests"),
    [("max-age=9999", 1), ("max-age=9999, no-cache", 2), ("max-age=0", 2), ("no-store, max-age=9999", 2), ("", 2)],
)
def test_fresh_answers_are_not_asked_for(site: Site, browse: Browse, cache_control: str, requests: int) -> None:
    site.pages["/a"] = answer(200, "x", cache_control=cache_control)
    for _ in range(2):
        with browse() as web:
            web.get(site.url("/a"))
            web.get(site.url("/a"))
    assert len(site.paths()) == requests


def test_a_confirmation_makes_an_answer_young_again(site: Site, browse: Browse) -> None:
    """Its age is the age of the confirmation, not of the answer that it confirms."""
    old = answer(200, "x", cache_control="max-age=9999", age="9999", etag='"1"')
    site.pages["/a"] = [old, answer(304, cache_control="max-age=9999"), answer(500)]
    for _ in range(3):
        with browse() as web:
            assert web.get(site.url("/a")).body == b"x"
    assert len(site.paths()) == 2


def test_what_must_not_be_stored_is_gone_after_the_crawl(site: Site, browse: Browse) -> None:
    site.pages["/a"] = answer(200, "x", cache_control="no-store")
    with browse() as web:
        web.get(site.url("/a"))
        assert web.store.response(site.url("/a"))
    with browse() as web:
        assert web.store.response(site.url("/a")) is None


def test_opted_out_text_is_never_stored(site: Site, browse: Browse) -> None:
    site.pages["/a"] = [answer(200, "mine alone", x_robots_tag="noai", etag='"1"'), PAGE]
    with browse() as web:
        got = web.get(site.url("/a"))
        assert (got.body, got.opt_out) == (b"", "X-Robots-Tag: noai")
    assert all(b"mine alone" not in file.read_bytes() for file in web.store.path.parent.glob("web.sqlite*"))
    with browse() as web:
        assert web.get(site.url("/a")).body, "the opt-out was lifted, so the whole page is asked for"


def test_an_opt_out_that_comes_with_304_takes_the_text_away(site: Site, browse: Browse) -> None:
    site.pages["/a"] = [PAGE, answer(304, x_robots_tag="noindex")]
    for expected in (False, True):
        with browse() as web:
            got = web.get(site.url("/a"))
            assert bool(got.opt_out) is expected and bool(got.body) is not expected


def test_a_host_has_a_page_budget(site: Site, browse: Browse) -> None:
    for _ in range(2):
        with pytest.raises(WebError, match="host_budget"), browse(pages_per_host=3) as web:
            for number in range(9):
                web.get(site.url(f"/{number}"))
    assert len(site.paths()) == 3


@pytest.mark.parametrize(
    "url", ["ftp://x/", "file:///etc/passwd", "http://", "http://a:b@x/", "x", "http://x/" + "a" * 2100]
)
def test_no_urls(browse: Browse, url: str) -> None:
    with browse() as web, pytest.raises(WebError, match="bad_url"):
        web.get(url)


def test_defaults_are_polite() -> None:
    assert (LIMITS.retries, LIMITS.body, LIMITS.redirects, LIMITS.pages_per_host) == (3, 10 << 20, 10, 10_000)


def test_a_discarded_response_is_asked_for_again(site: Site, browse: Browse) -> None:
    """In the same crawl and without validators, for a 304 would bring it back."""
    site.pages["/a"] = [answer(200, "busy", etag='"1"'), PAGE]
    with browse() as web:
        busy = web.get(site.url("/a"), version="7")
        web.discard(busy)
        assert web.missed
        assert web.get(site.url("/a"), version="7").body == b"<p>Wie geht's? " + "你好</p>".encode()
        assert not web.missed
    assert "if-none-match" not in site.log[-1].headers and len(site.paths()) == 2


def test_what_stands_below_the_client_is_a_parameter(browse: Browse) -> None:
    """Robots rules are kept above it, and time is the clock's."""
    rules = page("User-agent: *\nDisallow: /private\nCrawl-delay: 30", content_type="text/plain")
    recorded = RecordedTransport({"https://a.example/robots.txt": rules, "https://a.example/b": page("text")})
    clock = FakeClock()
    with browse(transport=recorded, clock=clock, limits=LIMITS) as web:
        assert web.get("https://a.example/b").body == b"text"
        with pytest.raises(WebError, match="robots"):
            web.get("https://a.example/private/c")
    assert recorded.asked == ["https://a.example/b"] and clock.slept == 60  # before tdmrep.json and before the page
