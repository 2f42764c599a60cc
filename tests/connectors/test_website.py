"""A site walked by links, by sitemap and from a folder."""

import gzip
from collections.abc import Iterator, Mapping
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from pydantic import ValidationError

from connectors.web import open_web
from connectors.website import Website
from schemas.document import Article, Reject
from schemas.page import Page
from tests.connectors.recorded import OFFLINE, Recorded, RecordedTransport, fetch, redirect
from tests.connectors.recorded import page as response

ROOT = "http://site.example/docs/"
TEXT = "<p>Grinding is the step that turns grain into flour, and it needs a clean stone and some patience.</p>"


def page(*links: str) -> str:
    listed = "".join(f'<li><a href="{link}">on</a></li>' for link in links)
    return f"<html><head><title>T</title></head><body><main><h1>T</h1>{TEXT}<ul>{listed}</ul></main></body></html>"


def recorded(pages: Mapping[str, str | Recorded]) -> RecordedTransport:
    """A site of these pages; what is not among them is gone."""
    return RecordedTransport({url: response(it) if isinstance(it, str) else it for url, it in pages.items()})


def crawl(pages: Mapping[str, str | Recorded], **settings: object) -> list[Page | Reject]:
    return fetch(Website.model_validate({"name": "site", "start": ROOT, **settings}), recorded(pages))


def keys(found: list[Page | Reject]) -> list[str]:
    return [item.key for item in found]


def test_links_below_the_prefix_breadth_first_each_once() -> None:
    pages = {
        ROOT: page("b.html", "a.html#top", "a.html", "../elsewhere.html", "http://other.example/docs/x.html", "a.pdf"),
        f"{ROOT}b.html": page("deep/c.html", ROOT),
        f"{ROOT}a.html": page("b.html"),
        f"{ROOT}deep/c.html": page("?page=2"),
        f"{ROOT}deep/c.html?page=2": page(),
    }
    pages = {**pages, f"{ROOT}deep/?page=2": page()}
    assert keys(crawl(pages)) == ["index", "b.html", "a.html", "deep/c.html", "deep/c.html?page=2"]
    *found, left = crawl(pages, max_pages=2)
    assert keys(found) == ["index", "b.html"]
    assert isinstance(left, Reject) and (left.key, left.reason) == (f"{ROOT}a.html", "max_pages")
    assert keys(crawl(pages, exclude=["deep/", "a\\.html$"])) == ["index", "b.html"]


def test_a_session_in_its_links_makes_no_page_new() -> None:
    session = "?PHPSESSID=0123456789abcdef0123456789abcdef"
    pages = {ROOT: page(f"a.html{session}"), f"{ROOT}a.html": page(f"./{session.replace('0', '1')}", "a.html?sid=7")}
    pages |= {f"{ROOT}a.html?sid=7": page()}
    assert keys(crawl(pages)) == ["index", "a.html", "a.html?sid=7"]


def test_a_page_carries_its_evidence() -> None:
    rules = response("User-agent: *\nAllow: /docs/", content_type="text/plain")
    pages: dict[str, str | Recorded] = {ROOT: response(page(), etag='"1"'), "http://site.example/robots.txt": rules}
    (found,) = crawl(pages, licence="CC-BY-4.0")
    assert isinstance(found, Page)
    stated = (found.etag, found.robots, found.licence, found.url)
    assert stated == ('"1"', "allowed by 'Allow: /docs/' for '*'", "CC-BY-4.0", ROOT)


def test_what_cannot_be_had_is_a_reject_and_what_is_gone_a_page() -> None:
    found = crawl(
        {
            "http://site.example/robots.txt": response("User-agent: *\nDisallow: /docs/no", content_type="text/plain"),
            ROOT: page("no.html", "gone.html", "broken.html", "data"),
            f"{ROOT}broken.html": response("", 500),
            f"{ROOT}data": response(b"PK", content_type="application/zip"),
        }
    )
    no, gone, broken, data = found[1:]
    assert no == Reject(f"{ROOT}no.html", "robots", "disallowed by 'Disallow: /docs/no' for '*'")
    assert isinstance(gone, Page) and (gone.key, gone.status, gone.body) == ("gone.html", 404, b"")
    assert broken == Reject(f"{ROOT}broken.html", "http_500")
    assert data == Reject(f"{ROOT}data", "not_html", "application/zip")


