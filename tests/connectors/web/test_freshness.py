"""Headers about time."""

from email.utils import formatdate

import pytest

from connectors.web import freshness

NOW = 1_800_000_000.0


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, 0),
        ({"cache-control": "max-age=60"}, 60),
        ({"cache-control": 'Public, Max-Age="60"'}, 60),
        ({"cache-control": "max-age=60", "age": "50"}, 10),
        ({"cache-control": "max-age=60", "age": "90"}, 0),
        ({"cache-control": "max-age=60, no-cache"}, 0),
        ({"cache-control": "no-store, max-age=60"}, 0),
        ({"cache-control": "max-age=-1"}, 0),
        ({"cache-control": "max-age=lots"}, 0),
        ({"cache-control": "max-age=" + "9" * 99}, 1000),
        ({"cache-control": "max-age=60", "vary": "*"}, 0),
        ({"expires": formatdate(NOW + 30)}, 30),
        ({"expires": formatdate(NOW + 30), "date": formatdate(NOW + 10)}, 20),
        ({"expires": formatdate(NOW + 30), "date": formatdate(NOW - 10)}, 30),
        ({"expires": formatdate(NOW + 30), "age": "20"}, 10),
        ({"cache-control": "max-age=60", "date": formatdate(NOW - 50)}, 10),  # a cache on the way that hides its age
        ({"cache-control": "max-age=60", "age": "5", "date": formatdate(NOW - 50)}, 10),
        ({"cache-control": "max-age=60, must-revalidate"}, 60),
        ({"cache-control": "max-age=60", "vary": "accept-encoding, user-agent"}, 60),
        ({"last-modified": formatdate(NOW - 1e7), "date": formatdate(NOW)}, 0),  # no guess: a crawl is there to ask
        ({"expires": "0"}, 0),
        ({"expires": formatdate(NOW - 30)}, 0),
    ],
)
def test_fresh(headers: dict[str, str], seconds: float) -> None:
    assert freshness.fresh_seconds(headers, NOW, cap=1000) == seconds


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("", 0),
        ("30", 30),
        (" 30 ", 30),
        ("99999", 1000),
        ("9" * 400, 1000),
        ("-1", 0),
        ("1.5", 0),
        ("٣", 0),
        ("tomorrow", 0),
        (formatdate(NOW + 40, usegmt=True), 40),
        (formatdate(NOW - 40, usegmt=True), 0),
        (formatdate(NOW + 40_000, usegmt=True), 1000),
        ("Wed, 99 Jan 2030 99:99:99 GMT", 0),
        ("Wed, 01 Jan 99999999 00:00:00 GMT", 0),
    ],
)
def test_retry_after(value: str, seconds: float) -> None:
    assert freshness.retry_after({"retry-after": value}, NOW, cap=1000) == seconds
