"""Limits in headers and in words, and how long they ask one to wait."""

from email.utils import formatdate

import pytest

from connectors.web import allowance

NOW = 1_700_000_000.0


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, 0),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1700000600"}, 600),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1700000600000"}, 600),  # in thousandths
        ({"ratelimit-remaining": "0", "ratelimit-reset": "30"}, 30),
        ({"x-ratelimit-remaining": "1", "x-ratelimit-reset": "1700000600"}, 0),
        ({"x-ratelimit-remaining": "10", "x-ratelimit-reset": "1700000600"}, 0),
        ({"x-ratelimit-remaining": "0"}, 0),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1600000000"}, 0),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1900000000"}, 86_400),
        ({"x-ratelimit-remaining": "0.0", "x-ratelimit-reset": "214"}, 214),  # Reddit
        ({"x-ratelimit-remaining": "0, 0", "x-ratelimit-reset": "214, 214"}, 214),
        ({"x-ratelimit-remaining": "none", "x-ratelimit-reset": "214"}, 0),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "soon"}, 0),
        ({"x-rate-limit-remaining": "0", "x-rate-limit-reset": "214"}, 214),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset-after": "1.5"}, 1.5),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "2023-11-14T22:15Z"}, 100),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": formatdate(NOW + 40, usegmt=True)}, 40),
        ({"ratelimit": '"default";r=0;t=50'}, 50),
        ({"ratelimit": '"default";r=5;t=50'}, 0),
        ({"ratelimit": '"hour";r=5;t=3000, "minute";r=0;t=40'}, 40),
        ({"ratelimit": "limit=100, remaining=0, reset=50"}, 50),
        ({"ratelimit": "limit=100, remaining=7, reset=50"}, 0),
        ({"x-ratelimit-remaining": "1", "ratelimit-remaining": "0", "ratelimit-reset": "30"}, 30),
    ],
)
def test_when_a_used_up_limit_is_filled_again(headers: dict[str, str], seconds: float) -> None:
    assert allowance.limit_reset(headers, NOW, 86_400) == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("headers", "body", "limited"),
    [
        ({}, "", False),
        ({}, "<h1>Forbidden</h1>You need to log in.", False),
        ({}, '{"message": "API rate limit exceeded for 127.0.0.1."}', True),
        ({}, '{"message": "You have exceeded a secondary rate limit."}', True),
        ({}, '{"error_id": 502, "error_name": "throttle_violation"}', True),
        ({}, "Too Many Requests", True),
        ({}, "您的访问过于频繁", True),
        ({"retry-after": "5"}, "", True),
        ({"x-ratelimit-remaining": "0"}, "", True),
        ({"x-ratelimit-remaining": "9"}, "", False),
    ],
)
def test_a_refusal_says_that_one_asks_too_often(headers: dict[str, str], body: str, limited: bool) -> None:
    assert allowance.tells_limit(headers, body.encode() + b"\xff") is limited


@pytest.mark.parametrize(
    ("words", "seconds"),
    [
        ("too many requests from this IP, more requests available in 81341 seconds", 81_341),
        ("Please try again in 5 minutes.", 300),
        ("retry after 2 hours", 7_200),
        ("请在 30 秒后再试", 30),
        ("wait 99999 hours", 86_400),
        ("Try again later, error 12 seconds", 12),
        ("You asked 60 times in 60 seconds", 0),
        ("", 0),
    ],
)
def test_a_wait_that_is_asked_for_in_words(words: str, seconds: float) -> None:
    assert allowance.stated_wait(words.encode(), 86_400) == seconds