def test_one_page_under_two_addresses_is_one_page() -> None:
    named = page().replace("<head>", f'<head><link rel="canonical" href="{ROOT}a.html">')
    pages = {ROOT: page("old.html", "a.html?from=menu"), f"{ROOT}a.html": named, f"{ROOT}a.html?from=menu": named}
    *found, again = crawl({**pages, f"{ROOT}old.html": redirect("a.html")})
    assert keys(found) == ["index", "a.html"]
    assert again == Reject(f"{ROOT}a.html?from=menu", "duplicate_page", f"the page of {ROOT}old.html")


def test_a_redirect_out_of_the_prefix_is_told() -> None:
    pages = {ROOT: page("x.html"), f"{ROOT}x.html": redirect("/login"), "http://site.example/login": page("a.html")}
    _, away = crawl(pages)
    assert isinstance(away, Reject) and (away.key, away.reason) == (f"{ROOT}x.html", "outside_prefix")
    assert "http://site.example/login" in away.detail


@pytest.mark.parametrize("moved", ["https://site.example/docs/", "http://www.site.example/docs/"])
def test_a_site_that_redirects_to_https_or_www_is_the_same_site(moved: str) -> None:
    """Whatever way its links are written, each page comes once, under the key that it would have without."""
    pages = {ROOT: redirect(moved), f"{ROOT}b.html": redirect(f"{moved}b.html"), f"{moved}b.html": page(ROOT, moved)}
    found = crawl({**pages, moved: page("a.html", f"{ROOT}b.html", f"{moved}b.html"), f"{moved}a.html": page("./")})
    assert [(item.key, getattr(item, "url", "")) for item in found] == [
        *(("index", moved), ("a.html", f"{moved}a.html"), ("b.html", f"{moved}b.html")),
    ]
    found = crawl({**pages, moved: page("a.html"), f"{moved}a.html": page()}, prefix=ROOT)
    assert keys(found) == ["index", "a.html"]


def test_a_start_that_moved_within_its_site_brings_its_new_folder() -> None:
    new = "http://site.example/en/guide/"
    pages = {ROOT: redirect(new), new: page("a.html", "../", "/docs/b.html"), f"{new}a.html": page()}
    found = crawl({**pages, f"{ROOT}b.html": page()})
    assert keys(found) == ["site.example/en/guide/", "site.example/en/guide/a.html", "b.html"]


@pytest.mark.parametrize("to", ["http://site.example/", "http://elsewhere.example/docs/", "http://site.example/login"])
def test_a_start_that_leads_to_the_front_page_or_another_site_is_told_and_not_walked(to: str) -> None:
    site = recorded({ROOT: redirect(to), to: page("a.html", "/b.html")})
    (found,) = fetch(Website(name="site", start=ROOT), site)
    assert isinstance(found, Reject) and (found.key, found.reason) == (ROOT, "outside_prefix") and to in found.detail
    assert [url for url in site.asked if not url.endswith("/llms.txt")] == [ROOT, to]


def test_a_start_that_moved_out_of_a_stated_prefix_is_told() -> None:
    new = "http://site.example/en/guide/"
    (found,) = crawl({ROOT: redirect(new), new: page("a.html"), f"{new}a.html": page()}, prefix=ROOT)
    assert isinstance(found, Reject) and found.reason == "outside_prefix"


def test_every_start_has_its_own_folder() -> None:
    other, deeper = "http://site.example/blog/", f"{ROOT}deep/"
    pages = {ROOT: page("a.html"), f"{ROOT}a.html": page(), other: page("a.html", "/no.html"), f"{other}a.html": page()}
    found = crawl({**pages, deeper: page()}, start=(ROOT, other, deeper))
    assert keys(found) == ["index", "site.example/blog/", "deep/", "a.html", "site.example/blog/a.html"]
    assert all(isinstance(item, Page) for item in found)


def test_an_opt_out_keeps_the_evidence_and_not_the_text() -> None:
    (found,) = crawl({ROOT: response(page("a.html"), x_robots_tag="noai")})
    assert isinstance(found, Page)
    assert (found.body, found.opt_out) == (b"", "X-Robots-Tag: noai")
    assert list(Website(name="site", start=ROOT).parse(found)) == [Reject("index", "opt_out", "X-Robots-Tag: noai")]


@pytest.mark.parametrize("link", ["again/again/again/again/", "/".join("abcdefghijklmnopqrstu") + "/"])
def test_traps_are_not_walked_into(link: str) -> None:
    assert keys(crawl({ROOT: page(link), f"{ROOT}{link}": page()})) == ["index"]


