"""What each state of a robots.txt allows, asked of a real server."""

import sqlite3

import pytest

from connectors.base import WebError
from tests.connectors.web.conftest import HASTY, QUICK, Browse
from tests.connectors.web.site import RESERVATIONS, ROBOTS, Site, answer, redirect, reset, silent

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
    with browse(limits=HASTY if reply is silent else QUICK) as web:
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
        yesterday.execute("UPDATE site_files SET fetched_at = fetched_at - 86401")
    with browse() as web, pytest.raises(WebError, match="robots"):
        web.get(site.url("/a"))


@pytest.mark.parametrize("status", [400, 403])
def test_a_limit_closes_no_site_and_opens_none(site: Site, browse: Browse, status: int) -> None:
    """A robots.txt that is refused for asking too often is one that cannot be had now: neither closed nor absent."""
    limited = answer(status, '{"error_name": "throttle_violation"}')
    site.pages = {"/page": PAGE, ROBOTS: [limited] * 4 + [answer(200, "User-agent: *\nDisallow: /private")]}
    with browse() as web, pytest.raises(WebError, match="robots_unreachable"):
        web.get(site.url("/page"))
    assert web.missed and [arrival.path for arrival in site.log] == [ROBOTS] * 4


def test_rules_may_be_read_themselves(site: Site, browse: Browse) -> None:
    site.pages = {"/robots.txt": answer(200, f"{FORBID}\nSitemap: /s.xml")}
    with browse() as web:
        for _ in range(2):
            assert b"Sitemap: /s.xml" in web.get(site.url("/robots.txt")).body
    assert len(site.log) == 1


RESERVED = answer(200, '[{"location": "/b/", "tdm-reservation": 1}]')


@pytest.mark.parametrize(
    ("reply", "reserved"),
    [
        (RESERVED, True),
        ([answer(503), RESERVED], True),
        (redirect("/rules.json"), True),
        (answer(404), False),
        (answer(500), False),  # to its protocol, whoever does not give the file does not use it
        (answer(200, "<!doctype html>"), False),
    ],
)
def test_what_a_site_reserves_is_not_asked_for(site: Site, browse: Browse, reply: object, reserved: bool) -> None:
    site.pages = {"/a": PAGE, "/b/1": PAGE, "/rules.json": RESERVED, RESERVATIONS: reply}  # type: ignore[dict-item]
    with browse() as web:
        assert web.get(site.url("/a")).status == 200
        if reserved:
            with pytest.raises(WebError, match="opt_out") as error:
                web.get(site.url("/b/1"))
            assert error.value.detail == "tdmrep.json: tdm-reservation 1 for /b/"
        else:
            assert web.get(site.url("/b/1")).status == 200
    with browse() as web:
        web.get(site.url("/a"))
    assert [arrival.path for arrival in site.log].count(RESERVATIONS) <= 4, "asked for once a day, failures too"


def test_robots_may_close_the_place_of_reservations(site: Site, browse: Browse) -> None:
    site.pages = {ROBOTS: answer(200, "User-agent: *\nDisallow: /.well-known/"), "/b/1": PAGE, RESERVATIONS: RESERVED}
    with browse() as web:
        assert web.get(site.url("/b/1")).status == 200
    assert [arrival.path for arrival in site.log] == [ROBOTS, "/b/1"]


def test_an_unreachable_robots_txt_is_asked_for_again_later(site: Site, browse: Browse) -> None:
    site.pages = {"/page": PAGE, ROBOTS: [answer(503)] * 4 + [answer(200, "")]}
    with browse() as web:
        for _ in range(2):
            with pytest.raises(WebError, match="robots_unreachable"):
                web.get(site.url("/page"))
    assert [arrival.path for arrival in site.log] == [ROBOTS] * 4
    with sqlite3.connect(web.store.path) as later:
        later.execute("UPDATE site_files SET fetched_at = fetched_at - 301")
    with browse() as web:
        assert web.get(site.url("/page")).status == 200
