"""GitHub over its API: paging, changes while it is walked, and what is left out."""

import gzip
from pathlib import Path
from typing import Any

import pytest

from connectors.github import GitHub
from connectors.github.live import PER_PAGE
from connectors.github.text import markdown
from connectors.web.transport import HTTPResponse
from schemas.document import Reject, Thread
from schemas.page import Page
from tests.connectors.recorded import OFFLINE, START, FakeClock, RecordedTransport, fetch, json_page, page

REPOSITORY = "https://api.github.com/repos/kettles/firmware"
REPO = f"{REPOSITORY}/issues"
BULK = f"{REPO}/comments?sort=created&direction=asc&per_page={PER_PAGE}&page=1"


def issue(number: int, **more: Any) -> dict[str, Any]:
    said = {
        "number": number,
        "title": f"Lamp {number} stays dark",
        "body": "Why?",
        "updated_at": "2024-01-02T00:00:00Z",
    }
    return {**said, "comments": 0, "user": {"login": "mira", "type": "User"}, **more}


def listing(number: int, since: str = "") -> str:
    stated = f"&since={since}" if since else ""
    return f"{REPO}?state=all&sort=updated&direction=desc{stated}&per_page={PER_PAGE}&page={number}"


def api(answers: dict[str, Any]) -> RecordedTransport:
    recorded = {REPOSITORY: {"private": False}, BULK: [], **answers}
    return RecordedTransport({url: json_page(value) for url, value in recorded.items()})


def comments(number: int) -> str:
    return f"{REPO}/{number}/comments?per_page={PER_PAGE}&page=1"


def fetched(answers: dict[str, Any], cursor: str | None = None, **settings: Any) -> list[Page | Reject]:
    return fetch(GitHub(name="sample", repo="kettles/firmware", **settings), api(answers), cursor)


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


def test_comments_of_all_issues_come_at_once_and_those_that_miss_are_asked_for() -> None:
    said = [
        {"id": 1, "body": "Turn it.", "issue_url": f"{REPO}/2"},
        {"id": 2, "body": "Or knock.", "issue_url": f"{REPO}/3"},
        {"id": 3, "body": "It glows.", "issue_url": f"{REPO}/2"},
    ]
    whole = [{"id": 2, "body": "Or knock."}, {"id": 4, "body": "Both."}]
    answers = {listing(1): [issue(1), issue(2, comments=2), issue(3, comments=2)], BULK: said, comments(3): whole}
    transport = api(answers)
    source = GitHub(name="sample", repo="kettles/firmware")
    found = [item for item in fetch(source, transport) if isinstance(item, Page)]
    posts = [[post.markdown for post in source.parse(page) for post in getattr(post, "posts", ())] for page in found]
    assert [texts[1:] for texts in posts] == [[], ["Turn it.", "It glows."], ["Or knock.", "Both."]]
    assert transport.asked == [REPOSITORY, BULK, listing(1), comments(3)]


def test_a_later_run_asks_for_no_comments_in_bulk() -> None:
    transport = api({listing(1, "2024-02-01T10%3A00%3A00Z"): []})
    fetch(GitHub(name="sample", repo="kettles/firmware"), transport, "2024-02-01T10:00:00+00:00")
    assert transport.asked == [REPOSITORY, listing(1, "2024-02-01T10%3A00%3A00Z")]


def test_listings_follow_the_links_of_the_api_and_no_others() -> None:
    cursor, away = f"{REPO}?after=abc", "https://other.example/issues"
    recorded = {
        REPOSITORY: json_page({"private": False}), BULK: json_page([]),
        listing(1): json_page([issue(1)], link=f'<{cursor}>; rel="next", <{listing(1)}>; rel="first"'),
        cursor: json_page([issue(2)], link=f'<{away}>; rel="next"'),
    }  # fmt: skip
    transport = RecordedTransport(recorded)  # type: ignore[arg-type]
    *found, left = fetch(GitHub(name="sample", repo="kettles/firmware"), transport)
    assert [page.key for page in found] == ["1", "2"]
    assert away not in transport.requests
    assert left == Reject(REPO, "foreign_next_page", "the walk ends at a link to https://other.example")


@pytest.mark.parametrize(
    ("repository", "licence", "reasons"),
    [({"private": True}, "", ["no_licence"]), ({}, "", ["no_licence"]), ({"private": True}, "CC-BY-4.0", [])],
)
def test_a_repository_that_is_not_public_needs_a_licence(
    repository: dict[str, Any], licence: str, reasons: list[str]
) -> None:
    found = fetched({REPOSITORY: repository, listing(1): [issue(1)]}, licence=licence)
    assert [item.reason for item in found if isinstance(item, Reject)] == reasons
    assert len(found) == 1


def test_a_limit_that_is_used_up_is_waited_for_by_a_later_run(tmp_path: Path) -> None:
    refused = json_page({}, 403, x_ratelimit_remaining="0", x_ratelimit_reset=str(int(START) + 3600))
    transport = api({listing(1): [issue(1)]})
    transport.responses[listing(1)] = [refused, transport.responses[listing(1)]]  # type: ignore[list-item]
    reasons = []
    for later in (0, 1800, 3700):
        clock = FakeClock(START + later)
        source = GitHub(name="sample", repo="kettles/firmware")
        found = fetch(source, transport, store=tmp_path / "web.sqlite", clock=clock)
        reasons.append([getattr(item, "reason", item.key) for item in found])
    assert reasons == [["host_paused"], ["host_paused"], ["1"]]
    assert transport.asked.count(listing(1)) == 2


