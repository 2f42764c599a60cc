"""Licences for machines: what a document says of an address, and where a page names one."""

import pytest

from connectors.base import WebError
from connectors.web import rsl
from tests.connectors.recorded import START, FakeClock, RecordedTransport, page, recorded_web

SITE = "https://a.example"
LICENCE = f"{SITE}/licence.xml"
NONE = "<license><prohibits type='usage'>ai-train</prohibits></license>"
FREE = "<license><permits type='usage'>all</permits><payment type='free'/></license>"


def document(content: str, url: str = "/", more: str = "") -> bytes:
    stated = f'<content url="{url}"{more}>{content}</content>'
    return f'<?xml version="1.0"?><rsl xmlns="https://rslstandard.org/rsl">{stated}</rsl>'.encode()


def refused(body: bytes, path: str = "/a") -> str:
    return rsl.refusal(rsl.read(body), SITE + path)


@pytest.mark.parametrize(
    ("terms", "why"),
    [
        (FREE, ""),
        ("<license/>", ""),
        ("", ""),
        ("<license><payment type='attribution'><standard>https://x/by</standard></payment></license>", ""),
        ("<license><payment type='contribution'/></license>", ""),
        ("<license><payment/></license>", ""),
        ("<license><permits type='usage'>ai-train search</permits></license>", ""),
        ("<license><permits type='usage'>AI-ALL,search</permits></license>", ""),
        ("<license><prohibits type='usage'>search ai-input</prohibits></license>", ""),
        ("<license><prohibits type='user'>commercial</prohibits></license>", ""),
        ("<license><prohibits type='geo'>US all</prohibits></license>", ""),
        (NONE, "prohibits ai-train"),
        ("<license><prohibits>all</prohibits></license>", "prohibits all"),
        ("<license><prohibits type='usage'>search, ai-all</prohibits></license>", "prohibits ai-all"),
        ("<license><permits type='usage'>all</permits><prohibits type='usage'>ai-train</prohibits></license>",
         "prohibits ai-train"),
        ("<license><permits type='usage'>search ai-index</permits></license>", "permits only ai-index, search"),
        ("<license><permits type='usage'/></license>", "permits only nothing"),
        ("<license><permits type='usage'>all</permits><payment type='training'/></license>",
         "asks for payment (training)"),
        ("<license><payment type='crawl'><amount currency='USD'>1</amount></payment></license>",
         "asks for payment (crawl)"),
        ("<license><payment><standard>https://x/paid</standard></payment></license>",
         "asks for payment (of its own terms)"),
        ("<license><reporting type='audit' profile='https://x/p'/></license>", "asks for reports"),
        (FREE + "<license><permits type='usage'>search</permits></license>", ""),  # offers: one is enough
        (FREE + NONE, "prohibits ai-train"),  # and a prohibition holds for all
    ],
)  # fmt: skip
def test_what_a_licence_says_of_training(terms: str, why: str) -> None:
    assert refused(document(terms)) == (f"RSL: {why} for /" if why else "")


@pytest.mark.parametrize(
    ("url", "path", "covers"),
    [
        ("/", "/a", True),
        ("", "/a", True),
        ("/docs/", "/docs/a?b", True),
        ("/docs/", "/blog", False),
        ("/*.html$", "/a.html", True),
        ("/*.html$", "/a.html?b", False),
        ("*", "/a", True),
        ("https://a.example/docs/*", "/docs/a", True),
        ("http://www.a.example/", "/docs/a", True),
        ("https://a.example", "/docs/a", True),
        ("https://b.example/", "/docs/a", False),
        ("https://[", "/a", False),
        ("docs", "/docs", False),
        ("/你", "/%E4%BD%A0", True),
    ],
)
def test_for_which_addresses(url: str, path: str, covers: bool) -> None:
    assert bool(refused(document(NONE, url), path)) is covers


def test_the_longest_pattern_counts_and_of_two_alike_the_one_that_refuses() -> None:
    both = document(NONE).replace(b"</rsl>", f'<content url="/open/">{FREE}</content></rsl>'.encode())
    assert refused(both, "/a") and not refused(both, "/open/a")
    twice = document(FREE).replace(b"</rsl>", f'<content url="/">{NONE}</content></rsl>'.encode())
    assert refused(twice, "/a")


def test_a_server_wants_a_token_even_for_what_is_free() -> None:
    told = refused(document(FREE, more=' server="https://pay.example"'))
    assert told == "RSL: asks for a token of https://pay.example for /"


@pytest.mark.parametrize(
    "body",
    [
        b"", b"CC BY 4.0", b"<html><body>prohibits ai-train</body></html>", b"<rsl", b"\xff\xfe\0", b"<a/><b/>",
        b"<!DOCTYPE rsl [<!ENTITY a 'b'>]>" + document(NONE), b"<rsl>" * 5_000, document(NONE)[:-9],
    ],
)  # fmt: skip
def test_what_is_no_licence_says_nothing(body: bytes) -> None:
    assert rsl.read(body) == ()


TYPED = 'type="application/rsl+xml"'


