"""A site walked by links, by sitemap and from a folder."""

from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from pydantic import ValidationError

from connectors.base import Response, WebError
from connectors.web import open_web
from connectors.website import Website
from schemas.document import Article, Reject
from schemas.page import Page

ROOT = "http://site.example/docs/"
TEXT = "<p>Grinding is the step that turns grain into flour, and it needs a clean stone and some patience.</p>"


class Shelf:
    """A web of a few pages; what is not on it is gone."""

    def __init__(self, pages: dict[str, str | Response | WebError]) -> None:
        self.pages, self.asked = pages, list[str]()

    def get(self, url: str, *, version: str = "") -> Response:
        self.asked.append(url)
        found = self.pages.get(url, Response(url, 404, b""))
        if isinstance(found, WebError):
            raise found
        if isinstance(found, str):
            return Response(url, 200, found.encode(), {"etag": '"1"'}, "text/html", robots="User-agent: *")
        return found

    def expect(self, items: int) -> None:
        self.expected = items


def page(*links: str) -> str:
    listed = "".join(f'<li><a href="{link}">on</a></li>' for link in links)
    return f"<html><head><title>T</title></head><body><main><h1>T</h1>{TEXT}<ul>{listed}</ul></main></body></html>"


def crawl(pages: dict[str, str | Response | WebError], **settings: object) -> list[Page | Reject]:
    site = Website.model_validate({"name": "site", "start": ROOT, **settings})
    return list(site.fetch(Shelf(pages), None))


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
    (found,) = crawl({ROOT: page()}, licence="CC-BY-4.0")
    assert isinstance(found, Page)
    assert (found.etag, found.robots, found.licence, found.url) == ('"1"', "User-agent: *", "CC-BY-4.0", ROOT)


def test_what_cannot_be_had_is_a_reject_and_what_is_gone_a_page() -> None:
    found = crawl(
        {
            ROOT: page("no.html", "gone.html", "broken.html", "data"),
            f"{ROOT}no.html": WebError(f"{ROOT}no.html", "robots", "Disallow: /docs/no"),
            f"{ROOT}broken.html": Response(f"{ROOT}broken.html", 500, b""),
            f"{ROOT}data": Response(f"{ROOT}data", 200, b"PK", {}, "application/zip"),
        }
    )
    assert found[1:] == [
        Reject(f"{ROOT}no.html", "robots", "Disallow: /docs/no"),
        Page("site", "gone.html", f"{ROOT}gone.html", b"", status=404),
        Reject(f"{ROOT}broken.html", "http_500"),
    ]


def test_one_page_under_two_addresses_is_one_page() -> None:
    named = page().replace("<head>", f'<head><link rel="canonical" href="{ROOT}a.html">')
    moved = Response(f"{ROOT}a.html", 200, named.encode(), {}, "text/html")
    pages = {ROOT: page("old.html", "a.html?from=menu"), f"{ROOT}old.html": moved, f"{ROOT}a.html?from=menu": named}
    assert keys(crawl(pages)) == ["index", "a.html"]


def test_a_redirect_out_of_the_prefix_is_not_followed() -> None:
    away = Response("http://site.example/login", 200, page().encode(), {}, "text/html")
    assert keys(crawl({ROOT: page("x.html"), f"{ROOT}x.html": away})) == ["index"]


def test_an_opt_out_keeps_the_evidence_and_not_the_text() -> None:
    (found,) = crawl({ROOT: Response(ROOT, 200, page("a.html").encode(), {}, "text/html", opt_out="noai")})
    assert isinstance(found, Page)
    assert (found.body, found.opt_out) == (b"", "noai")
    assert list(Website(name="site", start=ROOT).parse(found)) == [Reject("index", "opt_out", "noai")]


@pytest.mark.parametrize("link", ["again/again/again/again/", "/".join("abcdefghijklmnopqrstu") + "/"])
def test_traps_are_not_walked_into(link: str) -> None:
    assert keys(crawl({ROOT: page(link), f"{ROOT}{link}": page()})) == ["index"]


def test_of_a_page_with_endless_links_some_are_followed() -> None:
    shelf = Shelf({ROOT: page(*(f"{number}.html" for number in range(800)))})
    list(Website(name="site", start=ROOT).fetch(shelf, None))
    assert len(shelf.asked) == 501


def test_a_sitemap_takes_the_place_of_links() -> None:
    listed = "".join(f"<sitemap><loc>{ROOT}{name}.xml</loc></sitemap>" for name in ("one", "bad"))
    index = f"<sitemapindex>{listed}</sitemapindex>"
    one = f"<urlset><url><loc>{ROOT}a.html</loc></url><url><loc>http://site.example/x.html</loc></url></urlset>"
    bad = '<!DOCTYPE x [<!ENTITY a "b">]><urlset/>'
    pages = {f"{ROOT}map.xml": index, f"{ROOT}one.xml": one, f"{ROOT}bad.xml": bad, f"{ROOT}a.html": page("b.html")}
    found = crawl(pages, start=(), sitemap=f"{ROOT}map.xml")
    assert keys(found) == [f"{ROOT}bad.xml", "a.html"]
    assert isinstance(found[0], Reject) and found[0].reason == "bad_sitemap"


def part(number: int, onward: str = "", back: str = "") -> str:
    links = f'<link rel="next" href="{onward}">' * bool(onward) + f'<link rel="prev" href="{back}">' * bool(back)
    return (
        page(f"{ROOT}other.html")
        .replace("<head>", f"<head>{links}")
        .replace("Grinding is", f"Part {number} of grinding is")
    )


CUT_UP = {
    "a.html": ("a_2.html", "a_3.html"),
    "guide": ("guide/2", "guide/3"),
    "b.html": ("b.html?page=2", "b.html?page=3"),
    "c/": ("c/page/2/", "c/page/3/"),
}


@pytest.mark.parametrize("first", CUT_UP)
@pytest.mark.parametrize("listed", [0, 1])
def test_an_article_in_pages_is_one_article(first: str, listed: int) -> None:
    second, third = CUT_UP[first]
    start = page(*((first, second, third) if listed else (first,)))
    last = ROOT + third
    pages = {ROOT: start, ROOT + first: part(1, ROOT + second), ROOT + second: part(2, last, ROOT + first)}
    found = crawl({**pages, last: part(3, back=ROOT + second), f"{ROOT}other.html": page()})
    assert keys(found) == ["index", first, "other.html"]
    assert isinstance(found[1], Page)
    (article,) = Website(name="site", start=ROOT).parse(found[1])
    assert isinstance(article, Article) and article.url == ROOT + first
    text = "\n".join(section.markdown for section in article.sections)
    assert [text.count(f"Part {number} of") for number in (1, 2, 3)] == [1, 1, 1]


def test_an_article_that_breaks_off_is_a_reject() -> None:
    found = crawl({ROOT: page("a.html"), f"{ROOT}a.html": part(1, f"{ROOT}a_2.html")})
    assert found[1] == Reject("a.html", "http_404", "page 2: ")


def test_chapters_are_articles_of_their_own() -> None:
    one = part(1, f"{ROOT}2.html").replace("</ul>", '<li><a href="2.html">on</a></li></ul>')
    pages = {ROOT: page("1.html"), f"{ROOT}1.html": one, f"{ROOT}2.html": part(2, "", f"{ROOT}1.html")}
    assert keys(crawl(pages)) == ["index", "1.html", "other.html", "2.html"]


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
    found = [item for item in site.fetch(Shelf({}), None) if isinstance(item, Page)]
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
