"""Hacker News: items joined into threads, from dumps of every shape and over the item API."""

import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from connectors.hacker_news import HackerNews
from connectors.hacker_news.thread import markdown
from pipelines.normalise.parse import parse_page
from schemas.document import Reject, Thread
from schemas.page import Page
from tests.connectors.recorded import OFFLINE, RecordedTransport, fetch, json_page, page

HERE = Path(__file__).parent / "hacker_news"
ITEMS = [json.loads(line) for line in (HERE / "items.jsonl").read_text().splitlines()[:-1]]
API = "https://hacker-news.firebaseio.com/v0"


def fetched(path: Path = HERE) -> list[Page | Reject]:
    return list(HackerNews(name="hn", path=path).fetch(OFFLINE, None))


def pages(path: Path = HERE) -> dict[str, Page]:
    return {item.key: item for item in fetched(path) if isinstance(item, Page)}


def parsed(key: str) -> tuple[list[Thread], dict[str, str]]:
    found = list(HackerNews(name="hn", path=HERE).parse(pages()[key]))
    threads = [item for item in found if isinstance(item, Thread)]
    return threads, {item.key: item.reason for item in found if isinstance(item, Reject)}


def test_comments_find_their_story_at_any_depth() -> None:
    assert {key: len(json.loads(page.body)["items"]) for key, page in pages().items()} == {
        "100": 8, "110": 2, "120": 2, "130": 1, "140": 2,
    }  # fmt: skip
    rejects = Counter(item.reason for item in fetched() if isinstance(item, Reject))
    assert rejects == {
        "poll_option": 1, "malformed_item": 1, "duplicate_id": 1, "malformed_json": 1, "orphan_comment": 2,
    }  # fmt: skip


def test_a_question_with_its_answers() -> None:
    ((thread,), why) = parsed("100")
    assert (thread.title, thread.tags) == ("How do you keep a lamp from flickering?", ("ask",))
    assert [(post.post_id, post.reply_to) for post in thread.posts] == [
        ("100", ""), ("101", "100"), ("102", "101"), ("103", "102"), ("104", "100"),
    ]  # fmt: skip
    assert "```\nlevel = read()\nwhile level < 3:\n    wait()\n```" in thread.posts[0].markdown
    assert thread.posts[0].markdown.endswith("https://lamps.example/drivers/constant_current/manual.html")
    assert thread.posts[1].markdown.startswith("> It flickers at 50 Hz\n\nSmooth the supply with a *larger*")
    assert thread.posts[1].created_at == datetime(2024, 1, 1, 10, 1, 40, tzinfo=UTC)
    assert why == {"100/105": "deleted", "100/106": "reply_to_unusable", "100/107": "dead"}


@pytest.mark.parametrize(("key", "reason"), [("120", "asks_nothing"), ("130", "job")])
def test_what_does_not_ask(key: str, reason: str) -> None:
    assert parsed(key) == ([], {key: reason})


def test_records_are_answers_and_dialogues() -> None:
    made = [row for page in pages().values() for row in parse_page(HackerNews(name="hn", path=HERE), page).records]
    assert [(row["record_id"], row["kind"], row["output"]) for row in made] == [
        ("hn:100#a101", "answer", "> It flickers at 50 Hz\n\nSmooth the supply with a *larger* capacitor."),
        ("hn:100#d103", "dialogue", "100 µF for each watt."),
        ("hn:140#a142", "answer", "By the window, while there is light."),
    ]


def test_arrays_and_parquet_are_the_same(tmp_path: Path) -> None:
    (tmp_path / "items.json").write_text(json.dumps(ITEMS))
    assert pages(tmp_path / "items.json") == pages()
    columns = ("id", "type", "by", "time", "text", "parent", "title", "url", "dead", "deleted")
    rows = [{name: item.get(name) for name in columns} for item in ITEMS]
    timed = [{**row, "time": datetime.fromtimestamp(row["time"], UTC)} for row in rows]
    zeros = [{**row, "parent": row["parent"] or 0, "dead": row["dead"] or False} for row in rows]
    for name, table in (("numbers", rows), ("times", timed), ("zeros", zeros)):
        pq.write_table(pa.Table.from_pylist(table), tmp_path / f"{name}.parquet")
        assert pages(tmp_path / f"{name}.parquet") == pages()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It&#x27;s a &lt;b&gt; x_y_z", "It's a <b> x_y_z"),
        ("&gt;a\n&gt; b<p>c", "> a > b\n\nc"),
        ("<i>so</i> *it* is", r"*so* \*it\* is"),
        ("", ""),
    ],
)
def test_markdown(text: str, expected: str) -> None:
    assert markdown(text, "https://news.ycombinator.com/item?id=1") == expected


def live(
    changed: dict[int, Any], store: Path | None = None, **settings: Any
) -> tuple[list[Page | Reject], RecordedTransport]:
    """The sample over the API, some items answering otherwise."""
    below: dict[int, list[int]] = {}
    for item in ITEMS:
        below.setdefault(item.get("parent", 0), []).append(item["id"])
    items = {item["id"]: {**item, "kids": below.get(item["id"], [])} for item in reversed(ITEMS)} | changed
    answers: dict[str, Any] = {f"{API}/item/{number}.json": value for number, value in items.items()}
    answers[f"{API}/askstories.json"] = [100, 999, 140]
    api = RecordedTransport({url: json_page(value) for url, value in answers.items() if value != "gone"})
    return fetch(HackerNews(name="hn", **settings), api, store=store), api


def test_live_stories_are_the_same_as_in_dumps() -> None:
    found, _ = live({999: None})
    assert [type(item) for item in found] == [Page, Reject, Page]
    assert found[1] == Reject("999", "not_found")
    said = {frozenset(json.dumps(item) for item in json.loads(page.body)["items"]) for page in (found[0], found[2])}  # type: ignore[union-attr]
    assert said == {
        frozenset(json.dumps(item) for item in json.loads(page.body)["items"])
        for key, page in pages().items()
        if key in ("100", "140")
    }


def test_a_story_with_as_many_comments_as_before_is_asked_for_alone(tmp_path: Path) -> None:
    first, _ = live({999: None}, tmp_path / "web.sqlite")
    again, api = live({999: None}, tmp_path / "web.sqlite")
    assert first == again
    asked = {url.removeprefix(f"{API}/") for url in api.asked}
    assert asked == {"askstories.json", "item/100.json", "item/999.json", "item/140.json"}


def test_half_a_thread_is_none() -> None:
    found, _ = live({999: None, 103: "gone"})
    assert found[0] == Reject("100", "http_404", "item 103: ")


def test_no_more_stories_than_wished_and_no_rings() -> None:
    found, api = live({102: {**ITEMS[2], "kids": [103, 101, 102]}}, max_stories=1)
    assert [item.key for item in found] == ["100"]
    assert max(Counter(api.asked).values()) == 1


def test_a_list_that_cannot_be_had_is_told() -> None:
    place = f"{API}/topstories.json"
    for answer, reason in ((page("", 403), "http_403"), (page("<p>Busy"), "malformed_json"), (json_page([]), "")):
        found = fetch(HackerNews(name="hn", lists=("top",)), RecordedTransport({place: answer}))
        assert [(item.key, getattr(item, "reason", "")) for item in found] == ([(place, reason)] if reason else [])
