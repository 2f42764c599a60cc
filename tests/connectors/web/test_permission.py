"""What each state of a robots.txt allows, asked of a real server."""

import sqlite3

import pytest

from connectors.base import WebError
from tests.connectors.web.conftest import Browse
from tests.connectors.web.site import Site, answer, redirect, reset, silent

PAGE = answer(200, "text")
FORBID = "User-agent: *\nDisallow: /"
BIG = "User-agent: *\n" + "Allow: /x\n" * 60_000 + "Disallow: /\n"  # the last line lies beyond 500 KiB


@pytest.mark.parametrize(
    ("reply", "verdict"),
    [
        (answer(404), "no robots.txt (404)"),
        (answer(400), "no robots.txt (400)"),
        (answer(410), "no robots.txt (410)"),
        (answer(200, ""), "no rule for 'gristmill' matches"),
        (answer(200, "<!doctype html><title>Home</title>"), "no rule for 'gristmill' matches"),
        (answer(200, FORBID), "robots"),
        (answer(200, "User-agent: CCBot\nDisallow: /"), "opt_out"),
        (answer(401), "robots"),
        (answer(403), "robots"),
        (answer(429), "robots_unreachable"),
        (answer(500), "robots_unreachable"),
        (answer(503), "robots_unreachable"),
        (reset, "robots_unreachable"),
        (silent, "robots_unreachable"),
        (answer(200, FORBID, content_length="999"), "robots_unreachable"),
        (answer(200, b"GIF89a\0\0\0"), "robots_unreachable"),
        (answer(200, b"\xff\xfe" + FORBID.encode("utf-16-le")), "robots"),
        (answer(200, b"\xef\xbb\xbf" + FORBID.encode()), "robots"),
        (answer(200, BIG), "no rule for 'gristmill' matches"),
        (redirect("/elsewhere"), "robots"),
        (redirect("/1"), "no rule for 'gristmill' matches"),
        (redirect("/0"), "robots_unreachable"),  # a sixth redirect
        (redirect("/robots.txt"), "robots_unreachable"),
        (redirect("file:///dev/null"), "robots_unreachable"),
        (redirect("http://192.168.0.1/robots.txt"), "robots_unreachable"),
    ],
)
def test_states(site: Site, browse: Browse, reply: object, verdict: str) -> None:
    site.pages = {"/page": PAGE, "/robots.txt": reply, "/elsewhere": answer(200, FORBID)}  # type: ignore[dict-item]
    site.pages |= {f"/{n}": redirect(f"/{n + 1}") for n in range(5)} | {"/5": answer(200, "")}
    with browse() as web:
        try:
            assert web.get(site.url("/page")).robots == verdict
        except WebError as error:
            assert error.reason == verdict
            assert "/page" not in site.paths()


def test_it_is_asked_for_once_a_day(site: Site, browse: Browse) -> None:
    site.pages = {"/robots.txt": [answer(200, ""), answer(200, FORBID)], "/a": PAGE, "/b": PAGE}
    for path in ("/a", "/b", "/a"):
        with browse() as web:
            assert web.get(site.url(path)).status == 200
    assert [arrival.path for arrival in site.log].count("/robots.txt") == 1
    with sqlite3.connect(web.store.path) as yesterday:
        yesterday.execute("UPDATE robots SET fetched_at = fetched_at - 86401")
    with browse() as web, pytest.raises(WebError, match="robots"):
        web.get(site.url("/a"))


def test_rules_may_be_read_themselves(site: Site, browse: Browse) -> None:
    site.pages = {"/robots.txt": answer(200, f"{FORBID}\nSitemap: /s.xml")}
    with browse() as web:
        for _ in range(2):
            assert b"Sitemap: /s.xml" in web.get(site.url("/robots.txt")).body
    assert len(site.log) == 1
