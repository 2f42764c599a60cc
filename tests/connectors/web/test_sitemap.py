"""Sitemaps of every form, and those that mean harm."""

import gzip
from pathlib import Path

import pytest

from connectors.web import sitemap
from connectors.web.sitemap import Sitemap, SitemapError

BASE = "http://www.example.com/sitemap.xml"
CATALOG = tuple(
    f"http://www.example.com/{page}"
    for page in (
        "",
        "catalog?item=12&desc=vacation_hawaii",
        "catalog?item=73&desc=vacation_new_zealand",
        "catalog?item=74&desc=vacation_newfoundland",
        "catalog?item=83&desc=vacation_usa",
    )
)
BOMB = '<!DOCTYPE x [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]><urlset><url><loc>http://x/&b;</loc></url></urlset>'


@pytest.mark.parametrize(
    ("name", "pages"),
    [
        ("sitemap.ns.xml", ("http://www.example.com/1", "http://www.example.com/2")),
        ("sitemap.badns.xml", ("http://www.example.com/1", "http://www.example.com/2")),
        ("sitemap.txt", ("http://www.domain.com/page1.html", "http://www.domain.com/page2.html")),
        ("sitemap-with-bom.txt", ("http://www.domain.com/page1.html", "http://www.domain.com/page2.html")),
        ("xmlSitemap.gz", CATALOG),
        ("sitemap.txt.gz", CATALOG),
        ("extension/sitemap-news.xml", ("http://www.example.org/business/article55.html",)),
    ],
)
def test_labelled_files(shared_data: Path, name: str, pages: tuple[str, ...]) -> None:
    body = (shared_data / "labelled" / "robots-sitemaps" / "sitemaps" / name).read_bytes()
    assert sitemap.parse(body, BASE).pages[: len(pages)] == pages


def test_every_labelled_file_gives_addresses(shared_data: Path) -> None:
    folder = shared_data / "labelled" / "robots-sitemaps"
    files = [file for file in (*folder.glob("sitemaps/**/*.*"), *folder.glob("rss/*")) if file.is_file()]
    assert len(files) >= 18
    for file in files:
        found = sitemap.parse(file.read_bytes(), BASE)
        assert found.pages or found.sitemaps, file.name


def test_an_index_lists_sitemaps(shared_data: Path) -> None:
    body = (shared_data / "labelled" / "robots-sitemaps" / "sitemaps" / "sitemap.index.xml").read_bytes()
    found = sitemap.parse(body, BASE)
    assert found.sitemaps[0] == "https://example.com/sitemap.jss?portalCode=10260&lang=en"
    assert not found.pages and len(found.sitemaps) == 15


@pytest.mark.parametrize(
    ("text", "pages"),
    [
        ("<urlset><url><loc>/a</loc></url><url><loc> /a </loc></url></urlset>", ("http://www.example.com/a",)),
        ("<urlset><url><loc>http://x/a</loc></url><url><loc>http://x/b</l", ("http://x/a", "http://x/b")),  # cut off
        ("<urlset><url><loc>javascript:x</loc></url><url><loc>http://u:p@x/</loc></url></urlset>", ()),
        ("<urlset><url><loc><![CDATA[http://x/?a=1&b=2]]></loc></url></urlset>", ("http://x/?a=1&b=2",)),
        ("<urlset/>", ()),
        ("", ()),
    ],
)
def test_forms(text: str, pages: tuple[str, ...]) -> None:
    assert sitemap.parse(text.encode(), BASE) == Sitemap(pages=pages)


@pytest.mark.parametrize(
    "body",
    [
        BOMB.encode(),
        b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><urlset><url><loc>http://x/&a;</loc></url></urlset>',
        gzip.compress(bytes(60 << 20), mtime=0),
        gzip.compress(b"http://x/", mtime=0)[:-4],
        b"\x1f\x8bnonsense",
        b"<",
    ],
)
def test_harm_is_refused(body: bytes) -> None:
    with pytest.raises(SitemapError):
        sitemap.parse(body, BASE)


def test_no_more_than_the_format_allows(monkeypatch: pytest.MonkeyPatch) -> None:
    assert sitemap.MOST_URLS == 50_000
    monkeypatch.setattr(sitemap, "MOST_URLS", 50)
    body = "\n".join(f"http://x/{number}" for number in range(60)).encode()
    assert len(sitemap.parse(body, BASE).pages) == 50