def test_of_a_page_with_endless_links_some_are_followed() -> None:
    site = recorded({ROOT: page(*(f"{number}.html" for number in range(800)))})
    fetch(Website(name="site", start=ROOT), site)
    assert len(site.asked) == 501 + 2  # and two places of an llms.txt


def test_a_sitemap_takes_the_place_of_links() -> None:
    listed = "".join(f"<sitemap><loc>{ROOT}{name}.xml</loc></sitemap>" for name in ("one", "bad"))
    index = f"<sitemapindex>{listed}</sitemapindex>"
    one = f"<urlset><url><loc>{ROOT}a.html</loc></url><url><loc>http://site.example/x.html</loc></url></urlset>"
    bad = '<!DOCTYPE x [<!ENTITY a "b">]><urlset/>'
    pages = {f"{ROOT}map.xml": index, f"{ROOT}one.xml": one, f"{ROOT}bad.xml": bad, f"{ROOT}a.html": page("b.html")}
    found = crawl(pages, start=(), sitemap=f"{ROOT}map.xml")
    assert keys(found) == [f"{ROOT}bad.xml", "a.html"]
    assert isinstance(found[0], Reject) and found[0].reason == "bad_sitemap"


def test_a_sitemap_that_gives_no_page_says_why() -> None:
    place, other = f"{ROOT}map.xml", "<urlset><url><loc>http://other.example/docs/a.html</loc></url></urlset>"
    cases: dict[str, Recorded] = {
        "http_404": response("", 404),
        "opt_out": response(other, x_robots_tag="noai"),
        "outside_prefix": response(other),
    }
    for reason, answer in cases.items():
        found = crawl({place: answer}, start=(), sitemap=place)
        assert [(item.key, getattr(item, "reason", "")) for item in found] == [(place, reason)]


def test_a_sitemap_of_a_site_that_moved_to_https_is_read() -> None:
    secure = ROOT.replace("http:", "https:")
    listed = f"<urlset><url><loc>{secure}a.html</loc></url></urlset>"
    pages = {f"{ROOT}map.xml": redirect(f"{secure}map.xml"), f"{secure}map.xml": listed, f"{secure}a.html": page()}
    assert keys(crawl(pages, start=(), sitemap=f"{ROOT}map.xml")) == ["a.html"]


def test_a_page_in_two_languages_is_two_pages() -> None:
    alternate = "".join(f'<link rel="alternate" hreflang="{it}" href="{ROOT}{it}.html">' for it in ("en", "zh"))
    named = page().replace("<head>", f'<head>{alternate}<link rel="canonical" href="{ROOT}en.html">')
    pages = {ROOT: page("zh.html", "en.html"), f"{ROOT}en.html": named, f"{ROOT}zh.html": named}
    assert keys(crawl(pages)) == ["index", "zh.html", "en.html"]


