"""The Stack Exchange API: paging, quota and backoff, and the same threads as in a dump."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.stackexchange import StackExchange, api
from connectors.web import open_web
from connectors.web.transport import HTTPResponse
from pipelines import collect
from pipelines.recipe import Recipe, WebSettings
from pipelines.storage import pages
from schemas.document import Reject, Thread
from schemas.page import Page
from tests.connectors.recorded import START, FakeClock, RecordedTransport, fetch, json_page, page, recorded_web
from tests.connectors.stack_api import question, stack_api
from tests.connectors.web.site import Site, answer

SOURCE = StackExchange(name="se", site="stack.example")


def thread(item: dict[str, Any]) -> Thread:
    (stored,) = fetch(SOURCE, stack_api(item))
    assert isinstance(stored, Page)
    (found,) = StackExchange(name="se", site="stack.example", comments=True).parse(stored)
    assert isinstance(found, Thread)
    return found


def test_a_question_is_what_a_dump_would_make_of_it() -> None:
    found = thread(question(7, last_edit_date=1_580_000_000, last_activity_date=1_590_000_000))
    assert (found.key, found.url) == ("q7", "https://stack.example/questions/7")
    assert (found.title, found.tags) == ("How long is loaf '7' baked?", ("bread", "oven"))
    first, accepted, *comments = found.posts
    assert (first.markdown, first.score, first.author) == ("In a `steel` tin.", -1, "Ines & Bo")
    assert (accepted.markdown, accepted.score, accepted.accepted) == ("Bake it *7* minutes.", 7, True)
    assert accepted.created_at == datetime(2020, 1, 8, 0, 1, tzinfo=UTC)
    assert (first.edited_at, accepted.edited_at) == (datetime(2020, 1, 26, 0, 53, 20, tzinfo=UTC), None)
    assert (accepted.licence, accepted.url) == ("CC-BY-SA-4.0", "https://stack.example/a/507")
    assert [(post.markdown, post.reply_to) for post in comments] == [('Which "oven"?', "7"), ("Works.", "507")]


def test_closed_questions_are_marked() -> None:
    original = {"reason": "Duplicate", "original_questions": [{"question_id": 3}]}
    assert thread(question(7, closed_date=1_600_000_000, closed_details=original)).tags[-1] == "[duplicate]"
    assert thread(question(7, closed_date=1_600_000_000)).tags[-1] == "[closed]"


def test_all_pages_are_walked_newest_first_also_beyond_the_deepest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api, "DEEPEST", 2)
    site = stack_api(*(question(number) for number in range(1, 12)))
    assert [item.key for item in fetch(SOURCE, site)] == [f"q{number}" for number in range(11, 0, -1)]
    assert all("page=3" not in url for url in site.asked)


def test_more_of_one_moment_than_can_be_shown_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api, "DEEPEST", 1)
    found = fetch(SOURCE, stack_api(*(question(number, last_activity_date=5) for number in range(1, 8))))
    assert [item.reason for item in found if isinstance(item, Reject)] == ["not_listed"]


def test_a_later_run_asks_for_what_changed() -> None:
    found = fetch(SOURCE, stack_api(), "2020-01-03T00:00:00+00:00")
    assert [item.key for item in found] == ["q3", "q2"]


def answered(response: HTTPResponse) -> tuple[list[Page | Reject], float]:
    """What comes of one listing, and for how many seconds the site is left alone after it."""
    made = StackExchange(name="se", site="s", filter="!f", key="k")
    url = f"{made.api}/2.3/questions?site=s&key=k&filter=%21f&order=desc&sort=activity&pagesize=100&page=1"
    with recorded_web(RecordedTransport({url: response})) as web:
        found = list(made.fetch(web, None))
        return found, web.store.next_at("api.stackexchange.com") - START


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ({}, 0),
        ({"backoff": 10}, 10),
        ({"backoff": "soon"}, 0),
        ({"quota_remaining": 1}, 0),
        ({"quota_remaining": 0, "backoff": 10}, 86_400),
    ],
)
def test_when_the_site_may_be_asked_again(said: dict[str, Any], seconds: float) -> None:
    assert answered(json_page({"items": [], **said})) == ([], seconds)


def test_a_backoff_is_waited_for_between_pages() -> None:
    clock = FakeClock()
    fetch(SOURCE, stack_api(backoff=30), clock=clock)  # two pages: a wait before the second, none after it
    assert clock.slept == 30


@pytest.mark.parametrize(
    "response",
    [
        *(json_page(value) for value in ([], "x", None, {}, {"items": [{}], "has_more": True})),
        page("<p>Down"),
        page("", 400),
        json_page({"items": []}, x_robots_tag="noai"),
    ],
)
def test_what_cannot_be_read_is_a_reject_that_does_not_name_the_key(response: HTTPResponse) -> None:
    found, _ = answered(response)
    assert all(isinstance(item, Reject) and "key" not in item.key for item in found) and found


def listing(*numbers: int, **more: Any) -> bytes:
    return answer(200, json.dumps({"items": [question(number) for number in numbers], **more}))


def recipe(site: Site) -> Recipe:
    source = StackExchange(name="se", site="s", filter="!f", api=site.url("").rstrip("/"))
    settings = WebSettings(contact="test", delay=0, allow_private=[f"127.0.0.1:{site.port}"])
    return Recipe.model_construct(name="test", sources=(source,), web=settings)


def path(number: int) -> str:
    return f"/2.3/questions?site=s&filter=%21f&order=desc&sort=activity&pagesize=100&page={number}"


def test_a_spent_quota_ends_the_run_and_the_next_day_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pages_of_site = {
        path(1): listing(3, has_more=True, quota_remaining=1),
        path(2): listing(2, has_more=True, quota_remaining=0),
        path(3): listing(1, has_more=False, quota_remaining=299),
    }
    with Site(pages_of_site) as site:
        first = collect.run(recipe(site), "se", tmp_path)
        assert (first.counts["pages"], first.counts["rejected:host_paused"], first.cursor) == (2, 1, "")
        assert collect.run(recipe(site), "se", tmp_path) == first  # the same day: not a question more
        assert site.paths() == [path(1), path(2)]
        monkeypatch.setattr(api, "_free", lambda answer, at: at)  # that day is over
        with open_web(tmp_path / "1_pages" / "web.sqlite", source="none") as web:
            web.store.db.execute("delete from hosts")
        last = collect.run(recipe(site), "se", tmp_path)
    assert site.paths() == [path(1), path(2), path(3)]
    assert (last.counts["pages"], bool(last.cursor)) == (1, True)
    standing = [item.key for shard in pages.current_pages(tmp_path, "se").shards for item in shard.read()]
    assert sorted(standing) == ["q1", "q2", "q3"]


def test_a_backoff_holds_across_restarts(tmp_path: Path) -> None:
    """Asked for by one process, kept to by the next."""
    clock = FakeClock()
    for _ in range(2):
        with recorded_web(RecordedTransport(), tmp_path / "web.sqlite", clock=clock) as web:
            got = web.get("https://api.example/a")
            web.pause(got.url, got.fetched_at + timedelta(seconds=60))
            assert not web.paused
    assert clock.slept == 60


@pytest.mark.parametrize("name", ["stackexchange_question_page", "stackexchange_question_backoff_page"])
def test_recorded_answers(shared_data: Path, name: str) -> None:
    recorded = shared_data / "forums" / "api-fixtures" / "stackexchange"
    place = "https://api.stackexchange.com/2.3/questions?site=stackoverflow.com&filter=%21f&order=desc&sort=activity"
    files = {1: name, 2: "stackexchange_question_page_2"}
    site = RecordedTransport(
        {f"{place}&pagesize=100&page={number}": page((recorded / file).read_bytes()) for number, file in files.items()}
    )
    made, clock = StackExchange(name="se", site="stackoverflow.com", filter="!f"), FakeClock()
    found = fetch(made, site, clock=clock)
    assert len(site.asked) == 2
    assert clock.slept == pytest.approx(0.2 if "backoff" in name else 0)
    assert [item.key for item in found] == ["q1"]  # all of them were given one number
    reasons = [item.reason for one in found if isinstance(one, Page) for item in made.parse(one)]  # type: ignore[union-attr]
    assert reasons == ["empty_question"]  # the recordings are without texts