def test_an_issue_without_its_comments_is_a_reject() -> None:
    found = fetched({listing(1): [issue(3, comments=4), issue(4)]})
    assert [type(item) for item in found] == [Reject, Page]
    assert found[0] == Reject("3", "http_404", "comments: ")


def test_what_is_listed_and_no_issue_and_a_walk_that_is_cut_short_are_told() -> None:
    found = fetched({listing(1): [{"id": 7}, *map(issue, range(PER_PAGE - 1))]}, max_pages=1)
    reasons = [(item.key, item.reason) for item in found if isinstance(item, Reject)]
    assert reasons == [("7", "not_an_issue"), (REPO, "max_pages")]


def test_a_later_run_asks_for_what_changed() -> None:
    found = fetched({listing(1, "2024-02-01T10%3A00%3A00Z"): [issue(5)]}, "2024-02-01T10:00:00+00:00")
    assert [item.key for item in found] == ["5"]


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (json_page({}, 403), "http_403"),
        (json_page({"message": "rate limit"}), "malformed_json"),
        (page("<h1>Down for maintenance</h1>"), "malformed_json"),
        (json_page([], x_robots_tag="noai"), "opt_out"),
    ],
)
def test_a_listing_that_cannot_be_had_is_a_reject(answer: HTTPResponse, reason: str) -> None:
    recorded = {REPOSITORY: json_page({"private": False}), BULK: json_page([]), listing(1): answer}
    found = fetch(GitHub(name="sample", repo="kettles/firmware"), RecordedTransport(recorded))  # type: ignore[arg-type]
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


QUOTED = "> It does not stop.\n>\n> —\n> Reply to this email directly, view it on GitHub, or unsubscribe."
SERVICE = (
    "—\nReply to this email directly, [view it on GitHub](https://github.com/m/f/issues/7), or unsubscribe.\n"
    "You are receiving this because you authored the thread.Message ID: <m/f/issues/7/1@github.com>"
)
ON = "On Tue, Jan 2, 2024 at 8:00 AM Mira <notifications@github.com>"


@pytest.mark.parametrize(
    "added",
    [
        f"{ON} wrote:\n\n{QUOTED}",
        f"{ON}\nwrote:\n\n{QUOTED}",
        f"{ON} wrote:\n\nIt does not stop.\n\n{SERVICE}",
        f"Am Di., 2. Jan. 2024 um 08:00 Uhr schrieb Mira <notifications@github.com>:\n\n{QUOTED}",
        f"Sent from my iPhone\n\n> {ON} wrote:\n> \n{QUOTED}",
        f"Best regards,\nJon Doe\n\n________________________________\nFrom: Mira <notifications@github.com>\n"
        f"Sent: Tuesday, January 2, 2024\nTo: m/f\nSubject: Re: [m/f] Stop (#7)\n\nIt does not stop.\n\n{SERVICE}",
        "Sent from my iPhone",
        SERVICE,
    ],
)
def test_a_reply_by_mail_is_what_its_author_wrote(added: str) -> None:
    written = "Use `mill --go`:\n\n> that one\n\n```sh\n> mill --go\nFrom: x\n```"
    assert markdown(f"{written}\r\n\r\n{added}".replace("\n", "\r\n")) == written


@pytest.mark.parametrize(
    "body",
    [
        "As the manual says:\n\n> Never brake first.",
        "Linus wrote:\n> Talk is cheap.",
        "> Does it stop?\n\nYes.\n\n> And in a storm?",
        "Title\n--\nText of it.\n\nThanks!",
        "On Tue, Jan 2, 2024 the log shows:\n\n> 08:00 stop",
        "From: the mill\nTo: the house\n\nThat is the way.",
    ],
)
def test_what_people_quote_by_hand_stays(body: str) -> None:
    assert markdown(body) == body


def test_answers_between_quoted_lines_of_a_mail_keep_them() -> None:
    body = f"{ON} wrote:\n\n> Does it stop?\n\nYes.\n\n> And in a storm?\n\nNo.\n\n> —\n> Reply to this email directly."
    assert markdown(body) == "> Does it stop?\n\nYes.\n\n> And in a storm?\n\nNo."


@pytest.mark.parametrize(
    "body",
    [
        "Use `<br>` or ``<img src='a'> ` `` and `<!-- x -->`.",
        "Like this:\n\n    <p><img src='a'></p>\n\nand so.",
        "> ```html\n> <b>bold</b>\n> ```\n>\n> it is.",
        "Type:\n\n```mill --stop```\n\nThen wait.",
    ],
)
def test_code_is_as_written(body: str) -> None:
    assert markdown(body) == body


def test_html_in_prose_beside_code_goes_also_in_a_list() -> None:
    assert (
        markdown("- one\n\n    <p>two <img src='a'></p>\n\nA <b>tick ` alone</b>.")
        == "- one\n\n    two \n\nA tick ` alone."
    )


def test_lines_of_json_packed_or_not_are_read_and_other_files_told(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl.gz").write_bytes(
        gzip.compress(b'{"number": 1, "title": "One"}\n{"number": 2, "title": "Two"}\n')
    )
    (tmp_path / "b.zip").write_text("x")
    found = list(GitHub(name="sample", path=tmp_path).fetch(OFFLINE, None))
    assert [item.key for item in found] == ["b.zip", "repo/1", "repo/2"]