def test_a_folder_is_read_as_if_served(tmp_path: Path) -> None:
    for name in ("b/two.html", "one.HTM", "notes.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(page("next.html"))
    site = Website(name="site", folder=tmp_path, base_url=ROOT)
    found = [item for item in site.fetch(OFFLINE, None) if isinstance(item, Page)]
    assert [(item.key, item.url) for item in found] == [
        ("b/two.html", f"{ROOT}b/two.html"),
        ("one.HTM", f"{ROOT}one.HTM"),
    ]
    assert all(isinstance(document, Article) for item in found for document in site.parse(item))
    assert [path.name for path in site.files()] == ["two.html", "one.HTM"]


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({}, "start"),
        ({"start": ROOT, "folder": "x", "base_url": ROOT}, "start"),
        ({"folder": "x"}, "base_url"),
        ({"start": ROOT, "exclude": ["("]}, "RE2"),
    ],
)
def test_settings_that_cannot_work_say_so(settings: dict[str, object], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        Website.model_validate({"name": "site", **settings})


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None: ...


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """A folder on loopback, and its address."""
    folder = tmp_path / "site"
    folder.mkdir()
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/docs/", folder
        server.shutdown()


def test_a_real_server_through_the_polite_client(served: tuple[str, Path], tmp_path: Path) -> None:
    root, folder = served
    (folder / "robots.txt").write_text("User-agent: *\nDisallow: /docs/private")
    (folder / "docs").mkdir()
    pages = {"index.html": page("a.html", "private.html", "missing.html"), "a.html": page(), "private.html": page()}
    for name, text in pages.items():
        (folder / "docs" / name).write_text(text)
    with open_web(tmp_path / "web.sqlite", source="site", delay=0, allow_private=("127.0.0.1",)) as web:
        found = list(Website(name="site", start=root).fetch(web, None))
    assert [getattr(item, "status", None) or item.reason for item in found] == [200, 200, "robots", 404]  # type: ignore[union-attr]
    assert keys(found) == ["index", "a.html", f"{root}private.html", "missing.html"]


TWIN = "# Stones\n\nKeep the stone **dry** and dress it every second week, or the flour gets warm and clumps.\n"
PLAIN = {"content_type": "text/markdown; charset=utf-8"}


@pytest.mark.parametrize(
    ("head", "listing", "twin", "used"),
    [
        ('<link rel="alternate" type="text/markdown" href="stones.md">', "", response(TWIN, **PLAIN), True),
        ("", f"- [Stones]({ROOT}stones.md)", response(TWIN, **PLAIN), True),
        ("", "", response(TWIN, **PLAIN), False),
        ("", f"- [Stones]({ROOT}stones.md)", response(TWIN + "\n<Tabs>two</Tabs>", **PLAIN), False),
        ("", f"- [Stones]({ROOT}stones.md)", response(page()), False),
        ("", f"- [Stones]({ROOT}stones.md)", response(TWIN, x_robots_tag="noai", **PLAIN), False),
        ("", f"- [Stones]({ROOT}stones.md)", response("", 404), False),
        ('<link rel="alternate" type="text/markdown" href="https://other.example/a.md">', "", response(TWIN), False),
    ],
)
def test_a_page_is_read_from_its_twin_in_markdown(head: str, listing: str, twin: Recorded, used: bool) -> None:
    shown = page().replace("<title>", f"{head}<title>")
    pages = {
        ROOT: page("stones.html"), f"{ROOT}stones.html": shown, f"{ROOT}stones.md": twin,
        "http://site.example/llms.txt": response(listing, content_type="text/plain"),
    }  # fmt: skip
    source = Website(name="site", start=ROOT)
    _, found = [item for item in fetch(source, recorded(pages)) if isinstance(item, Page)]
    (article,) = source.parse(found)
    assert isinstance(article, Article)
    assert article.url == f"{ROOT}stones.html"
    text = "\n".join(section.markdown for section in article.sections)
    assert ("**dry**" in text) is used
    assert ("Grinding" in text) is not used


def test_saved_pages_may_be_packed_and_those_that_are_left_or_broken_are_told(tmp_path: Path) -> None:
    whole = gzip.compress(page().encode() * 50)
    for name, body in {
        "a.html": page().encode(),
        "b.html.gz": gzip.compress(page().encode()),
        "c.html.gz": whole[:40],
    }.items():
        (tmp_path / name).write_bytes(body)
    found = list(Website(name="s", folder=tmp_path, base_url="https://a.example/").fetch(OFFLINE, None))
    assert [(item.key, getattr(item, "reason", "")) for item in found] == [
        ("a.html", ""), ("b.html", ""), ("c.html", "broken_archive"),
    ]  # fmt: skip
    assert found[1].body == page().encode()  # type: ignore[union-attr]
    found = list(Website(name="s", folder=tmp_path, base_url="https://a.example/", max_pages=1).fetch(OFFLINE, None))
    assert [(item.key, getattr(item, "reason", "")) for item in found] == [("a.html", ""), ("b.html.gz", "max_pages")]


def test_a_page_is_read_once_packed_or_not(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text(page())
    (tmp_path / "a.html.gz").write_bytes(gzip.compress(page().encode()))
    found = list(Website(name="s", folder=tmp_path, base_url="https://a.example/").fetch(OFFLINE, None))
    assert [(item.key, getattr(item, "reason", "")) for item in found] == [
        ("a.html", ""),
        ("a.html.gz", "duplicate_page"),
    ]


@pytest.mark.parametrize(
    ("head", "listing"),
    [('<link rel="alternate" type="text/markdown" href="http://[x">', ""), ("", "- [x](https://[bad]/a.md)")],
)
def test_an_address_that_is_none_costs_nothing(head: str, listing: str) -> None:
    pages = {ROOT: page().replace("<title>", f"{head}<title>"),
             "http://site.example/llms.txt": response(listing, content_type="text/plain")}  # fmt: skip
    assert keys(fetch(Website(name="site", start=ROOT), recorded(pages))) == ["index"]
