"""Reddit: dumps joined, threads saved and live, and what is no answer by a person left out."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from connectors.reading.packed import zstd
from connectors.reddit import Reddit
from connectors.reddit.markdown import markdown
from connectors.reddit.thread import _BOT_NAME
from pipelines.normalise.parse import parse_page
from schemas.document import Reject, Thread
from schemas.page import Page
from tests.connectors.recorded import OFFLINE, RecordedTransport, fetch, json_page

HERE = Path(__file__).parent / "reddit"
SITE = "https://www.reddit.com"


def fetched(path: Path = HERE, **settings: Any) -> list[Page | Reject]:
    return list(Reddit(name="r", path=path, **settings).fetch(OFFLINE, None))


def pages(path: Path = HERE, **settings: Any) -> dict[str, Page]:
    return {item.key: item for item in fetched(path, **settings) if isinstance(item, Page)}


def parsed(key: str) -> tuple[Thread, dict[str, str]]:
    """The thread, and why comments are not in it."""
    found = list(Reddit(name="r", path=HERE).parse(pages()[key]))
    (thread,) = (item for item in found if isinstance(item, Thread))
    return thread, {item.key: item.reason for item in found if isinstance(item, Reject)}


def records(page: Page) -> list[tuple[str, str, str]]:
    made = parse_page(Reddit(name="r", path=HERE), page).records
    return [(row["kind"], row["instruction"], row["output"]) for row in made]


def test_comments_find_their_submission_and_what_has_none_is_told() -> None:
    assert list(pages()) == ["t3_k1", "t3_k2", "t3_k3", "t3_k4", "t3_k5", "t3_k6", "t3_k7", "t3_m1"]
    rejects = Counter(item.reason for item in fetched() if isinstance(item, Reject))
    assert rejects == {"no_submission": 3, "malformed_comment": 1, "duplicate_id": 1, "not_listed": 1}


def test_numbers_may_be_strings_and_entities_are_characters() -> None:
    thread, _ = parsed("t3_k1")
    first = thread.posts[0]
    assert thread.title == "How do I descale a kettle that has <no> opening?"
    assert thread.tags == ("kettles", "Care & repair")
    assert first.created_at and first.created_at.isoformat() == "2024-01-01T10:00:00+00:00"
    assert [post.score for post in thread.posts] == [31, 12, 3, 4, None, -2]
    edits = [post.edited_at.isoformat() for post in thread.posts if post.edited_at]
    assert edits == ["2024-01-01T11:53:20+00:00", "2024-01-01T13:23:55+00:00"], "`true` does not tell when"
    assert first.markdown.split("\n\n")[1:] == [
        "I run this every week:",
        "```\nboil --litres 2 && wait\npour\n```",
        "[image]",
        "What is safe for the rubber?",
    ]
    assert parsed("t3_k2")[0].posts[1].score == 2


def test_bots_moderators_and_what_was_removed_are_left_out_with_their_replies() -> None:
    _, why = parsed("t3_k1")
    assert {key.removeprefix("t3_k1/t1_"): reason for key, reason in why.items()} == {
        "c5": "removed",
        "c6": "reply_to_unusable",
        "c7": "bot",
        "c8": "bot",
        "c9": "moderator_note",
    }


@pytest.mark.parametrize(
    ("name", "bot"),
    [("AutoModerator", True), ("RemindMeBot", True), ("haiku-bot", True), ("talbot", False), ("robotnik", False)],
)
def test_names_of_bots(name: str, bot: bool) -> None:
    assert bool(_BOT_NAME.search(name)) == bot


@pytest.mark.parametrize(("key", "reason"), [("t3_k4", "deleted"), ("t3_k5", "removed")])
def test_a_question_taken_back_is_none(key: str, reason: str) -> None:
    assert [(item.key, item.reason) for item in Reddit(name="r", path=HERE).parse(pages()[key])] == [(key, reason)]  # type: ignore[union-attr]


def test_crossposts_pictures_and_links_say_what_they_show() -> None:
    assert parsed("t3_k6")[0].posts[0].markdown == "It used to give an A, now it gives a G sharp."
    assert parsed("t3_k7")[0].posts[0].markdown == "[image]"
    assert parsed("t3_k7")[0].tags == ("kettles", "nsfw")
    assert parsed("t3_k3")[0].posts[0].markdown == "https://reviews.example/ten-kettles"


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("https://www.reddit.com/r/tea/comments/x/why/", "Why?"),
        ("/r/tea/comments/y/elsewhere/", f"{SITE}/r/tea/comments/y/elsewhere/"),
        ("https://a.example/cup.JPG?w=3", "[image]"),
        ("", "Why?"),
    ],
)
def test_where_a_submission_points(url: str, text: str) -> None:
    body = json.dumps({"submission": {"id": "t3_x", "title": "Why?", "url": url}, "comments": []}).encode()
    (found,) = Reddit(name="r", path=HERE).parse(Page("r", "t3_x", f"{SITE}/comments/x/", body))
    assert isinstance(found, Thread)
    assert found.posts[0].markdown == text


def test_records_are_answers_and_dialogues() -> None:
    asked = "How do I descale a kettle that has <no> opening?"
    assert records(pages()["t3_k1"]) == [
        ("answer", asked, "Citric acid, two spoons to the litre. See [image] for the size."),
        ("answer", asked, "Use lemon juice."),
        ("dialogue", "Does it harm the rubber?", "No, vinegar does. *Rinse* it twice.\n\n```\nrinse\nrinse\n```"),
    ]
    assert [row[:2] for row in records(pages()["t3_m1"])] == [
        ("answer", "Is rain water good for tea?"),
        ("dialogue", "Through what?"),
    ]
    assert not records(pages()["t3_k3"])


def test_a_comment_that_asks_may_root_a_thread() -> None:
    only = pages(HERE / "RC_2024-01.jsonl", comment_threads=True)
    assert records(only["t1_ce"]) == [
        ("answer", "Does anyone sell lids on their own?", "The maker does: ask for part 12.")
    ]
    assert only["t1_ce"].url == f"{SITE}/comments/zz9/_/ce/"
    assert "t1_cg" not in only


def test_only_the_subreddits_that_are_named() -> None:
    assert list(pages(subreddits=("Tea", "acoustics"))) == ["t3_k6", "t3_m1"]


def test_packed_dumps_are_the_same(tmp_path: Path) -> None:
    for file in HERE.iterdir():
        packed = file.suffix != ".json"
        name = f"{file.stem}.zst" if packed else file.name
        (tmp_path / name).write_bytes(zstd.compress(file.read_bytes()) if packed else file.read_bytes())
    assert pages(tmp_path) == pages()


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("a &amp;lt; b &gt; c", "a &lt; b > c"),
        ("&gt; quoted\n\nanswered", "> quoted\n\nanswered"),
        ("    x = 1\n\n    y = 2\nend", "```\nx = 1\n\ny = 2\n```\n\nend"),
        ("~~~\n```\n~~~", "````\n```\n````"),
        ("- item\n\n      nested code", "- item\n\n      nested code"),
        ("[https://i.redd.it/a.png](https://i.redd.it/a.png) ![gif](giphy|x)", "[image] [image]"),
        ("```\n![img](kept)\n```", "```\n![img](kept)\n```"),
    ],
)
def test_markdown(body: str, text: str) -> None:
    assert markdown(body) == text


def listing(*names: str, after: str = "") -> dict[str, Any]:
    children = [
        {"kind": "t3", "data": {"id": name, "title": f"Why {name}?", "num_comments": 1, "edited": False}}
        for name in names
    ]
    return {"kind": "Listing", "data": {"children": children, "after": after}}


def saved(name: str) -> list[dict[str, Any]]:
    reply = {"id": f"{name}c", "link_id": f"t3_{name}", "parent_id": f"t3_{name}", "body": "Because.", "score": 1}
    return [listing(name), {"kind": "Listing", "data": {"children": [{"kind": "t1", "data": reply}]}}]


def live(answers: dict[str, Any], store: Path | None = None) -> tuple[list[Page | Reject], RecordedTransport]:
    api = RecordedTransport({url: json_page(value) for url, value in answers.items()})
    return fetch(Reddit(name="r", subreddits=("tea",)), api, store=store), api


def test_live_listings_are_walked_and_threads_fetched_by_version(tmp_path: Path) -> None:
    place = f"{SITE}/r/tea/new.json?limit=100"
    threads = {f"{SITE}/comments/{name}.json?limit=500": saved(name) for name in ("a1", "a2", "a3")}
    site = {place: listing("a1", "a2", after="t3_a2"), f"{place}&after=t3_a2": listing("a2", "a3"), **threads}
    found, _ = live(site, tmp_path / "web.sqlite")
    assert [item.key for item in found] == ["t3_a1", "t3_a2", "t3_a3"]
    again, api = live(site, tmp_path / "web.sqlite")
    assert again == found and api.asked == [place, f"{place}&after=t3_a2"]
    assert [row[2] for row in records(found[0])] == ["Because."]  # type: ignore[arg-type]


def test_what_cannot_be_had_is_told() -> None:
    place = f"{SITE}/r/tea/new.json?limit=100"
    found, _ = live({place: listing("b1", "b2"), f"{SITE}/comments/b2.json?limit=500": {"error": 500}})
    assert [(item.key, item.reason) for item in found if isinstance(item, Reject)] == [
        ("t3_b1", "http_404"),
        ("t3_b2", "missing_id"),
        ("t3_b2", "malformed_json"),
    ]
    assert [item.reason for item in live({})[0] if isinstance(item, Reject)] == ["http_404"]
    assert [item.reason for item in live({place: {"error": 500}})[0] if isinstance(item, Reject)] == ["malformed_json"]
    nameless = {"kind": "Listing", "data": {"children": [{"kind": "t3", "data": {}}]}}
    assert [item.reason for item in live({place: nameless})[0] if isinstance(item, Reject)] == ["missing_id"]


@pytest.mark.parametrize("settings", [{}, {"subreddits": ("a",), "url": "reddit.com"}])
def test_settings_that_lead_nowhere(settings: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Reddit(name="r", **settings)


def test_deep_replies(tmp_path: Path) -> None:
    value: Any = ""
    for number in range(100):
        data = {"id": f"d{100 - number}", "link_id": "t3_d", "parent_id": f"t1_d{99 - number}", "body": "Yes."}
        value = {"kind": "Listing", "data": {"children": [{"kind": "t1", "data": {**data, "replies": value}}]}}
    (tmp_path / "deep.json").write_text(json.dumps([listing("d"), value]))
    (page,) = pages(tmp_path).values()
    assert len(json.loads(page.body)["comments"]) == 100


def test_the_first_month_of_comments(shared_data: Path) -> None:
    dump = shared_data / "forums" / "reddit" / "RC_2005-12.zst"
    assert Counter(item.reason for item in fetched(dump) if isinstance(item, Reject)) == {"no_submission": 1075}
    rooted = fetched(dump, comment_threads=True)
    assert sum(isinstance(item, Page) for item in rooted) == 7
    assert sum(isinstance(item, Reject) for item in rooted) == 1042


@pytest.mark.parametrize(
    ("comment", "alone"),
    [
        ("Does anyone sell lids on their own?", True),
        ("My kettle whistles in D. Is it possible to tune it?", True),
        ("How is this not fraud?", False),
        ("The article says that kettles whistle. Why should they?", False),
        ("Thats a good idea, but what if it boils over?", False),
        ("> Kettles whistle.\n\nDo all of them?", False),
        ("Kettles whistle.", False),
    ],
)
def test_a_root_that_only_its_submission_explains_is_none(tmp_path: Path, comment: str, alone: bool) -> None:
    said = {"link_id": "t3_zz9", "subreddit": "tea", "author": "ann", "created_utc": 1704067200}
    root = {**said, "id": "ca", "parent_id": "t3_zz9", "body": comment}
    reply = {**said, "id": "cb", "parent_id": "t1_ca", "body": "The maker does: ask for part 12.", "author": "ben"}
    (tmp_path / "RC_2024-02.jsonl").write_text("\n".join(map(json.dumps, (root, reply))))
    found = fetched(tmp_path, comment_threads=True)
    assert [item.key if isinstance(item, Page) else item.reason for item in found] == (
        ["t1_ca"] if alone else ["no_submission"] * 2
    )
