"""One spelling per URL."""

import csv
import json
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.base import WebError
from connectors.web import normalise_url
from connectors.web.url import host_key, without_session

# Where the labelled set goes further than is safe: a server may tell `//` from `/`, and `?b&a` from `?a&b=`.
OTHERWISE = (
    "//aa",
    "aa//",
    "bb//",
    "b=1&a=1",
    "b=2&a=1",
    "&b=",
    "?b&a",
    "?b=&a",
    "?=1&",
    "?&=1&",
    "foo.com/index.html",
    "http:///",
)


def test_labelled_urls(shared_data: Path) -> None:
    file = shared_data / "labelled" / "robots-sitemaps" / "normalizer" / "weirdToNormalizedUrls.csv"
    lines = [line for line in file.read_text().split("\n") if line and not line.startswith("#")]
    cases = [[cell.strip() for cell in next(csv.reader([line], skipinitialspace=True))] for line in lines]
    web = [(given, normal) for given, normal in cases if not given.startswith(("ftp:", "file:"))]
    kept = [(given, normal) for given, normal in web if given == "foo.com" or not any(o in given for o in OTHERWISE)]
    kept += [case for case in web if case[0].startswith(("http://Foo", "http://foo.com:80"))]
    assert len(kept) >= 80
    assert {given: normalise_url(given) for given, _ in kept} == dict(kept)


def test_labelled_resolutions(shared_data: Path) -> None:
    """Where the labelled result is a URL of the web; our spelling of it is the same as of what it is made from."""
    folder = shared_data / "labelled" / "robots-sitemaps"
    lines = [line for line in (folder / "url-utils" / "url-resolve.csv").read_text().split("\n") if line]
    cases = [next(csv.reader([line], skipinitialspace=True)) for line in lines if not line.startswith("#")]
    web = [case for case in cases if case[2].startswith(("http:", "https:")) and "@" not in case[2]]
    assert len(web) >= 12
    assert {tuple(case): _or_none(case[0], case[1]) for case in web} == {
        tuple(case): _or_none(case[2], "") for case in web
    }
    invalid = (folder / "normalizer" / "invalidUrls.csv").read_text().split("\n")
    assert not any(_or_none(line, "") for line in invalid if line.startswith("http"))


def test_platform_urls_never_crash_and_mostly_agree_on_the_host(shared_data: Path) -> None:
    """Against the web platform's cases: browsers mend more than a crawler needs to."""
    file = shared_data / "labelled" / "robots-sitemaps" / "url-utils" / "wpt-urltestdata.json"
    agree = asked = 0
    for case in json.loads(file.read_text()):
        if isinstance(case, str):
            continue
        got = _or_none(case["input"], case.get("base") or "")
        if case.get("protocol") in ("http:", "https:") and not case["username"] + case["password"]:
            asked += 1
            agree += got is not None and urlsplit(got).netloc == case["host"]
    assert asked > 200 and agree / asked > 0.8


@pytest.mark.parametrize(
    ("given", "base", "normal"),
    [
        ("HTTP://Example.ORG:80/%7Ea/../b?q#f", "", "http://example.org/b?q"),
        ("https://example.org:443", "", "https://example.org/"),
        ("https://example.org:80/", "", "https://example.org:80/"),
        ("../c?x=1", "http://example.org/a/b", "http://example.org/c?x=1"),
        ("//other.org/x", "https://example.org/", "https://other.org/x"),
        ("?page=2", "http://example.org/list?page=1", "http://example.org/list?page=2"),
        ("http://例え.テスト/道", "", "http://xn--r8jz45g.xn--zckzah/%E9%81%93"),
        ("http://①②⑦.⓪.⓪.①/", "", "http://127.0.0.1/"),
        ("http://example.org./a", "", "http://example.org/a"),
        ("http://[0:0::1]:8000/", "", "http://[::1]:8000/"),
        ("http://example.org\\a\\b?c\\d", "", "http://example.org/a/b?c%5Cd"),
        (" http://example.org/a\n/b ", "", "http://example.org/a/b"),
        ("http://example.org/a;b=1,2/@c:d", "", "http://example.org/a;b=1,2/@c:d"),
    ],
)
def test_spelling(given: str, base: str, normal: str) -> None:
    assert normalise_url(given, base) == normal == normalise_url(normal)


@given(st.text(max_size=60))
def test_any_text_is_normal_once_or_refused(text: str) -> None:
    normal = _or_none(f"http://example.org/{text}", "")
    assert normal is None or (normalise_url(normal) == normal and normal.isascii())


@pytest.mark.parametrize("url", ["http://me:hunter2@example.org/", "me:hunter2@example.org", "ftp://me:hunter2@x/a"])
def test_passwords_are_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(WebError, match="bad_url") as error:
        normalise_url(url)
    assert "hunter2" not in str(error.value) + error.value.url + error.value.detail


@pytest.mark.parametrize(
    ("url", "plain"),
    [
        ("http://x/a?PHPSESSID=0123456789abcdef0123", "http://x/a"),
        ("http://x/a?PHPSESSID=0123456789abcdef0123&b=1", "http://x/a?b=1"),
        ("http://x/a?b=1&sid=0123456789abcdef", "http://x/a?b=1"),
        ("http://x/a?b=1&sid=0123456789abcdef&c=2", "http://x/a?b=1&c=2"),
        ("http://x/a;jsessionid=0123ABCD.node1?b=1", "http://x/a?b=1"),
        ("http://x/a?sid=42", "http://x/a?sid=42"),  # an article's number
        ("http://x/a?side=0123456789abcdef0123", "http://x/a?side=0123456789abcdef0123"),
    ],
)
def test_sessions_name_no_page(url: str, plain: str) -> None:
    assert without_session(url) == plain


def test_hosts_of_one_patience() -> None:
    keys = [host_key(url) for url in ("http://a.org/", "https://a.org/x", "http://a.org:8000/", "http://b.org/")]
    assert keys == ["a.org", "a.org", "a.org:8000", "b.org"]


def _or_none(url: str, base: str) -> str | None:
    try:
        return normalise_url(url, base)
    except WebError:
        return None
