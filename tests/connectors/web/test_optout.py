"""What a page says against its use, in a header or in its head."""

import pytest

from connectors.web.optout import opt_out, reservation
from connectors.web.preferences import refuses_training


@pytest.mark.parametrize(
    ("headers", "media_type", "against"),
    [
        ({}, "text/html", False),
        ({"x-robots-tag": "noai"}, "text/html", True),
        ({"x-robots-tag": "NoAI, noimageai"}, "text/html", True),
        ({"x-robots-tag": "noimageai"}, "text/html", False),  # pictures only
        ({"x-robots-tag": "nofollow, noarchive"}, "text/html", False),
        ({"x-robots-tag": "nofollow, noindex"}, "text/html", True),
        ({"x-robots-tag": "none"}, "text/html", True),
        ({"x-robots-tag": "googlebot: noindex"}, "text/html", False),
        ({"x-robots-tag": "googlebot: nofollow, noindex"}, "text/html", False),
        ({"x-robots-tag": "GPTBot: noindex"}, "text/html", True),
        ({"x-robots-tag": "gristmill: noindex"}, "text/html", True),
        ({"x-robots-tag": "googlebot: noindex, *: noai"}, "text/html", True),
        ({"x-robots-tag": "max-snippet: 5, noai"}, "text/html", True),
        ({"x-robots-tag": "unavailable_after: 25 Jun 2030 15:00:00 PST"}, "text/html", False),
        ({"x-robots-tag": "noindex"}, "application/xml", False),  # a sitemap: nothing against what it lists
        ({"x-robots-tag": "noindex"}, "application/json", False),
        ({"x-robots-tag": "noindex"}, "application/x-gzip", False),
        ({"x-robots-tag": "noindex"}, "application/xhtml+xml", True),
        ({"x-robots-tag": "noindex"}, "text/plain", True),
        ({"x-robots-tag": "noai"}, "application/json", True),
        ({"tdm-reservation": "1"}, "application/json", True),
        ({"tdm-reservation": "0"}, "text/html", False),
        ({"content-usage": "train-ai=n"}, "application/json", True),
        ({"content-usage": "bots=n, search=y"}, "text/html", True),
        ({"content-usage": "search=n"}, "text/html", False),
        ({"content-signal": "search=yes, ai-train=no"}, "text/html", True),
        ({"content-signal": "search=yes, ai-train=yes"}, "text/html", False),
    ],
)
def test_headers(headers: dict[str, str], media_type: str, against: bool) -> None:
    assert bool(opt_out(headers, b"", media_type)) is against


@pytest.mark.parametrize(
    ("page", "against"),
    [
        ('<meta name="robots" content="noai">', True),
        ("<META CONTENT='index, NOAI' NAME='Robots'/>", True),
        ("<meta name=robots content=noindex>", True),
        ("<meta name='robots' content='index,follow'>", False),
        ("<meta name='robots' content='noimageindex, nofollow'>", False),
        ("<meta name='googlebot' content='noindex'>", False),
        ("<meta name='gptbot' content='noindex'>", True),
        ("<meta name='robots' content='&#110;oai'>", True),
        ("<meta name='tdm-reservation' content='1'>", True),
        ("<meta name='tdm-reservation' content='0'>", False),
        ("<!-- <meta name='robots' content='noai'> -->", False),
        ("<script>x = '<meta name=robots content=noai>'</script>", False),
        ("<noscript><meta name='robots' content='noai'></noscript>", False),
        ("<title>a</title><body><p><meta name='robots' content='noai'>", False),
        ("<p>write &lt;meta name='robots' content='noai'&gt;", False),
        ("<meta name='robots'", False),
        ("<meta " * 50_000, False),
    ],
)
def test_pages(page: str, against: bool) -> None:
    assert bool(opt_out({}, page.encode(), "text/html")) is against
    assert bool(opt_out({}, page.encode("utf-16"), "text/html")) is against


def test_the_evidence_is_quoted() -> None:
    assert opt_out({}, b"<meta name=robots content='noai, x'>", "text/html") == "<meta name=robots content='noai, x'>"


@pytest.mark.parametrize(
    ("rules", "path", "location"),
    [
        ('[{"location": "/", "tdm-reservation": 1}]', "/a", "/"),
        ('[{"location": "/a/", "tdm-reservation": 1, "tdm-policy": "https://x/p.json"}]', "/a/b?c", "/a/"),
        ('[{"location": "/a/", "tdm-reservation": "1"}]', "/a/b", "/a/"),
        ('[{"location": "/a/", "tdm-reservation": 1}]', "/b", ""),
        ('[{"location": "/*.jpg$", "tdm-reservation": 1}]', "/a.jpg?b", ""),
        ('[{"location": "/b", "tdm-reservation": 0}, {"location": "/", "tdm-reservation": 1}]', "/b/c", ""),
        ('[{"location": "/", "tdm-reservation": 1}, {"location": "/b", "tdm-reservation": 0}]', "/b/c", "/"),
        ('[{"location": "/你好", "tdm-reservation": 1}]', "/%E4%BD%A0%E5%A5%BD", "/你好"),
        ('[5, null, {"location": 7}, {"tdm-reservation": 1}, {"location": "/a", "tdm-reservation": 1}]', "/a", "/a"),
        ('{"location": "/", "tdm-reservation": 1}', "/a", ""),
        ("<!doctype html>", "/a", ""),
        ("[" * 100_000, "/a", ""),
    ],
)
def test_reservations_of_a_site(rules: str, path: str, location: str) -> None:
    stated = f"tdmrep.json: tdm-reservation 1 for {location}" if location else ""
    assert reservation(rules.encode(), path) == stated


@pytest.mark.parametrize(
    ("stated", "refuses"),
    [
        ("train-ai=n", True),
        ("train-ai=y", False),
        ("search=y, train-ai=n", True),
        ("search=n", None),
        ("", None),
        ("train-ai", None),
        ('train-ai="n"', True),
        ("train-ai=?0", True),
        ("TRAIN-AI=N", True),
        ("train-ai = n", True),
        ("train-ai=maybe", None),
        ("train-ai=y, train-ai=n", True),  # of a label that is repeated the last counts
        ("train-ai=n, train-ai=y", False),
        ("train-ai;allow=n, train-ai=y", False),
        ("train-ai=y, train-genai=n", True),
        ("bots=n", True),
        ("bots=n, train-ai=y", False),  # what is said of training stands before what is said of all
        ("bots=y, train-ai=n", True),
        ("bots=y", False),
        ("no-train-ai=n", None),
        ("x" * 100_000 + ", train-ai=n", None),
    ],
)
def test_preferences(stated: str, refuses: bool | None) -> None:
    assert refuses_training(stated) is refuses


def test_a_preference_in_a_header_is_quoted() -> None:
    assert opt_out({"content-usage": "train-ai=n"}, b"", "text/plain") == "content-usage: train-ai=n"
