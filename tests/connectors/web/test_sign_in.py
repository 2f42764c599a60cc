"""Tokens and cookies go to their own origin, are kept nowhere, and what they open needs a stated licence."""

from dataclasses import replace
from pathlib import Path

import pytest

from connectors.base import WebError
from connectors.web import LIMITS, SignIn, open_web, read_sign_in
from tests.connectors.recorded import FakeClock, RecordedTransport, page
from tests.connectors.web.conftest import Browse
from tests.connectors.web.site import Site, answer, redirect

SECRET = "session=5f2c99"


def signed(site: Site) -> SignIn:
    return read_sign_in({"GRISTMILL_SIGN_IN": f"{site.url('').rstrip('/')} Cookie: {SECRET}"})


@pytest.mark.parametrize(
    ("text", "url", "headers"),
    [
        ("https://a.example Cookie: s=1; t=2", "https://a.example/x", {"Cookie": "s=1; t=2"}),
        ("\n  https://A.example:443/ Authorization: Bearer x\n", "https://a.example/", {"Authorization": "Bearer x"}),
        ("https://a.example Api-Key: k\nhttps://a.example Api-Username: u", "https://a.example/",
         {"Api-Key": "k", "Api-Username": "u"}),
        ("https://a.example Cookie: s=1", "http://a.example/", {}),
        ("https://a.example Cookie: s=1", "https://a.example:8443/", {}),
        ("https://a.example Cookie: s=1", "https://b.a.example/", {}),
        ("", "https://a.example/", {}),
    ],
)  # fmt: skip
def test_headers_belong_to_their_origin(text: str, url: str, headers: dict[str, str]) -> None:
    read = read_sign_in({"GRISTMILL_SIGN_IN": text})
    assert read.headers(url) == headers
    assert read.covers(url) == bool(headers)


@pytest.mark.parametrize(
    "line",
    ["Cookie: s=hidden", "https://a.example Bearer hidden", "https://a.example Cookie:", "a.example Cookie: s=hidden",
     "https://u:hidden@a.example Cookie: s=1", "https://a.example Host: hidden", "https://a.example Cookie: s=hiddén"],
)  # fmt: skip
def test_a_line_that_cannot_be_read_is_named_without_its_secret(line: str) -> None:
    with pytest.raises(ValueError, match="GRISTMILL_SIGN_IN, line 2") as caught:
        read_sign_in({"GRISTMILL_SIGN_IN": f"https://b.example Cookie: s=1\n{line}"})
    assert "hidden" not in str(caught.value)


def test_what_github_gives_with_a_token_is_public() -> None:
    read = read_sign_in({"GITHUB_TOKEN": "abc"})
    assert read.headers("https://api.github.com/repos") == {"Authorization": "Bearer abc"}
    assert not read.covers("https://api.github.com/repos")
    assert not read.headers("https://github.com/")


def test_no_secret_is_shown_or_stored(site: Site, browse: Browse, tmp_path: Path) -> None:
    site.pages = {"/robots.txt": answer(404), "/in": answer(200, "Hello", set_cookie="session=77aa")}
    with browse(sign_in=signed(site), licence="CC-BY-4.0") as web:
        assert web.get(site.url("/in")).body == b"Hello"
        assert "5f2c" not in repr(signed(site))
    assert [arrival.headers.get("cookie") for arrival in site.log] == [SECRET] * len(site.log)
    for file in tmp_path.glob("web.sqlite*"):
        assert b"5f2c" not in file.read_bytes()
        assert b"77aa" not in file.read_bytes()


def test_a_redirect_to_another_origin_goes_without_it(site: Site, browse: Browse) -> None:
    with Site({"/there": answer(200, "Elsewhere")}) as other:
        site.pages = {"/robots.txt": answer(404), "/here": redirect(other.url("/there"))}
        with browse(sign_in=signed(site), licence="CC-BY-4.0") as web:
            assert web.get(site.url("/here")).body == b"Elsewhere"
        assert all("cookie" not in arrival.headers for arrival in other.log)
        assert other.paths() == ["/there"]


def test_without_a_licence_nothing_behind_a_sign_in_is_asked_for(site: Site, browse: Browse) -> None:
    with browse(sign_in=signed(site)) as web, pytest.raises(WebError, match="no_licence"):
        web.get(site.url("/in"))
    assert not site.log


def test_who_is_refused_is_told_what_helps() -> None:
    known = read_sign_in({"GRISTMILL_SIGN_IN": "https://wiki.example Cookie: s=hidden", "GITHUB_TOKEN": "hidden"})
    told = {
        url: known.refused(url) for url in ("https://wiki.example/a", "https://api.github.com/a", "https://b.example/")
    }
    assert "https://wiki.example in GRISTMILL_SIGN_IN, which may have expired" in told["https://wiki.example/a"]
    assert "does not accept GITHUB_TOKEN" in told["https://api.github.com/a"]
    assert "put a line `https://host Cookie: …`" in told["https://b.example/"]
    assert not any("hidden" in said for said in told.values())


def test_what_one_was_shown_is_not_served_to_who_is_not_signed_in(tmp_path: Path) -> None:
    url = "https://wiki.example/secret"
    known = read_sign_in({"GRISTMILL_SIGN_IN": "https://wiki.example Cookie: s=1"})
    transport = RecordedTransport({url: [page("Inside", cache_control="max-age=9000"), page("Please sign in")]})
    shown = []
    for sign_in in (known, known, SignIn()):
        with open_web(
            tmp_path / "web.sqlite", source="s", delay=0, limits=replace(LIMITS, backoff=0), clock=FakeClock(),
            transport=transport, sign_in=sign_in, licence="CC-BY-4.0",
        ) as web:  # fmt: skip
            shown.append(web.get(url).body)
    assert shown == [b"Inside", b"Inside", b"Please sign in"]
