"""The Stack Exchange API: paging, quota and backoff, and the same threads as in a dump."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.base import Response
from connectors.stackexchange import StackExchange, api
from connectors.web import LIMITS, open_web
from pipelines import collect
from pipelines.recipe import Recipe, WebSettings
from pipelines.storage import pages
from schemas.document import Reject, Thread
from schemas.page import Page
from tests.connectors.replay import ReplayWeb, json_answer
from tests.connectors.stack_api import StackWeb, question
from tests.connectors.web.site import Site, answer

SOURCE = StackExchange(name="se", site="stack.example")


def thread(item: dict[str, Any]) -> Thread:
    web = StackWeb({})
    web.questions = (item,)
    (page,) = SOURCE.fetch(web, None)
    assert isinstance(page, Page)
    (found,) = StackExchange(name="se", site="stack.example", comments=True).parse(page)
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
    web = StackWeb({})
    web.questions = tuple(question(number) for number in range(1, 12))
    assert [item.key for item in SOURCE.fetch(web, None)] == [f"q{number}" for number in range(11, 0, -1)]
    assert all("page=3" not in url for url, _ in web.asked)


def test_more_of_one_moment_than_can_be_shown_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api, "DEEPEST", 1)
    web = StackWeb({})
    web.questions = tuple(question(number, last_activity_date=5) for number in range(1, 8))
    found = list(SOURCE.fetch(web, None))
    assert [item.reason for item in found if isinstance(item, Reject)] == ["not_listed"]


def test_a_later_run_asks_for_what_changed() -> None:
    found = list(SOURCE.fetch(StackWeb({}), "2020-01-03T00:00:00+00:00"))
    assert [item.key for item in found] == ["q3", "q2"]


def answered(value: Any, at: datetime) -> tuple[list[Page | Reject], ReplayWeb]:
    """What comes of one listing fetched at that time."""
    made = StackExchange(name="se", site="s", filter="!f", key="k")
    url = f"{made.api}/2.3/questions?site=s&key=k&filter=%21f&order=desc&sort=activity&pagesize=100&page=1"
    web = ReplayWeb({url: replace(json_answer(url, value), fetched_at=at)})
    return list(made.fetch(web, None)), web


NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("said", "until"),
    [
        ({}, NOON),
        ({"backoff": 10}, NOON + timedelta(seconds=10)),
        ({"backoff": "soon"}, NOON),
        ({"quota_remaining": 1}, NOON),
        ({"quota_remaining": 0, "backoff": 10}, NOON + timedelta(days=1)),
    ],
)
def test_when_the_site_may_be_asked_again(said: dict[str, Any], until: datetime) -> None:
    assert answered({"items": [], **said}, NOON)[1].rested == [until]


@pytest.mark.parametrize("value", [[], "x", None, {"items": [{}], "has_more": True}])
def test_what_cannot_be_read_is_a_reject_that_does_not_name_the_key(value: Any) -> None:
    found, _ = answered(value, NOON)
    assert all(isinstance(item, Reject) and "key" not in item.key for item in found) and found


def listing(*numbers: int, **more: Any) -> bytes:
    return answer(200, json.dumps({"items": [question(number) for number in numbers], **more}))


def recipe(site: Site) -> Recipe:
    source = StackExchange(name="se", site="s", filter="!f", api=site.url("").rstrip("/"))
    settings = WebSettings(contact="test", delay=0, allow_private=[f"127.0.0.1:{site.port}"])
    return Recipe.model_construct(name="test", sources=(source,), web=settings)


def page(number: int) -> str:
    return f"/2.3/questions?site=s&filter=%21f&order=desc&sort=activity&pagesize=100&page={number}"


def test_a_spent_quota_ends_the_run_and_the_next_day_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pages_of_site = {
        page(1): listing(3, has_more=True, quota_remaining=1),
        page(2): listing(2, has_more=True, quota_remaining=0),
        page(3): listing(1, has_more=False, quota_remaining=299),
    }
    with Site(pages_of_site) as site:
        first = collect.run(recipe(site), "se", tmp_path)
        assert (first.counts["pages"], first.counts["rejected:host_paused"], first.cursor) == (2, 1, "")
        assert collect.run(recipe(site), "se", tmp_path) == first  # the same day: not a question more
        assert site.paths() == [page(1), page(2)]
        monkeypatch.setattr(api, "_free", lambda answer, at: at)  # that day is over
        with open_web(tmp_path / "1_pages" / "web.sqlite", source="none") as web:
            web.store.db.execute("delete from hosts")
        last = collect.run(recipe(site), "se", tmp_path)
    assert site.paths() == [page(1), page(2), page(3)]
    assert (last.counts["pages"], bool(last.cursor)) == (1, True)
    standing = [item.key for shard in pages.current_pages(tmp_path, "se").shards for item in shard.read()]
    assert sorted(standing) == ["q1", "q2", "q3"]


def test_a_backoff_holds_across_restarts(tmp_path: Path) -> None:
    """Asked for by one process, kept to by the next."""
    quick = replace(LIMITS, longest_wait=2)
    with Site({"/a": answer(), "/b": answer()}) as site:
        for path in ("/a", "/b"):
            with open_web(
                tmp_path / "web.sqlite", source="s", delay=0, allow_private=("127.0.0.1",), limits=quick
            ) as web:
                got: Response = web.get(site.url(path))
                web.pause(site.url(path), got.fetched_at + timedelta(seconds=0.6))
                assert not web.paused
        first, second = (arrival for arrival in site.log if arrival.path in ("/a", "/b"))
    assert second.began - first.began >= 0.55


@pytest.mark.parametrize("name", ["stackexchange_question_page", "stackexchange_question_backoff_page"])
def test_recorded_answers(shared_data: Path, name: str) -> None:
    recorded = shared_data / "forums" / "api-fixtures" / "stackexchange"
    web = ReplayWeb({})
    place = "https://api.stackexchange.com/2.3/questions?site=stackoverflow.com&filter=%21f&order=desc&sort=activity"
    for number, file in ((1, name), (2, "stackexchange_question_page_2")):
        url = f"{place}&pagesize=100&page={number}"
        web.answers[url] = Response(url, 200, (recorded / file).read_bytes(), fetched_at=NOON)
    made = StackExchange(name="se", site="stackoverflow.com", filter="!f")
    found = list(made.fetch(web, None))
    assert len(web.asked) == 2
    assert web.rested[0] == NOON + timedelta(seconds=0.2 if "backoff" in name else 0)
    assert [item.key for item in found] == ["q1"]  # all of them were given one number
    reasons = [item.reason for one in found if isinstance(one, Page) for item in made.parse(one)]  # type: ignore[union-attr]
    assert reasons == ["empty_post", "empty_question"]  # the texts were taken out of the recordings
