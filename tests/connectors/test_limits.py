"""A site that lets a guest ask little at a time: after enough runs everything is there."""

import json
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from connectors import web as client
from connectors.github import GitHub
from connectors.web.transport import HTTPResponse
from pipelines import collect
from pipelines.recipe import Recipe, WebSettings
from pipelines.storage import pages
from tests.connectors.recorded import FakeClock, RecordedTransport, json_page
from tests.connectors.test_github import BULK, REPO, REPOSITORY, issue

ISSUES = 8
HOUR = 3_600
WORDS = {"message": "API rate limit exceeded for 192.0.2.1."}


@dataclass
class GuestLimit(RecordedTransport):
    """GitHub for a guest: so many requests an hour, then 403 in one of the ways in which it is said."""

    refusal: str = ""
    allowed: int = 6
    clock: FakeClock = field(default_factory=FakeClock)
    spent: int = 0

    def get(self, url: str, headers: dict[str, str], max_bytes: int = 0) -> HTTPResponse:
        if not url.startswith(f"{REPOSITORY}"):
            return super().get(url, headers, max_bytes)
        self.spent += 1
        if self.spent > self.allowed:
            self.requests.append(f"refused {url}")
            return self._refused()
        return super().get(url, headers, max_bytes)

    def _refused(self) -> HTTPResponse:
        reset = {"x_ratelimit_remaining": "0", "x_ratelimit_reset": str(int(self.clock.time) + HOUR)}
        return {
            "without a word": json_page({}, 403),
            "in words": json_page(WORDS, 403),
            "in headers": json_page({}, 403, **reset),
            "until when": json_page({}, 403, retry_after=str(HOUR)),
            "as 429": json_page({}, 429),
            "as 503": json_page({}, 503),
        }[self.refusal]


def github(refusal: str) -> GuestLimit:
    """Eight issues of one comment each, none of them in the bulk; the listing leaves out what is before `since`."""
    listed = [issue(number, comments=1, updated_at="2023-11-01T00:00:00Z") for number in range(1, ISSUES + 1)]
    said = {f"{REPO}/{number}/comments": [{"id": number, "body": "Turn it."}] for number in range(1, ISSUES + 1)}

    def answer(url: str) -> Any:
        place = url.partition("?")[0]
        return json_page(said.get(place, [] if "since=" in url else listed))

    recorded = {REPOSITORY: json_page({"private": False}), BULK: json_page([])}
    return GuestLimit(recorded, answer, refusal=refusal)  # type: ignore[arg-type]


@pytest.mark.parametrize("refusal", ["without a word", "in words", "in headers", "until when", "as 429", "as 503"])
def test_eight_issues_for_whom_may_ask_for_three(refusal: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three runs, an hour apart. With a cursor that moves on, or a crawl that begins anew, the rest was lost."""
    site = github(refusal)
    opened = partial(client.open_web, transport=site, clock=site.clock)
    monkeypatch.setattr(collect, "open_web", opened)
    source = GitHub(name="forum", repo="kettles/firmware", licence="CC0-1.0")
    recipe = Recipe.model_construct(name="test", sources=(source,), web=WebSettings(delay=0))
    found = []
    for _ in range(3):
        made = collect.run(recipe, "forum", tmp_path)
        found.append(sum(1 for shard in pages.current_pages(tmp_path, "forum").shards for _ in shard.read()))
        site.clock.time += HOUR + 1
        site.spent = 0
    crawl_goes_on = refusal in ("in headers", "until when")  # until when is told, so the listings are not had again
    assert found == [3, ISSUES if crawl_goes_on else 6, ISSUES]
    assert made.cursor
    bodies = [json.loads(page.body) for shard in pages.current_pages(tmp_path, "forum").shards for page in shard.read()]
    assert sorted(body["number"] for body in bodies) == list(range(1, ISSUES + 1))
    assert all(len(body["comments"]) == 1 for body in bodies)


def test_a_limit_that_is_told_is_not_run_against(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One request finds out, and the rest of this run and the next, which comes too early, ask for nothing. The one
    after that goes on where the first stopped and has no listing twice."""
    site = github("in headers")
    monkeypatch.setattr(collect, "open_web", partial(client.open_web, transport=site, clock=site.clock))
    recipe = Recipe.model_construct(
        name="test", sources=(GitHub(name="forum", repo="kettles/firmware"),), web=WebSettings(delay=0)
    )
    asked = []
    for later in (0, HOUR / 2, HOUR):
        site.clock.time += later
        site.spent = site.spent if later < HOUR else 0
        before = len(site.asked)
        collect.run(recipe, "forum", tmp_path)
        asked.append(site.asked[before:])
    assert [url.startswith("refused") for url in asked[0]] == [False] * 6 + [True]
    assert asked[1] == [] and len(asked[2]) == 5
    assert len(site.asked) == len({url.removeprefix("refused ") for url in site.asked}) + 1
