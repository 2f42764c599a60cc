"""robots.txt of any bytes and length: read without an exception, in linear time, quoted in words that can be kept."""

from functools import partial
from pathlib import Path

import pytest

from connectors.web import robots
from tests.connectors.web.robots_corpus import files, long_ones
from tests.growth import grows_in_line

EIGHTH = 64 * 1024  # bytes, of the most that are read
PATHS = ("/", "/a/b?c=%C3%A6", "/index.html", "/%zz", "")


def judge(body: bytes, paths: tuple[str, ...] = PATHS) -> None:
    """Reads `body` and asks all there is to ask; whatever is quoted of it can be stored and is short."""
    robots.is_text(body)
    found = robots.parse(body)
    quoted = [*found.sitemaps, *found.licences()]
    for path in paths:
        told = [found.decide(path).rule, found.opt_out(path)]
        assert all(len(line) < 500 for line in told)
        quoted += told
    assert found.delay() >= 0
    assert "\n".join(quoted).encode()  # a lone surrogate would end the run when the reject is written


def test_any_bytes_are_read(shared_data: Path) -> None:
    """A part of what `make soak` reads."""
    for body in files(shared_data / "labelled" / "robots-sitemaps" / "robots", seed=3, most=400):
        judge(body)


def test_time_grows_with_the_file() -> None:
    """A file of 35,000 agents took 5.7 s when each line copied those before."""
    for name, body in long_ones():
        small, large = body[: EIGHTH // 8], body[:EIGHTH]
        assert grows_in_line(partial(judge, small), partial(judge, large)), name


EVERYONE = "Disallow: /"


@pytest.mark.parametrize(
    "agent",
    [
        b"*\xa0",  # a blank of Latin-1, as on a real site
        b"*\xc2\xa0",
        b"* \xa0 ",
        b"\xef\xbb\xbf*",
    ],
)
def test_everyone_is_meant_whatever_blank_follows(agent: bytes) -> None:
    assert not robots.parse(b"User-agent: " + agent + b"\nDisallow: /").decide("/").allowed


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf", b"\xef\xbb", b"\xef"])
def test_a_mark_of_which_a_part_is_left_hides_no_line(mark: bytes) -> None:
    assert not robots.parse(mark + b"User-agent: *\nDisallow: /").decide("/").allowed


def test_names_of_other_encodings_are_escaped() -> None:
    found = robots.parse("User-agent: Ærgerbot\nDisallow: /æ\nSitemap: https://x.example/æ".encode("latin-1"))
    assert list(found.named) == ["%c6rgerbot"]
    assert found.rules_for("%c6rgerbot")[0].pattern == "/%E6" and found.sitemaps == ["https://x.example/%E6"]


@pytest.mark.parametrize(
    ("rules", "path", "allowed"),
    [
        ("Allow: /docs/index.html", "/docs/", True),
        ("Allow: /docs/index.html", "/docs/index.html", True),
        ("Allow: /docs/index.html", "/docs/index.htm", False),
        ("Allow: /docs/index.html", "/docs/a", False),
        ("Allow: /docs/index.html", "/docs", False),
        ("Allow: /*/index.html", "/docs/", True),
        ("Allow: /docs/index.html?a", "/docs/", False),
        ("Allow: /my-index.html", "/", False),
        ("Allow: /index.html", "/", True),
        ("Disallow: /docs/index.html\nAllow: /docs", "/docs/", True),  # what forbids the file leaves the folder
    ],
)
def test_who_allows_the_index_allows_its_folder(rules: str, path: str, allowed: bool) -> None:
    assert robots.parse(f"User-agent: *\nDisallow: /\n{rules}".encode()).decide(path).allowed is allowed