@pytest.mark.parametrize(
    ("link", "head", "found"),
    [
        (f'</l.xml>; rel="license"; {TYPED}', "", ["/l.xml"]),
        (f"<a>; rel=next, <//b.example/l>; rel=license; {TYPED}", "", ["//b.example/l"]),
        ('</l.xml>; rel="license"', "", []),
        (f'</l.xml>; rel="licensed"; {TYPED}', "", []),
        (f'<ftp://x/l>; rel="license"; {TYPED}', "", []),
        ("", f'<link rel="license" {TYPED} href="l.xml">', ["/docs/l.xml"]),
        ("", "<LINK HREF=/l.xml TYPE=application/rsl+xml REL='nofollow License'>", ["/l.xml"]),
        ("", f'<link data-rel="license" rel="icon" {TYPED} href="l.xml">', []),
        ("", '<link rel="license" href="https://creativecommons.org/licenses/by/4.0/">', []),
        ("", f'<!-- <link rel="license" {TYPED} href="l.xml"> -->', []),
        ("", "<link " * 20_000, []),
    ],
)
def test_where_a_response_names_one(link: str, head: str, found: list[str]) -> None:
    named = rsl.linked({"link": link} if link else {}, head.encode(), f"{SITE}/docs/a")
    assert named == [address if address.startswith("//") is False else f"https:{address}" for address in
                     (SITE + one if not one.startswith("//") else one for one in found)]  # fmt: skip


def xml(body: bytes, status: int = 200) -> object:
    return page(body, status, content_type=rsl.MEDIA_TYPE)


def robots(*lines: str) -> object:
    return page("\n".join(lines), content_type="text/plain")


@pytest.mark.parametrize(
    ("licence", "reason"),
    [
        (xml(document(NONE, "/docs/")), "opt_out"),
        (xml(document(NONE, "/blog/")), ""),
        (xml(document(FREE)), ""),
        (page("<p>All rights reserved"), ""),
        (page("", 404), ""),
        (page("", 403), ""),
        (page("", 500), "terms_unreachable"),
    ],
)
def test_a_licence_that_robots_txt_names(licence: object, reason: str) -> None:
    """It is asked for once, and never for its own terms."""
    site = RecordedTransport({f"{SITE}/robots.txt": robots("User-agent: *", f"License: {LICENCE}"), LICENCE: licence,
                              f"{SITE}/docs/1": page("one"), f"{SITE}/docs/2": page("two")})  # type: ignore[dict-item]  # fmt: skip
    with recorded_web(site) as web:
        for path in ("/docs/1", "/docs/2"):
            if not reason:
                assert web.get(SITE + path).body
                continue
            with pytest.raises(WebError, match=reason) as error:
                web.get(SITE + path)
            assert error.value.url == SITE + path and LICENCE in error.value.detail
    tries = 4 if reason == "terms_unreachable" else 1
    assert site.asked.count(LICENCE) == tries and (f"{SITE}/docs/1" in site.asked) is not bool(reason)


def test_the_evidence_names_where_it_stands() -> None:
    site = RecordedTransport({f"{SITE}/robots.txt": robots(f"License: {LICENCE}"), LICENCE: xml(document(NONE))})  # type: ignore[dict-item]
    with recorded_web(site) as web, pytest.raises(WebError) as error:
        web.get(f"{SITE}/a")
    assert error.value.detail == f"robots.txt: {LICENCE}: RSL: prohibits ai-train for /"


@pytest.mark.parametrize(
    ("body", "headers", "evidence"),
    [
        ("text", {"link": f"<{LICENCE}>; rel=license; {TYPED}"}, f"{LICENCE}: RSL: prohibits ai-train for /"),
        (f'<head><link rel="license" {TYPED} href="/licence.xml"></head>text', {},
         f"{LICENCE}: RSL: prohibits ai-train for /"),
        (f"<script {TYPED}>{document(NONE, '').decode()}</script>text", {},
         "<script type=application/rsl+xml>: RSL: prohibits ai-train for this page"),
        (f"<script {TYPED}>{document(FREE, '').decode()}</script>text", {}, ""),
    ],
)  # fmt: skip
def test_a_licence_that_a_page_names_or_holds(body: str, headers: dict[str, str], evidence: str) -> None:
    """The text is not kept, the evidence is."""
    site = RecordedTransport({f"{SITE}/a": page(body, **headers), LICENCE: xml(document(NONE))})  # type: ignore[dict-item]
    with recorded_web(site) as web:
        got = web.get(f"{SITE}/a")
    assert (got.opt_out, bool(got.body)) == (evidence, not evidence)


def test_a_licence_that_cannot_be_had_now_keeps_its_page_for_later(tmp_path: object) -> None:
    linked = page("text", link=f"<{LICENCE}>; rel=license; {TYPED}")
    site = RecordedTransport({f"{SITE}/a": linked, LICENCE: [page("", 503)] * 4 + [xml(document(FREE))]})  # type: ignore[list-item]
    for later, had in ((0, False), (400, True)):
        with recorded_web(site, tmp_path / "web.sqlite", clock=FakeClock(START + later)) as web:  # type: ignore[operator]
            if had:
                assert web.get(f"{SITE}/a").body == b"text"
                continue
            with pytest.raises(WebError, match="terms_unreachable"):
                web.get(f"{SITE}/a")
            assert web.missed
