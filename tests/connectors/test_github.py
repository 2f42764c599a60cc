"""GitHub over its API: paging, changes while it is walked, and what is left out."""

import json
from typing import Any

import pytest

from connectors.base import Response
from connectors.github import PER_PAGE, GitHub, markdown
from schemas.document import Reject, Thread
from schemas.page import Page
from tests.connectors.replay import ReplayWeb, json_answer

REPO = "https://api.github.com/repos/kettles/firmware/issues"


def issue(number: int, **more: Any) -> dict[str, Any]:
    said = {
        "number": number,
        "title": f"Lamp {number} stays dark",
        "body": "Why?",
        "updated_at": "2024-01-02T00:00:00Z",
    }
    return {**said, "comments": 0, "user": {"login": "mira", "type": "User"}, **more}


def listing(page: int, since: str = "") -> str:
    stated = f"&since={since}" if since else ""
    return f"{REPO}?state=all&sort=updated&direction=desc{stated}&per_page={PER_PAGE}&page={page}"


def web(answers: dict[str, Any]) -> ReplayWeb:
    return ReplayWeb({url: json_answer(url, value) for url, value in answers.items()})


def comments(number: int) -> str:
    return f"{REPO}/{number}/comments?per_page={PER_PAGE}&page=1"


def fetched(answers: dict[str, Any], cursor: str | None = None) -> list[Page | Reject]:
    return list(GitHub(name="sample", repo="kettles/firmware").fetch(web(answers), cursor))


def test_listings_are_walked_until_a_short_one_and_nothing_comes_twice() -> None:
    first = [issue(number) for number in range(PER_PAGE)]
    found = fetched({listing(1): first, listing(2): [first[-1], issue(500)]})
    assert [page.key for page in found] == [*map(str, range(PER_PAGE)), "500"]


def test_pull_requests_are_left_out_and_comments_belong_to_their_issue() -> None:
    said = [
        {"id": 1, "body": "Turn it.", "user": {"login": "jon"}},
        {"id": 2, "body": "Stale.", "user": {"type": "Bot"}},
    ]
    found = fetched({listing(1): [issue(1, pull_request={}, comments=0), issue(2, comments=2)], comments(2): said})
    assert [page.key for page in found] == ["1", "2"]  # an empty mark is no pull request
    *rejects, thread = GitHub(name="sample", repo="kettles/firmware").parse(found[1])  # type: ignore[arg-type]
    assert rejects == [Reject("2/2", "bot")]
    assert isinstance(thread, Thread)
    assert [(post.author, post.markdown) for post in thread.posts] == [("mira", "Why?"), ("jon", "Turn it.")]


def test_an_issue_without_its_comments_is_a_reject() -> None:
    found = fetched({listing(1): [issue(3, comments=4), issue(4)]})
    assert [type(item) for item in found] == [Reject, Page]
    assert found[0].key == "3"


def test_a_later_run_asks_for_what_changed() -> None:
    found = fetched({listing(1, "2024-02-01T10%3A00%3A00Z"): [issue(5)]}, "2024-02-01T10:00:00+00:00")
    assert [item.key for item in found] == ["5"]


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (Response("", 403, b"{}"), "http_403"),
        (Response("", 200, json.dumps({"message": "rate limit"}).encode()), "malformed_json"),
        (Response("", 200, b"", opt_out="noai"), "opt_out"),
    ],
)
def test_a_listing_that_cannot_be_had_is_a_reject(answer: Response, reason: str) -> None:
    found = list(GitHub(name="sample", repo="kettles/firmware").fetch(ReplayWeb({listing(1): answer}), None))
    assert [item.reason for item in found if isinstance(item, Reject)] == [reason]


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("<!-- search\nfirst -->\n### Version\n\n_No response_\n\n### Steps\n\nBoil.", "### Steps\n\nBoil."),
        ('See <img src="https://x.example/a.png"> here', "See  here"),
        ("```html\n<p><!-- kept? --></p>\n```", "```html\n<p><!-- kept? --></p>\n```"),
        ("- [x] rinse\n- [ ] again", "- [x] rinse\n- [ ] again"),
        ("```\nleft open", "```\nleft open\n```"),
    ],
)
def test_markdown_is_as_written_without_the_template(body: str, text: str) -> None:
    assert markdown(body) == text
